"""URLs as the probe uses them: parsed once, without credentials or fragment, and comparable by origin."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
_PLAIN_HOST = re.compile(r"[a-z0-9_~-][a-z0-9._~-]*")
_SAFE = "%/:?@!$&'()*+,;=~-._[]"
"""What stays as it is in a path or a query; everything else is percent-encoded."""


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address, so that no name need be looked up."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False


class Url(NamedTuple):
    """An absolute http or https URL."""

    scheme: str
    host: str
    """In lower case; a name in its ASCII form, an IPv6 address without brackets."""
    port: int
    target: str
    """Path and query, percent-encoded."""

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read a URL; credentials and fragment are dropped.

        Raises ValueError with what is wrong; the text itself, which may hold a secret, is not repeated.
        """
        try:
            parts = urlsplit(text)
            host = (parts.hostname or "").removesuffix(".")
            port = parts.port
        except ValueError:
            raise ValueError("a URL that is not valid") from None
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError(f"a URL of scheme {parts.scheme!r}, neither http nor https")
        if not host:
            raise ValueError("a URL without a host")
        if port == 0:
            raise ValueError("a URL with port 0")
        target = quote(parts.path or "/", safe=_SAFE)
        if parts.query:
            target += "?" + quote(parts.query, safe=_SAFE)
        return cls(parts.scheme, _ascii_host(host), port or DEFAULT_PORTS[parts.scheme], target)

    def join(self, location: str) -> Url:
        """The URL that a ``Location`` header leads to, seen from this one. Raises ValueError as :meth:`parse` does."""
        try:
            absolute = urljoin(str(self), location)
        except ValueError:
            raise ValueError("a URL that is not valid") from None
        return Url.parse(absolute)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what must be the same for credentials to be sent."""
        return self.scheme, self.host, self.port

    @property
    def bracketed_host(self) -> str:
        """The host as it stands in a URL."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """Host and, unless it is the scheme's own, port: what the Host header says."""
        return (
            self.bracketed_host
            if self.port == DEFAULT_PORTS[self.scheme]
            else f"{self.bracketed_host}:{self.port}"
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def _ascii_host(host: str) -> str:
    if ":" in host:
        if not is_address(host):
            raise ValueError("a URL whose host is not a valid IPv6 address")
        return host
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError("a URL whose host is not a valid name") from None
    if not _PLAIN_HOST.fullmatch(host):
        raise ValueError("a URL whose host is not a valid name")
    return host
