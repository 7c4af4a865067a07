"""``deployspec list``: the checks, by chapter; or what is selected for a deployment, and what is not."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.app import chapters
from deployspec.base.errors import UsageError
from deployspec.base.places import Places
from deployspec.base.problems import did_you_mean, listed, shown
from deployspec.cli.reading import checks, own_chapters, sentence

if TYPE_CHECKING:
    import pytest

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
    """What pytest would select; its exit status where it cannot tell, after what it says itself."""
    import pytest

    from deployspec.cli.check import pytest_arguments

    seen = _Seen()
    # With `=`: pytest would look for its settings beside a path that stands alone.
    said = ["--collect-only", "--quiet", "-p", "no:cacheprovider", f"--deployment={options.deployment}"]
    said += ["-m", " or ".join(options.chapters)] if options.chapters else []
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = pytest.main(pytest_arguments(said, places), plugins=[seen])
    # Where nothing is selected, that is the answer.
    if not seen.is_told or status not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        sys.stderr.write((errors.getvalue() or output.getvalue()).strip().removeprefix("ERROR: ") + "\n")
        return int(status) or int(pytest.ExitCode.INTERNAL_ERROR)
    if options.format == "json":
        told = [{"id": own, "selected": True, "promise": promise} for own, promise in seen.selected]
        told += [{"id": own, "selected": False, "needs": part} for own, part in seen.not_described.items()]
        print(json.dumps({"deployment": options.deployment, "checks": told}, indent=2, ensure_ascii=False))
        return 0
    print(f"selected for {options.deployment}: {len(seen.selected)}")
    _print_table((own, sentence(promise)) for own, promise in seen.selected)
    if seen.not_described:
        print(f"\nnot selected: {len(seen.not_described)}")
        _print_table((own, f"needs {part}") for own, part in seen.not_described.items())
    return 0


class _Seen:
    """A pytest plugin that keeps what a run would select."""

    def __init__(self) -> None:
        self.is_told = False
        self.selected: Sequence[tuple[str, str]] = ()
        """Id and promise."""
        self.not_described: dict[str, str] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask for the selection, and boot nothing for it."""
        import pytest

        from deployspec.plugin.deployments import named, provided_names
        from deployspec.plugin.selection import LISTED

        if named(config) in provided_names(config):
            raise pytest.UsageError(
                f"found the deployment {named(config)}, which is booted for a run and has no file until then; expected one "
                "with a file"
            )
        config.stash[LISTED] = True

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep it."""
        from deployspec.plugin.options import is_check
        from deployspec.plugin.outcomes import promise_of
        from deployspec.plugin.selection import SELECTION, id_of

        self.is_told = True
        self.selected = [(id_of(item), promise_of(item)) for item in session.items if is_check(item)]
        self.not_described = session.config.stash[SELECTION].not_described


def _print_table(rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    width = min(_WIDEST_ID, max((len(name) for name, _ in rows), default=0))
    for name, text in rows:
        print(f"  {name:{width}}  {text}")
