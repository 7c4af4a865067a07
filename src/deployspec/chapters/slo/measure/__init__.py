"""The load probe: runs Locust in processes of its own, and counts what they tell."""

from deployspec.chapters.slo.measure.running import Generator, run

__all__ = ["Generator", "run"]
