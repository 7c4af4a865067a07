"""What has changed since an earlier run, in words."""

from __future__ import annotations

from typing import Any

from deployspec.outputs.comparison import told


def figure(name: str, judgement: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "latency",
        "judgement": judgement,
        "before": 0.1,
        "after": 0.12,
        "samples": [600, 750],
        "change": 0.2,
        "low": 0.1,
        "high": 0.3,
        "needed": None,
    } | more


def said(*figures: dict[str, Any], not_compared: tuple[str, ...] = ()) -> list[str]:
    comparison = {
        "baseline": {"id": "0da71c0d-efe4", "started": "2026-11-28T12:00:00.125Z", "versions": {}},
        "margin": 0.05,
        "confidence": 0.99,
        "figures": list(figures),
        "not_compared": list(not_compared),
    }
    return [text for text, _ in told(comparison)]


def test_each_judgement_has_its_line() -> None:
    """With the values, the change and its interval where it matters; what is as before shares one."""
    lines = said(
        figure("p50 of all", "regressed"),
        figure("slo.load-run[x]", "regressed", kind="share", before=0.001, after=0.02, change=0.38, low=None),
        figure("p50 of b", "improved", before=2.0, after=1.5, change=-0.25, low=-0.4, high=-0.1),
        figure("p95 of all", "no worse"),
        figure("p95 of b", "no worse"),
        figure("p95 of c", "too few samples", needed=1800),
        figure("p95 of d", "too few samples", needed=60_000),
    )
    assert lines == [
        "compared with the run of 2026-11-28T12:00:00Z (0da71c0d):",
        "  regressed by more than 5%: slo.load-run[x]: 0.10% to 2.00% of bad requests, +38.0% of what the objective allows (unknown to +30.0%)",
        "  regressed by more than 5%: p50 of all: 100 ms to 120 ms, +20.0% (+10.0% to +30.0%)",
        "  improved by more than 5%: p50 of b: 2 s to 1.5 s, -25.0% (-40.0% to -10.0%)",
        "  no worse by more than 5%: p95 of all, p95 of b",
        "  too few samples to tell: p95 of c, p95 of d; both runs would have to be 3.0 to 100 times as long",
    ]


def test_it_stays_short() -> None:
    """However many figures there are, and whatever they are called."""
    lines = said(
        *(figure(f"p50 of {number}", "regressed") for number in range(50)),
        *(figure(f"p95 of {number}", "no worse") for number in range(50)),
        *(figure("p99 of it", "too few samples") for _ in range(50)),
        not_compared=("the load run\x1b[31m: the baseline has none",) * 20,
    )
    assert len(lines) == 1 + 9 + 1 + 1 + 9
    assert "  … and 42 more regressed" in lines
    assert "  no worse by more than 5%: 50 figures" in lines
    assert "no number of samples would settle it" in lines[11]
    assert not any("\x1b" in line for line in lines)
