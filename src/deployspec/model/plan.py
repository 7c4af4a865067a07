"""What a run would do, said before it does anything. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

ELSEWHERE = "wherever these redirect to"
"""The host of requests that follow a redirect: the server says which."""


class Planned(NamedTuple):
    """One kind of thing that a run does, and how often."""

    kind: Literal["request", "write", "command", "fault", "file", "unknown"]
    """A write is a request that changes something; ``unknown`` is what a user's own code does."""
    host: str
    """Of a request or a write, scheme, host and port; else empty."""
    what: str
    """Method and path of a request; a command with its arguments; a file's path or pattern. It may hold secrets."""
    least: int
    """Where every request is answered as promised, and nothing ends the run early."""
    most: int
    """Whatever is answered: proven by the limits in the code, not expected."""
    why: str
    """Which checks want it, in a few words."""
    per_process: bool = False
    """Whether each of pytest-xdist's processes may do it once for itself: ``most`` is of one."""
    of_probe: bool = False
    """Whether it is asked once more where a token is refused: ``most`` is without that."""


def request(method: str, url: str, least: int, most: int, why: str, *, per_process: bool = False) -> Planned:
    """A request that changes nothing, or with POST a write."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kind: Literal["request", "write"] = "write" if method == "POST" else "request"
    host = f"{parts.scheme}://{parts.netloc}"
    return Planned(kind, host, f"{method} {target}", least, most, why, per_process)


def following(asked: Planned, limit: int) -> Iterator[Planned]:
    """A request, and at most so many redirects that each of them is led to."""
    yield asked._replace(of_probe=True)
    if asked.most:
        why = f"at most {limit} for each; headers of the file go to no other host"
        yield Planned("request", ELSEWHERE, "GET", 0, limit * asked.most, why, asked.per_process)


def names_of(checks: Iterable[str]) -> frozenset[str]:
    """The ids of checks, without their parameters."""
    return frozenset(one.partition("[")[0] for one in checks)


def merged(planned: Iterable[Planned], processes: int) -> list[Planned]:
    """Everything once, for a run of so many processes: what several want is added up."""
    found: dict[tuple[str, str, str], Planned] = {}
    for one in planned:
        key = (one.kind, one.host, one.what)
        most = one.most * processes if one.per_process else one.most
        known = found.get(key)
        if known is None:
            found[key] = one._replace(most=most, per_process=False, of_probe=False)
        else:
            why = known.why if one.why in known.why else f"{known.why}; {one.why}"
            found[key] = known._replace(least=known.least + one.least, most=known.most + most, why=why)
    return list(found.values())


def parameters_of(checks: Collection[str], name: str) -> list[str]:
    """The parameters of the selected checks of this id: what stands in brackets."""
    return [one.partition("[")[2].removesuffix("]") for one in checks if one.partition("[")[0] == name]
