"""Rule files are read as promtool reads them, and every problem has its place."""

from __future__ import annotations

import pytest
import yaml

from deployspec.base import yaml_tree
from deployspec.base.problems import Place
from deployspec.base.yaml_tree import LARGEST, MOST_NODES
from deployspec.languages.rule_files.rules import read_rules

RULES = """\
groups:
- name: api
  interval: 30s
  limit: 0x10
  rules:
  - record: job:requests:rate5m
    expr: sum by (job) (rate(requests_total[5m]))
  - alert: HighErrorRate
    expr: errors > 0.05
    for: 1h30m
    keep_firing_for: 90s
    labels: {severity: critical, tier: 1, exact: 1.50, quiet: yes}
    annotations:
      summary: "High error rate (> 5%)"
"""
HEAD = "groups:\n- name: g\n  rules:\n"
OBJECT = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\n"
SPEC = "spec:\n  groups:\n  - name: g\n    rules:\n    - {alert: A, expr: up}\n"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"


def rule(text: str) -> str:
    """A rule file with one rule; its first line is line 4, its first character in column 5."""
    return f"{HEAD}  - {text}\n"


def problems(text: str) -> list[str]:
    """All problems of a rule file called f, as a person reads them."""
    return [str(problem) for problem in read_rules(text, "f").problems]


def test_a_sound_file_is_read_whole() -> None:
    """Names, durations in seconds, and texts exactly as written, numbers and booleans among them."""
    file = read_rules(RULES, "rules/api.yml")
    assert file.problems == ()
    assert file.plain
    (group,) = file.groups
    assert (group.name, group.interval, group.place) == ("api", 30.0, Place("rules/api.yml", 2, 3))
    recorded, alert = file.rules
    assert (recorded.kind, recorded.name, recorded.for_) == ("record", "job:requests:rate5m", 0.0)
    assert (alert.kind, alert.name, alert.group) == ("alert", "HighErrorRate", "api")
    assert (alert.expr, alert.for_, alert.keep_firing_for) == ("errors > 0.05", 5400.0, 90.0)
    assert alert.labels == {"severity": "critical", "tier": "1", "exact": "1.50", "quiet": "yes"}
    assert alert.annotations == {"summary": "High error rate (> 5%)"}


def test_a_group_s_data_can_be_written_elsewhere() -> None:
    """Texts stay texts, and `limit`, which promtool refuses in quotes, is a number."""
    (group,) = read_rules(RULES, "f").groups
    assert group.data["limit"] == 16
    assert group.data["interval"] == "30s"
    assert group.data["rules"][1]["labels"]["tier"] == "1"


