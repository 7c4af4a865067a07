"""Accepted breaches: the file, read once a run, and what its entries say of a check, and of checks that there are not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.errors import DeployspecError
from deployspec.plugin.deployments import REFUSED, name_of, names_here
from deployspec.plugin.options import chapters, is_check, is_worker, places
from deployspec.plugin.selection import id_of

if TYPE_CHECKING:
    from deployspec.model.entry import Entry
    from deployspec.record.accepted import Acceptances

_READ: pytest.StashKey[Acceptances] = pytest.StashKey()
_PROBLEMS: pytest.StashKey[list[str]] = pytest.StashKey()
_WORKER_ACCEPTED = "deployspec_accepted"
_WORKER_PROBLEMS = "deployspec_accepted_problems"


def acceptances(config: pytest.Config) -> Acceptances:
    """Those of this run, read at the first call. Raises pytest.UsageError where their file cannot be used."""
    known = config.stash.get(_READ, None)
    if known is None:
        known = config.stash[_READ] = _given(config) if is_worker(config) else _read(config)
    return known


def applied(config: pytest.Config, entry: Entry) -> Entry:
    """The entry with what the team's acceptances make of it."""
    own = acceptances(config)
    return own.applied(entry, name_of(config)) if own.all else entry


def problems(config: pytest.Config) -> list[str]:
    """What is wrong with the acceptances as they stand, a line each: it fails the run."""
    return config.stash.get(_PROBLEMS, [])


def _read(config: pytest.Config) -> Acceptances:
    from deployspec.record.accepted import Acceptances

    said = config.getoption("--accept")
    if said is not None and not said.strip():
        raise pytest.UsageError("--accept: found an empty text; expected the path of a file")
    path = places(config).accepted if said is None else Path(config.invocation_params.dir, said)
    if said is None and not (path.exists() or path.is_symlink()):
        return Acceptances()
    # Here, because few runs have one.
    from deployspec.deployment.accepted import read_accepted

    try:
        found = read_accepted(path, said or path.name)
    except DeployspecError as error:
        config.stash[REFUSED] = str(error)
        raise pytest.UsageError(*str(error).splitlines()) from None
    return Acceptances(found, datetime.now(UTC).date().isoformat())


def _given(config: pytest.Config) -> Acceptances:
    """In a worker, what the controller has read: all of a run go by one file, and one day."""
    from deployspec.model.acceptance import Acceptance
    from deployspec.record.accepted import Acceptances

    day, found = config.workerinput[_WORKER_ACCEPTED]  # type: ignore[attr-defined]
    return Acceptances(tuple(Acceptance(**one) for one in found), day)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read them before pytest-xdist starts its workers: an error is then the run's own."""
    if config.getoption("dist", "no") != "no" and not is_worker(config):
        acceptances(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker what was read."""
    own = acceptances(node.config)
    node.workerinput[_WORKER_ACCEPTED] = (own.day, [asdict(one) for one in own.all])


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Look for what no check answers to, among all that were collected: ``-m`` and ``-k`` choose fewer."""
    collected = [id_of(item) for item in items if is_check(item)]
    wanted = collected and not config.getoption("collectonly")
    # Before any is chosen: where the file cannot be used, none is.
    own = acceptances(config) if wanted else None
    yield
    if own is None or not own.all or not any(map(is_check, items)):
        return
    from deployspec.record.accepted import without_a_check, without_a_day, without_a_deployment

    deployment, there_are = name_of(config), names_here(config)
    found = without_a_day(own.all) + without_a_deployment(own.all, deployment, there_are)
    if _is_all_collected(config, items):
        declared = [check for chapter in chapters(config).values() for check in chapter.checks]
        found += without_a_check(own.all, deployment, there_are, collected, declared)
    config.stash[_PROBLEMS] = found
    if is_worker(config):
        config.workeroutput[_WORKER_PROBLEMS] = found  # type: ignore[attr-defined]


def _is_all_collected(config: pytest.Config, items: Sequence[pytest.Item]) -> bool:
    """Whether each check of the project's own was collected, so that an id which is not among them is of none."""
    if any(config.getoption(name, None) for name in ("ignore", "ignore_glob", "lf", "pyargs")):
        return False
    if items[0].session.testsfailed:
        # A file could not be collected.
        return False
    said = [Path(config.invocation_params.dir, one) for one in config.args]
    own = places(config).own_checks
    covered = not own.is_dir() or any(own.resolve().is_relative_to(one.resolve()) for one in said)
    return covered and all(one.is_dir() for one in said)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from a worker what it found."""
    found = getattr(node, "workeroutput", {}).get(_WORKER_PROBLEMS)
    if found is not None:
        node.config.stash[_PROBLEMS] = found
