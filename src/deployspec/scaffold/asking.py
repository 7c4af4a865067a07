"""Asks a service what it is: a few GET requests, none of which is redirected."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deployspec.base.errors import UsageError
from deployspec.base.secret import Secret
from deployspec.model.http import Answer, Failure, Phase
from deployspec.scaffold.describing import (
    FIRST_PATHS,
    METRICS_PATHS,
    OTHER_PATHS,
    Found,
    best_health,
    describe,
    further_paths,
)
from deployspec.tools.http import Proxies, Request, call

MOST_REQUESTS = 25
AT_ONCE = 4
ONE_LIMIT = 2.0
"""Seconds for one request."""
WHOLE_LIMIT = 10.0
"""Seconds for all of them."""
_HOPELESS = (Phase.LOOKUP, Phase.CONNECT, Phase.TLS)
"""Where the first request fails in one of these, so would the others."""
_ANY_TEXT = {"Accept": "text/plain, */*;q=0.5"}
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """What came of it."""

    found: Found
    requests: int
    """How many were made."""
    seconds: float
    """How long it took."""


def ask(base_url: str, headers: Mapping[str, Secret], proxies: Proxies, health_path: str = "") -> Asked:
    """Ask the service below ``base_url``, which has no slash at its end; for its health ``health_path`` alone, if given.

    At most 25 GET requests, 4 at once, each at most 2 s, all at most 10 s; redirects are not followed.
    Raises UsageError with the reason where nothing answers.
    """
    session = _Session(base_url, headers, proxies)
    # Some servers answer everything with their start page: what a path that cannot exist is answered tells them.
    nowhere = f"/deployspec-{secrets.token_hex(8)}"
    nonsense = session.get([nowhere]).get(nowhere)
    if isinstance(nonsense, Failure) and nonsense.phase in _HOPELESS:
        raise UsageError(f"no answer: {nonsense.reason}; nothing was written (--offline asks nothing)")
    if health_path:
        answers = session.get(dict.fromkeys((health_path, *OTHER_PATHS)))
    else:
        answers = session.get(FIRST_PATHS)
        answers |= session.get(further_paths(answers, nonsense, base_url), leave=1)
    if not any(isinstance(one, Answer) for one in (nonsense, *answers.values())):
        reason = nonsense.reason if isinstance(nonsense, Failure) else "no time was left"
        raise UsageError(f"no answer: {reason}; nothing was written (--offline asks nothing)")
    best = best_health(answers, nonsense)
    second = session.get([best]).get(best) if best else None
    found = describe(answers, second, nonsense, base_url, health_path)
    return Asked(found, session.made, time.monotonic() - session.began)


class _Session:
    def __init__(self, base_url: str, headers: Mapping[str, Secret], proxies: Proxies) -> None:
        self._base_url, self._headers, self._proxies = base_url, headers, proxies
        self.made = 0
        self.began = time.monotonic()

    def get(self, paths: Iterable[str], leave: int = 0) -> dict[str, Answer | Failure]:
        """The answers by path, in order. Those for which no request (beyond those to ``leave``) is left are not asked."""
        paths = list(paths)[: MOST_REQUESTS - self.made - leave]
        self.made += len(paths)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(self._one, paths))
        return {path: result for path, result in zip(paths, results, strict=True) if result is not None}

    def _one(self, path: str) -> Answer | Failure | None:
        left = self.began + WHOLE_LIMIT - time.monotonic()
        if left <= 0:
            return None
        request = Request(
            url=self._base_url + path,
            headers={**(_ANY_TEXT if path in METRICS_PATHS else {}), **self._headers},
            timeout=min(ONE_LIMIT, left),
            max_body=4 * _MIB,
            proxies=self._proxies,
            redirects=False,
        )
        return call(request).result
