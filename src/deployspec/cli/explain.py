"""``deployspec explain``: what a check promises, how that is measured, and what turns it red."""

from __future__ import annotations

import argparse
import difflib
import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from deployspec.app import chapters, sinks
from deployspec.base.errors import UsageError
from deployspec.base.places import Places
from deployspec.base.problems import listed, shown
from deployspec.cli.reading import Told, checks, pages
from deployspec.deployment.schema import Schema, assembled, place_of

_WIDEST = 100
_INDENT = 12
_MOST_COMPARED = 120
"""Characters of an id."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Say what a check promises, where that comes from, its limit, how it is measured, a fault that turns it red, the "
        "keys of the deployment file that change it, what it needs to be selected, and where it stands. Of a finding "
        "that has a name, such as unknown-alert: what it means and what to do."
    )
    parser.add_argument(
        "id",
        metavar="CHECK-ID",
        help="such as health.ok-is-all-parts or logs.lines-are-records[api], or a finding's name",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec explain CHECK-ID``. Raises UsageError for an id that no check or finding has."""
    places = Places(Path())
    known = {check.id: check for check in checks(places)}
    own, bracket, parameter = options.id.partition("[")
    check = known.get(own)
    if check is None:
        findings = pages(places.guides)
        if options.id not in findings:
            raise UsageError(f"found no check {shown(own)}; {_nearest(own, [*known, *findings])}")
        print(findings[options.id])
        return 0
    schema = assembled((chapter.schema for chapter in chapters() if chapter.schema is not None), sinks())
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns) if sys.stdout.isatty() else _WIDEST
    print(options.id if bracket else check.id)
    print(_wrapped(" ".join(filter(None, (check.promise, check.more))), "  ", width))
    print()
    for label, texts in _lines(check, schema, parameter.removesuffix("]")):
        for number, text in enumerate(texts):
            begin = f"{label}:" if number == 0 else ""
            print(_wrapped(text, begin.ljust(_INDENT), width))
    return 0


def _lines(check: Told, schema: Schema, parameter: str) -> Iterator[tuple[str, list[str]]]:
    """Label and texts, each a paragraph."""
    for label in ("Source", "Limit", "Measured", "Fault"):
        if label in check.labelled:
            yield label, [check.labelled[label]]
    if keys := keys_of(check):
        yield "Keys", [described(key, schema) for key in keys]
    needs = [*(["a deployment (--deployment NAME)"] if check.live else []), *check.needs]
    needs += check.needs_of.get(parameter, ())
    of_each = (
        [] if parameter else [f"[{name}]: {', '.join(own)}" for name, own in check.needs_of.items() if own]
    )
    if needs or of_each:
        yield "Needs", [*([", ".join(needs)] if needs else []), *of_each]
    yield "Stands in", [f"{check.file}:{check.line}"]


def keys_of(check: Told) -> list[str]:
    """The keys of the deployment file that change it, dotted."""
    return [key for part in check.labelled.get("Keys", "").split(",") if (key := part.strip())]


def described(key: str, schema: Schema) -> str:
    """A key with its meaning and, where it has one, its default."""
    place = place_of(schema, key) or {}
    default = f" Default: {_written(place['default'])}." if place.get("default") not in (None, {}, []) else ""
    meaning = place.get("description", "")
    return f"{key}: {meaning}{default}" if meaning else key


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _nearest(word: str, known: Iterable[str]) -> str:
    """The ids that were probably meant: those with these letters, else those that are like it."""
    ids = list(known)
    word = word.lower().replace("_", "-")[:_MOST_COMPARED]
    near = [name for name in ids if len(word) > 2 and word in name]
    near = near or difflib.get_close_matches(word, ids, n=3, cutoff=0.5)
    return f"did you mean {listed(near[:3])}?" if near else "expected one of `deployspec list`"


def _wrapped(text: str, begin: str, width: int) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_on_hyphens=False,
        break_long_words=False,
    )
