"""What is asked: the request, its limits, and its headers, which are revealed here and nowhere else."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deployspec import __version__
from deployspec.base.disclosure import redact
from deployspec.base.errors import UsageError
from deployspec.base.secret import MASK, Secret
from deployspec.tools.http.proxies import Proxies
from deployspec.tools.http.urls import Url, is_address

if TYPE_CHECKING:
    from deployspec.deployment.auth import ClientCertificate, TokenSource

MIB = 1024 * 1024
DEFAULT_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"deployspec/{__version__}",
    "X-Synthetic": "deployspec",
    "Connection": "close",
}
"""Sent with every request unless the user's headers say otherwise."""
MAX_LINE = 300
JSON = "application/json"
_NOT_BY_HAND = {"GET": "a GET has none", "POST": "its length is known", "PUT": "its length is known"}
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GET, or one POST or PUT with a body, with its limits. Raises UsageError for a URL or a limit that cannot be used."""

    url: str
    """Absolute, http or https, without credentials."""
    headers: Mapping[str, Secret | str] = field(default_factory=dict, repr=False)
    """The user's own. They override ours of the same name, and are sent to this URL's origin only."""
    timeout: float
    """Seconds for one attempt, from the start of the name lookup to the last byte, redirects included."""
    retries: int = 0
    """How many further attempts a transport failure is given, each with the whole ``timeout``."""
    max_body: int = MIB
    """The largest body accepted, in bytes after decompression."""
    ca: Path | None = None
    """A PEM file of private certificate authorities, trusted beside the system's."""
    auth: TokenSource | None = None
    """Where the token comes from that is sent in Authorization, as the user's headers are."""
    credentials: str = ""
    """The key of the deployment file whose credentials are sent in Authorization, such as ``auth.bearer``: an answer that
    refuses them says nothing else of the deployment. Empty where the user's headers say what is sent."""
    client_certificate: ClientCertificate | None = None
    """What is shown, in a TLS handshake, to this URL's origin only."""
    proxies: Proxies
    """Where the environment says to go through a proxy: ``proxies_from(os.environ)``. Required, for a prober that
    forgot it would measure another way than its user's."""
    redirects: bool = True
    """Whether redirects are followed. If not, a redirect is the answer, without its body."""
    post: bytes | None = field(default=None, repr=False)
    """What is sent with a POST, JSON unless ``headers`` say another Content-Type; None for a GET. It is sent once: neither
    tried again nor redirected."""
    put: bool = False
    """Whether it is sent with a PUT instead."""
    address: str = ""
    """An IP address, without brackets, to connect to in place of looking up the URL's host; empty: look it up. All else
    stays as the URL says, and so do redirects to another host."""

    def __post_init__(self) -> None:
        try:
            Url.parse(self.url)
        except ValueError as error:
            raise UsageError(f"cannot ask {error}") from None
        if "@" in urlsplit(self.url).netloc:
            raise UsageError("the URL has credentials in it; put them into headers")
        if not (math.isfinite(self.timeout) and self.timeout > 0):
            raise UsageError(f"the time limit of a call must be more than 0 s, not {self.timeout:g} s")
        if self.retries < 0:
            raise UsageError(f"retries must be 0 or more, not {self.retries}")
        if self.post is not None and self.retries:
            raise UsageError("a POST is not tried again: what it asks for may have been done")
        if self.max_body < 0:
            raise UsageError(f"the size limit of a body must be 0 bytes or more, not {self.max_body}")
        if self.address and not is_address(self.address):
            raise UsageError(
                f"the address to connect to must be an IP address without brackets, not {self.address!r}"
            )

    @property
    def method(self) -> str:
        """GET, POST or PUT."""
        if self.post is None:
            return "GET"
        return "PUT" if self.put else "POST"

    @property
    def parsed_url(self) -> Url:
        """The URL in its parts."""
        return Url.parse(self.url)


def header_fields(request: Request, url: Url, *, own_origin: bool) -> list[tuple[bytes, bytes]]:
    """The header fields to send to ``url``: the user's too where it is of the request's own origin.

    Raises ValueError, which names the header and not its value, for one that HTTP cannot carry.
    """
    fields = {"host": ("Host", url.authority)}
    fields |= {name.lower(): (name, value) for name, value in DEFAULT_HEADERS.items()}
    if request.post is not None:
        fields["content-type"] = ("Content-Type", JSON)
        fields["content-length"] = ("Content-Length", str(len(request.post)))
    if own_origin:
        for name, secret in request.headers.items():
            value = _revealed(secret)
            if not _TOKEN.fullmatch(name):
                raise ValueError("a header of the request has a name with invalid characters")
            if name.lower() in _FRAMING:
                raise ValueError(
                    f"the request's header {name} describes a body, and {_NOT_BY_HAND[request.method]}"
                )
            if not _VALUE.fullmatch(value):
                raise ValueError(
                    f"the value of the request's header {name} has a character that HTTP cannot carry"
                )
            fields[name.lower()] = (name, value.strip(" \t"))
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields.values()]


class Scrubber:
    """Takes the request's secrets out of texts that a server had a part in, for servers repeat what they are told.

    Only the words of the headers that the request's own URL does not tell anyway, and only those of some length.
    """

    def __init__(self, request: Request) -> None:
        self._request = request

    def hide(self, text: str) -> str:
        """The text without the secrets. They are revealed for this, and not kept."""
        if not self._is_own(text):
            text = redact(text)
        parts = {part for secret in self._request.headers.values() for part in _parts(_revealed(secret))}
        for part in sorted(parts, key=len, reverse=True):
            if part not in self._request.url:
                text = text.replace(part, MASK)
        return text

    def _is_own(self, text: str) -> bool:
        """Whether it is the request's own URL, which is compared with what was promised."""
        try:
            return text in (self._request.url, str(Url.parse(self._request.url)))
        except ValueError:
            return False

    def line(self, text: str) -> str:
        """The same on one printable line of at most 300 characters."""
        text = "".join(character if character.isprintable() else " " for character in self.hide(text))
        text = re.sub(r" +", " ", text).strip()
        return text if len(text) <= MAX_LINE else text[: MAX_LINE - 3] + "..."


def _revealed(secret: Secret | str) -> str:
    return secret.reveal() if isinstance(secret, Secret) else secret


def _parts(value: str) -> Iterator[str]:
    """A header's value, and its words: of ``Bearer abcdefgh`` the second is the secret. Short words are not secrets."""
    yield from (part for part in (value.strip(), *value.split()) if len(part) >= 6)
