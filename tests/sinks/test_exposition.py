"""Metrics as text: what is written is what others read."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.model.metrics import LONGEST_LABEL, Family, Sample, label
from deployspec.sinks.exposition import exposition, number
from deployspec.sinks.metrics import Progress, families
from tests.prometheus_versions import given as version_of
from tests.prometheus_versions import versions
from tests.sinks.recording import run_of
from tests.sinks.servers import parsed
from tests.trials import trials

ODD = st.text(st.characters(codec="utf-8"), max_size=20) | st.text('\\\n"n{},= \r\t#', max_size=12)
NUMBERS = st.floats() | st.integers(-(2**70), 2**70)


@settings(max_examples=trials(300), deadline=None)
@given(
    samples=st.lists(st.tuples(ODD, NUMBERS), max_size=5, unique_by=lambda one: one[0]),
    deployment=ODD,
    text=ODD,
)
def test_what_is_written_is_read(samples: list[tuple[str, float]], deployment: str, text: str) -> None:
    """The same labels and values, whatever is in them; and the end of each line is the end of a line."""
    family = Family(
        "some",
        "gauge",
        " ".join(text.split()),
        tuple(Sample(value, {"check": name}) for name, value in samples),
    )
    written = exposition([family], {"deployment": deployment})
    found = parsed(written).get("some", {})
    assert len(found) == len(samples)
    for name, value in samples:
        read = found[(("check", name), ("deployment", deployment))]
        assert read == float(value) or (math.isnan(read) and math.isnan(value))
    assert written.count(b"\n") == 2 + len(samples)
    assert written.endswith(b"\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (True, "1"), (-0.0, "0"), (1.0, "1"), (0.1, "0.1"), (1e300, "1e+300"), (2**53, "9007199254740992.0"),
        (1_700_000_000.123, "1700000000.123"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"),
    ],
)  # fmt: skip
def test_numbers_are_exact(value: float, text: str) -> None:
    """As Go and Python read them."""
    assert number(value) == text


def test_what_utf_8_cannot_say_is_a_question_mark() -> None:
    """A name of a file may hold anything."""
    assert parsed(exposition([Family("some", "gauge", "x", (Sample(1, {"check": "a\ud800"}),))])) == {
        "some": {(("check", "a?"),): 1}
    }


@settings(max_examples=trials(300), deadline=None)
@given(one=st.text(max_size=300), other=st.text(max_size=300))
def test_labels_are_bounded_and_stay_apart(one: str, other: str) -> None:
    """In one line; two that differ never become one."""
    for text in (one, other):
        assert len(label(text)) <= LONGEST_LABEL
        assert not set(label(text)) & set("\n\r\t")
    assert (label(one) == label(other)) == (one == other)


def test_long_labels_differ_by_what_is_cut_off() -> None:
    """A short one stays as it is."""
    assert label("health.ok[a/b]") == "health.ok[a/b]"
    assert label("x" * 500 + "1") != label("x" * 500 + "2")
    assert label("a  b") != label("a b")


@pytest.fixture(params=versions())
def promtool(request: pytest.FixtureRequest) -> str:
    """That of each Prometheus that is here."""
    return version_of(request).promtool


@pytest.mark.parametrize(
    ("verdicts", "progress"),
    [
        ({}, Progress(300)),
        ({"a": "MET", 'b["x\\y"]': "UNMEASURED"}, Progress(300, 1.7e9, 1.6e9, 3, {"gateway": 0, "alive": 7})),
    ],
)
def test_promtool_accepts_what_is_sent(verdicts: dict[str, str], progress: Progress, promtool: str) -> None:
    """Not one word of its lint, without and with the labels of a textfile."""
    told = families(run_of(1, verdicts), progress)
    for labels in ({}, {"deployment": "a/b", "location": "ü"}):
        done = subprocess.run(
            [promtool, "check", "metrics"],
            input=exposition(told, labels),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_prometheus_client_is_not_imported() -> None:
    """Its import would take a third of what a probe may add to its checks."""
    code = "import sys, deployspec.sinks.pushgateway, deployspec.sinks.textfile; print([n for n in sys.modules if 'prometheus_client' in n or n == 'httpx'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
