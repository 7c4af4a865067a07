"""The kinds of sources: a module each, which has ``from_address(rest)``. Adding a kind is adding its module."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re

from deployspec.base.errors import UsageError
from deployspec.base.shown import names, one_line
from deployspec.chapters.logs.measure.source import Source


def kinds() -> tuple[str, ...]:
    """The names of all kinds, sorted."""
    return tuple(
        sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))
    )


def source_of(address: str) -> Source:
    """The source at an address: ``-`` (standard input), a path or a glob pattern of files, or ``kind:rest``.

    What is a file's name is a file, though it looks like ``kind:rest``. Raises UsageError for a kind that there is
    not, and for a rest that its kind cannot use.
    """
    if address == "-":
        return source_of("stdin:")
    kind, colon, rest = address.partition(":")
    if not colon or not re.fullmatch(r"[a-z][a-z0-9_]*", kind) or os.path.lexists(address):
        kind, rest = "files", address
    if kind not in kinds():
        raise UsageError(
            f"{one_line(address, 80)}: no kind of source is called {kind}; there are {names(kinds())}"
        )
    module = importlib.import_module(f"{__name__}.{kind}")
    source = module.from_address(rest)
    if not isinstance(source, Source):
        raise TypeError(f"{module.__name__}.from_address: expected a Source, got {type(source).__name__}")
    return source
