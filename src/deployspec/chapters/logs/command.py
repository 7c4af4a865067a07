"""``deployspec logs``: judge every line of any log, without a deployment."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from deployspec.base.duration import parse_duration
from deployspec.base.errors import UsageError
from deployspec.base.places import Places
from deployspec.chapters.logs.judge.model import LEVELS, LogPromise
from deployspec.chapters.logs.names import Fields

if TYPE_CHECKING:
    from deployspec.chapters.logs.measure.measuring import Progress
    from deployspec.chapters.logs.measure.source import Source

SCHEMA = Path("schemas", "log-record.schema.json")
_MOST_WORKERS = 4
_MOST_PLACES = 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Judge every line: one strict JSON object that fits the schema, its level, its time, no secret, no stack trace "
        "over many lines. Exit status 0 if all lines were read and nothing was found, else 1."
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a file or a pattern; - for standard input; KIND:ADDRESS, such as 'command:docker compose logs api'",
    )
    one, repeatable = parser.add_argument, partial(parser.add_argument, action="append", default=[])
    one("--format", choices=("text", "json"), default="text", help="of the report (text)")
    one(
        "--first",
        type=partial(_between, 0, _MOST_PLACES),
        default=3,
        metavar="N",
        help="how many places of each reason to show (3)",
    )
    one("--schema", metavar="FILE", help=f"the JSON Schema of a record (the project's {SCHEMA.as_posix()})")
    for kind in ("logger", "event"):
        repeatable(
            f"--{kind}-schema",
            type=_pair,
            metavar="NAME=FILE",
            help=f"a further JSON Schema for the records of one {kind}; repeatable",
        )
    repeatable(
        "--field",
        type=_pair,
        metavar="NAME=CALLED",
        help="what the records call their timestamp, level, logger, message, request_id or event; repeatable",
    )
    repeatable(
        "--level",
        metavar="LEVEL",
        help=f"a level; repeat it for each level, in ascending order ({', '.join(LEVELS)})",
    )
    one("--log-level", metavar="LEVEL", help="the lowest level that may be logged")
    one(
        "--errors-only",
        action="store_true",
        help="this is an error log: nothing below --error-level belongs in it",
    )
    one("--error-level", default="ERROR", metavar="LEVEL", help="the lowest level of an error (ERROR)")
    repeatable(
        "--request-scoped",
        metavar="LOGGER",
        help="a logger whose records all have a request id; NAME.* stands for all loggers below NAME; repeatable",
    )
    one("--prefix", metavar="REGEX", help="what a command prints before each record (a regular expression)")
    one("--timeout", type=_duration, metavar="DURATION", help="the time limit of a command (1m)")
    repeatable("--allow", metavar="REGEX", help="what is not a secret; repeatable")
    one("--no-secrets", action="store_true", help="do not look for secrets and personal data")
    one(
        "--workers",
        type=partial(_between, 1, 64),
        metavar="N",
        help="how many processes judge (one for each processor, at most 4)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec logs FILE…``."""
    from deployspec.chapters.logs.judge.secrets import AllowListError
    from deployspec.chapters.logs.judge.verdicts import outcome_of
    from deployspec.chapters.logs.measure.measuring import measure
    from deployspec.chapters.logs.measure.promises import schema_of
    from deployspec.chapters.logs.part import LogSchemas
    from deployspec.chapters.logs.report import as_json, as_text
    from deployspec.languages.json_schema import SchemaUnusableError
    from deployspec.model.verdict import Outcome, Unmeasured

    named = Path(options.schema) if options.schema else None
    path = named or _project_schema()
    source = _source(options)
    fields = _fields(options.field)
    levels = tuple(options.level or LEVELS)
    for option in ("log_level", "error_level") if options.errors_only else ("log_level",):
        if (level := getattr(options, option)) is not None and level not in levels:
            raise UsageError(f"--{option.replace('_', '-')}: {level} is not one of {', '.join(levels)}")
    schemas = LogSchemas(
        *(
            {name: Path(file) for name, file in pairs}
            for pairs in (options.logger_schema, options.event_schema)
        )
    )
    try:
        promise = LogPromise(
            schema=schema_of(named, path, schemas, fields, levels),
            fields=fields,
            levels=levels,
            log_level=options.log_level,
            error_level=options.error_level,
            errors_only=options.errors_only,
            request_scoped=tuple(options.request_scoped),
            secrets=not options.no_secrets,
            allowed=tuple(options.allow),
            kept=options.first,
        )
        workers = options.workers or min(_MOST_WORKERS, os.cpu_count() or 1)
        with _bar(source) as progress:
            report = measure(source, promise, workers=workers, progress=progress)
    except SchemaUnusableError as error:
        raise UsageError(f"{path}: {error}") from None
    except Unmeasured as error:
        raise UsageError(str(error)) from None
    except AllowListError as error:
        raise UsageError(f"--allow: {error}") from None
    outcome = outcome_of(report, may_be_empty=options.errors_only)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if options.format == "json":
        print(json.dumps(as_json(report, outcome, source.label), indent=2, ensure_ascii=False))
    else:
        print(as_text(report, outcome, source.label), end="")
    return 0 if outcome is Outcome.MET else 1


def _source(options: argparse.Namespace) -> Source:
    from deployspec.chapters.logs.measure.sources import kinds, source_of
    from deployspec.chapters.logs.measure.sources.command import CommandSource
    from deployspec.chapters.logs.measure.sources.files import FilesSource
    from deployspec.chapters.logs.measure.sources.stdin import StdinSource

    files: list[str] = options.files
    if len(files) == 1 and files[0].partition(":")[0] in kinds():
        source: Source = source_of(files[0])
        if isinstance(source, CommandSource):
            limit = source.timeout if options.timeout is None else options.timeout
            return CommandSource(source.words, prefix=options.prefix, timeout=limit)
    elif "-" not in files:
        source = FilesSource(files)
    elif len(files) > 1:
        raise UsageError("- (standard input) together with files; expected one or the other")
    else:
        source = StdinSource()
    for option in ("prefix", "timeout"):
        if getattr(options, option) is not None:
            raise UsageError(f"--{option}: only for 'command:…'")
    return source


def _project_schema() -> Path:
    """The schema of the project that we are in, or of which this library is a part."""
    here = Path.cwd()
    found = (folder / SCHEMA for folder in (here, *here.parents) if (folder / SCHEMA).is_file())
    return next(found, Places(here).log_record_schema)


def _fields(pairs: list[tuple[str, str]]) -> Fields:
    known = asdict(Fields())
    for name, _ in pairs:
        if name not in known:
            raise UsageError(f"--field {name}: expected one of {', '.join(known)}")
    return Fields(**dict(pairs))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value


def _duration(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _between(least: int, most: int, text: str) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from {least} to {most}")
    return int(text)


@contextmanager
def _bar(source: Source) -> Iterator[Progress | None]:
    """A progress bar for what takes more than a second, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread: progress is told often enough
    began = monotonic()
    with tqdm(
        desc=source.label[:40], unit="B", unit_scale=True, leave=False, delay=1, file=sys.stderr
    ) as bar:

        def show(done: int, total: int | None, lines: int) -> None:
            bar.total = total
            bar.set_postfix_str(f"{lines / max(monotonic() - began, 1e-3):,.0f} lines/s", refresh=False)
            bar.update(done - bar.n)

        yield show
