"""``default-route-only``: an alert that no route of Alertmanager but the default one can take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from deployspec.base.problems import Place
from deployspec.base.shown import cut, one_line
from deployspec.languages.alertmanager.routes import Routes
from deployspec.languages.rule_files.model import Rule


def findings(
    rule: Rule,
    labels: Mapping[str, str],
    may_have: Callable[[str], bool],
    routes: Routes,
) -> Iterator[tuple[Place, str]]:
    """A finding at the alert's name where no child of the default route can match.

    ``labels`` are those that the rule and its group set, ``may_have`` tells of the expression's result.
    What is not known (a label's value that is a template, or that comes from the
    series) may match: nothing is said then. Nor where there is no route but the default one: that is a decision.
    """

    def known(label: str) -> str | None:
        if label == "alertname":
            return rule.name
        if label in labels:
            return None if "{{" in labels[label] else labels[label]
        return None if may_have(label) else ""

    if routes.root is None or not routes.root.routes or not routes.only_default(known):
        return
    has = ", ".join(f'{name}="{value}"' for name, value in labels.items()) or "no label of its own"
    wants = "; ".join(
        dict.fromkeys(" and ".join(map(str, route.matchers)) or "anything" for route in routes.root.routes)
    )
    message = (
        f"only the default route of {routes.path} takes this alert ({one_line(has, 100)}): it goes to "
        f"{cut(routes.root.receiver, 60)} and to nobody else, however urgent it is. Give it the labels that a route "
        f"asks for ({one_line(wants, 160)}), or add a route"
    )
    yield rule.places.get("name", rule.place), message
