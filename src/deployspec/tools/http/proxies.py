"""Which proxy a URL is asked through, by the variables that curl reads. Pure: the environment is passed in."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from deployspec.tools.http.urls import Url

PROXY_PORT = 1080
"""The port of a proxy that names none: curl's, so that the curl line we print goes the same way."""


class UnusableProxyError(ValueError):
    """A proxy variable that cannot be used; its text names the variable, never its value."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One HTTP proxy."""

    host: str
    port: int
    credentials: tuple[bytes, bytes] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxy variables of an environment. ``Proxies()`` means: always directly."""

    by_scheme: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """For ``http`` and ``https``: the variable's name and its value, which may hold credentials."""
    exceptions: tuple[str, ...] = ()
    """The entries of ``no_proxy``."""

    def select(self, url: Url) -> Proxy | None:
        """The proxy for one URL; None where it is asked directly. Raises :class:`UnusableProxyError`."""
        if url.scheme not in self.by_scheme or any(_covers(entry, url.host) for entry in self.exceptions):
            return None
        variable, value = self.by_scheme[url.scheme]
        return _parse(variable, value)


def proxies_from(environ: Mapping[str, str]) -> Proxies:
    """Read ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``, in lower case first, then in upper case.

    As with curl, loopback is no exception unless ``no_proxy`` says so. Unlike curl, ``HTTP_PROXY`` in upper case
    counts too.
    """
    by_scheme = {}
    for scheme in ("http", "https"):
        for variable in (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY"):
            if value := environ.get(variable, "").strip():
                by_scheme[scheme] = (variable, value)
                break
    exceptions = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return Proxies(by_scheme, tuple(re.split(r"[\s,]+", exceptions.strip(" ,\t"))) if exceptions else ())


def _parse(variable: str, value: str) -> Proxy:
    text = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UnusableProxyError(f"the variable {variable} holds no valid URL") from None
    if parts.scheme != "http":
        raise UnusableProxyError(
            f"the variable {variable} names a proxy whose scheme is not http, the only one that is supported"
        )
    if not host or not re.fullmatch(r"[A-Za-z0-9._~:-]+", host):
        raise UnusableProxyError(f"the variable {variable} names no host")
    credentials = None
    if parts.username is not None:
        credentials = (unquote(parts.username).encode(), unquote(parts.password or "").encode())
    return Proxy(host, port or PROXY_PORT, credentials)


def _covers(entry: str, host: str) -> bool:
    """Whether one entry of ``no_proxy`` covers a host: ``*``, a domain, an address, or a network such as 10.0.0.0/8."""
    if entry == "*":
        return True
    entry = entry.strip("[]").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        domain = entry.strip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
