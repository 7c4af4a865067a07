"""Run the benchmarks and write bench/RESULTS.md: all of them, or those named as arguments."""

from __future__ import annotations

import datetime
import importlib
import os
import sys
import tempfile
from pathlib import Path

from bench.processes import machine

RESULTS = Path(__file__).with_name("RESULTS.md")
PARTS = (
    "startup",
    "probe",
    "installed",
    "replicas",
    "green",
    "gate",
    "rules",
    "large_rules",
    "mutants",
    "logs",
    "log_kinds",
    "log_shapes",
    "coverage",
    "regressions",
    "review",
    "dashboards",
    "load",
    "verdicts",
    "metrics",
)


def main(wanted: list[str]) -> None:
    """Replace the sections that were measured anew; keep the others."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise SystemExit(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    old = RESULTS.read_text() if RESULTS.exists() else ""
    kept = {name: _section(old, name) for name in PARTS}
    for name in wanted or PARTS:
        with tempfile.TemporaryDirectory() as state:
            # What is measured here is no history of anybody's.
            os.environ["XDG_STATE_HOME"] = state
            text = importlib.import_module(f"bench.{name}").run()
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        kept[name] = (
            f"<!-- {name} -->\n{text.rstrip()}\n\nMeasured {today} on {machine()}.\n<!-- /{name} -->\n"
        )
        print(text)
    RESULTS.write_text(
        "# Results\n\nWritten by `make bench`.\n\n" + "\n".join(text for text in kept.values() if text)
    )


def _section(text: str, name: str) -> str:
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->\n"
    return text[text.index(begin) : text.index(end) + len(end)] if begin in text and end in text else ""


if __name__ == "__main__":
    main(sys.argv[1:])
