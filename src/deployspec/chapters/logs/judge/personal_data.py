"""Personal data that only some services must not log: the deployment file chooses. Found by shape, told by libraries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import NamedTuple

Span = tuple[str, int, int]


class Personal(NamedTuple):
    """One kind."""

    candidate: bytes
    """For hyperscan: all that it may be, and more."""
    find: Callable[[str, int, int], Iterator[Span]]
    """What of it is in ``text[start:end]``: kind, start, end."""


def ibans(text: str, start: int, end: int) -> Iterator[Span]:
    """International bank account numbers, in one piece or in groups of four, with right check digits."""
    from stdnum import iban

    for match in _IBAN.finditer(text, start, end):
        # A word in capitals may follow a number that is written in groups.
        groups = match[0].split(" ")
        while groups and not iban.is_valid("".join(groups)):
            groups.pop()
        if groups:
            yield "an IBAN", match.start(), match.start() + len(" ".join(groups))


def phones(text: str, start: int, end: int) -> Iterator[Span]:
    """Telephone numbers as they are written for callers from anywhere: with a plus and the country's code."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    for match in _PHONE.finditer(text, start, end):
        found = PhoneNumberMatcher(match[0], None, leniency=Leniency.VALID, max_tries=2)
        for one in found:
            yield "a telephone number", match.start() + one.start, match.start() + one.end


def addresses(text: str, start: int, end: int) -> Iterator[Span]:
    """IP addresses of the public internet; those of one's own network tell of machines, not of people."""
    for match in _IP.finditer(text, start, end):
        try:
            is_public = ip_address(match[0]).is_global
        except ValueError:
            continue
        if is_public:
            yield "an IP address", *match.span()


_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_PHONE = re.compile(r"(?<![\w.+-])\+[1-9][0-9 ()./-]{6,24}[0-9](?![\w-])", re.ASCII)
_IP = re.compile(
    r"(?<![\w.:-])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w-]|\.[0-9])|(?=[0-9A-Fa-f:]{0,40}:[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?![\w:.-]))"
)

PERSONAL = {
    "iban": Personal(rb"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2}", ibans),
    "phone": Personal(rb"\+[1-9][0-9 ()./-]{6,24}[0-9]", phones),
    "ip": Personal(
        rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,32}", addresses
    ),
}
"""By the name in the deployment file."""
