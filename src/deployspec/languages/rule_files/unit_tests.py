"""Reading unit tests: the format of ``promtool test rules``, of 2.42 to 3.x."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

from deployspec.base.problems import Place, Problem
from deployspec.base.yaml_tree import Node, Scalar, is_null
from deployspec.languages.rule_files.fields import Fields, data_of, shown
from deployspec.languages.rule_files.lines import place_in
from deployspec.languages.rule_files.model import (
    Case,
    Expected,
    RuleFileEntry,
    Series,
    TestFile,
    TestGroup,
)
from deployspec.languages.rule_files.series import SeriesError, read_items, read_selector

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


class _Reader(Fields):
    def __init__(self, path: str, text: str) -> None:
        super().__init__(path, text)
        self.data: dict[str, Any] = {}

    def file(self, root: Node) -> tuple[tuple[RuleFileEntry, ...], float, tuple[TestGroup, ...]]:
        fields = self.mapping(root, "a file of unit tests", _FILE)
        if fields is None:
            return (), _ONE_MINUTE, ()
        self.data = data_of(root)
        entries = []
        for item in self.items(fields.get("rule_files"), "a list of rule files"):
            entry = self.scalar(item, "the path of a rule file")
            if entry is not None:
                entries.append(RuleFileEntry(entry.text, self.lines(entry)[0][1]))
        for item in self.items(fields.get("group_eval_order"), "a list of groups' names"):
            self.scalar(item, "a group's name")
        if "fuzzy_compare" in fields:
            self.data["fuzzy_compare"] = self.boolean(fields["fuzzy_compare"])
        # promtool takes an interval of 0 for none.
        interval = self.duration(fields.get("evaluation_interval"), "`evaluation_interval`") or _ONE_MINUTE
        groups = []
        nodes = self.items(fields.get("tests"), "a list of test groups")
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

    def boolean(self, node: Node) -> bool:
        scalar = self.scalar(node, "true or false")
        known = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
        value = None if scalar is None or scalar.style else known.get(scalar.text.lower())
        if scalar is not None and value is None:
            self.problems.add(scalar, shown(scalar.text), "true or false, without quotes")
        return bool(value)

    def group(self, node: Node, index: int, default: float) -> TestGroup | None:
        fields = self.mapping(node, "a test group", _GROUP)
        if fields is None:
            return None
        data: dict[str, Any] = data_of(node)
        name = self.text(fields.get("name"), "the group's name")
        self.texts(fields.get("external_labels"), "the external labels")
        self.text(fields.get("external_url"), "`external_url`")
        self.text(fields.get("start_timestamp"), "`start_timestamp`")
        interval = self.duration(fields.get("interval"), "`interval`")
        inputs = self.items(fields.get("input_series"), "a list of input series")
        series = [one for one in map(self.series, inputs) if one is not None]
        cases = []
        for number, item in enumerate(self.items(fields.get("alert_rule_test"), "a list of alert cases")):
            cases.append(self.alert_case(item, index, name, number))
        for number, item in enumerate(
            self.items(fields.get("promql_expr_test"), "a list of expression cases")
        ):
            cases.append(self.expr_case(item, index, name, number, data["promql_expr_test"][number]))
        read = tuple(case for case in cases if case is not None)
        timed = bool(interval)
        return TestGroup(
            index, name, interval or default, tuple(series), read, self.problems.place(node), data, timed
        )

    def series(self, node: Node) -> Series | None:
        fields = self.mapping(node, "an input series", ("series", "values"))
        if fields is None:
            return None
        text = self.scalar(fields.get("series"), "a series such as up")
        values = self.scalar(fields.get("values"), "values such as 0+10x20")
        if not isinstance(text, Scalar):
            if "series" not in fields:
                self.problems.add(node, "an input series without a series", '`series`, such as up{job="api"}')
            return None
        name, labels, items, last = "", dict[str, str](), 0, -1
        scalar = text
        try:
            name, labels = read_selector(text.text)
            if values is not None:
                scalar = values
                items, last = read_items(values.text)
        except SeriesError as error:
            self.problems.add(place_in(self.lines(scalar), error.offset), error.found, error.expected)
        return Series(text.text, name, labels, items, last, self.lines(text)[0][1])

    def time(self, fields: AnyMapping[str, Node]) -> tuple[float, str]:
        node = fields.get("eval_time")
        seconds = self.duration(node, "`eval_time`")
        return seconds or 0.0, node.text if isinstance(node, Scalar) else "0s"

    def alert_case(self, node: Node, group: int, group_name: str, number: int) -> Case | None:
        fields = self.mapping(node, "an alert case", _ALERT)
        if fields is None:
            return None
        name = self.text(fields.get("alertname"), "an alert's name")
        if not name:
            self.problems.add(node, "an alert case without an alert", "`alertname`")
        expected = []
        for item in self.items(fields.get("exp_alerts"), "a list of expected alerts"):
            if is_null(item):
                expected.append(Expected({}, {}))
                continue
            alert = self.mapping(item, "an expected alert", ("exp_labels", "exp_annotations"))
            if alert is not None:
                labels = self.texts(alert.get("exp_labels"), "the expected labels")
                expected.append(Expected(labels, self.texts(alert.get("exp_annotations"), "the annotations")))
        time, text = self.time(fields)
        place = self.problems.place(node)
        return Case("alert", name, time, text, tuple(expected), group, group_name, number, place)

    def expr_case(self, node: Node, group: int, name: str, number: int, data: dict[str, Any]) -> Case | None:
        fields = self.mapping(node, "an expression case", _EXPR)
        if fields is None:
            return None
        expr = self.text(fields.get("expr"), "a PromQL expression")
        if not expr:
            self.problems.add(node, "an expression case without an expression", "`expr`")
        for index, item in enumerate(self.items(fields.get("exp_samples"), "a list of expected samples")):
            if is_null(item):
                continue
            sample = self.mapping(item, "an expected sample", _SAMPLE)
            if sample is not None:
                self.text(sample.get("labels"), "a series such as up")
                self.text(sample.get("histogram"), "a histogram such as {{count:3}}")
                value = self.number(sample.get("value"), "`value`")
                if value is not None:
                    data["exp_samples"][index]["value"] = value
        time, text = self.time(fields)
        return Case("expr", expr, time, text, (), group, name, number, self.problems.place(node))
