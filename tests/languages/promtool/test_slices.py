"""Which rules a test group is run with."""

from __future__ import annotations

import pytest
import yaml

from deployspec.languages.promtool.order import orders
from deployspec.languages.promtool.slices import Part, Rules, Slice, parts_of, sliced
from deployspec.languages.rule_files.model import TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests

RULES = """
groups:
  - name: requests
    interval: 30s
    rules:
      - {record: "job:errors:rate", expr: "sum by (job) (rate(errors_total[5m]))"}
      - {record: "job:requests:rate", expr: "sum by (job) (rate(requests_total[5m]))"}
      - {alert: Errors, expr: "job:errors:rate / job:requests:rate > 0.1"}
      - {alert: Quiet, expr: "job:requests:rate == 0"}
  - name: nodes
    rules:
      - {alert: Full, expr: "free / size < 0.1"}
      - {alert: Joined, expr: "free * on (node) group_left (zone) node_info < 1"}
      - {alert: Said, expr: up == 0, annotations: {summary: '{{ query "job:errors:rate" }}'}}
      - {alert: Made, expr: up == 0, annotations: {summary: '{{ printf "up" | query }}'}}
      - {alert: Storm, expr: count(ALERTS) > 3}
"""
NAMES = ("job:errors:rate", "job:requests:rate", "Errors", "Quiet", "Full", "Joined", "Said", "Made", "Storm")


def kept(case: str, *series: str, rules: str = RULES) -> set[str]:
    """The names of the rules that a group with one case is run with."""
    file = read_rules(rules, "r.yml")
    text = yaml.safe_dump({"rule_files": ["r.yml"], "tests": [_group(case, 5, series)]})
    tests = read_tests(text, "t.yml")
    assert not file.problems, file.problems
    assert not tests.problems, tests.problems
    return {rule.name for one in sliced([file], Rules([file]).of(tests.groups[0])) for rule in one.rules}


def _group(case: str, minutes: int, series: tuple[str, ...]) -> dict[str, object]:
    key, subject = ("alert_rule_test", "alertname") if case.isalpha() else ("promql_expr_test", "expr")
    return {
        "interval": "1m",
        "input_series": [{"series": one, "values": "1x9"} for one in series],
        key: [{"eval_time": f"{minutes}m", subject: case}],
    }


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("Errors", {"Errors", "job:errors:rate", "job:requests:rate"}),
        ("Quiet", {"Quiet", "job:requests:rate"}),
        ("Full", {"Full"}),
        ("Nothing", set()),
        ("job:requests:rate + 0", {"job:requests:rate"}),
        ('{__name__=~"job:err.*"}', {"job:errors:rate"}),
        ("Said", {"Said", "job:errors:rate"}),
        ("Made", set(NAMES)),
        ("Storm", set(NAMES)),
        ('ALERTS{alertname="Full"}', set(NAMES)),
        ('{job="api"}', set(NAMES)),
        ("1 +", set(NAMES)),
    ],
)
def test_what_a_case_looks_at(case: str, names: set[str]) -> None:
    """The alerts and expressions that it names, with whatever they read; all where that cannot be told."""
    assert kept(case) == names


@pytest.mark.parametrize(
    ("series", "more"),
    [
        (['free{node="a"}'], set()),
        # Either side may have a node twice.
        (['free{node="a"}', 'node_info{node="a", zone="z"}'], {"Joined"}),
        # What is recorded there already, and differs, is an error.
        (["job:errors:rate", "errors_total"], {"job:errors:rate"}),
        (["job:errors:rate"], set()),
        (['ALERTS{alertname="Full"}'], set(NAMES)),
        (['{__name__="free"}'], set()),
    ],
)
def test_what_can_fail_on_the_group_s_series(series: list[str], more: set[str]) -> None:
    """A rule that the case does not look at is kept where its evaluation can end in an error."""
    assert kept("Nothing", *series) == more


@pytest.mark.parametrize(
    ("rule", "is_kept"),
    [
        ({"record": "r", "expr": "up"}, False),
        ({"record": "r", "expr": "up", "labels": {"job": "x"}}, True),
        ({"record": "r", "expr": "up", "labels": {"team": "x"}}, False),
        ({"alert": "R", "expr": "up", "labels": {"job": "x"}}, True),
        ({"record": "r", "expr": '{__name__=~"up|down"}'}, True),
        ({"record": "r", "expr": "rate(up[5m])"}, False),
    ],
)
def test_what_can_fail_by_a_rule_s_own_labels(rule: dict[str, object], is_kept: bool) -> None:
    """A label that the series have makes two of them one; a label of its own does not."""
    rules = yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]})
    assert bool(kept("Nothing", 'up{job="a"}', 'up{job="b"}', rules=rules)) is is_kept


