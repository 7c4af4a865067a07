"""Expected against got, label by label and annotation by annotation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployspec.base.shown import counted, printable
from deployspec.languages.promtool.blocks import Alert, Block, blocks, labels, samples

_INTRODUCTION = re.compile(r"\A(?:Unit Testing:  .*\n)?(?:  WARNING: .*\n)*  FAILED:\n")
_PAIRED = 10_000
"""Above so many possible pairs of an expected and a found one, none are looked for."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An alert or a sample: what identifies it, and all of its values, by where they stand."""

    shown: str
    values: dict[str, str]


def difference(text: str) -> str:
    """What promtool printed about a failed case as lines that name what differs; its own text where that is not clear.

    ``text`` is promtool's output about one file, or about one case of it.
    """
    found = _only(text)
    lines = list(_lines(found)) if found else []
    return "\n".join(lines) or own_words(text)


def summary(text: str) -> str:
    """The same in one line: the first thing that differs, and how many alerts or samples were expected and got."""
    found = _only(text)
    if found is None:
        lines = [line.strip() for line in own_words(text).splitlines() if line.strip()]
        first = "".join(lines[:1])
        if first.endswith(":"):
            first = " ".join(lines[:2])
        return printable(first) if lines else "promtool fails it without saying why"
    if found.error:
        return printable(found.error)
    expected, got = _items(found)
    unit = "alert" if found.alerts else "sample"
    if len(expected) != len(got):
        return f"expected {counted(len(expected), unit)}, got {len(got) or 'none'}"
    details = [line.strip() for line in _lines(found) if not line.endswith(":")]
    rest = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return (details[0] if details else "expected and got differ in a way that is not printed") + rest


def own_words(text: str) -> str:
    """What promtool printed about a failed file without the lines that only say that it failed, and which."""
    return _INTRODUCTION.sub("", text, count=1).strip("\n")


def _only(text: str) -> Block | None:
    found = blocks(f"  FAILED:\n{own_words(text)}\n\n")
    return found[0] if found and len(found) == 1 and _readable(found[0]) else None


def _readable(block: Block) -> bool:
    return block.samples is None or all(samples(side) is not None for side in block.samples)


def _lines(block: Block) -> Iterator[str]:
    if block.error:
        yield printable(block.error)
        return
    unit = "alert" if block.alerts else "sample"
    expected, got = _items(block)
    for one in list(expected):
        if one in got:
            expected.remove(one)
            got.remove(one)
    while expected and got and len(expected) * len(got) <= _PAIRED:
        # Those that have most in common are the same one, changed.
        left, right = max(
            ((one, other) for one in expected for other in got),
            key=lambda pair: len(pair[0].values.items() & pair[1].values.items()),
        )
        expected.remove(left)
        got.remove(right)
        yield f"{unit} {left.shown}:"
        for where in sorted(left.values.keys() | right.values.keys()):
            before, after = left.values.get(where), right.values.get(where)
            if before != after:
                yield f"  {where}: expected {_value(where, before)}, got {_value(where, after)}"
    yield from (f"missing {unit} {one.shown}" for one in expected)
    yield from (f"unexpected {unit} {one.shown}" for one in got)


def _items(block: Block) -> tuple[list[_Item], list[_Item]]:
    if block.alerts is not None:
        return [_alert(one) for one in block.alerts[0]], [_alert(one) for one in block.alerts[1]]
    expected, got = block.samples or ("nil", "nil")
    return _samples(expected), _samples(got)


def _alert(alert: Alert) -> _Item:
    values = _pairs("labels", alert.labels) | _pairs("annotations", alert.annotations)
    return _Item(printable(alert.labels), values)


def _samples(printed: str) -> list[_Item]:
    return [
        _Item(printable(f"{of} {_number(value)}"), _pairs("labels", of) | {"value": _number(value)})
        for of, value in samples(printed) or ()
    ]


def _pairs(of: str, printed: str) -> dict[str, str]:
    return {f"{of}.{printable(name)}": value for name, value in labels(printed).items()}


def _number(printed: str) -> str:
    """A sample's value, all of its digits kept; a histogram as it is."""
    try:
        return repr(float(printed)).removesuffix(".0")
    except ValueError:
        return printed


def _value(where: str, text: str | None) -> str:
    if text is None:
        return "none"
    return text if where == "value" else json.dumps(text, ensure_ascii=False)
