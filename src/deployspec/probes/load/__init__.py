"""The load probe: runs Locust in processes of its own, and counts what they tell."""

from deployspec.probes.load.running import Generator, run

__all__ = ["Generator", "run"]
