"""deployspec: an executable specification of a deployment.

What checks of your own may import from here (docs/own-checks.md); each is imported when it is first asked for:

- ``met(reason)``, ``breached(reason)``, ``unmeasured(reason)``: make a :class:`Verdict`; ``measured`` and ``limit`` are
  texts with their units.
- ``Verdict``: what a check found out, with its reason of one line.
- ``Judge``: the type of the fixture ``judge``, which gives a check's verdict.
- ``Evidence``: a title and a text that a person can look at to believe a verdict.
- ``Chapter``: what a chapter of the specification says of itself, where the setting ``deployspec_chapters`` says too little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter
    from deployspec.model.entry import Evidence
    from deployspec.model.judge import Judge
    from deployspec.model.verdict import Verdict, breached, met, unmeasured

__version__ = "0.1.0"
__all__ = ["Chapter", "Evidence", "Judge", "Verdict", "breached", "met", "unmeasured"]

_PLACES = {
    "Chapter": "chapter",
    "Evidence": "entry",
    "Judge": "judge",
    **dict.fromkeys(("Verdict", "breached", "met", "unmeasured"), "verdict"),
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.model.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
