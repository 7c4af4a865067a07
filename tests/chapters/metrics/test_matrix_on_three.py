"""The most telling faults of the endpoint once more, watched by a Prometheus 3, which refuses pages that others take, such as JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from reference.process import Reference, running_reference
from tests.chapters.metrics.test_matrix import (
    ARRIVE,
    DROPPED,
    FORMED,
    GROWTH,
    ONCE,
    SCRAPED,
    TYPE,
    Row,
    checked,
    compare,
    query,
    until,
    until_scraped,
)
from tests.prometheus_versions import given, three
from tests.suite import seen_once

ROWS = [
    Row("none", {}),
    Row("metrics-as-json", {TYPE: "application/json", SCRAPED: "is down"}, (GROWTH, DROPPED, ARRIVE)),
    Row("metrics-blank-before", {FORMED: "blank", SCRAPED: "is down"}, (GROWTH, DROPPED, ARRIVE)),
    Row("metrics-series-twice", {ONCE: "sqlalchemy_pool_size"}, (DROPPED,)),
    Row("metrics-own-job", {ARRIVE: "exported_job"}),
]


@pytest.fixture(scope="module", params=three())
def reference(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reference]:
    """A reference Deal Scout, and a Prometheus 3 that watches it."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "prometheus").symlink_to(given(request).prometheus)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    with running_reference("--monitoring", env=os.environ | {"PATH": path}) as booted:
        yield booted


@pytest.mark.xdist_group("metrics-3")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_fault_of_the_endpoint(row: Row, reference: Reference, tmp_path: Path) -> None:
    """Each fault turns exactly its own checks red."""
    until(lambda: query(reference, "min_over_time(up{job='deal-scout'}[3s]) == 1"))
    with reference.metrics_fault(row.fault):
        until_scraped(reference, row.seen)
        seen_once(lambda: checked(reference, row, tmp_path), partial(compare, row=row))
