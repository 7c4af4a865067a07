"""What a promtool refuses only because it is too old for it: told from its own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deployspec.languages.promtool.difference import own_words

_Version = tuple[int, int]

_FIELDS: Mapping[str, _Version] = {
    "fuzzy_compare": (3, 5),
    "histogram": (2, 47),
    "labels": (3, 0),
    "query_offset": (2, 53),
    "start_timestamp": (3, 9),
}
"""By a field of rule files or unit tests, the first version that has it."""
_TYPES = ("main.unitTestFile", "main.testGroup", "main.sample", "rulefmt.RuleGroup", "rulefmt.RuleNode")
"""The places of such fields, as promtool names them."""
_FUNCTIONS: Mapping[str, _Version] = {
    "double_exponential_smoothing": (3, 0),
    "fill": (3, 10),
    "fill_left": (3, 10),
    "fill_right": (3, 10),
    "first_over_time": (3, 7),
    "histogram_avg": (2, 51),
    "histogram_quantiles": (3, 11),
    "histogram_stddev": (2, 47),
    "histogram_stdvar": (2, 47),
    "info": (2, 55),
    "limit_ratio": (2, 54),
    "limitk": (2, 54),
    "mad_over_time": (2, 49),
    "sort_by_label": (2, 49),
    "sort_by_label_desc": (2, 49),
    "ts_of_first_over_time": (3, 7),
    "ts_of_last_over_time": (3, 5),
    "ts_of_max_over_time": (3, 5),
    "ts_of_min_over_time": (3, 5),
}
"""By a function or another word that is written as one, the first version of Prometheus that has it."""
_HISTOGRAMS: _Version = (2, 47)
"""The first version whose series may be native histograms: ``{{count:3}}``."""

_HEAD = re.compile(r"(?:.*: )?yaml: unmarshal errors:")
_FIELD = re.compile(r"  line \d+: field (\w+) not found in type (\S+)")
_FUNCTION = re.compile(r'.*parse error: unknown function with name "(\w+)"')
_SERIES = re.compile(r"\S* ?parse error: unexpected character in series sequence: '\{'")


def needs_newer(output: str, version: str, *, sound: bool) -> str:
    """Why promtool's failure is its age: ``needs promtool 2.54 or newer (limitk); this is 2.42.0``. Empty where it is not.

    Only where each line of ``output`` refuses what a newer version has, and this ``version`` is older than that.
    ``sound``: whether deployspec itself could read the test file, and thus the histograms among its series.
    """
    own = re.match(r"(\d+)\.(\d+)", version)
    lines = [line for line in own_words(output).splitlines() if line.strip() and not _HEAD.fullmatch(line)]
    known = [_first_with(line, sound=sound) for line in lines]
    if own is None or not known or None in known:
        return ""
    needed = dict.fromkeys(one for one in known if one is not None)
    first = max(since for _, since in needed)
    if any(since <= (int(own[1]), int(own[2])) for _, since in needed):
        return ""
    what = ", ".join(word for word, _ in needed)
    return f"needs promtool {first[0]}.{first[1]} or newer ({what}); this is {version}"


def _first_with(line: str, *, sound: bool) -> tuple[str, _Version] | None:
    """What a line of promtool's refuses, and the first version that has it."""
    if (field := _FIELD.fullmatch(line)) and field[2] in _TYPES and field[1] in _FIELDS:
        return field[1], _FIELDS[field[1]]
    if (function := _FUNCTION.fullmatch(line)) and function[1] in _FUNCTIONS:
        return function[1], _FUNCTIONS[function[1]]
    if sound and _SERIES.fullmatch(line):
        return "histograms as values", _HISTOGRAMS
    return None
