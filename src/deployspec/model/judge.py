"""How a check gives its verdict: the type of the fixture ``judge``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from deployspec.model.entry import Evidence
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict


class Judge(Protocol):
    """Gives a check's verdict, once."""

    def __call__(
        self,
        verdict: Verdict,
        *calls: Call,
        reproduce: str = "",
        waited: float = 0.0,
        evidence: Sequence[Evidence] = (),
    ) -> None:
        """Say the verdict, with the calls it rests on.

        ``reproduce`` is a command line that repeats the measurement, ``waited`` are seconds that the check waited for the
        deployment's clock, and ``evidence`` is shown as it is, whatever the verdict. Raises Breached or Unmeasured where
        the verdict says so, and RuntimeError where a check gives a second one.
        """
