"""What the checks say of themselves, read from their files: nothing of them is imported, and pytest is not asked.

After its first paragraph, the promise, a check's docstring has lines that begin with a label, such as ``Limit:``. A
line without a label belongs to the one before.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployspec.app import chapters
from deployspec.base.errors import UsageError
from deployspec.base.own_chapters import own_chapters
from deployspec.base.places import Places
from deployspec.model.ids import check_id

LABELS = ("Source", "Limit", "Measured", "Fault", "Keys")
_LABEL = re.compile(rf"({'|'.join(LABELS)}):\s+(.*)")


@dataclass(frozen=True)
class Told:
    """A check, as its file tells of it."""

    id: str
    """Without a parameter."""
    chapter: str
    promise: str
    """The docstring's first paragraph, on one line."""
    more: str
    """What else it says without a label, on one line."""
    labelled: Mapping[str, str]
    """By label, where there is one."""
    needs: tuple[str, ...]
    """The keys of the deployment file without which it is not selected."""
    needs_of: Mapping[str, tuple[str, ...]]
    """By parameter, the further keys that this one needs."""
    live: bool
    """Whether it is selected only where a deployment is named."""
    file: Path
    line: int
    """Of the function, from 1."""

    @property
    def first_sentence(self) -> str:
        """Of the promise."""
        return sentence(self.promise)


def pages(folder: Path) -> dict[str, str]:
    """By name, what the guides say of findings: a page of that name, or the section of a page."""
    found = {}
    for page in sorted([*folder.glob("*.md"), *folder.glob("*/*.md")]):
        text = page.read_text(encoding="utf-8").strip()
        found[page.stem] = text
        for section in text.split("\n## ")[1:]:
            names, _, rest = section.partition("\n")
            found.update(dict.fromkeys(names.split(", "), f"# {names}\n{rest.rstrip()}"))
    return found


def sentence(text: str) -> str:
    """The first sentence of a text."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", text, maxsplit=1)[0]


def checks(places: Places) -> list[Told]:
    """The checks of the specification and the project's own, in the order of the chapters and of their files.

    A file that is not Python or cannot be read is told on standard error, and the others are read.
    """
    folders = [places.own_checks] if places.is_clone else [places.checks, places.own_checks]
    names = [*(chapter.name for chapter in chapters()), *own_chapters(places.project)]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py")) if _has_tests(path)]
    found: list[Told] = []
    for path in files:
        try:
            found += _checks_in(path, names)
        except UsageError as error:
            print(error, file=sys.stderr)
    return sorted(
        {check.id: check for check in reversed(found)}.values(), key=lambda check: _order(check, names, files)
    )


def _order(check: Told, names: list[str], files: list[Path]) -> tuple[int, int, int]:
    return names.index(check.chapter), files.index(check.file), check.line


def _has_tests(path: Path) -> bool:
    return path.name.startswith("test_") or path.name.endswith("_test.py")


def _checks_in(path: Path, names: list[str]) -> Iterator[Told]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None) or 1
        raise UsageError(f"{path}:{line}: found what is not Python ({error}); expected tests") from None
    yield from _in_body(_Named(tree).visit(tree).body, [], path, names)


class _Named(ast.NodeTransformer):
    """Puts a mark where its name stands: ``shop = pytest.mark.shop``."""

    def __init__(self, tree: ast.Module) -> None:
        self._known = {
            target.id: statement.value
            for statement in tree.body
            if isinstance(statement, ast.Assign) and "mark." in ast.unparse(statement.value)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What the name stands for."""
        return self._known.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def _in_body(body: list[ast.stmt], outer: list[_Mark], path: Path, names: list[str]) -> Iterator[Told]:
    own = [
        mark
        for statement in body
        if isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in statement.targets)
        for mark in _marks([statement.value])
    ]
    outer = [*outer, *own]
    for statement in body:
        if isinstance(statement, ast.ClassDef) and (
            statement.name.startswith("Test")
            or any(ast.unparse(base).endswith("TestCase") for base in statement.bases)
        ):
            yield from _in_body(statement.body, [*outer, *_marks(statement.decorator_list)], path, names)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith(
            "test"
        ):
            marks = [*outer, *_marks(statement.decorator_list)]
            marked = {mark.name for mark in marks}
            chapter = next((name for name in names if name in marked), None)
            if chapter is not None:
                yield _told(statement, chapter, marks, path)


@dataclass(frozen=True)
class _Mark:
    """``pytest.mark.NAME(…)``."""

    name: str
    call: ast.Call | None

    @property
    def texts(self) -> tuple[str, ...]:
        """Those of its arguments that are texts."""
        given = self.call.args if self.call else []
        return tuple(
            one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )


def _marks(nodes: Iterable[ast.expr]) -> Iterator[_Mark]:
    for node in nodes:
        if isinstance(node, ast.List | ast.Tuple):
            yield from _marks(node.elts)
            continue
        called = node.func if isinstance(node, ast.Call) else node
        if isinstance(called, ast.Attribute) and ast.unparse(called.value).rpartition(".")[2] == "mark":
            yield _Mark(called.attr, node if isinstance(node, ast.Call) else None)


def _needs(marks: Iterable[_Mark]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for mark in marks if mark.name == "needs" for text in mark.texts))


def _needs_of(marks: Iterable[_Mark]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What single parameters need: ``pytest.param(…, id=…, marks=…)``."""
    calls = [mark.call for mark in marks if mark.name == "parametrize" and mark.call]
    for node in (node for call in calls for node in ast.walk(call) if isinstance(node, ast.Call)):
        said = {keyword.arg: keyword.value for keyword in node.keywords}
        name = said.get("id")
        if isinstance(name, ast.Constant) and "marks" in said:
            yield str(name.value), _needs(_marks([said["marks"]]))


def _told(
    function: ast.FunctionDef | ast.AsyncFunctionDef, chapter: str, marks: list[_Mark], path: Path
) -> Told:
    first, _, rest = (ast.get_docstring(function) or function.name).partition("\n\n")
    labelled: dict[str, str] = {}
    more: list[str] = []
    label = ""
    for line in rest.splitlines():
        if found := _LABEL.match(line):
            label = found[1]
            labelled[label] = found[2]
        elif not line.strip():
            label = ""
        elif label:
            labelled[label] += f" {line.strip()}"
        else:
            more.append(line)
    return Told(
        check_id(chapter, function.name),
        chapter,
        " ".join(first.split()),
        " ".join(" ".join(more).split()),
        labelled,
        _needs(marks),
        dict(_needs_of(marks)),
        any(mark.name == "live" for mark in marks),
        path,
        function.lineno,
    )
