"""Which series an expression reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from deployspec.languages.promql.syntax import quoted, walk_selectors_once

if TYPE_CHECKING:
    from promql_parser import Expr

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label."""

    label: str
    op: str
    """``=``, ``!=``, ``=~`` or ``!~``."""
    value: str

    def __str__(self) -> str:
        return f"{label_text(self.label)}{self.op}{quoted(self.value)}"

    def meets(self, value: str) -> bool | None:
        """Whether a label with this value meets the condition; a missing label has the value ``""``.

        A regular expression is matched against the whole value. None: it cannot be read here.
        """
        found = value == self.value if self.op in ("=", "!=") else _fits(self.value, value)
        return None if found is None else found == (self.op in ("=", "=~"))

    def matches(self, value: str) -> bool:
        """The same, where what cannot be read here counts as met, with ``=~`` and ``!~`` alike."""
        return self.meets(value) is not False

    def words(self) -> tuple[str, ...] | None:
        """The values that meet the condition, where they can be listed: of ``=``, and of ``=~"a|b"``."""
        if self.op == "=":
            return (self.value,)
        if self.op == "=~":
            words = self.value.removeprefix("(").removesuffix(")").removeprefix("?:").split("|")
            if all(word.replace("_", "a").replace(":", "a").replace("-", "a").isalnum() for word in words):
                return tuple(words)
        return None


@dataclass(frozen=True, slots=True)
class Selector:
    """A vector or range selector. Durations are in seconds."""

    name: str | None
    """The metric's name; None where it is not a single one, as in ``{__name__=~"a|b"}``."""
    matchers: tuple[Matcher, ...]
    """Those on labels, and those on ``__name__`` unless ``name`` says the same."""
    range: float | None
    """Of a range selector such as ``up[5m]``."""
    offset: float
    """How far it looks back; negative: ahead."""
    text: str
    """As PromQL."""
    alternatives: tuple[tuple[Matcher, ...], ...] = ()
    """Of ``{a="1" or b="2"}``, which promql-parser knows and Prometheus does not: one of them must hold too."""

    def matches_name(self, name: str) -> bool:
        """Whether it reads series of this metric, as far as their name goes."""
        if self.name is not None:
            return self.name == name
        return all(matcher.matches(name) for matcher in self.matchers if matcher.label == "__name__")

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether it reads the series of this name with these labels."""

        def hold(matchers: tuple[Matcher, ...]) -> bool:
            return all(
                matcher.matches(name if matcher.label == "__name__" else labels.get(matcher.label, ""))
                for matcher in matchers
            )

        return (
            self.matches_name(name)
            and hold(self.matchers)
            and (not self.alternatives or any(hold(matchers) for matchers in self.alternatives))
        )

    def names(self) -> tuple[str, ...] | None:
        """The names of the metrics that it reads; None where they cannot be listed."""
        if self.name is not None:
            return (self.name,)
        for matcher in self.matchers:
            words = matcher.words() if matcher.label == "__name__" else None
            if words is not None:
                return tuple(word for word in words if self.matches_name(word))
        return None


def selectors(expr: Expr) -> tuple[Selector, ...]:
    """Every selector of the expression, in the order of the text."""
    return tuple(
        selector_of(node)
        for node in walk_selectors_once(expr)
        if type(node).__name__ in ("MatrixSelector", "VectorSelector")
    )


def selector_of(node: Expr) -> Selector:
    """A vector or range selector's node as a Selector."""
    inner: Any = node
    reach = None
    if type(node).__name__ == "MatrixSelector":
        reach, inner = inner.range.total_seconds(), inner.vector_selector
    matchers = [_matcher(matcher) for matcher in inner.matchers.matchers]
    name = inner.name
    if name is None:
        named = [matcher for matcher in matchers if matcher.label == "__name__" and matcher.op == "="]
        name = named[0].value if named else None
        matchers = [matcher for matcher in matchers if matcher not in named[:1]]
    return Selector(
        name=name,
        matchers=tuple(matchers),
        range=reach,
        offset=(inner.offset or timedelta()).total_seconds(),
        text=node.prettify(),
        alternatives=tuple(tuple(map(_matcher, group)) for group in inner.matchers.or_matchers),
    )


def metric_names(expr: Expr) -> tuple[str, ...]:
    """The names of the metrics that the expression reads, each once, as far as they can be listed."""
    return tuple(dict.fromkeys(name for selector in selectors(expr) for name in selector.names() or ()))


def label_text(label: str) -> str:
    """A label's name as PromQL: one that is not a word, which Prometheus 3 allows, is quoted."""
    return label if _LABEL.fullmatch(label) else quoted(label)


def names_that_are_no_words(selector: Selector) -> tuple[str, ...]:
    """What a selector names that only Prometheus 3 can have: names of the metric and of labels."""
    metrics = [name for name in selector.names() or () if not _METRIC.fullmatch(name)]
    labels = [one.label for one in selector.matchers if not _LABEL.fullmatch(one.label)]
    return tuple(dict.fromkeys(metrics + labels))


def selector_text(name: str | None, matchers: str) -> str:
    """A selector as PromQL: a metric's name that is not a word stands in the braces."""
    if name is None or _METRIC.fullmatch(name):
        return f"{name or ''}{{{matchers}}}"
    return f"{{{', '.join(filter(None, (str(Matcher('__name__', '=', name)), matchers)))}}}"


def _matcher(matcher: Any) -> Matcher:
    return Matcher(matcher.name, _OPERATORS[str(matcher.op).removeprefix("MatchOp.")], matcher.value)


@lru_cache(maxsize=4096)
def _fits(pattern: str, value: str) -> bool | None:
    """Whether an anchored regular expression matches; None where it cannot be said.

    Prometheus' expressions are RE2's. Python's ``re`` differs more from it than the engine of jsonschema-rs (Rust's,
    in linear time, with JSON Schema's reading of classes), and can take for ever. What that one reads otherwise than
    RE2 is left undecided: ``[[:alpha:]]`` and ``\\Q…\\E``.
    """
    import jsonschema_rs

    if "[:" in pattern or "\\Q" in pattern:
        return None
    try:
        validator = jsonschema_rs.validator_for(
            {"pattern": f"^(?:{pattern})$"}, pattern_options=jsonschema_rs.RegexOptions()
        )
    except ValueError:
        return None
    return bool(validator.is_valid(value))
