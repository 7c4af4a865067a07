"""Large rule files of which each test looks at little, against promtool alone on the same files."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from bench.large_rules_corpus import LONGEST, SEED, SIZES, TEST_FILES, write
from bench.processes import spread, timed
from bench.rules import _peak, alternated

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = int(os.environ.get("BENCH_LARGE_RULES_ROUNDS", "3"))
LIMIT = 0.1
MEMORY_LIMIT = 150


def run() -> str:
    """Measure, and return the results as Markdown."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        cases = write(folder)
        files = sorted(path.name for path in folder.glob("*.test.yml"))
        bare = ["promtool", "test", "rules", *files]
        ours = [
            sys.executable, "-m", "pytest", str(ROOT / "checks" / "test_alert_rules.py"), "-c", str(ROOT / "pytest.ini"), "-m", "alerts", "-q",
            "-k", "test_case", "--rules", str(folder / "*.rules.yml"), "--rule-tests", str(folder / "*.test.yml"),
            "-p", "no:cacheprovider", "--record", str(folder / "record.json"),
        ]  # fmt: skip
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        assert timed(ours, cwd=folder, environ=environ).status == 0  # noqa: S101 - a bench
        walls, cpus = alternated("large rules", bare, ours, folder, environ, ROUNDS)
        peak = _peak(ours, folder, environ)
    ratios = [mine / theirs for mine, theirs in zip(walls["ours"], walls["bare"], strict=True)]
    kept = "kept" if statistics.median(ratios) <= LIMIT else "NOT kept"
    held = "kept" if peak <= MEMORY_LIMIT else "NOT kept"
    return f"""## Large rule files of which each test looks at little

{len(SIZES)} rule files with {min(SIZES)} to {max(SIZES)} rules, {TEST_FILES} test files with {cases} cases and up to {LONGEST:,} evaluations,
generated (seed {SEED}); {ROUNDS} rounds, alternating; median (smallest to largest), in seconds. All verdicts are MET, both ways.

| whole process | wall | processor time |
| --- | --- | --- |
| `promtool test rules *.test.yml`: a verdict for each file | {spread(walls["bare"])} | {spread(cpus["bare"])} |
| `pytest checks -m alerts -k test_case` on these files: an item for each case | {spread(walls["ours"])} | {spread(cpus["ours"])} |

- Ratio of wall time, round by round: **{spread(ratios)}**; limit {LIMIT}: {kept}.
- Peak memory of pytest and its promtools together, sampled: {peak:.0f} MB; limit {MEMORY_LIMIT} MB: {held}.
"""
