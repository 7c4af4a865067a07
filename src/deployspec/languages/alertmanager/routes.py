"""Alertmanager's routing tree, and where an alert goes of which only some labels are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from deployspec.base.problems import Place, Problem
from deployspec.base.shown import one_line
from deployspec.base.yaml_tree import Node, is_null
from deployspec.languages.alertmanager.document import Problems, compose, fields, items, text_of
from deployspec.languages.alertmanager.matchers import Matcher, parse_matchers

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
            matched = None if value is None else matcher.matches(value)
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
    found = fields(top, problems, "a configuration of Alertmanager: a mapping with route and receivers")
    root = None
    if problems:
        pass
    elif "route" not in found:
        problems.add(top, "no key route", _NO_ROUTE)
    else:
        try:
            root = _route(found["route"], None, problems)
        except RecursionError:  # aliases of aliases
            problems.add(None, "routes nested too deep", "a flatter tree")
    receivers: dict[str, Place] = {}
    for node in items(found.get("receivers"), problems, "a list of receivers"):
        receiver = fields(node, problems, "a receiver: a mapping with a name")
        name = text_of(receiver.get("name"), problems, "the receiver's name")
        if name is not None:
            receivers.setdefault(name, problems.place(receiver["name"]))
    # A tree that was understood in part would send alerts where they do not go.
    return Routes(path, None if problems else root, receivers, tuple(problems))


def _route(node: Node, parent: str | None, problems: Problems) -> Route | None:
    found = fields(node, problems, _NO_ROUTE if parent is None else "a route: a mapping")
    receiver = parent
    if "receiver" in found and not is_null(found["receiver"]):
        receiver = text_of(found["receiver"], problems, "a receiver's name")
    if receiver is None:
        problems.add(node, "a default route without receiver", _NO_ROUTE)
        return None
    matchers = tuple(_matchers(found, problems))
    children = (
        _route(child, receiver, problems)
        for child in items(found.get("routes"), problems, "a list of routes")
    )
    routes = tuple(child for child in children if child is not None)
    goes_on = "continue" in found and _truth(found["continue"], problems)
    return Route(receiver, () if parent is None else matchers, goes_on, routes, problems.place(node))


def _truth(node: Node, problems: Problems) -> bool:
    word = (text_of(node, problems, "true or false") or "").lower()
    if word not in ("true", "false", "yes", "no", "on", "off", "y", "n", ""):
        problems.unexpected(node, "true or false")
    return word in ("true", "yes", "on", "y")


def _matchers(found: Mapping[str, Node], problems: Problems) -> Iterator[Matcher]:
    for key, op in (("match", "="), ("match_re", "=~")):
        if key in found and not is_null(found[key]):
            for label, node in fields(found[key], problems, "labels and their values").items():
                value = "" if is_null(node) else text_of(node, problems, "a label's value")
                if value is not None:
                    yield Matcher(label, op, value, problems.place(node))
    for node in items(found.get("matchers"), problems, 'a list of matchers such as severity="critical"'):
        text = text_of(node, problems, 'a matcher such as severity="critical"')
        if text is None:
            continue
        try:
            yield from parse_matchers(text, problems.place(node))
        except ValueError as error:
            found_text = f"a matcher that cannot be read: {one_line(str(error), 80)}"
            problems.add(
                node, found_text, 'a label, one of = != =~ !~, and a value, such as severity="critical"'
            )
