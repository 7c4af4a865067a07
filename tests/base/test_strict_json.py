"""Strict JSON: what is taken, what is not, and where the fault is."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.base.strict_json import MAX_DEPTH, Fault, Parsed, parse
from tests.trials import trials


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("{}", {}, id="empty-object"),
        pytest.param(" [ ] \r\n\t", [], id="whitespace-around"),
        pytest.param('{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', {"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}, id="nested"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="surrogate-pair"),
        pytest.param('"\\u0000\\n"', "\0\n", id="escaped-controls"),
        pytest.param("1.7976931348623157e308", 1.7976931348623157e308, id="largest-double"),
        pytest.param("1" + "0" * 308, 10**308, id="integer-within-a-double"),
        pytest.param("-0", 0, id="minus-zero"),
        pytest.param("1e-999", 0.0, id="underflow-is-zero"),
        pytest.param("null", None, id="scalar-at-the-top"),
        pytest.param("[" * MAX_DEPTH + "]" * MAX_DEPTH, None, id="as-deep-as-allowed"),
    ],
)  # fmt: skip
def test_strict_documents_are_read(text, value):
    """A strict document is read to the value that it writes."""
    parsed = parse(text.encode())
    assert isinstance(parsed, Parsed)
    if not text.startswith("[["):
        assert parsed.value == value
        assert type(parsed.value) is type(value)


# what: a piece of the fault's text; where: its line and column; path: the place in the document.
@pytest.mark.parametrize(
    ("body", "what", "where", "path"),
    [
        pytest.param(b"", "the body is empty", (1, 1), (), id="empty"),
        pytest.param(b" \n ", "nothing but whitespace", (1, 1), (), id="whitespace"),
        pytest.param(b"\xef\xbb\xbf{}", "byte order mark", (1, 1), (), id="byte-order-mark"),
        pytest.param(b'{"a":\n "\xff"}', "byte 0xff is not UTF-8", (2, 3), (), id="not-utf-8"),
        pytest.param(b'"\xed\xa0\x80"', "byte 0xed is not UTF-8", (1, 2), (), id="surrogate-in-utf-8"),
        pytest.param(b'{"a": NaN}', "NaN is not JSON", (1, 7), ("a",), id="nan"),
        pytest.param(b'{"a": [1, -Infinity]}', "-Infinity is not JSON", (1, 11), ("a", 1), id="minus-infinity"),
        pytest.param(b'{"a": 1e999}', "a number is too large", (1, 7), ("a",), id="float-overflow"),
        pytest.param(b"[-1e999]", "a number is too large", (1, 2), (0,), id="negative-overflow"),
        pytest.param(b"[1" + b"0" * 309 + b"]", "a number is too large", (1, 2), (0,), id="integer-beyond-a-double"),
        pytest.param(b"[" + b"9" * 5000 + b"]", "a number is too large", (1, 2), (0,), id="integer-of-5000-digits"),
        pytest.param(b'{"a": 1,\n "a": 2}', "the same key appears twice", (2, 2), ("a",), id="key-twice"),
        pytest.param(b'[{"x": {"a": 1, "\\u0061": 2}}]', "the same key", (1, 17), (0, "x", "a"), id="key-twice-deep"),
        pytest.param(b'["\\ud800"]', "half of a surrogate pair", (1, 2), (0,), id="lone-surrogate"),
        pytest.param(b'["\\ude00\\ud83d"]', "half of a surrogate pair", (1, 2), (0,), id="surrogates-swapped"),
        pytest.param(b'{"\\ud800": 1}', "half of a surrogate pair", (1, 2), ("",), id="lone-surrogate-in-a-key"),
        pytest.param(b"{} {}", "'{' follows the JSON value", (1, 4), (), id="two-values"),
        pytest.param(b"{}\x00", "'\\x00' follows the JSON value", (1, 3), (), id="zero-byte-after"),
        pytest.param(b"[1,]", "found ']', expected a value", (1, 4), (1,), id="trailing-comma"),
        pytest.param(b'{"a":1,}', "expected a key in double quotes", (1, 8), ("a",), id="trailing-comma-in-object"),
        pytest.param(b"{a: 1}", "expected a key in double quotes", (1, 2), ("",), id="key-without-quotes"),
        pytest.param(b"['a']", "found \"'\", expected a value", (1, 2), (0,), id="single-quotes"),
        pytest.param(b'{"a" 1}', "expected ':'", (1, 6), ("a",), id="no-colon"),
        pytest.param(b"[01]", "expected ',' or ']'", (1, 3), (1,), id="leading-zero"),
        pytest.param(b"[.5]", "found '.', expected a value", (1, 2), (0,), id="no-whole-part"),
        pytest.param(b"[1.]", "expected ',' or ']'", (1, 3), (1,), id="no-digits-after-the-point"),
        pytest.param(b"[+1]", "expected a value", (1, 2), (0,), id="plus-sign"),
        pytest.param(b"[True]", "found 'T', expected a value", (1, 2), (0,), id="python-literal"),
        pytest.param(b"[1 /* x */]", "expected ',' or ']'", (1, 4), (1,), id="comment"),
        pytest.param(b'["a\nb"]', "control character", (1, 4), (0,), id="raw-newline-in-a-string"),
        pytest.param(b'["\\x41"]', "escape that JSON does not have", (1, 3), (0,), id="unknown-escape"),
        pytest.param(b'["abc', "a string is not closed", (1, 2), (0,), id="string-not-closed"),
        pytest.param(b'{"a": [1', "found the end of the body, expected ',' or ']'", (1, 9), ("a", 1), id="cut-off"),
        pytest.param("[\u00a01]".encode(), "found '\\xa0', expected a value", (1, 2), (0,), id="no-break-space"),
        pytest.param("[\u0661]".encode(), "expected a value", (1, 2), (0,), id="arabic-digit"),
    ],
)  # fmt: skip
def test_faults_say_what_and_where(body, what, where, path):
    """The first thing that is not strict JSON is named, with line, column and path."""
    fault = parse(body)
    assert isinstance(fault, Fault)
    assert what in fault.what
    assert (fault.line, fault.column) == where
    assert fault.path == path


@pytest.mark.parametrize("opener", [pytest.param(b"[", id="arrays"), pytest.param(b'{"a":', id="objects")])
def test_depth_is_limited_by_the_rule_and_not_by_the_interpreter(opener):
    """One level more than allowed, and a million levels, are the same fault."""
    for depth in (MAX_DEPTH + 1, 1_000_000):
        fault = parse(opener * depth)
        assert isinstance(fault, Fault)
        assert fault.what == f"nested more than {MAX_DEPTH} deep"
        assert fault.offset == len(opener) * MAX_DEPTH


def strict_by_the_slow_way(body: bytes) -> tuple[bool, object]:
    """An independent reading: the standard library's, with every leniency of its forbidden by hand."""

    def pairs(items):
        if len({key for key, _ in items}) < len(items):
            raise ValueError("key twice")
        return dict(items)

    def number(text):
        if math.isinf(float(text)):
            raise ValueError("overflow")
        return int(text) if text.lstrip("-").isdigit() else float(text)

    def constant(text):
        raise ValueError(text)

    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=pairs,
            parse_float=number,
            parse_int=number,
            parse_constant=constant,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError:
        return False, None
    return True, value


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
splinters = st.sampled_from(
    [b"NaN", b"1e999", b"-", b"0", b".", b"e5", b"\\ud800", b"\\u0061", b"\xff", b"\xef\xbb\xbf", b"}", b"]", b"[", b"{",
     b",", b":", b'"', b'"a":1,"a":2', b" ", b"\n", b"\x00", b"\x0b", b"true", b"Infinity", b"\\", b"/"]
)  # fmt: skip


