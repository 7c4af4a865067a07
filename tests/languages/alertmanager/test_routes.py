"""Alertmanager's routing tree: read with places, and evaluated as amtool does."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
import yaml

from deployspec.languages.alertmanager.routes import read_routes

TEXT = """\
route:
  receiver: mail
  routes:
    - matchers: [severity="critical"]
      receiver: pager
      continue: true
    - match: {severity: critical}
      match_re: {team: api|web}
      receiver: chat
      routes:
        - matchers: ['job=~"a.*"']
    - matchers: ['severity=~"warning|info"', 'team!=""']
      receiver: chat
receivers:
  - name: mail
  - {name: pager}
  - name: chat
"""


def routes(text: str = TEXT):
    """The tree of a text that has no problem."""
    read = read_routes(text, "alertmanager.yml")
    assert read.problems == ()
    return read


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, ("mail",)),
        ({"severity": "critical"}, ("pager",)),
        ({"severity": "critical", "team": "api"}, ("pager", "chat")),
        ({"severity": "critical", "team": "api", "job": "abc"}, ("pager", "chat")),
        ({"severity": "critical", "team": "ap"}, ("pager",)),
        ({"severity": "warning"}, ("mail",)),
        ({"severity": "warning", "team": "x"}, ("chat",)),
    ],
    ids=str,
)
def test_reached(labels, expected):
    """Children in order, until one matches that does not continue; a route without matching children itself."""
    assert routes().reached(labels) == expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({}, True, id="nothing-known-to-be-there"),
        pytest.param({"severity": "page"}, True, id="a-value-that-no-route-knows"),
        pytest.param({"severity": "critical"}, False, id="first-route"),
        pytest.param({"severity": "info"}, True, id="second-matcher-fails"),
        pytest.param({"severity": "info", "team": None}, False, id="second-matcher-may-match"),
        pytest.param({"severity": None}, False, id="unknown-severity-may-match"),
        pytest.param({"team": None}, True, id="unknown-team-does-not-help"),
    ],
)
def test_only_default(labels, expected):
    """It is said only where no child can match, whatever the unknown labels are."""
    assert routes().only_default(lambda label: labels.get(label, "")) is expected


def test_a_tree_without_children_has_only_its_default():
    """Every alert reaches only the default route then."""
    assert routes("route: {receiver: a}\nreceivers: [{name: a}]").only_default(lambda label: None)


def test_an_expression_that_cannot_be_evaluated_is_unknown():
    """Such a route may match, so nothing is claimed."""
    read = routes("route: {receiver: a, routes: [{matchers: ['b=~\"[[:alpha:]]\"'], receiver: c}]}")
    assert read.reached({"b": "x"}) is None
    assert not read.only_default(lambda label: "x")


def test_places():
    """Routes and receivers know where they stand."""
    read = routes()
    assert str(read.root.routes[1].place) == "alertmanager.yml:7:7"
    assert {name: str(place) for name, place in read.receivers.items()} == {
        "mail": "alertmanager.yml:15:11",
        "pager": "alertmanager.yml:16:12",
        "chat": "alertmanager.yml:17:11",
    }


def test_aliases_and_merge_keys_are_followed():
    """As Alertmanager does: what the mapping itself says wins."""
    read = routes(
        "x: &base {receiver: b, matchers: [a=1]}\n"
        "route:\n  receiver: a\n  routes:\n    - *base\n    - {<<: *base, matchers: [a=2], receiver: c}\n"
    )
    assert [(r.receiver, str(r.matchers[0])) for r in read.root.routes] == [("b", 'a="1"'), ("c", 'a="2"')]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "am.yml:1:1: found nothing (an empty file, or only comments)", id="empty"),
        pytest.param("a: b: c", "am.yml:1:5: found broken YAML (mapping values are not allowed", id="broken"),
        pytest.param("a: \x00", "am.yml:1:4: found the character U+0000", id="control-character"),
        pytest.param("- a", "am.yml:1:1: found a list; expected a configuration of Alertmanager", id="list"),
        pytest.param("receivers: []", "without `route`; expected the route tree", id="no-route"),
        pytest.param("route: {routes: []}", "am.yml:1:8: found a default route without `receiver`", id="no-receiver"),
        pytest.param("route: ~", "without `route`; expected the route tree", id="null-route"),
        pytest.param("route: {receiver: a}\nroute: {receiver: a}", 'am.yml:2:1: found the key `route` for the second',
                     id="key-twice"),
        pytest.param("route: {receiver: a, routes: {receiver: b}}", "am.yml:1:30: found a mapping; expected a list of",
                     id="routes-a-mapping"),
        pytest.param("route: {receiver: a, routes: [b]}", 'am.yml:1:31: found "b"; expected a route', id="route-a-word"),
        pytest.param("route: {receiver: a, routes: [{matchers: a=b}]}", 'am.yml:1:42: found "a=b"; expected a list of mat',
                     id="matchers-no-list"),
        pytest.param("route: {receiver: a, routes: [{matchers: [ab]}]}", "am.yml:1:43: found a matcher that cannot be read: "
                     "ab; expected a label, one of", id="matcher-without-operator"),
        pytest.param("route: {receiver: a, routes: [{matchers: [a: b]}]}", "am.yml:1:43: found a mapping; expected a matcher",
                     id="matcher-a-mapping"),
        pytest.param("route: {receiver: a, routes: [{match: [a]}]}", "am.yml:1:39: found a list; expected labels",
                     id="match-a-list"),
        pytest.param("route: {receiver: a, continue: maybe}", 'am.yml:1:32: found "maybe"; expected true or false',
                     id="continue"),
        pytest.param("[" * 40, "am.yml:1:33: found more than 32 levels of nesting", id="deep"),
        pytest.param("[" * 100_000, "am.yml:1:33: found more than 32 levels of nesting", id="very-deep"),
        pytest.param("route: &a {receiver: b, routes: [*a]}", "am.yml:1:34: found an alias inside its own anchor", id="endless-alias"),
        pytest.param("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
            f"{n}: &{n} [{','.join(['*' + m] * 10)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)),
            "am.yml:7:8: found more than 2000000 values", id="alias-bomb"),
        pytest.param("x0: &x0 {receiver: b}\n" + "".join(
            f"x{n}: &x{n} {{routes: [*x{n - 1}]}}\n" for n in range(1, 1000)) + "route: {receiver: a, routes: [*x999]}",
            "am.yml:1:1: found routes nested too deep", id="deep-by-aliases"),
        pytest.param("route: {receiver: a}\n---\nroute: {receiver: b}", "am.yml:3:1: found a second document",
                     id="two-documents"),
        pytest.param("a" * (1024 * 1024 + 1), "am.yml:1:1: found a file of 1048577 characters", id="too-large"),
    ],
)  # fmt: skip
def test_problems(text, expected):
    """A file that cannot be understood has no tree, and a problem with its place; nothing is claimed of alerts then."""
    read = read_routes(text, "am.yml")
    assert read.root is None
    assert expected in str(read.problems[0])
    assert not read.only_default(lambda label: "")
    assert read.reached({}) is None


def _tree(chance: random.Random, depth: int, receivers: list[str]) -> dict[str, object]:
    route: dict[str, object] = {"receiver": chance.choice(receivers)}
    if depth < 4:
        how = chance.randrange(3)
        label, value = chance.choice("abc"), chance.choice(["1", "2", "1|2", ".*", "[12]", ""])
        if how == 0:
            op = chance.choice(["=", "!=", "=~", "!~"])
            route["matchers"] = [chance.choice([f'{label}{op}"{value}"', f"{label} {op} {value}"])]
        elif how == 1:
            route["match"] = {label: value}
        else:
            route["match_re"] = {label: value, "b": "1|2|"}
        route["continue"] = chance.random() < 0.5
    if depth:
        route["routes"] = [_tree(chance, depth - 1, receivers) for _ in range(chance.randrange(1, 4))]
    return route


def test_reached_is_what_amtool_says(tmp_path: Path):
    """For random trees and labels, our evaluation equals amtool's."""
    chance = random.Random(20)  # noqa: S311  (a seed, not a secret)
    receivers = [f"r{number}" for number in range(6)]
    for number in range(40):
        tree = _tree(chance, 4, receivers)
        config = tmp_path / f"{number}.yml"
        config.write_text(
            yaml.safe_dump({"route": tree, "receivers": [{"name": name} for name in receivers]})
        )
        labels = {label: value for label in "abc" if (value := chance.choice(["", "1", "2", "12"]))}
        words = [f'{label}="{value}"' for label, value in labels.items()]
        said = subprocess.run(
            ["amtool", "config", "routes", "test", f"--config.file={config}", *words],
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout.strip()  # fmt: skip
        assert ",".join(routes(config.read_text()).reached(labels)) == said, config.read_text()
