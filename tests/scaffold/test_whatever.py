"""Whatever a service answers, it is described without an error, and what is written can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.app import chapters, sinks
from deployspec.deployment import load
from deployspec.model.http import Answer, Timings
from deployspec.scaffold.describing import HEALTH_PATHS, best_health, describe, further_paths
from deployspec.scaffold.texts import deployment_file, example, said_of
from tests.trials import trials

BASE = "http://shop.example"
NOW = 1_800_000_000.0
WORDS = st.sampled_from(
    ["ok", "UP", "DOWN", "true", "", "each", "$HOME", "a/b~c", "null", "- x", "2027-01-15T08:00:00Z"]
)
KEYS = st.one_of(
    st.sampled_from(
        ["status", "ok", "checks", "details", "name", "at", "each", "time", "version", "queue", "/a"]
    ),
    st.text(max_size=4),
)
SCALARS = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.just(NOW),
    st.text(max_size=9),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
BODIES = st.one_of(
    DOCUMENTS.map(lambda one: json.dumps(one).encode()),
    st.binary(max_size=12),
    st.text(max_size=30).map(lambda one: one.encode("utf-8", "replace")),
)
KINDS = st.sampled_from(
    [
        "application/json",
        "text/plain",
        "text/html",
        "application/health+json",
        "a/b; c=d",
        "odd",
        "x/ y",
        "",
        "+json",
    ]
)
PATHS = st.sampled_from([*HEALTH_PATHS, "/__version__", "/actuator/info", "/-/ready", "/openapi.json"])


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An answer that any server may give."""
    status = draw(st.sampled_from([200, 200, 200, 200, 200, 204, 302, 503]))
    kinds = draw(st.lists(KINDS, max_size=2, unique=True))
    headers = (*(("content-type", kind) for kind in kinds), ("location", draw(st.text(max_size=5))))
    return Answer(BASE, status, headers, draw(BODIES), NOW, NOW, Timings())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the deployment file is written."""
    return tmp_path_factory.mktemp("any") / "any.yaml"


@settings(max_examples=trials(150), deadline=None)
@given(
    seen=st.dictionaries(PATHS, answers(), min_size=1, max_size=3),
    other=answers(),
    nonsense=st.none() | answers(),
    same=st.booleans(),
)
def test_whatever_is_answered(
    file: Path, seen: dict[str, Answer], other: Answer, nonsense: Answer | None, same: bool
) -> None:
    """Nothing is raised, and the file is valid."""
    further_paths(seen, nonsense, BASE)
    best = best_health(seen, nonsense)
    found = describe(seen, seen[best] if best and same else other, nonsense, BASE)
    assert said_of(found)
    assert example(found)
    file.write_text(deployment_file("any", BASE, {}, found), encoding="utf-8")
    assert ("health" in load(file, {}, chapters(), sinks()).parts) is (found.health is not None)
