"""Reading rule files: Prometheus' own format, and Kubernetes ``PrometheusRule`` documents."""

from __future__ import annotations

from typing import Any

from deployspec.base.problems import Place
from deployspec.base.yaml_tree import Mapping, Node, Scalar, is_null
from deployspec.languages.fields import items_of, kind_of, shown
from deployspec.languages.rule_files.expressions import fault_in
from deployspec.languages.rule_files.fields import Documents, Fields, data_of
from deployspec.languages.rule_files.lines import Lines
from deployspec.languages.rule_files.model import Rule, RuleFile, RuleGroup

_GROUP = ("name", "interval", "query_offset", "limit", "labels", "rules")
FOREIGN = ("evaluation_delay", "partial_response_strategy")
"""Fields of a group that Mimir and Thanos know, and Prometheus refuses: they are left out of ``RuleGroup.data``."""
_RULE = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_EXPECTED = "rules: top-level `groups`, or a Kubernetes document of the kind PrometheusRule"


def read_rules(text: str, path: str) -> RuleFile:
    """The rules of a file, and what is wrong with it. Never raises.

    A file in Prometheus' own format is one document: Prometheus reads nothing beyond the first, so ``groups`` in
    another one are a problem (they are read all the same). Kubernetes documents may be several; beside at least one
    ``PrometheusRule`` those of other kinds are passed over. A file without any rule is a problem: promtool accepts it
    and nothing is checked. Values are taken as promtool 2.42 to 3.5 take them: ``severity: 1`` is the text ``1``.
    """
    reader = _Reader(path, text)
    for index, root in enumerate(reader.roots):
        reader.document(root, index)
    reader.finish()
    plain = reader.own == [0] and not reader.kubernetes and not reader.foreign and not reader.others
    return RuleFile(path, tuple(reader.groups), plain, reader.problems.in_order())


