"""Input series mean here what they mean to promtool."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from deployspec.languages.rule_files.series import (
    MOST_ITEMS,
    SeriesError,
    each_item,
    read_items,
    read_selector,
)

ITEMS = {
    # values: how many items, and the index of the last number
    "1 2 3": (3, 2),
    " 1\t2 ": (2, 1),
    "0+10x20": (21, 20),
    "1-2x3": (4, 3),
    "5x4": (5, 4),
    "5x0": (1, 0),
    "1+1x0": (1, 0),
    "0x10": (11, 10),
    "_": (1, -1),
    "_x5": (5, -1),
    "_x0": (0, -1),
    "_x3 7": (4, 3),
    "7 _x3": (4, 0),
    "stale": (1, -1),
    "1 stale _": (3, 0),
    "1+1x2 _x3 stale 5x2": (10, 9),
    "NaN nan -NaN": (3, 2),
    "Inf -Inf +inf": (3, 2),
    "Inf-1x2": (3, 2),
    "1e3 1.5e-3x2 1E+3x2 1.e2x2": (10, 9),
    "-1x3": (4, 3),
    "-.5 .5 5. +1": (4, 3),
    "-0.5+0.5x2": (3, 2),
    "012 1x05": (7, 6),
    "": (0, -1),
    "  ": (0, -1),
    "1 2\n": (2, 1),
}
REFUSED = {
    # values: the offset of what promtool refuses
    "stalex3": 0,
    "NaNx3": 0,
    "Infx3": 0,
    "1+-2x3": 0,
    "1 + 2x3": 2,
    "1+2x 3": 0,
    "1 x3": 2,
    "1+1": 0,
    "1+1x2.5": 0,
    "_ _5": 2,
    "_+1x2": 0,
    "1x5x2": 0,
    "1_": 0,
    "1__0": 0,
    "1x1_0": 0,
    "0x1F": 0,
    "1,2": 0,
    "5m": 0,
    "1\n2": 0,
    "2 STALE": 2,
    "1*2": 0,
}
NEWER = {
    # values of 2.53 or 3.x, that 2.42 refuses
    "1_000 1_0+.5_0x2": (4, 3),
    "{{}}": (1, 0),
    "{{schema:1 sum:5 count:3 buckets:[1 2]}} 7": (2, 1),
    "{{}}x5": (6, 5),
    "{{schema:1}}+{{schema:1}}x3": (4, 3),
    "1 _x2 {{}}x2": (6, 5),
}
SELECTORS = {
    "up": ("up", {}),
    "job:up:rate5m{}": ("job:up:rate5m", {}),
    'up{job="api"}': ("up", {"job": "api"}),
    '{__name__="up",job="api",}': ("up", {"job": "api"}),
    "up{ job = \"api\" , env='it\\'s' }": ("up", {"job": "api", "env": "it's"}),
    "up{path=`\\n`}": ("up", {"path": "\\n"}),
    'up{a="\\n\\"x\\\\\\t"}': ("up", {"a": '\n"x\\\t'}),
    'up{a="\\u00e9\\x41\\101\\U0001F600"}': ("up", {"a": "éAA😀"}),
    'up{a="\\xc3\\xa9"}': ("up", {"a": "é"}),
    'up{a="}",b=""}': ("up", {"a": "}"}),
    'up{__name__="down"}': ("up", {}),
    '{__name__="a b"}': ("a b", {}),
    'sum{by="é"} ': ("sum", {"by": "é"}),
}
NO_SELECTORS = {
    # series: the offset of what promtool refuses, or reads as something else
    'up {job="api"}': 3,
    'up{job=~"api"}': 6,
    'up{job!="api"}': 6,
    "up{job=api}": 7,
    'up{job="api"': 12,
    'up{job="api"} 5': 14,
    'up{job="api"job="b"}': 12,
    'up{a="b",a="b"}': 9,
    "up{,}": 3,
    'up{a="\\d"}': 6,
    'up{a="\\400"}': 6,
    'up{a="\\ud800"}': 6,
    "up-x": 2,
    "up\n down": 2,
    "": 0,
    "{}": 0,
    '{__name__=""}': 0,
    "1up": 0,
}


@pytest.mark.parametrize(("values", "expected"), [*ITEMS.items(), *NEWER.items()])
def test_items_are_counted(values: str, expected: tuple[int, int]) -> None:
    """Numbers, gaps and stale markers alike are items; the last number is known by its index."""
    assert read_items(values)[:2] == expected
    assert len(list(each_item(values))) == expected[0]


@pytest.mark.parametrize(("values", "index"), [("1 2", -1), ("1 stale", 1), ("stale 1 stale _x3", 2)])
def test_the_last_end_is_known(values: str, index: int) -> None:
    """By the index of its marker."""
    assert read_items(values).last_stale == index


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ("1x2", "1 1.0 1e0"),
        ("0+10x2", "0 10 20"),
        ("5-2.5x2", "5 2.5 0"),
        ("_x2 stale", "_ _ stale"),
        ("+Inf", "+Inf"),
        ("{{sum:1}}", "{{sum:1}}"),
    ],
)
def test_items_are_the_same_however_they_are_written(values: str, same: str) -> None:
    """Each as a text."""
    assert list(each_item(values)) == list(each_item(same))


@pytest.mark.parametrize(
    ("values", "other"),
    [("1x2", "1x3"), ("1", "2"), ("Inf", "-Inf"), ("{{sum:1}}", "{{sum:2}}"), ("_", "stale")],
)
def test_other_items_are_told_apart(values: str, other: str) -> None:
    """By number, value and kind."""
    assert list(each_item(values)) != list(each_item(other))


@pytest.mark.parametrize(("values", "offset"), REFUSED.items())
def test_values_that_promtool_refuses_are_refused(values: str, offset: int) -> None:
    """The item that cannot be read is named by its offset."""
    with pytest.raises(SeriesError, match=r"expected values such as") as refused:
        read_items(values)
    assert refused.value.offset == offset


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ("0x10000000", 10_000_001),
        (f"1x{MOST_ITEMS - 2}", MOST_ITEMS - 1),
        (f"1x{MOST_ITEMS - 1}", MOST_ITEMS),
        (f"1x{MOST_ITEMS}", None),
        (f"_x{'9' * 5000}", None),
    ],
)
def test_a_series_has_a_limit(values: str, count: int | None) -> None:
    """promtool would ask for the memory of every item at once."""
    if count is not None:
        assert read_items(values).number == count
        return
    with pytest.raises(SeriesError, match=f"found more than {MOST_ITEMS} items"):
        read_items(values)


@pytest.mark.parametrize(("text", "expected"), SELECTORS.items())
def test_selectors_are_read(text: str, expected: tuple[str, dict[str, str]]) -> None:
    """The name wherever it stands, the labels without their escapes, empty labels left out."""
    assert read_selector(text) == expected


def test_a_quoted_name_is_read() -> None:
    """Names in UTF-8, as PromQL has them since Prometheus 3."""
    assert read_selector('{"http.requests","a.b"="c"}') == ("http.requests", {"a.b": "c"})


@pytest.mark.parametrize(("text", "offset"), NO_SELECTORS.items())
def test_what_is_no_series_is_refused(text: str, offset: int) -> None:
    """Where it is broken is named by its offset."""
    with pytest.raises(SeriesError) as refused:
        read_selector(text)
    assert refused.value.offset == offset


def test_promtool_counts_the_same_items(tmp_path: Path) -> None:
    """A sentinel put after the values stands at the time that their number gives."""
    groups = [
        {
            "interval": "1m",
            "input_series": [{"series": "s", "values": f"{values.strip()} 77"}],
            "promql_expr_test": [
                {
                    "expr": "max_over_time(timestamp(s)[1h:1m])",
                    "eval_time": "1h",
                    "exp_samples": [{"labels": "{}", "value": 60 * expected[0]}],
                }
            ],
        }
        for values, expected in ITEMS.items()
    ]
    assert promtool_says(tmp_path, groups) == "SUCCESS"


def test_promtool_reads_the_same_names_and_labels(tmp_path: Path) -> None:
    """Each series is there under the name and the labels that are read here."""
    groups = []
    for text, (name, labels) in SELECTORS.items():
        inside = ",".join(
            f"{key}={json.dumps(value, ensure_ascii=False)}"
            for key, value in ({"__name__": name} | labels).items()
        )
        groups.append(
            {
                "input_series": [{"series": text, "values": "1"}],
                "promql_expr_test": [
                    {
                        "expr": '{__name__=~".+"}',
                        "eval_time": "0s",
                        "exp_samples": [{"labels": f"{{{inside}}}", "value": 1}],
                    }
                ],
            }
        )
    assert promtool_says(tmp_path, groups) == "SUCCESS"


def promtool_says(folder: Path, groups: list[dict[str, object]]) -> str:
    """The verdict of promtool over test groups, or its complaints."""
    file = folder / "series.test.yml"
    file.write_text(json.dumps({"rule_files": [], "tests": groups}, ensure_ascii=False), encoding="utf-8")
    run = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    # 2.42 and 2.53 name the file first, 3.5 does not.
    return re.sub(r"Unit Testing: .*", "", run.stdout + run.stderr).strip()


def test_promtool_refuses_the_same_values(tmp_path: Path) -> None:
    """Not one of the refused values can be loaded."""
    for index, values in enumerate(REFUSED):
        tests = [{"interval": "1m", "input_series": [{"series": "s", "values": values}]}]
        (tmp_path / f"{index:02}.yml").write_text(json.dumps({"tests": tests}), encoding="utf-8")
    run = subprocess.run(
        ["promtool", "test", "rules", *(str(file) for file in sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stdout.count("SUCCESS") == 0
    assert run.stderr.count("parse error") == len(REFUSED)


@pytest.mark.parametrize(
    ("text", "first"),
    [("1 2 3", -1), ("_ 1", 0), ("1x3 _", 4), ("1 stale _", 1), ("1 _x0 2", -1), ("1 2 _x3", 2), ("", -1)],
)
def test_the_first_gap(text: str, first: int) -> None:
    """The first item without a number."""
    assert read_items(text).first_gap == first
