"""What OpenSLO has no word for: annotations whose names begin with ``deployspec/``."""

from __future__ import annotations

from collections.abc import Mapping

from deployspec.base.problems import Problems, did_you_mean
from deployspec.base.shown import names, one_line
from deployspec.base.yaml_tree import Scalar
from deployspec.languages.fields import shown

PREFIX = "deployspec/"
KNOWN = ("alerts", "routes", "strict")
NONE = "none"
"""In place of names of alerts: there is none, on purpose."""


class Annotations:
    """Those of one SLO. What is wrong is noted."""

    def __init__(self, annotations: Mapping[str, Scalar], problems: Problems) -> None:
        own = {
            name.removeprefix(PREFIX): value for name, value in annotations.items() if name.startswith(PREFIX)
        }
        for name, node in own.items():
            if name not in KNOWN:
                known = names([PREFIX + known for known in KNOWN])
                problems.add(
                    node,
                    f"the unknown annotation {PREFIX}{one_line(name, 40)}",
                    f"one of {known}{did_you_mean(name, KNOWN, PREFIX)}",
                )
        alerts = _listed(own.get("alerts"), problems)
        self.unwatched = alerts == (NONE,)
        """Whether it is said that no alert watches over the objective."""
        if NONE in alerts and not self.unwatched:
            problems.add(own["alerts"], f"{NONE} among names of alerts", f"names of alerts, or {NONE} alone")
        self.alerts = () if self.unwatched else alerts
        """Names of the alert rules that watch over the objective."""
        self.routes = _listed(own.get("routes"), problems)
        """Names of the load run's requests that it speaks of."""
        strict = own.get("strict")
        if strict is not None and strict.text not in ("true", "false"):
            problems.add(strict, shown(strict.text), '"true" or "false"')
        self.strict = strict is not None and strict.text == "true"
        """Whether exactly the target is a breach."""


def _listed(given: Scalar | None, problems: Problems) -> tuple[str, ...]:
    if given is None:
        return ()
    words = tuple(word.strip() for word in given.text.split(","))
    if not all(words) or len(set(words)) < len(words):
        problems.add(given, shown(given.text), "names with commas between them, each once")
    return words
