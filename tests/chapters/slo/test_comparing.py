"""A load run beside the deployment's own metrics: what a scrape explains, and that nothing secret is kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from deployspec.base import disclosure
from deployspec.chapters.slo.fixtures import comparing
from deployspec.chapters.slo.judge.reconcile import Seen
from deployspec.languages.prometheus.model import Unavailable


def compared(monkeypatch: pytest.MonkeyPatch, counted: Any) -> dict[str, str]:
    """What is told of 40 requests a second and what Prometheus has ``counted``."""
    counters = SimpleNamespace(now=lambda: 0.0, interval_counts=lambda *_: counted)
    monkeypatch.setattr(comparing, "counters_of", lambda _: counters)
    monkeypatch.setattr("deployspec.chapters.slo.judge.reconcile.seen_by", lambda *_: Seen(1000, 0, 1000))
    objective = SimpleNamespace(routes=(), indicator=None)
    deployment = SimpleNamespace(get=lambda _: "there is one", base_url="http://h/api")
    result: Any = SimpleNamespace(plan={"arrival_rate": 40})
    told = comparing.Compared(deployment, [objective]).with_metrics(result)  # type: ignore[arg-type,list-item]
    assert told is not None
    return told


def test_two_scrapes_explain_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """One at each end of the run: at 40 requests a second and a scrape each 5 s, 400 requests."""
    told = compared(monkeypatch, (Seen(1000, 0, 1000), 5.0))
    assert "scraping explains a difference of 400 requests" in told["text"]


def test_no_secret_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prometheus' address is told, and its password is not."""
    disclosure.hide(lambda text: [(at, at + 8)] if (at := text.find("hunter22")) >= 0 else [])
    told = compared(monkeypatch, Unavailable("Prometheus at http://me:hunter22@p is away"))
    assert told["text"] == "not compared: Prometheus at http://me:***@p is away"
