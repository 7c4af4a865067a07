"""What may stand where the deployment file wants a URL, a path, a header's name or a header's value."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from deployspec.base.unfit import Unfit

_SCHEMES = "http:// or https://"
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name: RFC 9110, section 5.1."""


def check_url(url: str) -> None:
    """Raise :class:`Unfit` unless ``url`` is an absolute http or https URL without credentials or fragment."""
    _check_url(url)
    if "@" in urlsplit(url).netloc:
        raise Unfit("a URL with credentials in it", "a URL without them; put credentials into headers")


def check_base_url(url: str) -> None:
    """The same, and without a query: paths are appended to it."""
    check_url(url)
    if "?" in url:
        raise Unfit("{} with a query", "a URL that ends before the ?, because paths are appended to it")
    path = url.partition("://")[2].partition("/")[2]
    if path.startswith("/") and path.strip("/"):
        raise Unfit("{} with two slashes before its path", "a URL with one, as in https://example.org/shop")
    if re.search("[{}]", path):
        raise Unfit("{} with braces in its path", "a URL without them; %7B and %7D if they are meant")


def check_path(path: str) -> None:
    """Raise :class:`Unfit` unless ``path`` can be appended to a base URL: ``/health``, ``/health?deep=1``."""
    expected = "a path on the deployment's own host, such as /health"
    if not path.startswith("/"):
        raise Unfit("{} without a / at its beginning", expected)
    if path.startswith("//"):
        raise Unfit("{} with two slashes at its beginning, which names another host", expected)
    _check_characters(path, expected)
    if "#" in path:
        raise Unfit("{} with a fragment", "a path that ends before the #, which is never sent")


def check_header_name(name: str) -> None:
    """Raise :class:`Unfit` unless ``name`` is an HTTP token. The name is never quoted: see below."""
    if _TOKEN.fullmatch(name):
        return
    # In `{Authorization:Bearer x}` the missing space makes a name of the credential, so no name is shown.
    if ":" in name:
        raise Unfit("a header's name with a colon in it", "a space after the colon, as in Name: value")
    raise Unfit("a header's name with invalid characters", "letters, digits and hyphens")


def check_media_type(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is a media type without parameters, or its end that begins with a plus."""
    if text.startswith("+") and _TOKEN.fullmatch(text[1:]):
        return
    kind, _, subtype = text.partition("/")
    if "*" in text or not (_TOKEN.fullmatch(kind) and _TOKEN.fullmatch(subtype)):
        raise Unfit("{}", "a media type such as text/plain or +json, without parameters")


def check_header_value(value: str) -> None:
    """Raise :class:`Unfit` unless ``value`` can be sent as it is. The value is never quoted."""
    expected = "one line of printable ASCII characters"
    if not value:
        raise Unfit("an empty value", "a value, or no such header")
    if "\n" in value or "\r" in value:
        where = " at its end" if not re.search(r"[\r\n]", value.rstrip("\r\n")) else ""
        raise Unfit(f"{{}} with a line break{where}", expected)
    if value != value.strip(" \t"):
        raise Unfit("{} with a space at its beginning or end", f"{expected} without them")
    if re.search(r"[^\t\x20-\x7e]", value):
        raise Unfit("{} with a character that a header cannot carry", expected)


def check_token(value: str) -> None:
    """Raise :class:`Unfit` unless ``value`` can be sent behind ``Bearer``. The value is never quoted."""
    check_header_value(value)
    if re.search(r"[ \t]", value):
        raise Unfit("{} with a space in it", "the token alone, without Bearer before it")


def _check_characters(text: str, expected: str) -> None:
    if re.search(r"\s", text):
        raise Unfit("{} with a space or line break in it", expected)
    if "\\" in text:
        raise Unfit("{} with a backslash in it", expected)
    if re.search(r"[^\x21-\x7e]", text):
        raise Unfit(
            "{} with characters outside ASCII", f"{expected}, percent-encoded (host names in their xn-- form)"
        )


def _check_url(url: str) -> None:
    expected = "a URL such as https://deal-scout.example"
    if not url:
        raise Unfit("an empty URL", expected)
    _check_characters(url, expected)
    scheme, separator, rest = url.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        raise Unfit("{} without a scheme", f"{_SCHEMES} at its beginning")
    if scheme.lower() not in ("http", "https"):
        raise Unfit("{} with another scheme", f"{_SCHEMES} at its beginning")
    if "#" in rest:
        raise Unfit("{} with a fragment", "a URL that ends before the #, which is never sent")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise Unfit("{} with a host that there is not", expected) from None
    if not host:
        raise Unfit("{} without a host", expected)
    authority = parts.netloc.rpartition("@")[2]
    try:
        wrong_port = parts.port == 0 or authority.endswith(":")
    except ValueError:
        wrong_port = True
    if wrong_port:
        raise Unfit("{} with an impossible port", "a port from 1 to 65535")
    if not _is_host(host, bracketed=authority.startswith("[")):
        raise Unfit("{} with a host that there is not", expected)


def _is_host(host: str, *, bracketed: bool) -> bool:
    if not bracketed and not re.fullmatch(r"[0-9.]+", host):
        return len(host) <= 253 and _HOST.fullmatch(host) is not None
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == (6 if bracketed else 4)
