"""Which checks are selected, written down before the first begins: for workers that die, and runs that are killed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable

import pytest

from deployspec.base.temporary import write_private
from deployspec.plugin.options import chapters_of, is_check, is_worker
from deployspec.plugin.outcomes import promise_of, source_of
from deployspec.plugin.run_folder import is_made, run_folder
from deployspec.plugin.selection import id_of, needs_deployment
from deployspec.record.record import Selected

_FILE = "selected.json"


def selected_in(items: Iterable[pytest.Item]) -> list[Selected]:
    """The checks among the items."""
    return [
        Selected(
            id=id_of(item),
            chapter=chapters_of(item)[0],
            promise=promise_of(item),
            check=item.nodeid,
            source=source_of(item),
            asks=needs_deployment(item),
        )
        for item in items
        if is_check(item)
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker, leave them to the controller, which collects nothing."""
    if not is_worker(session.config):
        return
    path = run_folder(session.config) / _FILE
    if not path.exists():
        # Where another worker has found nothing to do, the run may have ended by now, and the folder with it.
        with contextlib.suppress(FileNotFoundError):
            write_private(path, selected_in(session.items))


def selected_by_workers(config: pytest.Config) -> list[Selected]:
    """The checks that the workers have collected; empty where they have collected none."""
    with contextlib.suppress(OSError, ValueError):
        if is_made(config):
            return [Selected(*row) for row in json.loads((run_folder(config) / _FILE).read_text())]
    return []
