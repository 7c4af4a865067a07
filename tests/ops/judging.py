"""What no scheduler's own tool looks at: whether the command is one of ours, and the times fit each other."""

from __future__ import annotations

import argparse
from typing import NoReturn

from deployspec.probe.command import arguments
from tests.ops.files import Scheduled


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def options(command: list[str] | tuple[str, ...]) -> argparse.Namespace:
    """What a command line of ``deployspec probe`` asks for. Raises ValueError."""
    program, *words = command
    if program.rpartition("/")[2] != "deployspec" or words[:1] != ["probe"]:
        raise ValueError(f"found {' '.join(command)!r}; expected deployspec probe")
    parser = _Parser()
    arguments(parser)
    said = parser.parse_args(words[1:])
    if not said.deployment or not said.state:
        raise ValueError("expected --deployment and --state: a schedule has no environment to say them")
    return said


def objections(scheduled: Scheduled) -> list[str]:
    """What is wrong with a schedule, beside what is said of its file."""
    try:
        said = options(list(scheduled.command))
    except ValueError as error:
        return [str(error)]
    found = []
    if said.interval != scheduled.gap:
        found.append(f"--interval is {said.interval:g} s, and there are {scheduled.gap:g} s between two runs")
    longest = said.time_limit + said.jitter
    # It ends by itself; the scheduler's limit is for one that does not.
    if not longest + 20 <= scheduled.limit:
        found.append(f"the limit of {scheduled.limit:g} s leaves a probe of {longest:g} s no time to end")
    if not scheduled.limit < scheduled.gap:
        found.append(f"the limit of {scheduled.limit:g} s is not below the {scheduled.gap:g} s to the next")
    return found
