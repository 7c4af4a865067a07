"""From a name to a file, and from a file to a deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from deployspec.base.errors import DeploymentFileError, UsageError
from deployspec.base.problems import Problems, did_you_mean, listed
from deployspec.base.shown import printable
from deployspec.base.unfit import Unfit
from deployspec.deployment.build import build, with_defaults
from deployspec.deployment.consistency import check_consistency
from deployspec.deployment.extending import read_whole
from deployspec.deployment.gate import gate_of
from deployspec.deployment.model import PROMETHEUS, Deployment
from deployspec.deployment.push import RUNS, push_of
from deployspec.deployment.schema import assembled
from deployspec.deployment.shape import check_shape
from deployspec.deployment.values import evaluate
from deployspec.model.chapter import Chapter, imported
from deployspec.model.sink import Sink

_SUFFIXES = (".yaml", ".yml")
_NAMED = {
    "maintenance_windows": "deployspec.deployment.maintenance:WINDOWS",
    "review": "deployspec.deployment.review:REVIEW",
}
"""Parts of ours that few files have, imported as those of chapters are."""


def load(
    path: Path,
    environ: Mapping[str, str],
    chapters: Iterable[Chapter],
    sinks: Iterable[Sink],
    also: Callable[[], Iterable[str]] = tuple,
) -> Deployment:
    """The deployment that the file at ``path`` describes, its variables taken from ``environ``.

    Its parts are those of the ``chapters``, and what it pushes is sent to ``sinks``.
    ``also`` gives the names of further chapters, where the file names some.

    Raises :class:`DeploymentFileError`, and nothing else, whatever the file contains or is. Its text tells all
    problems at once and shows no value that is, or may be, a secret.
    """
    __tracebackhide__ = True
    deployment, text = _load(path, environ, tuple(chapters), tuple(sinks), also)
    del environ  # a traceback with locals would show it
    if deployment is None:
        raise DeploymentFileError(text)
    return deployment


def unset_in(
    path: Path,
    environ: Mapping[str, str],
    chapters: Iterable[Chapter],
    sinks: Iterable[Sink],
    also: Callable[[], Iterable[str]] = tuple,
) -> frozenset[str]:
    """The names of the variables that the file at ``path`` needs and ``environ`` does not have, if all else is valid.

    The values that need them are passed over. Otherwise as :func:`load`.
    """
    __tracebackhide__ = True
    unset: set[str] = set()
    _, text = _load(path, environ, tuple(chapters), tuple(sinks), also, unset)
    del environ  # a traceback with locals would show it
    if text:
        raise DeploymentFileError(text)
    return frozenset(unset)


def _load(
    path: Path,
    environ: Mapping[str, str],
    chapters: tuple[Chapter, ...],
    sinks: tuple[Sink, ...],
    also: Callable[[], Iterable[str]],
    unset: set[str] | None = None,
) -> tuple[Deployment | None, str]:
    problems = Problems(printable(str(path)))
    schema = assembled((chapter.schema for chapter in chapters if chapter.schema is not None), sinks)
    try:
        whole = read_whole(path, problems, schema)
    except Unfit as unfit:
        return None, f"{problems.path}: {unfit}"
    if whole is None:
        return None, problems.in_words()
    tree, folders = whole
    values = evaluate(tree, environ, problems, schema, folders, unset)
    faulty = check_shape(values, problems, schema)
    data = with_defaults({key: value for key, value in values.data.items() if key not in faulty}, schema)
    named = {key: name for chapter in chapters for key, name in chapter.parts.items()}
    named |= _NAMED
    gate = gate_of(lambda: [*(chapter.name for chapter in chapters), *also()])
    core = (part for part in (RUNS, gate, push_of(sinks)) if part.key in data)
    parts = [PROMETHEUS, *core, *(imported(name) for key, name in named.items() if key in data)]
    data |= {
        part.key: part.complete(values.data[part.key], data[part.key]) for part in parts if part.key in data
    }
    check_consistency(data, values, path.parent, problems, parts)
    if problems:
        return None, problems.in_words()
    if unset:
        return None, ""
    return build(data, values, path, parts, schema), ""


def names_in(folder: Path) -> list[str]:
    """The names of the deployments that have a file in ``folder``, sorted.

    Files whose names begin with a dot or ``_`` are there to be extended, and are not listed.
    """
    try:
        files = [
            file
            for file in folder.iterdir()
            if file.suffix in _SUFFIXES and not file.name.startswith((".", "_"))
        ]
    except OSError:
        return []
    return sorted({file.stem for file in files})


def find(name: str, folder: Path, also: Iterable[str] = ()) -> Path:
    """The file of the deployment ``name``: the stem of a file in ``folder``, or a path if it looks like one.

    A path has a slash or ends in ``.yaml`` or ``.yml``; whether there is such a file is for :func:`load` to say.
    ``also`` are names known elsewhere, for the list of what there is. Raises :class:`UsageError` for an unknown
    name, or one with two files.
    """
    if "/" in name or name.endswith(_SUFFIXES):
        return Path(name)
    there = names_in(folder)
    if name not in there:
        known = sorted({*there, *also})
        raise UsageError(
            f"found no deployment {printable(name) or 'with an empty name'}; "
            + (
                f"expected {listed(known)}"
                if known
                else f"there is none: {printable(str(folder))} has no .yaml file; "
                "`deployspec init NAME URL` writes a first one"
            )
            + did_you_mean(name, known)
        )
    files = [folder / f"{name}{suffix}" for suffix in _SUFFIXES]
    files = [file for file in files if file.exists() or file.is_symlink()]
    if len(files) > 1:
        raise UsageError(f"found {files[0]} and {files[1]}; expected one file for the deployment {name}")
    return files[0]
