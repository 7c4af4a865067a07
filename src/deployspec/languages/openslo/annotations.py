"""What OpenSLO has no word for: annotations whose names begin with ``deployspec/``."""

from __future__ import annotations

from collections.abc import Mapping

from deployspec.base.shown import names, one_line
from deployspec.base.yaml_tree import Node
from deployspec.languages.alertmanager.document import Problems
from deployspec.languages.openslo.fields import hint

PREFIX = "deployspec/"
KNOWN = ("alerts", "routes", "strict")


class Annotations:
    """Those of one SLO. What is wrong is noted."""

    def __init__(self, annotations: Mapping[str, tuple[Node, str]], problems: Problems) -> None:
        own = {
            name.removeprefix(PREFIX): value for name, value in annotations.items() if name.startswith(PREFIX)
        }
        for name, (node, _) in own.items():
            if name not in KNOWN:
                known = names([PREFIX + known for known in KNOWN])
                problems.add(
                    node,
                    f"the unknown annotation {PREFIX}{one_line(name, 40)}",
                    f"one of {known}{hint(name, KNOWN, PREFIX)}",
                )
        self.alerts = _listed(own.get("alerts"), problems)
        """Names of the alert rules that watch over the objective."""
        self.routes = _listed(own.get("routes"), problems)
        """Names of the load run's requests that it speaks of."""
        strict = own.get("strict")
        if strict is not None and strict[1] not in ("true", "false"):
            problems.add(strict[0], f'"{one_line(strict[1], 40)}"', '"true" or "false"')
        self.strict = strict is not None and strict[1] == "true"
        """Whether exactly the target is a breach."""


def _listed(given: tuple[Node, str] | None, problems: Problems) -> tuple[str, ...]:
    if given is None:
        return ()
    node, text = given
    words = tuple(word.strip() for word in text.split(","))
    if not all(words) or len(set(words)) < len(words):
        problems.add(node, f'"{one_line(text, 60)}"', "names with commas between them, each once")
    return words
