"""``deployspec completion``: scripts by which a shell completes what is typed, and what they call."""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from deployspec.app import chapters
from deployspec.base.errors import DeployspecError
from deployspec.base.places import Places
from deployspec.cli import parser_for

_SCRIPTS = {
    "bash": """\
_deployspec() {
    local IFS=$'\\n'
    COMPREPLY=($("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _deployspec deployspec
""",
    "zsh": """\
#compdef deployspec
_deployspec() {
    local -a found
    found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _deployspec deployspec
""",
    "fish": """\
function __deployspec_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..] 2>/dev/null
end
complete -c deployspec -a '(__deployspec_complete)'
""",
}
_HOW = """\
examples:
  source <(deployspec completion bash)                                in ~/.bashrc
  source <(deployspec completion zsh)                                 in ~/.zshrc, after compinit
  deployspec completion fish > ~/.config/fish/completions/deployspec.fish
"""
_OF_PYTEST = ("-m", "-k", "-n", "--collect-only", "--junitxml", "--help")
"""The options of pytest that a person types after ``deployspec check``."""
_OURS = ("--deployment", "--record", "--state", "--summary-file", "--annotations", "--code-quality")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Print a script by which a shell completes commands, their options, deployments, checks and markers."
    )
    parser.epilog, parser.formatter_class = _HOW, argparse.RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=_SCRIPTS, help="whose script")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec completion SHELL``."""
    print(_SCRIPTS[options.shell], end="")
    return 0


def complete(words: Sequence[str]) -> None:
    """Print what the last of the words after ``deployspec`` may become, one a line; nothing where nobody knows."""
    *before, begun = words or [""]
    found: list[str] = []
    # Where a file is faulty, or a library is missing, the command itself says so.
    with contextlib.suppress(DeployspecError, ModuleNotFoundError), contextlib.redirect_stderr(io.StringIO()):
        found = sorted({word for word in _candidates(before, begun) if word.startswith(begun)})
    print("\n".join(found))


def _candidates(before: Sequence[str], begun: str) -> Iterable[str]:
    command, last = next(iter(before), ""), before[-1] if before else ""
    if last == "--deployment":
        return _deployments()
    if command in ("check", "plan"):
        if last == "-m":
            return _markers()
        own = (option.name for chapter in chapters() for option in chapter.options)
        return (*_OF_PYTEST, *_OURS, *own) if begun.startswith("-") else ()
    parser = parser_for(before)
    for word in before:
        parser = _subcommands(parser).get(word, parser)
    options = {name: action for action in parser._actions for name in action.option_strings}
    if last in options and options[last].nargs != 0:
        return map(str, options[last].choices or ())
    if begun.startswith("-"):
        return options
    if subcommands := _subcommands(parser):
        return subcommands
    return _values(command) or (
        str(one) for action in parser._actions if not action.option_strings for one in action.choices or ()
    )


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next(
        (dict(one.choices) for one in parser._actions if isinstance(one, argparse._SubParsersAction)), {}
    )


def _values(command: str) -> list[str]:
    """What stands after a command."""
    if command == "explain":
        from deployspec.cli.reading import checks

        return [check.id for check in checks(Places(Path()))]
    if command == "list":
        return _chapters()
    return _deployments() if command == "validate" else []


def _deployments() -> list[str]:
    from deployspec.deployment import names_in

    return names_in(Places(Path()).deployments)


def _chapters() -> list[str]:
    from deployspec.base.own_chapters import own_chapters

    return [*(chapter.name for chapter in chapters()), *own_chapters(Path())]


def _markers() -> Iterator[str]:
    yield from (*_chapters(), "gate", "live")
    for chapter in chapters():
        yield from (name.partition("(")[0] for name in chapter.markers)
