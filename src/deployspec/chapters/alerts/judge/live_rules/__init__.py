"""Rules against a real Prometheus: can they fire there, are they loaded as they are here, can they be evaluated."""

from deployspec.chapters.alerts.judge.live_rules.asking import question, wanted
from deployspec.chapters.alerts.judge.live_rules.drift import Drift, drift
from deployspec.chapters.alerts.judge.live_rules.evaluation import evaluates
from deployspec.chapters.alerts.judge.live_rules.firing import can_fire

__all__ = ["Drift", "can_fire", "drift", "evaluates", "question", "wanted"]
