"""``deployspec runs``: the store of runs, listed, shown, pruned, and filled with records of elsewhere."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.app import chapters, deployment_named
from deployspec.base.arguments import count, folder
from deployspec.base.errors import UsageError
from deployspec.base.moments import written
from deployspec.base.places import Places
from deployspec.base.shown import counted, one_line, printable
from deployspec.cli import USAGE
from deployspec.model.chapter import imported
from deployspec.record.store import LATEST, Store, read, store_of

if TYPE_CHECKING:
    from deployspec.record.history import Row
    from deployspec.record.record import Run

_LIMIT = 20
_SCHEMA = Path(__file__).parents[1] / "schemas/run-record.schema.json"
_MEGABYTE = 1_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and its own commands."""
    parser.description = (
        "The store of runs: the record of each run that names a deployment, by default in the state folder."
    )
    commands = parser.add_subparsers(title="commands", dest="runs_command", metavar="COMMAND", required=True)
    _add(commands, "list", _list, "list the runs of a deployment, the newest first", required=True)
    _add(commands, "show", _show, "print a run's summary, or its record")
    _add(commands, "prune", _prune, "remove now what is too old or too much", required=True)
    _add(commands, "import", _import, "put run records of elsewhere into the store, each once")
    commands.choices["list"].add_argument(
        "--limit", type=count, default=_LIMIT, metavar="N", help=f"how many, at most 1000 ({_LIMIT})"
    )
    commands.choices["show"].add_argument(
        "record", metavar="RUN", help=f"an id, how one begins, {LATEST}, or a path"
    )
    commands.choices["import"].add_argument(
        "paths", nargs="+", metavar="PATH", help="a run record, or a folder with some (*.json)"
    )
    for name in ("list", "show"):
        commands.choices[name].add_argument(
            "--format", choices=("text", "json"), default="text", help="of what is printed (text)"
        )


