"""``deployspec load report``: print a load run's result."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from deployspec.base.bounded import content_of
from deployspec.base.errors import UsageError

_LARGEST = 256 * 1024 * 1024
"""Bytes of a file: a run record with a load run of many hours."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    of_load = parser.add_subparsers(title="commands", dest="load_command", metavar="COMMAND", required=True)
    report = of_load.add_parser(
        "report",
        help="print the result of a load run",
        description="Print the result of a load run: each kind of request, what failed and why, percentiles, and how "
        "well the generator kept its schedule.",
    )
    report.add_argument(
        "file", metavar="FILE", help="a run record with a load run, or the result alone (JSON)"
    )
    report.add_argument("--format", choices=("text", "json"), default="text", help="of the report (text)")
    report.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec load report FILE``."""
    from deployspec.chapters.slo.load.result import LoadResult
    from deployspec.chapters.slo.report import as_text

    document = _result_in(_read(options.file), options.file)
    try:
        result = LoadResult.from_document(document)
        text = as_text(result)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UsageError(
            f"{options.file}: found a load result that cannot be read ({type(error).__name__}: {error}); expected one "
            "that this version of deployspec has written"
        ) from None
    print(
        json.dumps(document, indent=1) if options.format == "json" else text,
        end="\n" * (options.format == "json"),
    )
    return 0


def _read(file: str) -> Any:
    try:
        return json.loads(content_of(Path(file), _LARGEST))
    except FileNotFoundError:
        raise UsageError(f"{file}: found no such file; expected a run record") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}; expected a run record") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{file}: found what is not JSON; expected a run record, or a load result") from None


def _result_in(document: Any, file: str) -> Any:
    from deployspec.chapters.slo.load.result import FORMATS

    kind = document.get("format") if isinstance(document, dict) else None
    if kind in FORMATS:
        return document
    if str(kind).startswith("deployspec.run/"):
        if document.get("load") is None:
            raise UsageError(
                f"{file}: found a run record without a load run; expected one of a run with -m slo"
            )
        return document["load"]
    raise UsageError(f"{file}: found JSON that is not a load result; expected a run record, or a load result")
