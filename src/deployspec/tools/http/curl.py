"""The command that repeats a call by hand. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection

from deployspec.base.disclosure import hidden, merged, variable_of
from deployspec.base.secret import MASK, Secret
from deployspec.tools.http.request import DEFAULT_HEADERS, JSON, Request

MAX_REDIRECTS = 5
_SCHEMES = ("bearer", "basic", "token", "apikey", "api-key")


def curl_line(request: Request, ours: Collection[str] = ()) -> str:
    """A ``curl`` command line that asks the same, to be pasted into a shell.

    A secret that came from a variable of the environment is that variable, for the shell to fill in. All other values of
    headers are masked, for they are the user's and are put in by hand, but for those of the names in ``ours``, which
    the caller has made; so are all other secrets in the URL. The size limit, the retries and the rule
    that no header follows a redirect to another origin have no exact counterpart in curl. Proxies come from the
    environment, as for curl itself.
    """
    words = ["curl", "--silent", "--show-error", "--include"]
    if request.redirects and request.post is None:
        words += ["--location", "--max-redirs", str(MAX_REDIRECTS)]
    words += ["--max-time", f"{request.timeout:g}", "--compressed"]
    if request.address:
        url = request.parsed_url
        address = f"[{request.address}]" if ":" in request.address else request.address
        ports = (80, 443) if (url.scheme, url.port) == ("http", 80) else (url.port,)
        for port in ports:  # where it leads to https, that of the same server is asked
            words += ["--resolve", f"{url.bracketed_host}:{port}:{address}"]
    if request.ca is not None:
        words += ["--cacert", str(request.ca)]
    if (own := request.client_certificate) is not None:
        words += ["--cert", str(own.certificate), *([] if own.key is None else ["--key", str(own.key)])]
    headers = {**request.headers, **({} if request.auth is None else {"Authorization": MASK})}
    overridden = {name.lower() for name in headers}
    words = [shlex.quote(word) for word in words]
    for name in ("Accept", "X-Synthetic"):
        if name.lower() not in overridden:
            words += ["--header", shlex.quote(f"{name}: {DEFAULT_HEADERS[name]}")]
    for name, value in headers.items():
        words += ["--header", _word([f"{name}: ", *([str(value)] if name in ours else _header(value))])]
    if request.post is not None:
        words += (
            ["--header", shlex.quote(f"Content-Type: {JSON}")] if "content-type" not in overridden else []
        )
        words += ["--data-raw", shlex.quote(request.post.decode("utf-8", "replace"))]
    return " ".join([*words, _word(_url(str(request.parsed_url)))])


class _Variable(str):
    """A piece of a word that the shell fills in."""

    __slots__ = ()


def _header(secret: Secret | str) -> list[str]:
    """A header's value in pieces. Of what the file says beside a variable, only a scheme is known to be no secret."""
    value = secret.reveal() if isinstance(secret, Secret) else secret
    scheme, space, token = value.partition(" ")
    if name := variable_of(value):
        return [_Variable(name)]
    if scheme.lower() in _SCHEMES and (name := variable_of(token)):
        return [scheme + space, _Variable(name)]
    return [MASK]


def _url(url: str) -> list[str]:
    """A URL in pieces. A value that had to be percent-encoded is not there as its variable has it, and is masked."""
    pieces, at = [], 0
    for start, end in merged(hidden()(url)):
        name = variable_of(url[start:end])
        pieces += [url[at:start], MASK if name is None else _Variable(name)]
        at = end
    return [*pieces, url[at:]]


def _word(pieces: list[str]) -> str:
    """One word of a shell's; in double quotes where it has variables, with ``!`` outside of them: bash would take it."""
    if not any(isinstance(piece, _Variable) for piece in pieces):
        return shlex.quote("".join(pieces))
    filled = (
        f"${{{piece}}}"
        if isinstance(piece, _Variable)
        else re.sub(r'[\\"$`]', r"\\\g<0>", piece).replace("!", "\"'!'\"")
        for piece in pieces
    )
    return f'"{"".join(filled)}"'
