"""Compares this run with an earlier one, which ``--baseline`` names. Only in the process that sees the whole run."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.errors import DeployspecError
from deployspec.base.problems import listed, shown
from deployspec.model.chapter import imported
from deployspec.plugin.deployments import obtain
from deployspec.plugin.options import GATE, chapters, is_worker
from deployspec.plugin.selection import positive_markers
from deployspec.plugin.storing import store_of

if TYPE_CHECKING:
    from deployspec.record.record import Run
    from deployspec.record.store import Store

_BASELINE: pytest.StashKey[Run] = pytest.StashKey()
_MOST_READ = 1000
"""Records that are looked into for one that fits."""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the baseline before anything is asked: one that cannot be compared with ends the run with status 4."""
    config = session.config
    if is_worker(config):
        return
    said = config.getoption("--baseline")
    if said is None:
        for option in ("--margin", "--fail-on-regression"):
            if config.getoption(option):
                raise pytest.UsageError(
                    f"{option}: found no --baseline; expected one, such as --baseline latest"
                )
    elif not config.getoption("collectonly"):
        try:
            config.stash[_BASELINE] = _read(config, said)
        except DeployspecError as error:
            raise pytest.UsageError(f"--baseline {said}: {error}") from None
        except OSError as error:
            raise pytest.UsageError(f"--baseline {said}: the store of runs cannot be used: {error}") from None


def compared(config: pytest.Config, run: Run) -> dict[str, Any] | None:
    """This run beside its baseline, as the record has it; None where none was named."""
    baseline = config.stash.get(_BASELINE, None)
    if baseline is None:
        return None
    from deployspec.record.baseline import MARGIN, comparison, judged

    figures, not_compared = [], []
    there = {entry.chapter for one in (baseline, run) for entry in one.entries.values()}
    for chapter in chapters(config).values():
        if chapter.compares and chapter.name in there:
            more, reasons = imported(chapter.compares)(baseline, run)
            figures += more
            not_compared += reasons
    if not figures and not not_compared:
        not_compared.append("neither run has figures that could be compared, such as those of a load run")
    margin = config.getoption("--margin") or MARGIN
    return comparison(baseline, margin, judged(figures, margin), not_compared)


def objection_to(config: pytest.Config, comparison: dict[str, Any] | None) -> str:
    """Why the run fails by ``--fail-on-regression``; empty where it does not."""
    if comparison is None or not config.getoption("--fail-on-regression"):
        return ""
    from deployspec.record.baseline import FAIL_ON_REGRESSION, REGRESSED

    figures = comparison["figures"]
    if not figures:
        return f"{FAIL_ON_REGRESSION}: nothing could be compared, so no regression would have been seen"
    many = sum(figure["judgement"] == REGRESSED for figure in figures)
    if not many:
        return ""
    return (
        f"{FAIL_ON_REGRESSION}: {many} of {len(figures)} figures {'has' if many == 1 else 'have'} regressed"
    )


def _read(config: pytest.Config, said: str) -> Run:
    """The run that is meant. Raises DeployspecError where it is none that can be compared with."""
    from deployspec.base.errors import UsageError
    from deployspec.record.baseline import objection
    from deployspec.record.store import LATEST, read

    deployment = obtain(config).name
    word, colon, marker = said.partition(":")
    if word == LATEST:
        return _newest(config, store_of(config), deployment, marker if colon else None)
    path = Path(said)
    if "/" not in said and not path.suffix:
        path = store_of(config).find(said, deployment)
    baseline = read(Path(config.invocation_params.dir, path), chapters(config).values())
    if why := objection(baseline, deployment):
        raise UsageError(f"found {why}")
    return baseline


def _newest(config: pytest.Config, store: Store, deployment: str, marker: str | None) -> Run:
    """The newest run of a deployment that came to its end, that nothing speaks against, and that was asked for the marker."""
    from deployspec.base.errors import UsageError
    from deployspec.record.baseline import is_passed_over, objection
    from deployspec.record.store import read

    known = chapters(config)
    markers = sorted(
        {GATE, *known, *(name.partition("(")[0] for chapter in known.values() for name in chapter.markers)}
    )
    if marker is not None and marker not in markers:
        raise UsageError(f"found the marker {shown(marker)}; expected {listed(markers)}")
    unfit = passed_over = 0
    for kept in itertools.islice(store.runs(deployment), _MOST_READ):
        try:
            run = read(kept.path, known.values())
        except UsageError:
            # Pruned meanwhile, or damaged: an older one may do.
            unfit += 1
            continue
        if objection(run, deployment):
            unfit += 1
        elif marker is None or _asked_for(run, marker):
            if not is_passed_over(run):
                return run
            passed_over += 1
    of = "" if marker is None else f", for -m {marker},"
    beside = f" ({unfit} there are damaged, or did not come to their end)" if unfit else ""
    if passed_over:
        beside += f" ({passed_over} there failed by --fail-on-regression, or fell into a maintenance window)"
    raise UsageError(
        f"found no run of {deployment}{of} in {store.folder}{beside}; expected one to compare with: make a run without "
        "--baseline first, or name its record"
    )


def _asked_for(run: Run, marker: str) -> bool:
    """Whether a run made a chapter's checks, whatever selected them; or whether its ``-m`` names another marker."""
    made = any(entry.chapter == marker for entry in run.entries.values())
    return made or (marker in positive_markers(run.markers) and marker not in run.empty_markers)