class _Reader(Documents):
    def __init__(self, path: str, text: str) -> None:
        super().__init__(path, text)
        self.groups: list[RuleGroup] = []
        self.own: list[int] = []
        """The indices of the documents in Prometheus' own format."""
        self.kubernetes = 0
        """How many PrometheusRules there are."""
        self.others: list[tuple[Node, bool]] = []
        """Documents that are neither, and whether they are Kubernetes'."""
        self.foreign = False

    def document(self, root: Node, index: int) -> None:
        if is_null(root):
            return
        if not isinstance(root, Mapping):
            self.problems.add(root, kind_of(root), _EXPECTED)
            self.others.append((root, True))
            return
        kind = _text(root, "kind")
        items = root.items.get("items")
        if kind == "PrometheusRule":
            self.prometheus_rule(root)
        elif kind.endswith("List") and "apiVersion" in root.items and items is not None:
            for item in items_of(items[1], self.problems, "a list of Kubernetes documents"):
                self.document(item, index)
        elif kind and "apiVersion" in root.items:
            self.others.append((root, True))
        elif "tests" in root.items and "groups" not in root.items:
            found = "a file of unit tests"
            self.problems.add(
                root, found, "rules; the patterns of rules leave it out, and those of unit tests name it"
            )
            self.others.append((root, False))
        elif "groups" in root.items or not root.items:
            if index > 0:
                found = "groups in a second document"
                self.problems.add(root, found, "one document: Prometheus reads the first one only")
            self.own.append(index)
            self.read_groups(self.fields(root, "a rule file", ("groups",)))
        else:
            self.others.append((root, False))
            # A misspelt `groups` gets its suggestion.
            self.fields(root, "a rule file", ("groups",))

    def prometheus_rule(self, root: Mapping) -> None:
        self.kubernetes += 1
        known = ("apiVersion", "kind", "metadata", "spec", "status")
        fields = self.fields(root, "a PrometheusRule", known)
        self.read_groups(fields.inner("spec", ("groups",)))

    def read_groups(self, fields: Fields) -> None:
        names: dict[str, Place] = {}
        for item in fields.items("groups", "a list of groups"):
            group = self.group(item)
            if group is None:
                continue
            if group.name in names:
                found = (
                    f"the group {shown(group.name)} for the second time (the first is at {names[group.name]})"
                )
                self.problems.add(item, found, "each group's name once in a document")
            names.setdefault(group.name, group.place)
            self.groups.append(group)

    def group(self, node: Node) -> RuleGroup | None:
        fields = self.fields(node, "a group of rules", (*_GROUP, *FOREIGN))
        if not fields.is_mapping:
            return None
        name = fields.text("name", "the group's name", required=True)
        fields.duration("query_offset")
        fields.texts("labels", "the group's labels")
        data: dict[str, Any] = data_of(node)
        for field in FOREIGN:
            self.foreign |= field in data
            data.pop(field, None)
        limit = fields.number("limit")
        if limit is not None:
            if limit != limit // 1:
                fields.add("limit", shown(str(limit)), "`limit` as a whole number")
            data["limit"] = limit
        interval = fields.duration("interval")
        nodes = fields.items("rules", "a list of rules")
        rules = [rule for rule in (self.rule(item, name) for item in nodes) if rule]
        # Prometheus takes an interval of 0 for none.
        return RuleGroup(name, interval or None, tuple(rules), self.problems.place(node), data)

    def rule(self, node: Node, group: str) -> Rule | None:
        fields = self.fields(node, "a rule", _RULE)
        if not fields.is_mapping:
            return None
        places = {"": self.problems.place(node)}

        def note(part: str, value: Node | None) -> Lines:
            if not isinstance(value, Scalar):
                return ()
            lines = self.lines(value)
            places[part] = lines[0][1]
            return lines

        alert = fields.text("alert", "the alert's name")
        record = fields.text("record", "the name of the recorded metric")
        kind, name = ("record", record) if record else ("alert", alert)
        note("name", fields.get(kind))
        if alert and record:
            fields.add("record", "`alert` and `record` in one rule", "one of the two")
        elif not alert and not record and fields.misses("alert", "record"):
            self.problems.add(node, "a rule without a name", "`alert` or `record`")
        if record and ("{" in record or "}" in record):
            fields.add("record", shown(record), "the name of a metric")
        for_ = fields.duration("for")
        keep = fields.duration("keep_firing_for")
        labels = fields.texts("labels", "the rule's labels")
        annotations = fields.texts("annotations", "the rule's annotations")
        for part in ("for", "keep_firing_for"):
            note(part, fields.get(part))
        for part in ("labels", "annotations"):
            mapping = fields.get(part)
            if isinstance(mapping, Mapping):
                for key, (_, value) in mapping.items.items():
                    note(f"{part}.{key}", value)
        if "__name__" in labels:
            fields.add("labels", "the label `__name__`", "labels other than the metric's name")
        if record:
            for part, given in (("for", for_), ("keep_firing_for", keep), ("annotations", annotations)):
                if given:
                    fields.add(part, f"`{part}` in a recording rule", f"`{part}` only in an alert")
        expr = fields.text("expr", "a PromQL expression", required=True)
        expr_lines = note("expr", fields.get("expr"))
        rule = Rule(
            kind=kind,
            name=name,
            expr=expr,
            for_=for_ or 0.0,
            keep_firing_for=keep or 0.0,
            labels=labels,
            annotations=annotations,
            group=group,
            places=places,
            expr_lines=expr_lines,
        )
        fault = fault_in(expr) if expr else None
        if fault:
            found = f"an expression that deployspec's PromQL parser cannot read ({fault.reason})"
            expected = "PromQL; whether it is valid is promtool's to say"
            self.problems.add(rule.place_in_expr(fault.offset), found, expected, "promql")
        return rule

    def finish(self) -> None:
        """What can be said when all documents have been read."""
        if self.broken:
            return
        if not self.kubernetes:
            for root, kubernetes in self.others:
                if kubernetes and isinstance(root, Mapping):
                    kind = _text(root, "kind")
                    self.problems.add(root, f"a Kubernetes document of the kind {shown(kind)}", _EXPECTED)
        if not self.problems and not any(group.rules for group in self.groups):
            found = "groups without any rule" if self.groups else "no rule"
            self.problems.add(None, found, _EXPECTED)


def _text(node: Mapping, name: str) -> str:
    value = node.items.get(name, (None, None))[1]
    return value.text if isinstance(value, Scalar) else ""
