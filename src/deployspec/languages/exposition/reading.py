"""Reads an exposition as it comes, and keeps of it what is asked about later."""

from __future__ import annotations

from collections.abc import Iterable

from deployspec.languages.exposition.model import Exposition, Format, Limits


def read(
    chunks: Iterable[bytes], form: Format, limits: Limits | None = None, *, now: float | None = None
) -> Exposition:
    """What the bytes say, whatever they are: what is wrong is in ``troubles``. It stops taking chunks at a limit.

    ``now`` is when the answer came, in seconds since 1970, for what is said of timestamps; None leaves that out.
    """
    raise NotImplementedError
