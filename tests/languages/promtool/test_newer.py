"""A promtool that is too old, told from a file that is wrong."""

from __future__ import annotations

import pytest

from deployspec.languages.promtool.newer import needs_newer

FAILED = "Unit Testing:  t.yml\n  FAILED:\n"
UNMARSHAL = f"{FAILED}r.yml: yaml: unmarshal errors:\n"
UNKNOWN = 'r.yml: 1:61: group "g", rule 1, "x": could not parse expression: 1:5: parse error: unknown function with name "{}"\n\n'
OFFSET = "  line 3: field query_offset not found in type rulefmt.RuleGroup\n"
FUZZY = "yaml: unmarshal errors:\n  line 1: field fuzzy_compare not found in type main.unitTestFile\n\n"
IN_CASE = '    expr: "info(up)", time: 1m, err: 1:1: parse error: unknown function with name "info"\n\n'
SERIES = "1:4: parse error: unexpected character in series sequence: '{'\n\n"


@pytest.mark.parametrize(
    ("output", "version", "why"),
    [
        (FAILED + UNKNOWN.format("limitk"), "2.42.0+ds", "needs promtool 2.54 or newer (limitk); this is 2.42.0+ds"),
        (FAILED + IN_CASE, "2.54.1", "needs promtool 2.55 or newer (info); this is 2.54.1"),
        (FAILED + FUZZY, "3.4.2", "needs promtool 3.5 or newer (fuzzy_compare); this is 3.4.2"),
        (UNMARSHAL + OFFSET, "2.42.0", "needs promtool 2.53 or newer (query_offset); this is 2.42.0"),
        (
            UNMARSHAL + OFFSET + "  line 4: field labels not found in type rulefmt.RuleGroup\n",
            "2.42.0",
            "needs promtool 3.0 or newer (query_offset, labels); this is 2.42.0",
        ),
        (FAILED + SERIES, "2.42.0", "needs promtool 2.47 or newer (histograms as values); this is 2.42.0"),
    ],
)  # fmt: skip
def test_what_a_newer_one_has(output: str, version: str, why: str) -> None:
    """The newest of all that is needed is named."""
    assert needs_newer(output, version, sound=True) == why


@pytest.mark.parametrize(
    ("output", "version"),
    [
        pytest.param(FAILED + UNKNOWN.format("no_such"), "2.42.0", id="no-version-has-it"),
        pytest.param(FAILED + UNKNOWN.format("limitk"), "2.54.0", id="new-enough"),
        pytest.param(FAILED + UNKNOWN.format("limitk"), "unknown", id="unknown-version"),
        pytest.param(UNMARSHAL + OFFSET + "  line 4: field x not found in type rulefmt.RuleGroup\n", "2.42.0", id="one-of-two"),
        pytest.param(UNMARSHAL + OFFSET.replace("RuleGroup", "Other"), "2.42.0", id="elsewhere"),
        pytest.param(FAILED + "    alertname: A, time: 1m,\n        exp:[], got:[]\n", "2.42.0", id="a-failed-case"),
        pytest.param("", "2.42.0", id="nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_every_version(output: str, version: str) -> None:
    """It stays a breach: age is said only where the words prove it."""
    assert needs_newer(output, version, sound=True) == ""


def test_a_brace_in_a_broken_file_proves_nothing() -> None:
    """Where the series cannot be read here either, the file is wrong."""
    assert needs_newer(FAILED + SERIES, "2.42.0", sound=False) == ""
