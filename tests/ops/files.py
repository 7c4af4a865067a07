"""The files in ops/, read: who runs which command, how often, and for how long at most."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any, NamedTuple

from cronsim import CronSim, CronSimError

from tests.suite import ROOT

OPS = ROOT / "ops"
_RUNS = 500
"""Of a schedule that are looked at: five days of one that runs four times an hour."""


class Scheduled(NamedTuple):
    """A command by its schedule."""

    command: Sequence[str]
    """From the program's name on."""
    gap: float
    """Seconds between two runs, at the most."""
    limit: float
    """Seconds after which the scheduler ends what still runs."""


def gap(cron: str) -> float:
    """Seconds between two runs of five fields, at the most, in UTC. Raises ValueError where they can never be."""
    if len(cron.split()) != 5:
        raise ValueError(f"found {cron!r}; expected five fields")
    try:
        runs = list(islice(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)), _RUNS))
    except CronSimError as error:
        raise ValueError(f"found {cron!r}: {error}") from None
    return max(later - sooner for sooner, later in pairwise(runs)) / timedelta(seconds=1)


class Crontab(NamedTuple):
    """A file in the form of those in /etc/cron.d."""

    settings: dict[str, str]
    cron: str
    user: str
    command: str


def crontab(text: str) -> Crontab:
    """A crontab with one job. Raises ValueError."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end: cron ignores the whole file")
    settings: dict[str, str] = {}
    jobs = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if setting := re.fullmatch(r"(\w+)\s*=\s*(.*)", line):
            settings[setting[1]] = setting[2]
        else:
            jobs.append(line.split(None, 6))
    if len(jobs) != 1 or len(jobs[0]) != 7:
        raise ValueError("expected one job: five fields, a user, a command")
    *fields, user, command = jobs[0]
    if re.search(r"(?<!\\)%", command):
        raise ValueError("found %: cron ends the line there")
    return Crontab(settings, " ".join(fields), user, command)


def chained(command: str) -> list[list[str]]:
    """The commands of a line of a shell that are joined by ``&&``."""
    words: list[list[str]] = [[]]
    for word in shlex.split(command):
        if word == "&&":
            words.append([])
        else:
            words[-1].append(word)
    return words


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """A unit of systemd: by section and key, what is said, in its order."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        else:
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections


def at(tree: Any, *path: str | int) -> Any:
    """What stands at a place of a tree, None where there is no such place."""
    for key in path:
        try:
            tree = tree[key]
        except (LookupError, TypeError):
            return None
    return tree