def test_places_are_those_of_the_values() -> None:
    """Each value is where a person finds its first character; what the file does not say has no place."""
    alert = read_rules(RULES, "f").rules[1]
    found = {part: (place.line, place.column) for part, place in alert.places.items()}
    assert found == {
        "": (8, 5),
        "name": (8, 12),
        "expr": (9, 11),
        "for": (10, 10),
        "keep_firing_for": (11, 22),
        "labels.severity": (12, 24),
        "labels.tier": (12, 40),
        "labels.exact": (12, 50),
        "labels.quiet": (12, 63),
        "annotations.summary": (14, 17),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "f:1:1: found no rule; expected rules", id="empty"),
        pytest.param("# only a comment\n", "f:1:1: found no rule; expected rules", id="only a comment"),
        pytest.param("groups: []\n", "f:1:1: found no rule; expected rules", id="no group"),
        pytest.param("groups:\n- name: g\n", "f:1:1: found groups without any rule", id="no rule"),
        pytest.param("hello\n", 'f:1:1: found "hello"; expected rules', id="a word"),
        pytest.param("- a\n", "f:1:1: found a list; expected rules", id="a list"),
        pytest.param("group: []\n", "f:1:1: found the unknown field `group` in a rule file; expected `groups`", id="group"),
        pytest.param(HEAD + "  - up\n", 'f:4:5: found "up"; expected a rule', id="a word as a rule"),
        pytest.param(HEAD + "  -\n", "f:4:4: found nothing; expected a rule", id="nothing as a rule"),
        pytest.param("groups:\n- rules: []\n", "f:2:3: found a group of rules without `name`", id="nameless group"),
        pytest.param(
            HEAD + "  - {alert: A, expr: up}\n- name: g\n",
            'f:5:3: found the group "g" for the second time (the first is at f:2:3)',
            id="group twice",
        ),
        pytest.param(rule("alert: A\n    exprs: up"), "f:5:5: found the unknown field `exprs` in a rule; expected `expr`", id="exprs"),
        pytest.param(rule("Alert: A\n    expr: up"), "f:4:5: found the unknown field `Alert` in a rule; expected `alert`", id="Alert"),
        pytest.param(rule("alert: A\n    for: 5m"), "f:4:5: found a rule without `expr`; expected a PromQL expression", id="no expr"),
        pytest.param(rule("alert: A\n    expr:"), "f:4:5: found a rule without `expr`; expected a PromQL expression", id="null expr"),
        pytest.param(rule("alert: A\n    expr: [up]"), "f:5:11: found a list; expected a PromQL expression", id="list as expr"),
        pytest.param(rule("expr: up"), "f:4:5: found a rule without a name; expected `alert` or `record`", id="no name"),
        pytest.param(
            rule("alert: A\n    record: b\n    expr: up"),
            "f:5:13: found `alert` and `record` in one rule; expected one of the two",
            id="two names",
        ),
        pytest.param(
            rule("record: a\n    for: 5m\n    expr: up"),
            "f:5:10: found `for` in a recording rule; expected `for` only in an alert",
            id="for of a record",
        ),
        pytest.param(rule("record: a{}\n    expr: up"), 'f:4:13: found "a{}"; expected the name of a metric', id="braces"),
        pytest.param(
            rule("alert: A\n    expr: up\n    expr: down"),
            "f:6:5: found the key `expr` for the second time (the first is at 5:5); expected each key once",
            id="key twice",
        ),
        pytest.param(
            rule("alert: A\n    expr: up\n    labels: {a: b, a: c}"),
            "f:6:20: found the key `a` for the second time",
            id="label twice",
        ),
        pytest.param(rule("alert: A\n    expr: up\n    for: 5"), 'f:6:10: found "5"; expected `for` as a duration', id="no unit"),
        pytest.param(rule("alert: A\n    expr: up\n    for: 1.5m"), 'f:6:10: found "1.5m"; expected `for` as', id="fraction"),
        pytest.param(rule("alert: A\n    expr: up\n    for: -5m"), 'f:6:10: found "-5m"; expected `for` as', id="negative"),
        pytest.param(rule('alert: A\n    expr: up\n    for: ""'), "f:6:10: found an empty text; expected `for` as", id="empty for"),
        pytest.param(rule("alert: A\n    expr: up\n    for: 300y"), 'f:6:10: found "300y"; expected `for` as', id="300 years"),
        pytest.param(rule("alert: A\n    expr: up\n    labels: {a: [b]}"), "f:6:17: found a list; expected a text in", id="list label"),
        pytest.param(rule("alert: A\n    expr: up\n    labels: [a]"), "f:6:13: found a list; expected the rule's labels", id="labels list"),
        pytest.param(
            'groups:\n- name: g\n  limit: "5"\n  rules: [{alert: A, expr: up}]\n',
            'f:3:10: found the text "5"; expected `limit` as a number without quotes',
            id="quoted limit",
        ),
        pytest.param("a: [", "f:2:1: found broken YAML", id="broken YAML"),
        pytest.param("groups:\n\t- name: g\n", "f:2:1: found a tab in the indentation; expected spaces", id="tab"),
        pytest.param("groups: *g\n", "f:1:9: found an alias of the anchor g, which does not exist", id="unknown alias"),
        pytest.param("groups: &g [*g]\n", "f:1:13: found an alias inside its own anchor", id="endless alias"),
        pytest.param("groups: !x []\n", "f:1:9: found the YAML tag !x; expected plain data", id="tag"),
        pytest.param("? [a]\n: b\n", "f:1:3: found a list or a mapping as a key", id="list as key"),
        pytest.param("groups: \x01\n", "f:1:9: found the character U+0001; expected printable text", id="control character"),
        pytest.param("groups: \ud800\n", "f:1:9: found the character U+D800", id="half a character"),
        pytest.param(
            "rule_files: [r.yml]\ntests: []\nevaluation_interval: 1m\n",
            "f:1:1: found a file of unit tests; expected rules; the patterns of rules leave it out",
            id="unit tests",
        ),
        pytest.param(CONFIG_MAP, 'f:1:1: found a Kubernetes document of the kind "ConfigMap"; expected rules', id="ConfigMap"),
        pytest.param(OBJECT, "f:1:1: found a PrometheusRule without `spec`", id="no spec"),
        pytest.param(OBJECT + "spec:\n  group: []\n", "f:5:3: found the unknown field `group` in `spec`", id="spec.group"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, expected: str) -> None:
    """A problem names line and column, what was found and what was expected."""
    told = problems(text)
    assert any(problem.startswith(expected) for problem in told), told


@pytest.mark.parametrize(
    ("expr", "place"),
    [
        ("sum(rate(x[5m])", "f:5:14"),
        ("rate(x[5m]))", "f:5:22"),
        ('x{a="b}', "f:5:15"),
        ("rte(x[5m]) > 1", "f:5:11"),
        ("1 + rate(x)", "f:5:15"),
        ("up == == 1", "f:5:11"),
    ],
)
def test_an_expression_that_cannot_be_read_is_a_problem_of_its_own_kind(expr: str, place: str) -> None:
    """It says that it is deployspec's parser that cannot, and points into the expression where that is known."""
    (problem,) = read_rules(rule(f"alert: A\n    expr: {expr}"), "f").problems
    assert problem.kind == "promql"
    assert str(problem.place) == place
    assert problem.found.startswith("an expression that deployspec's PromQL parser cannot read (")
    assert problem.expected == "PromQL; whether it is valid is promtool's to say"


