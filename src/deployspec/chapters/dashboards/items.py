"""The items of the chapter dashboards: one for each file, each query, and each movement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.chapters.dashboards.part import DASHBOARDS
from deployspec.plugin.deployments import is_asked, obtain
from deployspec.plugin.items import NONE, load_early, parameter, parametrize

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.model import File, Item
    from deployspec.chapters.dashboards.part import Dashboards

_READ: pytest.StashKey[Read] = pytest.StashKey()


@dataclass(frozen=True)
class Nothing:
    """Stands where there is nothing to look at; the check is UNMEASURED for this reason."""

    reason: str


@dataclass(frozen=True)
class Read:
    """The dashboards of a run, as their files say."""

    part: Dashboards
    files: list[File]
    trouble: dict[str, str]
    """The patterns in whose place there is no file, each with why."""
    items: list[Item]


def read_of(config: pytest.Config) -> Read | None:
    """The dashboards of this run, read at the first call; None where none are named."""
    if config.stash.get(_READ, None) is None:
        from deployspec.chapters.dashboards.measure.files import files_of, items_of

        part = obtain(config).get(DASHBOARDS)
        if part is None:
            return None
        files, trouble = files_of(part)
        config.stash[_READ] = Read(part, files, trouble, items_of(files, part))
    return config.stash[_READ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the deployment before items are made of it: here a faulty one still ends the run with status 4."""
    load_early(session.config, {"dashboards"})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item for each thing that a check looks at."""
    parametrize(metafunc, _MADE, _parameters)


def _parameters(name: str, config: pytest.Config) -> Iterator[Any]:
    read = read_of(config) if is_asked(config) else None
    if read is None:
        yield parameter(missing="dashboards" if is_asked(config) else "")
        return
    if name == "dashboard_movement":
        made = [(one.name, one) for one in read.part.movement]
        yield from (
            [parameter(one, name=own) for own, one in made] or [parameter(missing="dashboards.movement")]
        )
    elif name == "dashboard_file":
        for file in read.files:
            yield parameter(file, name=file.path)
        for pattern, why in read.trouble.items():
            yield parameter(Nothing(f"{pattern}: {why}"), name=pattern)
    else:
        reason = "no dashboard that could be read has a query to this deployment's Prometheus"
        yield from (
            [parameter(item, name=item.id) for item in read.items] or [parameter(Nothing(reason), name=NONE)]
        )


_MADE = ("dashboard_file", "dashboard_query", "dashboard_movement")
"""The fixtures that items are made of."""
