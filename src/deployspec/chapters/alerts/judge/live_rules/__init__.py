"""Rules against a real Prometheus: can they fire there, are they loaded as they are here, can they be evaluated."""

from deployspec.chapters.alerts.judge.live_rules.asking import question, wanted
from deployspec.chapters.alerts.judge.live_rules.drift import Drift, drift
from deployspec.chapters.alerts.judge.live_rules.evaluation import evaluates
from deployspec.chapters.alerts.judge.live_rules.firing import can_fire
from deployspec.languages.prometheus.model import LoadedGroup, LoadedRule, LoadedRules, Observed, Unavailable
from deployspec.languages.prometheus.reading import read_loaded
from deployspec.languages.prometheus.targets import MADE_BY_SCRAPES, Job, Targets, read_targets

__all__ = [
    "MADE_BY_SCRAPES",
    "Drift",
    "Job",
    "LoadedGroup",
    "LoadedRule",
    "LoadedRules",
    "Observed",
    "Targets",
    "Unavailable",
    "can_fire",
    "drift",
    "evaluates",
    "question",
    "read_loaded",
    "read_targets",
    "wanted",
]
