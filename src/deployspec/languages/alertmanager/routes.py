"""Alertmanager's routing tree, and where an alert goes of which only some labels are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from deployspec.base.problems import Place, Problem, Problems
from deployspec.base.shown import one_line
from deployspec.base.yaml_tree import Node
from deployspec.languages.alertmanager.document import compose
from deployspec.languages.alertmanager.matchers import parse_matchers
from deployspec.languages.fields import Fields, scalar_of, shown
from deployspec.languages.promql.selectors import Matcher

Known = Callable[[str], str | None]
"""A label's value: the empty text where the alert cannot have it, None where it is not known."""

_NO_ROUTE = "the route tree: a mapping with a receiver"


@dataclass(frozen=True)
class Route:
    """A node of the routing tree."""

    receiver: str
    """Its parent's where it names none."""
    matchers: tuple[Matcher, ...]
    """All of them have to match."""
    goes_on: bool
    """``continue``: its next siblings are tried, too."""
    routes: tuple[Route, ...]
    place: Place

    def matches(self, known: Known) -> bool | None:
        """Whether an alert enters this route; None where that hangs on labels that are not known."""
        answer: bool | None = True
        for matcher in self.matchers:
            value = known(matcher.label)
            matched = None if value is None else matcher.meets(value)
            if matched is False:
                return False
            if matched is None:
                answer = None
        return answer


@dataclass(frozen=True)
class Routes:
    """What a configuration of Alertmanager says of routing."""

    path: str
    root: Route | None
    """The default route. None where the file could not be read: see ``problems``."""
    receivers: Mapping[str, Place]
    """Each receiver's name, and where it is defined."""
    problems: tuple[Problem, ...] = field(default=())

    def only_default(self, known: Known) -> bool:
        """Whether the alert reaches no route but the default one, whatever its unknown labels are."""
        return self.root is not None and all(route.matches(known) is False for route in self.root.routes)

    def reached(self, labels: Mapping[str, str]) -> tuple[str, ...] | None:
        """The receivers that an alert with these labels reaches, in the tree's order.

        None where the tree is not known, or a regular expression in it cannot be evaluated here.
        """
        if self.root is None:
            return None
        try:
            return tuple(_reached(self.root, lambda label: labels.get(label, "")))
        except _UnknownError:
            return None


class _UnknownError(Exception):
    pass


def _reached(route: Route, known: Known) -> Iterator[str]:
    found = False
    for child in route.routes:
        matched = child.matches(known)
        if matched is None:
            raise _UnknownError
        if matched:
            found = True
            yield from _reached(child, known)
            if not child.goes_on:
                break
    if not found:
        yield route.receiver


def read_routes(text: str, path: str) -> Routes:
    """Read a configuration of Alertmanager. Never raises for what the text is.

    Only what routing hangs on is read; whether Alertmanager accepts the rest is ``amtool check-config``'s to say.
    """
    problems = Problems(path)
    top = compose(text, problems)
    if top is None:
        return Routes(path, None, {}, tuple(problems))
    found = Fields(top, problems, "a configuration of Alertmanager: a mapping with route and receivers")
    root = None
    if "route" not in found:
        found.require("route", _NO_ROUTE)
    else:
        try:
            root = _route(found.get("route"), None, problems)
        except RecursionError:  # aliases of aliases
            problems.add(None, "routes nested too deep", "a flatter tree")
    receivers: dict[str, Place] = {}
    for node in found.items("receivers", "a list of receivers"):
        receiver = Fields(node, problems, "a receiver")
        name = receiver.text("name", "the receiver's name", required=True)
        receivers.setdefault(name, problems.place(receiver.get("name")))
    # A tree that was understood in part would send alerts where they do not go.
    return Routes(path, None if problems else root, receivers, tuple(problems))


def _route(node: Node | None, parent: str | None, problems: Problems) -> Route | None:
    found = Fields(node, problems, "a default route" if parent is None else "a route")
    receiver = found.text("receiver", "a receiver's name", required=parent is None) or parent
    if receiver is None:
        return None
    matchers = tuple(_matchers(found))
    children = (_route(child, receiver, problems) for child in found.items("routes", "a list of routes"))
    routes = tuple(child for child in children if child is not None)
    return Route(receiver, () if parent is None else matchers, _goes_on(found), routes, problems.place(node))


def _goes_on(found: Fields) -> bool:
    word = found.text("continue", "true or false").lower()
    if word not in ("true", "false", "yes", "no", "on", "off", "y", "n", ""):
        found.add("continue", shown(word), "true or false")
    return word in ("true", "yes", "on", "y")


def _matchers(found: Fields) -> Iterator[Matcher]:
    for key, op in (("match", "="), ("match_re", "=~")):
        for label, value in found.texts(key, "labels and their values").items():
            yield Matcher(label, op, value)
    for node in found.items("matchers", 'a list of matchers such as severity="critical"'):
        scalar = scalar_of(node, found.problems, 'a matcher such as severity="critical"')
        try:
            yield from parse_matchers(scalar.text if scalar else "")
        except ValueError as error:
            found_text = f"a matcher that cannot be read: {one_line(str(error), 80)}"
            found.problems.add(
                node, found_text, 'a label, one of = != =~ !~, and a value, such as severity="critical"'
            )
