"""Faults of the health answer's headers, and redirects."""

from typing import ClassVar

from .answer import Answer
from .registry import Call, Fault, alters, behaves

_LOGIN_PAGE = Answer(
    200,
    ((b"content-type", b"text/html; charset=utf-8"),),
    b"<!doctype html>\n<html><body><form>Please log in.</form></body></html>\n",
)


@alters("text-plain")
def text_plain(answer: Answer) -> Answer:
    """The right JSON calls itself text/plain."""
    return answer.with_header(b"content-type", b"text/plain; charset=utf-8")


@alters("no-content-type")
def no_content_type(answer: Answer) -> Answer:
    """The right JSON does not say what it is."""
    return answer.without_header(b"content-type")


@alters("cached-age")
def cached_age(answer: Answer) -> Answer:
    """The answer has lain in a cache for 30 seconds, by its Age."""
    return answer.with_header(b"age", b"30")


@alters("cached-max-age")
def cached_max_age(answer: Answer) -> Answer:
    """The answer may be kept by caches for a minute."""
    return answer.with_header(b"cache-control", b"max-age=60")


@behaves("redirect-login")
class RedirectLogin(Fault):
    """Whoever asks is sent to a login page on the same host, which answers 200."""

    pages: ClassVar = {"/login": _LOGIN_PAGE}

    async def answer(self, call: Call) -> Answer:  # noqa: ARG002 - the real answer is not wanted
        """Redirect."""
        return Answer(302, ((b"location", b"/login"),), b"")


@behaves("redirect-other-path")
class RedirectOtherPath(Fault):
    """Whoever asks is sent to `/ping`, which is always well."""

    async def answer(self, call: Call) -> Answer:  # noqa: ARG002 - the real answer is not wanted
        """Redirect."""
        return Answer(307, ((b"location", b"/ping"),), b"")