@pytest.mark.parametrize("field", [{"limit": 1}, {"labels": {"job": "x"}}])
def test_what_can_fail_by_the_group(field: dict[str, object]) -> None:
    """A group's limit, and the labels that it gives its rules."""
    rule = {"record": "r", "expr": "up"}
    for fields, names in ((field, {"r"}), ({}, set())):
        rules = yaml.safe_dump({"groups": [{"name": "g", **fields, "rules": [rule]}]})
        assert kept("Nothing", 'up{job="a"}', rules=rules) == names


def test_two_of_a_name_are_kept() -> None:
    """Two rules that record the same may record it twice."""
    rule = {"record": "r", "expr": "up"}
    rules = yaml.safe_dump({"groups": [{"name": "g", "rules": [rule, {**rule, "expr": "up + 1"}]}]})
    assert kept("Nothing", "up", rules=rules) == {"r"}
    assert kept("Nothing", "other", rules=rules) == set()


def test_native_histograms_are_evaluated_by_all() -> None:
    """What they make fail depends on the version."""
    file = read_rules(RULES, "r.yml")
    group = _group("Full", 5, ()) | {"input_series": [{"series": "free", "values": "{{count:3 sum:1}}"}]}
    tests = read_tests(yaml.safe_dump({"rule_files": ["r.yml"], "tests": [group]}), "t.yml")
    rules = Rules([file])
    assert rules.of(tests.groups[0]) == rules.all


def _parts(*groups: tuple[str, int]) -> tuple[list[Part], Rules]:
    file = read_rules(RULES, "r.yml")
    tests = [_group(case, minutes, ()) for case, minutes in groups]
    rules = Rules([file])
    return parts_of(
        read_tests(yaml.safe_dump({"rule_files": ["r.yml"], "tests": tests}), "t.yml"), rules
    ), rules


def test_small_files_are_run_whole() -> None:
    """There is nothing to be saved."""
    assert _parts(("Full", 10), ("Quiet", 10))[0] == []


def test_long_groups_are_run_apart() -> None:
    """Each with its own rules, where that saves more than another run costs; else together."""
    parts, _ = _parts(("Full", 5000), ("Quiet", 5000))
    assert [part.groups for part in parts] == [(0,), (1,)]
    together, _ = _parts(("Full", 60), ("Quiet", 2))
    assert [part.groups for part in together] == [(0, 1)]
    everything, rules = _parts(("Storm", 5000))
    assert everything == []
    assert len(rules.all) == len(NAMES)


def test_a_slice_keeps_groups_and_their_fields() -> None:
    """Order, names and intervals stay; groups without a rule go."""
    file = read_rules(RULES, "r.yml")
    rules = Rules([file])
    chosen: Slice = frozenset(one for one in rules.all if one.group == 0 and one.rule in (0, 2))
    (one,) = sliced([file], chosen)
    assert [(group.name, group.interval, [rule.name for rule in group.rules]) for group in one.groups] == [
        ("requests", 30.0, ["job:errors:rate", "Errors"])
    ]
    assert sliced([file], frozenset()) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, (("a", "b", "c"), ("c", "b", "a"))),
        (["c", "b", "a"], ()),
        (["b", "a", "c", "elsewhere"], ()),
        # What it does not name is beside the first that it names.
        (["b", "c"], (("a", "b", "c"), ("b", "a", "c"))),
        (["a", "b"], (("a", "c", "b"), ("c", "a", "b"))),
        ("no list", (("a", "b", "c"), ("c", "b", "a"))),
    ],
)
def test_orders_that_promtool_may_choose(said: object, expected: tuple[tuple[str, ...], ...]) -> None:
    """Both ends of them; none where the file leaves no choice."""
    file = TestFile("t.yml", (), 60.0, (), (), {} if said is None else {"group_eval_order": said})
    assert orders(file, ["a", "b", "c", "a"]) == expected
    assert orders(file, ["a"]) == ()
    assert orders(file, []) == ()


def test_groups_that_read_what_others_record() -> None:
    """Only where a rule of a slice reads across groups, or two make the same, does their order matter; alerts are read, too."""
    groups = """
groups:
  - {name: a, rules: [{record: a:up, expr: up}, {record: a:twice, expr: 2 * a:up}]}
  - {name: b, rules: [{record: b:down, expr: down}, {alert: Low, expr: a:up < 1}]}
  - {name: c, rules: [{alert: Any, expr: count(ALERTS) > 3}]}
  - {name: d, rules: [{alert: Low, expr: up < 1}]}
"""
    rules = Rules([read_rules(groups, "r.yml")])
    places = sorted(rules.all)
    assert rules.across(rules.all) == ("a", "b", "c", "d")
    assert rules.across(frozenset(places[:3])) == ()
    assert rules.across(frozenset({places[0], places[3]})) == ("a", "b")
    assert rules.across(frozenset({places[2], places[3]})) == ()
    assert rules.across(frozenset({places[2], places[4]})) == ("b", "c")
    assert rules.across(frozenset({places[4]})) == ()
    # The same alert twice.
    assert rules.across(frozenset({places[3], places[5]})) == ("b", "d")
    assert rules.across(frozenset({places[0], places[5]})) == ()
