"""``--wait-for-version``: no check begins before all replicas say the version, or the time is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from deployspec.base.duration import parse_duration
from deployspec.base.shown import cut, one_line
from deployspec.base.temporary import write_private
from deployspec.base.unfit import Unfit
from deployspec.chapters.health.part import HEALTH
from deployspec.model.verdict import Outcome, Unmeasured, Verdict
from deployspec.plugin.deployments import amend, is_asked, named, obtain
from deployspec.plugin.options import is_check, is_worker
from deployspec.plugin.run_folder import run_folder
from deployspec.plugin.selection import id_of, needs_deployment

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

CHECK = "health.version-arrived"
OPTION = "--wait-for-version"
_EVERY = 10.0
"""Seconds between two lines that say how far it has got, where lines cannot be rewritten."""
_FILE = "rollout.json"
_WANTED: pytest.StashKey[tuple[str, float]] = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse what cannot be waited for, before pytest-xdist starts its workers."""
    wanted, within = config.getoption(OPTION), config.getoption("--within")
    if wanted is None:
        if within is not None:
            raise pytest.UsageError(f"--within: found it without {OPTION}; expected both")
        return
    if not wanted.strip():
        raise pytest.UsageError(f"{OPTION}: found an empty text; expected a version")
    try:
        config.stash[_WANTED] = wanted, parse_duration("5m" if within is None else within)
    except Unfit as error:
        raise pytest.UsageError(
            f"--within: found {error.found.replace('{}', within)}; expected {error.expected}"
        ) from None
    if named(config) is None:
        raise pytest.UsageError(f"{OPTION}: found no deployment to wait for; expected --deployment NAME")
    if _distributes(config):
        _refuse_what_never_comes(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """The same, where this process collects itself: a deployment that names no version, or another one.

    From here on the version is the one that is expected: it may be gone again after the wait.
    """
    config = session.config
    _refuse_what_never_comes(config)
    if _WANTED in config.stash and is_asked(config):
        amend(config, _expecting(obtain(config), config.stash[_WANTED][0]))


def waited_for(config: pytest.Config) -> tuple[str, float] | None:
    """The version that this run waits for, and for how many seconds at most; None where it waits for none."""
    return config.stash.get(_WANTED, None)


def _distributes(config: pytest.Config) -> bool:
    """Whether this process hands the checks out to others, and collects none itself."""
    return config.getoption("dist", "no") != "no" and not is_worker(config)


def _refuse_what_never_comes(config: pytest.Config) -> None:
    if _WANTED not in config.stash or not is_asked(config):
        return
    wanted, _ = config.stash[_WANTED]
    endpoints = [one for one in obtain(config).get(HEALTH) or () if one.fields.version is not None]
    if not endpoints:
        raise pytest.UsageError(
            f"{OPTION}: found a deployment file that does not say where the version is; expected health.fields.version"
        )
    for one in endpoints:
        if one.expect_version not in (None, wanted):
            # Either may be a variable's value, and a secret: `one_line` hides it.
            found, theirs = one_line(wanted, 40), one_line(str(one.expect_version), 40)
            raise pytest.UsageError(
                f"{OPTION}: found {found}, and the deployment file expects {theirs}; expected one version"
            )


def _expecting(deployment: Deployment, wanted: str) -> Deployment:
    """The deployment, with each endpoint that has a version expecting this one."""
    endpoints = tuple(
        one if one.fields.version is None else replace(one, expect_version=wanted)
        for one in deployment.require(HEALTH)
    )
    said = deployment.data["health"]
    expecting = {one.name: {"expect_version": one.expect_version} for one in endpoints if one.expect_version}
    if "endpoints" in said:
        both = {name: {**one, **expecting.get(name, {})} for name, one in said["endpoints"].items()}
        said = {**said, "endpoints": both}
    else:
        said = {**said, **expecting.get("", {})}
    parts = {**deployment.parts, HEALTH.key: endpoints}
    return replace(deployment, parts=parts, data={**deployment.data, "health": said})


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let the check that it has arrived belong to no run that does not wait for it."""
    if is_check(item) and id_of(item) == CHECK and _WANTED not in item.config.stash:
        item.add_marker(pytest.mark.not_described(""))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Wait, once in a run: in the process that hands out the checks."""
    config = session.config
    listed = config.getoption("collectonly") or config.getoption("setupplan", False)
    if _WANTED not in config.stash or is_worker(config) or listed:
        return
    if not (session.items or _distributes(config)):
        return  # that nothing was selected is said elsewhere
    from deployspec.chapters.health.measure.rollout import wait

    wanted, within = config.stash[_WANTED]
    verdict = wait(obtain(config), wanted, within, _Progress(config).tell)
    write_private(run_folder(config) / _FILE, asdict(verdict))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Measure nothing of a version that was not to be checked."""
    if _WANTED not in item.config.stash or not (is_check(item) and needs_deployment(item)):
        return
    if id_of(item) != CHECK and arrival(item.config).outcome is not Outcome.MET:
        wanted, _ = item.config.stash[_WANTED]
        told = any(id_of(one) == CHECK for one in item.session.items if is_check(one))
        why = f" (see {CHECK})" if told else f": {arrival(item.config).reason}"
        raise Unmeasured(f"version {wanted} has not arrived{why}")


def arrival(config: pytest.Config) -> Verdict:
    """What came of the wait."""
    said: Mapping[str, str] = json.loads((run_folder(config) / _FILE).read_text())
    return Verdict(Outcome(said["outcome"]), said["reason"], said["measured"], said["limit"])


class _Progress:
    """Says how far it has got: on a terminal in one line, elsewhere every ten seconds."""

    def __init__(self, config: pytest.Config) -> None:
        self._reporter = config.pluginmanager.get_plugin("terminalreporter")
        self._quiet = config.getoption("verbose", 0) < -1  # without a terminal there is no such option
        self._next = float("-inf")

    def tell(self, text: str, passed: float) -> None:
        """Say it, unless a run says as little as possible."""
        if self._reporter is None or self._quiet:
            return
        if self._reporter.isatty:
            # A line that wraps could not be written over.
            self._reporter.rewrite(
                cut(text, self._reporter.config.get_terminal_writer().fullwidth - 1), erase=True
            )
        elif passed >= self._next:
            self._next = max(passed + _EVERY, 0.0)
            self._reporter.write_line(text)