@settings(deadline=None, max_examples=trials(300))
@given(document=documents, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 2]))
def test_whatever_is_written_is_read_back(document, ascii_only, indent):
    """Every document that a strict writer writes is read back as it was."""
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    assert parse(text.encode()) == Parsed(document)


@settings(deadline=None, max_examples=trials(600))
@given(data=st.data(), document=documents)
def test_mutated_documents_are_judged_as_the_slow_way_judges_them(data, document):
    """Of a damaged document, strictness and value are what an independent reading finds."""
    body = json.dumps(document, ensure_ascii=data.draw(st.booleans())).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        gone = data.draw(st.integers(0, 3))
        body = body[:at] + data.draw(splinters | st.just(b"")) + body[at + gone :]
    strict, value = strict_by_the_slow_way(body)
    found = parse(body)
    assert isinstance(found, Parsed) is strict
    if isinstance(found, Parsed):
        assert found.value == value
        assert repr(found.value) == repr(value)


@settings(deadline=None, max_examples=trials(300))
@given(st.binary(max_size=60))
def test_any_bytes_are_judged_without_raising(body):
    """Whatever the bytes, the result is a value or a fault, and the same as the slow way's."""
    assert isinstance(parse(body), Parsed) is strict_by_the_slow_way(body)[0]
