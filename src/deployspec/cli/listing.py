"""``deployspec list``: the checks, by chapter; or what is selected for a deployment, and what is not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from deployspec.app import chapters
from deployspec.base.errors import UsageError
from deployspec.base.own_chapters import own_chapters
from deployspec.base.places import Places
from deployspec.base.problems import did_you_mean, listed, shown
from deployspec.cli.reading import checks, sentence

_WIDEST_ID = 48
"""Characters. A longer id moves its own text alone."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "List the checks, each with its promise. With --deployment: which of them are selected for it, one for each "
        "thing that they look at, and which are not, with what they would need. Nothing is sent to the deployment."
    )
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help="list these chapters alone, such as health"
    )
    parser.add_argument(
        "--deployment", metavar="NAME", help="a file in deployments/ without its suffix, or a path"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the list (text)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec list [CHAPTER…]``. Raises UsageError for an unknown chapter."""
    places = Places(Path.cwd())
    known = {chapter.name: chapter.sentence for chapter in chapters()} | own_chapters(places.project)
    for name in options.chapters:
        if name not in known:
            near = did_you_mean(name, known)
            raise UsageError(f"found no chapter {shown(name)}; expected {listed(known)}{near}")
    if options.deployment is not None:
        return _of_deployment(options, places)
    found = [check for check in checks(Places(Path())) if check.chapter in (options.chapters or known)]
    if options.format == "json":
        told = [{"id": check.id, "chapter": check.chapter, "promise": check.promise} for check in found]
        print(json.dumps({"checks": told}, indent=2, ensure_ascii=False))
        return 0
    for number, name in enumerate(dict.fromkeys(check.chapter for check in found)):
        print(*([""] if number else []), f"{name}: {known[name]}", sep="\n" if number else "")
        _print_table((check.id, check.first_sentence) for check in found if check.chapter == name)
    return 0


def _of_deployment(options: argparse.Namespace, places: Places) -> int:
    """What pytest would select. Raises UsageError, with what pytest says, where it cannot tell."""
    from deployspec.cli.check import pytest_arguments
    from deployspec.cli.collecting import collected

    # With `=`: pytest would look for its settings beside a path that stands alone.
    said = ["--quiet", "-p", "no:cacheprovider", f"--deployment={options.deployment}"]
    said += ["-m", " or ".join(options.chapters)] if options.chapters else []
    found = collected(pytest_arguments(said, places))
    # Only now: pytest itself has to import our plugin first.
    from deployspec.plugin.options import is_check
    from deployspec.plugin.outcomes import promise_of
    from deployspec.plugin.selection import id_of

    selected = [(id_of(item), promise_of(item)) for item in found.items if is_check(item)]
    if options.format == "json":
        told = [{"id": own, "selected": True, "promise": promise} for own, promise in selected]
        told += [{"id": own, "selected": False, "needs": part} for own, part in found.not_described.items()]
        print(json.dumps({"deployment": options.deployment, "checks": told}, indent=2, ensure_ascii=False))
        return 0
    print(f"selected for {options.deployment}: {len(selected)}")
    _print_table((own, sentence(promise)) for own, promise in selected)
    if found.not_described:
        print(f"\nnot selected: {len(found.not_described)}")
        _print_table((own, f"needs {part}") for own, part in found.not_described.items())
    return 0


def _print_table(rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    width = min(_WIDEST_ID, max((len(name) for name, _ in rows), default=0))
    for name, text in rows:
        print(f"  {name:{width}}  {text}")
