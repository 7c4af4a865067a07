"""What is written as a remote-write request is what a reader of protobuf finds in it."""

from __future__ import annotations

import math
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.model.metrics import Family
from deployspec.sinks.write_request import Labels, labels_of, metadata, name_of, series
from tests.sinks.decoding import STALE, Sent, decoded
from tests.trials import trials

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,40}", fullmatch=True)
LABELS = st.builds(labels_of, NAMES, st.dictionaries(NAMES, TEXTS, max_size=8))


@settings(max_examples=trials(200), deadline=None)
@given(
    st.lists(st.tuples(LABELS, st.none() | st.floats(), st.integers(0, 2**63 - 1)), max_size=5),
    st.lists(st.tuples(NAMES, st.sampled_from(["gauge", "counter", "summary"]), TEXTS), max_size=3),
)
def test_what_is_written_is_read_again(
    written: list[tuple[Labels, float | None, int]], told: list[tuple[str, str, str]]
) -> None:
    """Whatever the texts, values to the bit, and any time."""
    body = b"".join(series(*one) for one in written) + metadata(Family(*one) for one in told)
    sent, of = decoded(body)
    assert sent == [
        Sent(labels, STALE if value is None else int.from_bytes(struct.pack("<d", value), "little"), time)
        for labels, value, time in written
    ]
    types = {"gauge": 2, "counter": 1, "summary": 0}
    assert of == {name: (types[kind], text) for name, kind, text in told}


@settings(max_examples=trials(200), deadline=None)
@given(NAMES, st.lists(st.dictionaries(NAMES, TEXTS, max_size=5), max_size=3))
def test_labels_are_in_order_each_once_and_none_is_empty(name: str, layers: list[dict[str, str]]) -> None:
    """Prometheus 2.42 answers a label that is there twice with 500, as if another attempt would help."""
    labels = labels_of(name, *layers)
    names = [label for label, _ in labels]
    assert names == sorted(names, key=str.encode)
    assert len(names) == len(set(names))
    assert all(value for _, value in labels)
    assert name_of(labels) == name


def test_the_later_layer_holds() -> None:
    """What a run is of cannot be said otherwise by one of its samples."""
    assert labels_of("m", {"job": "of a sample", "a": "1"}, {"job": "deployspec", "z": ""}) == (
        ("__name__", "m"),
        ("a", "1"),
        ("job", "deployspec"),
    )


def test_an_ordinary_nan_does_not_end_a_series() -> None:
    """Only one NaN does."""
    for value in (math.nan, -math.nan):
        ((_, bits, _),), _ = decoded(series(labels_of("m"), value, 1))
        assert bits != STALE


def test_half_surrogates_do_not_stop_a_push() -> None:
    """No UTF-8 has them."""
    (sent,), _ = decoded(series(labels_of("m", {"check": "a\ud800b"}), 1, 1))
    assert dict(sent.labels)["check"] == "a?b"
