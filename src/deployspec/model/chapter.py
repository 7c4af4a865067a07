"""What a chapter says of itself: all that the core knows of it.

A chapter is cheap to import: it names its modules, and imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple


class Command(NamedTuple):
    """A command of the command line."""

    help: str
    """What it does, in a line."""
    arguments: str
    """``module:name`` of a function that gives the command's ``argparse.ArgumentParser`` its description and arguments,
    and the default ``run``: a function of the parsed arguments that returns the exit status. It is imported when the
    command is chosen."""


class Option(NamedTuple):
    """An option of pytest's command line."""

    name: str
    settings: Mapping[str, Any]
    """What ``argparse`` is to make of it."""
    alone: bool = True
    """Whether it may be given in a run that can select none of the chapter's checks, where it has no effect."""


class Chapter(NamedTuple):
    """One chapter of the specification. No dataclass: to import those would take a quarter of ``deployspec --help``.

    ``module:name`` stands for an object in a module that is imported when the object is needed.
    """

    name: str
    """Its marker, and the first word of its checks' ids."""
    sentence: str
    """What its checks make sure of, and where the guide says so."""
    checks: tuple[str, ...] = ()
    """The ids of its checks, without their parameters."""
    only_running: bool = False
    """Whether only the running deployment can keep its promises, whatever files say."""
    in_gate: bool = True
    """Whether a gate asks for it unless it is told otherwise."""
    in_probes: bool = False
    """Whether scheduled probes ask for it unless they are told otherwise."""
    never_alone: tuple[str, ...] = ()
    """The markers of those of its checks that a scheduled run never starts by ``-m`` alone, such as ``load``."""
    markers: Mapping[str, str] = MappingProxyType({})
    """Its further markers, each with its sentence."""
    options: tuple[Option, ...] = ()
    parts: Mapping[str, str] = MappingProxyType({})
    """Its parts of the deployment file: key to ``module:name`` of a ``deployspec.deployment.part.Part``, which is
    imported where a file has the key."""
    schema: Path | None = None
    """A JSON file with the JSON Schema of each part, by key."""
    plugins: tuple[str, ...] = ()
    """Modules with its fixtures and hooks. They are imported in runs that may select one of its checks."""
    keeps: str = ""
    """``module:name`` of a function of the deployment that gives the seconds for which a check may keep it to itself. It
    is asked where the file has one of the chapter's parts."""
    extra: str = ""
    """The extra of the package that brings its libraries; empty where a bare installation has all that it needs."""
    libraries: tuple[str, ...] = ()
    """The modules of that extra which it imports."""
    commands: Mapping[str, Command] = MappingProxyType({})
    """Its commands of the command line, by name."""
    recorded: Mapping[str, str] = MappingProxyType({})
    """What it adds to the run record: key to ``module:name`` of a function of the folder that the processes of a run
    share, which gives a JSON value, or None for nothing."""
    summary: str = ""
    """``module:name`` of a function of the finished run that gives further lines of its summary; empty for none."""
    charts: str = ""
    """``module:name`` of a function of an entry and of what the chapters have added to the run record, which gives the
    entry's charts (``deployspec.model.chart.Chart``); empty where the chapter draws none."""
    compares: str = ""
    """``module:name`` of a function of an earlier run and this one, which gives the figures that both have, as
    ``deployspec.record.baseline.Figure``, and what cannot be compared, each with the reason in a line. Empty for none."""
    digests: Mapping[str, str] = MappingProxyType({})
    """What of its additions to run records reviews are to have at hand without reading them: key, as in ``recorded``, to
    ``module:name`` of a function of the value that gives a smaller JSON value."""
    reviews: str = ""
    """``module:name`` of a function of a week (``deployspec.model.review.Week``), the deployment as its file says (None where
    it has none) and the history of two weeks (``deployspec.record.history.History``), which gives the chapter's sections
    of a review. Empty for none."""
    states_version: str = ""
    """The id of the check whose ``measured`` is the version of the deployment itself. Empty where no check of the chapter
    asks for it."""
    metrics: str = ""
    """``module:name`` of a function of a run that gives what it adds to the metrics of a probe, as
    ``deployspec.model.metrics.Family``: always the same families, whether they have samples or not. It is asked where the
    run has one of the chapter's checks, in a process that has imported nothing else of the chapter. Empty for none."""
    plans: str = ""
    """``module:name`` of a function that says what its checks would do in a run, and does nothing: of pytest's
    configuration, the deployment (None where no check needs one) and the selected checks (id to the values of their
    parameters), it gives ``deployspec.model.plan.Planned``. Empty where the chapter does not say."""
    file: str = ""
    """The name of the file of its checks, which is not read in runs that can select none of them; run records of format 1
    call a check by it. Empty where there is none."""
    old_parameters: Mapping[str, Callable[[str], str]] = MappingProxyType({})
    """By check id: what such a record's parameter is in today's ids, where it differs."""


def lacking(chapter: Chapter) -> str:
    """What this installation lacks for a chapter, in one line that says how to get it; empty where it has all."""
    # Here, because `deployspec --help` needs neither.
    from importlib.util import find_spec

    from deployspec.base.problems import listed

    missing = [name for name in chapter.libraries if find_spec(name) is None]
    if not missing:
        return ""
    are = "is" if len(missing) == 1 else "are"
    return (
        f"{chapter.name} needs {listed(missing, 'and')}, which {are} not installed; "
        f"expected: pip install 'deployspec[{chapter.extra}]'"
    )


def imported(name: str) -> Any:
    """The object that ``module:name`` stands for."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
