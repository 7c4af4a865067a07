"""Calls as text that a person can look at: what was asked, what came back, and where the time went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deployspec.base.disclosure import mask, redact
from deployspec.base.shown import cut, one_line
from deployspec.model.entry import Evidence
from deployspec.model.http import Answer, Call, Failure

_BODY = 2000
"""Characters of a body that are kept."""
_LINE = 300
_FULL = 3
"""How many calls are told in full; the others in a line each."""
_MASKED_HEADERS = frozenset({"set-cookie", "authorization", "proxy-authorization", "www-authenticate"})


def evidence_of(calls: Sequence[Call], *, last: bool = False) -> tuple[Evidence, ...]:
    """The first calls in full, or the ``last``, each attempt of them, and a line for each of the others."""
    distinct = list({id(call): call for call in calls}.values())
    numbered = list(enumerate(distinct, 1))
    cut_at = max(0, len(distinct) - _FULL) if last else _FULL
    full, brief = numbered[:cut_at], numbered[cut_at:]
    if last:
        full, brief = brief, full
    pieces = [
        Evidence(_title(number, len(distinct), attempt, len(call.attempts)), _text(result))
        for number, call in full
        for attempt, result in enumerate(call.attempts, 1)
    ]
    if brief:
        lines = [f"call {number}: {_brief(call.result)}" for number, call in brief]
        pieces.append(Evidence("the other calls", "\n".join(lines)))
    return tuple(pieces)


def _title(number: int, count: int, attempt: int, attempts: int) -> str:
    title = f"call {number} of {count}" if count > 1 else "call"
    return f"{title}, attempt {attempt} of {attempts}" if attempts > 1 else title


def _text(result: Answer | Failure) -> str:
    lines = [f"{result.method} {one_line(result.url, _LINE)}" + (f" via {result.via}" if result.via else "")]
    lines += [f"redirected, status {hop.status}, to {one_line(hop.location, _LINE)}" for hop in result.hops]
    if isinstance(result, Failure):
        lines.append(
            f"no answer: {one_line(result.reason, _LINE)} ({result.kind.value}, {result.phase.value})"
        )
    else:
        lines.append(f"status {result.status}")
        lines += _headers(result.headers)
        lines.append("")
        lines += _body(result.body)
        lines.append("")
    lines.append(_timings(result))
    return "\n".join(lines)


def _brief(result: Answer | Failure) -> str:
    took = f"{result.timings.total * 1000:.1f} ms"
    if isinstance(result, Failure):
        return f"no answer after {took}: {one_line(result.reason, _LINE)}"
    return f"status {result.status} after {took}: {cut(' '.join(_body(result.body)), _LINE)}"


def _headers(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"{name}: {'***' if name in _MASKED_HEADERS else one_line(value, _LINE)}" for name, value in headers
    ]


def _body(body: bytes) -> list[str]:
    """The body, redacted and masked before it is cut: half a secret would not be recognised as one."""
    if not body:
        return ["(empty body)"]
    text = mask(redact(body.decode("utf-8", "replace"))[: 8 * _BODY])
    lines = [one_line(line, _LINE) for line in text[:_BODY].splitlines()]
    if len(text) > _BODY:
        lines.append(f"… {len(body)} bytes in all")
    return lines


def _timings(result: Answer | Failure) -> str:
    phases = ", ".join(f"{phase.value} {took * 1000:.1f}" for phase, took in result.timings.phases.items())
    return f"{result.timings.total * 1000:.1f} ms in all" + (f" ({phases})" if phases else "")
