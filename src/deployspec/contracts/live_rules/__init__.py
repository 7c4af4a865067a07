"""Rules against a real Prometheus: can they fire there, are they loaded as they are here, can they be evaluated."""

from deployspec.contracts.live_rules.asking import wanted
from deployspec.contracts.live_rules.drift import Drift, drift
from deployspec.contracts.live_rules.evaluation import evaluates
from deployspec.contracts.live_rules.firing import can_fire
from deployspec.contracts.live_rules.model import LoadedGroup, LoadedRule, LoadedRules, Observed, Unavailable
from deployspec.contracts.live_rules.reading import read_loaded

__all__ = [
    "Drift",
    "LoadedGroup",
    "LoadedRule",
    "LoadedRules",
    "Observed",
    "Unavailable",
    "can_fire",
    "drift",
    "evaluates",
    "read_loaded",
    "wanted",
]
