"""Waits for a version: asks all replicas until they say it, or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from deployspec.base.duration import format_duration
from deployspec.base.shown import one_line
from deployspec.chapters.health.judge.rollout import Saying, missing, progress, saying, version_arrived
from deployspec.chapters.health.measure.asked import Asked, at_once
from deployspec.chapters.health.measure.replicas import Replicas
from deployspec.chapters.health.part import HEALTH
from deployspec.model.verdict import Unmeasured, Verdict

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

ROUND = 1.0
"""Seconds from the start of one round of questions to the start of the next."""
FIND_ANEW = 5.0
"""Seconds after which it is found out anew who the replicas are: a rollout changes that."""


def wait(deployment: Deployment, wanted: str, within: float, tell: Callable[[str, float], None]) -> Verdict:
    """Ask all replicas about once a second until they all say ``wanted``, for at most ``within`` seconds and a round.

    ``tell`` is given how far it has got, and the seconds that have passed: before the first round (minus infinity), and
    after each.
    """
    tell(f"waiting for version {one_line(wanted, 40)}, at most {format_duration(within)}", float("-inf"))
    began = time.monotonic()
    asked: dict[str, Asked] = {}
    found_at = -FIND_ANEW
    while True:
        round_at = time.monotonic()
        sayings: dict[str, Saying] = {}
        trouble = ""
        try:
            if round_at - found_at >= FIND_ANEW:
                asked, found_at = _found(deployment), round_at
            said = at_once(_said, list(asked.values()))
            sayings = dict(zip(asked, said, strict=True))
        except Unmeasured as error:
            trouble = str(error)
        passed = time.monotonic() - began
        if passed >= within or (sayings and not missing(sayings, wanted)):
            return version_arrived(sayings, wanted, passed, within, trouble)
        tell(trouble or progress(sayings, wanted, passed, within), passed)
        time.sleep(max(0.0, min(round_at + ROUND, began + within) - time.monotonic()))


def _found(deployment: Deployment) -> dict[str, Asked]:
    """Who is asked for the version, by name. Raises Unmeasured where it could not be found out."""
    replicas = Replicas(deployment)
    return {
        " of ".join(word for word in (health.name, one.name) if word): one
        for health in deployment.require(HEALTH)
        if health.fields.version is not None
        for one in replicas.asked(health)
    }


def _said(one: Asked) -> Saying:
    asked = one.of_version
    return saying(asked.ask(), asked.promise, of_another_path=asked is not one)
