"""The place of a character of an expression is where that character stands in the file."""

from __future__ import annotations

import re

import pytest

from deployspec.base.problems import Place
from deployspec.languages.rule_files.model import Rule
from deployspec.languages.rule_files.rules import read_rules

HEAD = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: "
STYLES = {
    "plain": "up == 0  # a comment\n",
    "plain, several lines": "up\n      == bool\n\n       0\n",
    "double quotes": '"up == 0"\n',
    "single quotes": "'up == 0'\n",
    "escapes": '"up{a=\\"b\\", c=\\"\\u00e9\\x41\\"} == 0"\n',
    "doubled quotes": "'up{a=''b'', c=''d''} == 0'\n",
    "double quotes, several lines": '"up\n      == bool\n\n      0 + \\\n      1"\n',
    "single quotes, several lines": "'up{a=''b''}\n      == bool\n\n      0'\n",
    "literal": "|\n      up\n        == bool\n\n      0\n",
    "literal, stripped": "|-  # a comment\n      up\n      == 0",
    "literal, indentation said": "|1\n       up\n     == 0\n",
    "folded": ">\n      up\n      == bool\n\n      0\n",
    "folded, some lines deeper": ">-\n      up\n        == bool\n          0\n      + 1\n",
    "Windows' line ends": "|\r\n      up\r\n      == 0\r\n",
    "beyond the BMP": '|\n      up{a="😀"}\n      == 0  # é😀\n',
}


def alert(text: str) -> Rule:
    """The only rule of a file."""
    file = read_rules(text, "f")
    assert file.problems == ()
    return file.rules[0]


def character(text: str, place: Place) -> str:
    """What stands at a place."""
    return re.split("\r\n|\n", text)[place.line - 1][place.column - 1]


@pytest.mark.parametrize("written", STYLES.values(), ids=STYLES)
def test_each_character_is_found(written: str) -> None:
    """Whatever the style: the character at the place is the one of the expression, or the escape that means it."""
    text = HEAD + written + "\n    for: 5m\n"
    rule = alert(text)
    seen = 0
    for offset, letter in enumerate(rule.expr):
        if letter.isspace():
            continue
        there = character(text, rule.place_in_expr(offset))
        escaped = (written[0] == '"' and there == "\\") or (written[0] == "'" and letter == there == "'")
        assert there == letter or escaped, (offset, letter, there)
        seen += 1
    assert seen > 3
    assert rule.place_in_expr(0) == rule.places["expr"]


def test_blanks_between_are_found_where_they_are() -> None:
    """A blank inside a line, and the indentation of a literal's line, have their places too."""
    text = HEAD + "|\n      up\n        == 0\n"
    rule = alert(text)
    assert rule.expr == "up\n  == 0\n"
    assert [character(text, rule.place_in_expr(offset)) for offset in (3, 4, 7)] == [" ", " ", " "]
    assert str(rule.place_in_expr(3)) == "f:7:7"


def test_an_alias_stands_where_its_anchor_does() -> None:
    """The text of an expression that is an alias is there once."""
    rules = read_rules(HEAD + "&e up == 0\n  - alert: B\n    expr: *e\n", "f").rules
    assert [str(rule.place_in_expr(3)) for rule in rules] == ["f:5:17", "f:5:17"]
