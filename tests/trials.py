"""How many examples a property is tried with: all on one Python, few on the others, many in ``make soak``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How soon examples are made depends on what else the machine does.
settings.register_profile("any-machine", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")
_FACTOR = float(os.environ.get("TRIALS", "1"))


def trials(number: int) -> int:
    """``number`` times the factor that the environment variable TRIALS says (1), at least 5."""
    return max(5, round(number * _FACTOR))
