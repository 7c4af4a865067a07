"""The command that repeats a call by hand. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Collection

from deployspec.base.secret import MASK
from deployspec.tools.http.request import DEFAULT_HEADERS, JSON, Request

MAX_REDIRECTS = 5


def curl_line(request: Request, ours: Collection[str] = ()) -> str:
    """A ``curl`` command line that asks the same, to be pasted into a shell.

    The values of headers are masked, for they are the user's and are put in by hand, but for those of the names in
    ``ours``, which the caller has made. The size limit, the retries and the rule
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
        words += ["--resolve", f"{url.bracketed_host}:{url.port}:{address}"]
    if request.ca is not None:
        words += ["--cacert", str(request.ca)]
    if (own := request.client_certificate) is not None:
        words += ["--cert", str(own.certificate), *([] if own.key is None else ["--key", str(own.key)])]
    headers = {**request.headers, **({} if request.auth is None else {"Authorization": MASK})}
    overridden = {name.lower() for name in headers}
    for name in ("Accept", "X-Synthetic"):
        if name.lower() not in overridden:
            words += ["--header", f"{name}: {DEFAULT_HEADERS[name]}"]
    for name, value in headers.items():
        words += ["--header", f"{name}: {value if name in ours else MASK}"]
    if request.post is not None:
        words += ["--header", f"Content-Type: {JSON}"] if "content-type" not in overridden else []
        words += ["--data-raw", request.post.decode("utf-8", "replace")]
    return shlex.join([*words, str(request.parsed_url)])
