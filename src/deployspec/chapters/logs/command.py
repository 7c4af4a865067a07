"""``deployspec logs``: judge every line of any log, without a deployment."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from deployspec.base.arguments import duration
from deployspec.base.disclosure import hide, nothing
from deployspec.base.errors import UsageError
from deployspec.base.places import Places
from deployspec.base.problems import Problems, listed
from deployspec.base.secret import Finder
from deployspec.chapters.logs.form import EVERY_RECORD, Fields
from deployspec.chapters.logs.formats import FORMATS
from deployspec.chapters.logs.judge.model import LEVELS
from deployspec.chapters.logs.part import LogSchemas
from deployspec.chapters.logs.times import NAMES
from deployspec.deployment import Check, Steps

if TYPE_CHECKING:
    from deployspec.chapters.logs.measure.measuring import Progress
    from deployspec.chapters.logs.measure.source import Source
    from deployspec.chapters.logs.part import LogSource
    from deployspec.deployment import Deployment

SCHEMA = Path("schemas", "log-record.schema.json")
_MOST_WORKERS = 4
_MOST_PLACES = 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Judge every line: one record that fits the schema (a strict JSON object, unless --format says otherwise), its "
        "level, its time, no secret, no stack trace over many lines. Exit status 0 if all lines were read and nothing was "
        "found, else 1."
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a file or a pattern; - for standard input; KIND:ADDRESS, such as 'command:docker compose logs api'",
    )
    one, repeatable = parser.add_argument, partial(parser.add_argument, action="append", default=[])
    one(
        "--deployment",
        metavar="NAME",
        help="read what a deployment's file says, by its promises; with --source",
    )
    one("--source", metavar="NAME", help="which of the deployment's log sources")
    one("--output", choices=("text", "json"), default="text", help="of the report (text)")
    one(
        "--first",
        type=partial(_between, 0, _MOST_PLACES),
        default=3,
        metavar="N",
        help="how many places of each reason to show (3)",
    )
    said = parser.add_argument_group("what the deployment file says of a log source, in the same words")
    one, repeatable = said.add_argument, partial(said.add_argument, action="append", default=[])
    one(
        "--format",
        type=_listed,
        metavar="NAME",
        help=f"how the records are written ({', '.join(FORMATS)}); docker or cri before it, as in docker,pino",
    )
    one("--prefix", type=_regex, metavar="REGEX", help="what stands before each record")
    one(
        "--pattern",
        type=_regex,
        metavar="REGEX",
        help="a whole line of text; its named groups are the fields",
    )
    one(
        "--continuation",
        type=_regex,
        metavar="REGEX",
        help="how a line begins that belongs to the record before it",
    )
    repeatable(
        "--field",
        type=_pair,
        metavar="NAME=WHERE",
        help="where the records say their timestamp, level, logger, message, request_id or event: a name, a dotted "
        "path, a JSON pointer; null: nowhere; repeatable",
    )
    one(
        "--levels",
        type=_levels,
        metavar="LEVEL,…",
        help=f"the levels in ascending order ({','.join(LEVELS)}); or what the records say for them: 30=INFO,40=WARNING",
    )
    repeatable(
        "--time-format",
        metavar="FORMAT",
        help=f"{', '.join(NAMES)}, or a pattern of strptime; repeatable: one of them fits",
    )
    one("--time-zone", metavar="ZONE", help="of times that say none: UTC, +02:00, Europe/Berlin")
    one("--schema", metavar="FILE", help="the JSON Schema of a record (that of the format, or the project's)")
    for kind in ("logger", "event"):
        repeatable(
            f"--{kind}-schema",
            type=_pair,
            metavar="NAME=FILE",
            help=f"a further JSON Schema for the records of one {kind}; repeatable",
        )
    one("--log-level", metavar="LEVEL", help="the lowest level that may be logged")
    one(
        "--errors-only",
        action="store_true",
        help="this is an error log: nothing below --error-level belongs in it",
    )
    one("--error-level", metavar="LEVEL", help="the lowest level of an error (the one that is called ERROR)")
    repeatable(
        "--request-scoped",
        metavar="LOGGER",
        help="a logger whose records all have a request id; NAME.* stands for all loggers below NAME, * for every "
        "record; repeatable",
    )
    one("--timeout", type=duration, metavar="DURATION", help="the time limit of a command (1m)")
    repeatable("--allow", type=_regex, metavar="REGEX", help="what is not a secret; repeatable")
    repeatable(
        "--personal-data",
        choices=("iban", "phone", "ip"),
        help="what else is personal data; repeatable",
    )
    one = parser.add_argument
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
    from deployspec.chapters.logs.measure.promises import promise_of_lines, source_to_read
    from deployspec.chapters.logs.report import as_json, as_text
    from deployspec.languages.json_schema import SchemaUnusableError
    from deployspec.model.verdict import Outcome, Unmeasured

    if options.deployment is None:
        if options.source is not None or not options.files:
            raise UsageError("found no FILE; expected a file, or --deployment NAME --source NAME")
        log_source, source = _described(options), _source(options)
    else:
        log_source = _of_deployment(options)
        source = source_to_read(log_source)
    schema = log_source.schema or _project_schema()
    try:
        promise = promise_of_lines(log_source, schema, keep_errors=False)
        promise = replace(
            promise,
            errors_only=bool(log_source.errors_of) or options.errors_only,
            secrets=not options.no_secrets,
            kept=options.first,
        )
        workers = options.workers or min(_MOST_WORKERS, os.cpu_count() or 1)
        with _bar(source) as progress:
            report = measure(source, promise, workers=workers, progress=progress)
    except SchemaUnusableError as error:
        raise UsageError(f"{schema}: {error}") from None
    except (Unmeasured, AllowListError) as error:
        raise UsageError(str(error)) from None
    finally:
        hide(nothing)
    outcome = outcome_of(report, may_be_empty=promise.errors_only)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if options.output == "json":
        print(json.dumps(as_json(report, outcome, source.label), indent=2, ensure_ascii=False))
    else:
        print(as_text(report, outcome, source.label), end="")
    return 0 if outcome is Outcome.MET else 1


def _of_deployment(options: argparse.Namespace) -> LogSource:
    """The source that a deployment's file describes."""
    from deployspec.chapters.logs.part import LOGS

    if said := [name for name in _OF_SOURCE if getattr(options, name)]:
        raise UsageError(
            f"found --{said[0].replace('_', '-')} beside --deployment, whose file says it; expected one of them"
        )
    if options.files:
        raise UsageError("found a FILE beside --deployment; expected --source NAME, one of its log sources")
    deployment: Deployment = options.deployment_named(options.deployment)
    sources = {source.name: source for source in deployment.get(LOGS) or ()}
    if not sources:
        raise UsageError(f"{deployment.path}: found no logs; expected log sources to read")
    if options.source not in sources:
        raise UsageError(f"--source: found {options.source or 'nothing'}; expected {listed(list(sources))}")
    hide(Finder(deployment.secrets()), deployment.secret_variables)
    return sources[options.source]


