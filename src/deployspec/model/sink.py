"""What a sink says of itself: all that the core knows of it. It is cheap to import: it names modules, and imports none."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Sink(NamedTuple):
    """One kind of place where results are sent."""

    kind: str
    """What ``kind`` says in an item of ``push`` in the deployment file."""
    schema: Path
    """A JSON file: ``properties`` and ``required`` of such an item beside ``name`` and ``kind``, and ``$defs``. A property
    that other kinds have too says the same of it as they do."""
    make: str
    """``module:name`` of a function of a :class:`deployspec.deployment.push.Push` that gives what sends, a
    :class:`deployspec.sinks.sending.Sender`. It is imported when something is to be sent."""
    check: str = ""
    """``module:name`` of a function of the item's valid data that gives what does not go together in it, as pairs of what was
    found and what was expected; empty where the schema says all."""
    now_only: bool = False
    """Whether what it tells is true of the moment alone, so that a kept run is no news for it."""
    extra: str = ""
    """The extra of the package that brings its libraries; empty where a bare installation has all that it needs."""
    libraries: tuple[str, ...] = ()
    """The modules of that extra which it imports."""