def _add(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], help_: str, *, required: bool = False
) -> None:
    parser = commands.add_parser(name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
    if name != "import":
        parser.add_argument("--deployment", metavar="NAME", required=required, help="whose runs")
    parser.add_argument(
        "--state",
        type=folder,
        metavar="DIR",
        help="the state folder, whose runs/ is the store (default: as for a run)",
    )
    parser.set_defaults(run=_told(run))


def _told(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The same, with one clear error where the store cannot be used."""

    def told(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise UsageError(
                f"the store of runs cannot be used: {error}; expected another --state DIR"
            ) from None

    return told


def _store(
    deployment: str | None, state: Path | None, *, needs_file: bool = False
) -> tuple[Store, str | None]:
    """Where the runs of a deployment are kept, and its name there. Raises DeployspecError where its file is faulty.

    One without a file has had runs all the same, where it was booted for them, or is a project's elsewhere.
    """
    from deployspec.deployment import names_in
    from deployspec.deployment.push import RUNS

    files = Places(Path()).deployments
    if deployment is None or not (needs_file or _is_path(deployment) or deployment in names_in(files)):
        return store_of(None, state, os.environ), deployment
    found = deployment_named(deployment)
    return store_of(found.get(RUNS), state, os.environ), found.name


def _is_path(deployment: str) -> bool:
    return "/" in deployment or deployment.endswith((".yaml", ".yml"))


def _list(options: argparse.Namespace) -> int:
    """``deployspec runs list --deployment NAME``."""
    from deployspec.record.index import Index

    store, name = _store(options.deployment, options.state)
    found = Index(store, chapters()).rows(name or "", options.limit)
    for path, why in found.damaged:
        print(f"{path}: {why}: skipped", file=sys.stderr)
    if options.format == "json":
        print(json.dumps({"deployment": name, "runs": [_document(row) for row in found.rows]}, indent=1))
    elif not found.rows:
        there = [one for one in store.deployments() if any(store.runs(one))]
        others = f"; there are runs of {', '.join(there)}" if there else ""
        print(f"no runs of {printable(name or '')} in {store.folder}{others}")
    else:
        for line in _columns(
            [("began", "kind", "location", "exit", "id", "verdicts"), *map(_columns_of, found.rows)]
        ):
            print(line)
    return 0


def _document(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "location": row.location,
        "started": written(row.started),
        "finished": None if row.finished is None else written(row.finished),
        "exit_status": row.exit_status,
        "cut_short": row.cut_short,
        "maintenance": row.maintenance,
        "counts": row.counts,
        "path": str(row.path),
    }


def _columns_of(row: Row) -> tuple[str, ...]:
    counts = row.counts
    said = [f"{counts[word]} {word}" for word in ("MET", "BREACHED", "UNMEASURED") if counts[word]] or [
        "no check ran"
    ]
    said += [row.cut_short] if row.cut_short else []
    said += [f"in maintenance ({row.maintenance})"] if row.maintenance else []
    status = "-" if row.exit_status is None else str(row.exit_status)
    began = f"{written(row.started)[:19]}Z"
    return began, row.kind, row.location or "-", status, row.id, printable(", ".join(said))


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _show(options: argparse.Namespace) -> int:
    """``deployspec runs show RUN``."""
    from deployspec.outputs.terminal import summary

    if "/" in options.record or options.record.endswith((".json", ".part")):
        path = Path(options.record)
    else:
        store, name = _store(options.deployment, options.state)
        path = store.find(options.record, name)
    run = read(path, chapters())
    if options.format == "json":
        print(json.dumps(run.document(), ensure_ascii=False, indent=1))
        return 0
    at = f" at {run.location}" if run.location else ""
    print(printable(f"{run.kind}{at}, begun {run.started}, {_end_of(run)}; id {run.id or 'none'}"))
    more = [line for chapter in chapters() if chapter.summary for line in imported(chapter.summary)(run)]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in summary(run, width, more):
        print(printable(line.text))
    print(f"run record: {path}")
    return 0


def _end_of(run: Run) -> str:
    if run.exit_status is None:
        return "not finished"
    return f"finished {run.finished}, exit status {run.exit_status}"


def _prune(options: argparse.Namespace) -> int:
    """``deployspec runs prune --deployment NAME``: only its file says how long its runs are to be kept."""
    store, name = _store(options.deployment, options.state, needs_file=True)
    gone = store.prune(name or "")
    left = [kept.path.stat().st_size for kept in store.runs(name)]
    print(
        f"removed {counted(len(gone), 'record')}"
        + (f", begun from {_began(gone[-1])} to {_began(gone[0])}" if gone else "")
    )
    print(
        f"{counted(len(left), 'record')} of {name} left, {sum(left) / _MEGABYTE:,.1f} MB, in {store.folder}"
    )
    return 0


def _began(path: Path) -> str:
    return f"{path.parent.name}T{path.name[:2]}:{path.name[2:4]}:{path.name[4:6]}Z"


def _import(options: argparse.Namespace) -> int:
    """``deployspec runs import PATH…``."""
    stores: dict[str, tuple[Store, str, set[str]]] = {}
    taken = there = refused = 0
    for path in _files_in(options.paths):
        try:
            run = _importable(path)
        except UsageError as error:
            print(error, file=sys.stderr)
            refused += 1
            continue
        if run.deployment not in stores:
            store, name = _store(run.deployment, options.state)
            stores[run.deployment] = store, name or "", {kept.id for kept in store.runs(name)}
        store, name, ids = stores[run.deployment]
        if run.id in ids:
            there += 1
            continue
        try:
            print(f"{path}: {store.add(replace(run, deployment=name))}")
        except ValueError as error:
            print(f"{path}: found {error}; expected a run record", file=sys.stderr)
            refused += 1
            continue
        ids.add(run.id)
        taken += 1
    print(f"taken: {taken}; there already: {there}; refused: {refused}")
    return USAGE if refused else 0


def _files_in(paths: Sequence[str]) -> Iterator[Path]:
    for said in paths:
        path = Path(said)
        found = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not found:
            raise UsageError(f"{path}: found no file that ends in .json; expected run records")
        yield from found


def _importable(path: Path) -> Run:
    """A run from elsewhere, with an id. Raises UsageError where it is none, or has no place in the store."""
    run = read(path, chapters())
    if not run.deployment:
        raise UsageError(f"{path}: found a run that names no deployment; expected one that does")
    if _is_path(run.deployment):
        # Whoever wrote the record does not say which file is to be read here.
        raise UsageError(f"{path}: found a path as the name of its deployment; expected a name")
    document = {"load": None, **run.document()}
    if not run.id:
        document["id"] = run.id = _derived(document)
    error = next(iter(_validator().iter_errors(document)), None)
    if error is not None:
        where = "/".join(map(str, error.instance_path)) or "the record"
        raise UsageError(
            f"{path}: found that {where} is wrong: {one_line(str(error.message))}; expected a run record"
        )
    return run


def _derived(document: dict[str, Any]) -> str:
    """The id of a run of before there were any: the same each time it is imported."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(document, sort_keys=True)))


@lru_cache
def _validator() -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(json.loads(_SCHEMA.read_bytes()), validate_formats=True)