_OF_SOURCE = (
    "format", "prefix", "pattern", "continuation", "field", "levels", "time_format", "time_zone", "schema",
    "logger_schema", "event_schema", "log_level", "errors_only", "error_level", "request_scoped", "timeout", "allow",
    "personal_data",
)  # fmt: skip
"""The options that stand for what a deployment file says."""


class _Options(Check):
    """Wrong options are said at once, and by their names."""

    def shown(self, path: Steps, default: str) -> str:
        """What was said."""
        said: Any = self.values.data
        for step in path:
            try:
                said = said[step]
            except (LookupError, TypeError):
                return default
        return str(said)

    def add(self, path: Steps, found: str, expected: str) -> None:
        """Raise what is wrong."""
        key = next(
            (step for step in reversed(path) if isinstance(step, str) and step in self.values.data), ""
        )
        option = f"--{key.replace('_', '-')}: " if key else ""
        raise UsageError(f"{option}found {found}; expected {expected}")


def _described(options: argparse.Namespace) -> LogSource:
    """The source that the options describe, as a deployment file would."""
    from deployspec.chapters.logs import formats, part
    from deployspec.deployment.values import Values

    words = ("format", "prefix", "pattern", "continuation", "levels", "time_format", "time_zone", "log_level")
    said = {
        name: getattr(options, name)
        for name in (*words, "error_level", "personal_data")
        if getattr(options, name)
    }
    fields = dict(options.field)
    for name in fields:
        if name not in (known := asdict(Fields())):
            raise UsageError(f"--field {name}: expected one of {', '.join(known)}")
    said["fields"] = {name: None if where == "null" else where for name, where in fields.items()}
    if options.request_scoped:
        said["request_scoped"] = True if EVERY_RECORD in options.request_scoped else options.request_scoped
    data = formats.described(said, {"name": "", "timeout": "1m", **said})
    check = _Options(Values({**said, "field": fields}), Problems(""))
    part.check_reading(check, (), data)
    if options.errors_only:
        part.check_errors(check, (), data)
    schemas = ("logger", options.logger_schema), ("event", options.event_schema)
    return replace(
        part.source_of_data(data, Path.cwd()),
        schema=Path(options.schema) if options.schema else None,
        schemas=LogSchemas(**{kind: {name: Path(file) for name, file in pairs} for kind, pairs in schemas}),
        allow_secrets=tuple(options.allow),
    )


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
            return CommandSource(source.words, timeout=limit)
    elif "-" not in files:
        source = FilesSource(files)
    elif len(files) > 1:
        raise UsageError("- (standard input) together with files; expected one or the other")
    else:
        source = StdinSource()
    if options.timeout is not None:
        raise UsageError("--timeout: only for 'command:…'")
    return source


def _project_schema() -> Path:
    """The schema of the project that we are in, or of which this library is a part."""
    here = Path.cwd()
    found = (folder / SCHEMA for folder in (here, *here.parents) if (folder / SCHEMA).is_file())
    return next(found, Places(here).log_record_schema)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value


def _listed(text: str) -> list[str]:
    return text.split(",")


def _levels(text: str) -> list[str] | dict[str, str]:
    words = text.split(",")
    if "=" not in text:
        return words
    return dict(map(_pair, words))


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r}: not a regular expression: {error}") from None
    return text


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
