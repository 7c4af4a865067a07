"""Tokens for the header Authorization: obtained when a request first wants one, kept, renewed. Imported where a
deployment file names a source of them.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from deployspec.base import disclosure
from deployspec.base.secret import Secret, redact
from deployspec.base.shown import one_line
from deployspec.base.unfit import Unfit
from deployspec.deployment.auth import AUTHORIZATION, CommandToken, OAuth2Token, TokenSource
from deployspec.deployment.http import check_token
from deployspec.model.http import Answer, Call, FailureKind
from deployspec.tools.http.budget import CallFailed
from deployspec.tools.http.proxies import proxies_from
from deployspec.tools.http.request import Request

MARGIN = 10.0
"""Seconds before its end at which a token is renewed; a tenth of its lifetime, where that is less."""
FAILURE_STANDS = 60.0
"""Seconds for which a source that failed is not asked again: each check that needs a token would wait for it anew."""
_HIDING = threading.Lock()
_MOST_PRINTED = 64 * 1024


class Tokens:
    """The tokens of one source, for all threads of this process. Each is hidden in all output from then on."""

    def __init__(
        self,
        source: TokenSource,
        ca: Path | None,
        ask: Callable[[Request], Call],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._ca = ca
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._header: Secret | None = None
        self._usable_until: float | None = None
        """By the clock; None: to the end of the run."""
        self._was_refused = False
        """Whether this token replaces one that was refused: another one would be refused as well."""
        self._failed: tuple[float, str] | None = None

    def header(self, lasting: float = 0.0) -> Secret:
        """The value of Authorization, with a token that may be used for ``lasting`` seconds more.

        Raises :class:`CallFailed`, in one line that says what to do, where there is none.
        """
        with self._lock:
            if self._header is None or self._left() <= lasting:
                self._obtain()
            assert self._header is not None  # noqa: S101 - for the types
            if lasting and (left := self._left()) <= lasting:
                raise CallFailed(
                    FailureKind.PROBER,
                    f"the token from {self._source.key} may be used for {left:.0f} s, and the run may take {lasting:.0f} s: "
                    "make the run shorter, or the token's lifetime longer",
                )
            return self._header

    def renewed(self, refused: Secret) -> Secret | None:
        """Another header in place of one that was refused; None where that was another one's replacement already.

        Raises :class:`CallFailed` where there is none.
        """
        with self._lock:
            if self._header == refused:
                if self._was_refused:
                    return None
                self._obtain()
                self._was_refused = True
            return self._header

    def accepted(self) -> None:
        """A token was not refused: when one is, it may have been revoked."""
        with self._lock:
            self._was_refused = False

    def _left(self) -> float:
        return float("inf") if self._usable_until is None else self._usable_until - self._clock()

    def _obtain(self) -> None:
        now = self._clock()
        if self._failed is not None and now < self._failed[0] + FAILURE_STANDS:
            raise CallFailed(FailureKind.PROBER, self._failed[1])
        try:
            token, lifetime = (
                _printed(self._source)
                if isinstance(self._source, CommandToken)
                else _granted(self._source, self._ca, self._ask)
            )
        except _NoTokenError as error:
            reason = one_line(f"{self._source.key} {error}", 300)
            # By a new look at the clock: a time limit may have run out.
            self._failed = self._clock(), reason
            raise CallFailed(FailureKind.PROBER, reason) from None
        self._header = Secret(f"Bearer {token.reveal()}")
        self._usable_until = None if lifetime is None else now + lifetime - min(MARGIN, lifetime / 10)
        self._failed = None


@cache
def tokens_of(source: TokenSource, ca: Path | None, ask: Callable[[Request], Call]) -> Tokens:
    """The tokens of a source, the same ones at each call in this process. ``ca`` and ``ask`` are for an endpoint."""
    return Tokens(source, ca, ask)


class _NoTokenError(Exception):
    """Why there is no token: goes on after the name of the source."""


def _printed(source: CommandToken) -> tuple[Secret, float | None]:
    from deployspec.tools import process

    name = Path(source.argv[0]).name
    # What it says on standard error is not shown: a trace, or a verbose client, has secrets that nobody knows yet.
    by_hand = "run it by hand"
    output, errors = process.Kept(_MOST_PRINTED), process.Kept(0)
    try:
        status = process.run(source.argv, source.timeout, output.take, errors=errors.take)
    except OSError as error:
        raise _NoTokenError(f"could not be started: {name}: {error.strerror}") from None
    if status is None:
        limit = source.key.replace("command", "timeout")
        raise _NoTokenError(f"({name}) did not end within {source.timeout:g} s; {by_hand}, or raise {limit}")
    if status:
        raise _NoTokenError(f"({name}) ended with status {status}; {by_hand} to see why")
    if output.printed > _MOST_PRINTED:
        raise _NoTokenError(
            f"({name}) printed more than {_MOST_PRINTED} characters; expected the token alone"
        )
    printed = str(output).strip()
    lines = len(printed.splitlines())
    if lines != 1:
        what = f"{lines} lines" if lines else "nothing"
        raise _NoTokenError(f"({name}) printed {what}; expected the token alone on standard output")
    return _usable(printed, f"({name}) printed"), source.lifetime


def _granted(
    source: OAuth2Token, ca: Path | None, ask: Callable[[Request], Call]
) -> tuple[Secret, float | None]:
    form = {"grant_type": "client_credentials", "scope": source.scope, "audience": source.audience}
    headers: dict[str, Secret | str] = {"Content-Type": "application/x-www-form-urlencoded"}
    secret = source.client_secret.reveal()
    if source.in_body:
        form |= {"client_id": source.client_id, "client_secret": secret}
    else:
        pair = f"{quote_plus(source.client_id)}:{quote_plus(secret)}"
        basic = b64encode(pair.encode()).decode()
        _hide(Secret(basic))
        headers[AUTHORIZATION] = Secret(f"Basic {basic}")
    request = Request(
        url=source.token_url,
        headers=headers,
        timeout=source.timeout,
        ca=ca,
        proxies=proxies_from(os.environ),
        post=urlencode({name: value for name, value in form.items() if value is not None}).encode(),
    )
    result = ask(request).result
    # In brackets: behind `token:`, all would be masked as a secret.
    who = f"({one_line(redact(source.token_url, [source.client_secret]), 100)})"
    if not isinstance(result, Answer):
        raise _NoTokenError(f"{who} did not answer, {result.reason}")
    answer = _object(result.body)
    if answer is None:
        raise _NoTokenError(
            f"{who} answered with no JSON object (status {result.status}); see whether token_url is right"
        )
    if "error" in answer or result.status != 200:

        def told(name: str, most: int) -> str:
            said = answer.get(name)
            return one_line(redact(said, [source.client_secret]), most) if isinstance(said, str) else ""

        error = " ".join(filter(None, (told("error", 60), f"(status {result.status})")))
        more = told("error_description", 80)
        advice = "see client_id, client_secret and scope"
        raise _NoTokenError(f"{who} answered {error}{f', {more}' if more else ''}; {advice}")
    kind, token, lifetime = (answer.get(name) for name in ("token_type", "access_token", "expires_in"))
    if not isinstance(token, str):
        raise _NoTokenError(f"{who} answered without an access_token")
    usable = _usable(token, f"{who} answered with")
    if kind is not None and str(kind).lower() != "bearer":
        raise _NoTokenError(
            f"{who} answered with a token of the type {one_line(str(kind), 30)}; only Bearer can be sent"
        )
    return usable, _seconds(lifetime, who)


def _usable(token: str, who: str) -> Secret:
    secret = Secret(token)
    _hide(secret)
    try:
        check_token(token)
    except Unfit as unfit:
        raise _NoTokenError(
            f"{who} {unfit.found.replace('{}', 'a token')}; expected {unfit.expected}"
        ) from None
    return secret


def _hide(secret: Secret) -> None:
    with _HIDING:
        disclosure.hide_also(secret)


def _seconds(said: object, who: str) -> float | None:
    """What expires_in says; some servers have a number in quotes."""
    if said is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]*)?", str(said)) or not float(str(said)):
        raise _NoTokenError(
            f"{who} answered with an expires_in of {one_line(str(said), 30)}; expected seconds, more than 0"
        )
    return float(str(said))


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
