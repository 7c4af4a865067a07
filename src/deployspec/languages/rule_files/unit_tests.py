"""Reading unit tests: the format of ``promtool test rules``, of 2.42 to 3.x."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

from deployspec.base.problems import Place, Problem
from deployspec.base.yaml_tree import Node, Scalar, is_null
from deployspec.languages.fields import scalar_of, shown
from deployspec.languages.rule_files.fields import Documents, Fields, data_of
from deployspec.languages.rule_files.lines import place_in
from deployspec.languages.rule_files.model import (
    Case,
    Expected,
    RuleFileEntry,
    Series,
    TestFile,
    TestGroup,
)
from deployspec.languages.rule_files.series import Items, SeriesError, read_items, read_selector

_FILE = ("rule_files", "evaluation_interval", "group_eval_order", "fuzzy_compare", "tests")
_GROUP = (
    "name",
    "interval",
    "input_series",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
    "start_timestamp",
)
_ALERT = ("eval_time", "alertname", "exp_alerts")
_EXPR = ("eval_time", "expr", "exp_samples")
_SAMPLE = ("labels", "value", "histogram")
_ONE_MINUTE = 60.0
_EXPECTED = "unit tests of promtool: `rule_files` and `tests`"


def read_tests(text: str, path: str) -> TestFile:
    """The unit tests of a file, and what is wrong with it. Never raises.

    A group without an ``interval`` has the ``evaluation_interval``, as in promtool 2.53 and 3.x; promtool 2.42 puts
    all its items at time 0. A case without ``eval_time`` is at 0, one without ``exp_alerts`` expects silence. What is
    in a second document is a problem, because promtool does not read it.
    """
    reader = _Reader(path, text)
    for further in reader.roots[1:]:
        if not is_null(further):
            reader.problems.add(
                further, "a second document", "one document: promtool reads the first one only"
            )
    root = reader.roots[0] if reader.roots else None
    if root is None or is_null(root):
        if root is not None or not reader.broken:
            reader.problems.insert(0, Problem(Place(path), "an empty file", _EXPECTED))
        return TestFile(path, (), _ONE_MINUTE, (), tuple(reader.problems))
    found = reader.file(root)
    return TestFile(path, *found, problems=reader.problems.in_order(), data=reader.data)


class _Reader(Documents):
    def __init__(self, path: str, text: str) -> None:
        super().__init__(path, text)
        self.data: dict[str, Any] = {}

    def file(self, root: Node) -> tuple[tuple[RuleFileEntry, ...], float, tuple[TestGroup, ...]]:
        fields = self.fields(root, "a file of unit tests", _FILE)
        if not fields.is_mapping:
            return (), _ONE_MINUTE, ()
        self.data = data_of(root)
        entries = []
        for item in fields.items("rule_files", "a list of rule files"):
            entry = scalar_of(item, self.problems, "the path of a rule file")
            if entry is not None:
                entries.append(RuleFileEntry(entry.text, self.lines(entry)[0][1]))
        for item in fields.items("group_eval_order", "a list of groups' names"):
            scalar_of(item, self.problems, "a group's name")
        if "fuzzy_compare" in fields:
            self.data["fuzzy_compare"] = _boolean(fields, "fuzzy_compare")
        # promtool takes an interval of 0 for none.
        interval = fields.duration("evaluation_interval") or _ONE_MINUTE
        groups = []
        nodes = fields.items("tests", "a list of test groups")
        for index, item in enumerate(nodes):
            group = self.group(item, index, interval)
            if group is not None:
                groups.append(group)
        if "tests" in self.data:
            # What could not be read has no place among the groups: their indices stay those of the file.
            by_index: dict[int, AnyMapping[str, Any]] = {group.index: group.data for group in groups}
            listed = self.data["tests"] if isinstance(self.data["tests"], list) else []
            self.data["tests"] = [by_index.get(index, data) for index, data in enumerate(listed)]
        return tuple(entries), interval, tuple(groups)

    def group(self, node: Node, index: int, default: float) -> TestGroup | None:
        fields = self.fields(node, "a test group", _GROUP)
        if not fields.is_mapping:
            return None
        data: dict[str, Any] = data_of(node)
        name = fields.text("name", "the group's name")
        fields.texts("external_labels", "the external labels")
        fields.text("external_url", "`external_url`")
        fields.text("start_timestamp", "`start_timestamp`")
        interval = fields.duration("interval")
        inputs = fields.items("input_series", "a list of input series")
        series = [one for one in map(self.series, inputs) if one is not None]
        cases = []
        for number, item in enumerate(fields.items("alert_rule_test", "a list of alert cases")):
            cases.append(self.alert_case(item, index, name, number))
        for number, item in enumerate(fields.items("promql_expr_test", "a list of expression cases")):
            cases.append(self.expr_case(item, index, name, number, data["promql_expr_test"][number]))
        read = tuple(case for case in cases if case is not None)
        timed = bool(interval)
        return TestGroup(
            index, name, interval or default, tuple(series), read, self.problems.place(node), data, timed
        )

    def series(self, node: Node) -> Series | None:
        fields = self.fields(node, "an input series", ("series", "values"))
        if not fields.is_mapping:
            return None
        fields.text("series", 'a series such as up{job="api"}', required=True)
        text = fields.get("series")
        values = fields.scalar("values", "values such as 0+10x20")
        if not isinstance(text, Scalar):
            return None
        name, labels, items, written = "", dict[str, str](), Items(0, -1, -1, -1), ""
        scalar = text
        try:
            name, labels = read_selector(text.text)
            if values is not None:
                scalar = values
                items, written = read_items(values.text), values.text
        except SeriesError as error:
            self.problems.add(place_in(self.lines(scalar), error.offset), error.found, error.expected)
        place = self.lines(text)[0][1]
        return Series(text.text, name, labels, *items[:3], place, items.first_gap, written)

    def alert_case(self, node: Node, group: int, group_name: str, number: int) -> Case | None:
        fields = self.fields(node, "an alert case", _ALERT)
        if not fields.is_mapping:
            return None
        name = fields.text("alertname", "an alert's name", required=True)
        expected = []
        for item in fields.items("exp_alerts", "a list of expected alerts"):
            if is_null(item):
                expected.append(Expected({}, {}))
                continue
            alert = self.fields(item, "an expected alert", ("exp_labels", "exp_annotations"))
            if alert.is_mapping:
                labels = alert.texts("exp_labels", "the expected labels")
                expected.append(Expected(labels, alert.texts("exp_annotations", "the annotations")))
        time, text = _time(fields)
        place = self.problems.place(node)
        return Case("alert", name, time, text, tuple(expected), group, group_name, number, place)

    def expr_case(self, node: Node, group: int, name: str, number: int, data: dict[str, Any]) -> Case | None:
        fields = self.fields(node, "an expression case", _EXPR)
        if not fields.is_mapping:
            return None
        expr = fields.text("expr", "a PromQL expression", required=True)
        for index, item in enumerate(fields.items("exp_samples", "a list of expected samples")):
            if is_null(item):
                continue
            sample = self.fields(item, "an expected sample", _SAMPLE)
            sample.text("labels", "a series such as up")
            sample.text("histogram", "a histogram such as {{count:3}}")
            value = sample.number("value")
            if value is not None:
                data["exp_samples"][index]["value"] = value
        time, text = _time(fields)
        return Case("expr", expr, time, text, (), group, name, number, self.problems.place(node))


def _boolean(fields: Fields, name: str) -> bool:
    expected = "true or false, without quotes"
    scalar = fields.scalar(name, expected)
    known = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
    value = None if scalar is None or scalar.style else known.get(scalar.text.lower())
    if scalar is not None and value is None:
        fields.add(name, shown(scalar.text), expected)
    return bool(value)


def _time(fields: Fields) -> tuple[float, str]:
    node = fields.get("eval_time")
    return fields.duration("eval_time") or 0.0, node.text if isinstance(node, Scalar) else "0s"