def test_nesting_that_would_end_the_process_is_a_problem() -> None:
    """The parser of promql-parser overflows its stack on some thousands of brackets."""
    text = rule(f"alert: A\n    expr: {'(' * 50_000}up{')' * 50_000}")
    (problem,) = read_rules(text, "f").problems
    assert problem.kind == "promql"


def test_kubernetes_documents_are_read_beside_each_other() -> None:
    """Several PrometheusRules, a List of them, and documents of other kinds among them."""
    listed = "apiVersion: v1\nkind: List\nitems:\n- kind: PrometheusRule\n  spec: {groups: [{name: h, rules: [{record: b, expr: up}]}]}\n"
    file = read_rules(
        "---\n".join([CONFIG_MAP, OBJECT + SPEC, OBJECT + SPEC.replace(": g", ": i"), listed]), "f"
    )
    assert file.problems == ()
    assert not file.plain
    assert [(one.group, one.name) for one in file.rules] == [("g", "A"), ("i", "A"), ("h", "b")]


def test_a_document_that_prometheus_does_not_read_is_a_problem() -> None:
    """Prometheus reads the first document only, and says nothing about the rest."""
    file = read_rules(f"{RULES}---\n{HEAD}  - {{alert: B, expr: up}}\n", "f")
    assert [str(one) for one in file.problems] == [
        "f:16:1: found groups in a second document; expected one document: Prometheus reads the first one only"
    ]
    assert not file.plain
    assert file.rules[-1].name == "B"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("---\n" + RULES, True, id="opening dashes"),
        pytest.param(RULES + "---\n", True, id="closing dashes"),
        pytest.param("\ufeff" + RULES, True, id="byte order mark"),
        pytest.param(RULES.replace("\n", "\r\n"), True, id="Windows' line ends"),
        pytest.param(
            RULES.replace("  limit", "  partial_response_strategy: warn\n  limit"), False, id="Thanos"
        ),
        pytest.param(OBJECT + SPEC, False, id="Kubernetes"),
    ],
)
def test_plain_is_what_promtool_reads_as_it_is(text: str, plain: bool) -> None:
    """Anything else has to be written anew before promtool can read it, without what it refuses."""
    file = read_rules(text, "f")
    assert file.problems == ()
    assert file.plain == plain
    assert "partial_response_strategy" not in file.groups[0].data


def test_merged_keys_and_aliases_are_read_where_they_stand() -> None:
    """A rule may take fields from another one; its own are preferred, whether they come before or after."""
    text = rule("&a\n    alert: A\n    expr: up\n    for: 5m\n  - {for: 1m, <<: *a, alert: B}")
    file = read_rules(text, "f")
    assert file.problems == ()
    assert [(one.name, one.for_, str(one.places["expr"])) for one in file.rules] == [
        ("A", 300.0, "f:6:11"),
        ("B", 60.0, "f:6:11"),
    ]


def test_aliases_of_aliases_cannot_fill_the_memory() -> None:
    """The values count as often as they are used."""
    lines = [f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]" for i in range(8)]
    assert problems("a: &a [x, x, x]\n" + "\n".join(lines))[0].endswith(
        f"found more than {MOST_NODES} values, with aliases expanded; expected a smaller file"
    )


@pytest.mark.parametrize(("levels", "refused"), [(31, False), (32, True)])
def test_nesting_has_a_limit(levels: int, refused: bool) -> None:
    """32 levels, the top one included, are read; 33 are not."""
    told = problems("groups: " + "[" * levels + "]" * levels)
    assert ("more than 32 levels of nesting" in told[0]) == refused


@pytest.mark.parametrize(("size", "refused"), [(LARGEST, False), (LARGEST + 1, True)])
def test_size_has_a_limit(size: int, refused: bool) -> None:
    """A file at the limit is read, one above it is refused before anything is spent on it."""
    told = problems("#" * size)
    assert (f"f:1:1: found a file of {size} characters; expected at most {LARGEST}" in told) == refused


def test_many_problems_are_told_in_part() -> None:
    """The first hundred are told, and how many more there are."""
    told = problems("".join(f"a{i}: b\n" for i in range(150)))
    assert len(told) == 101
    assert told[-1] == "f:1:1: and 50 more problems"


def test_without_libyaml_files_are_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the parser in Python, which has a lower limit because it is slow."""
    monkeypatch.delattr(yaml, "CSafeLoader")
    monkeypatch.setattr(yaml_tree, "LARGEST_WITHOUT_LIBYAML", len(RULES))
    assert read_rules(RULES, "f").problems == ()
    assert read_rules(RULES, "f").rules[1].places["annotations.summary"] == Place("f", 14, 17)
    (problem,) = read_rules(RULES + "#", "f").problems
    assert problem.expected == f"at most {len(RULES)}"
