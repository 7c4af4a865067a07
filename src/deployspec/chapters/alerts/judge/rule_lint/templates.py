"""Which of the alert's labels a template uses. Templates are Go's ``text/template``, as Prometheus uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"(?:-\s+)?/\*.*?\*/(?:\s+-)?\}\}", re.DOTALL)
_CODE = re.compile(r'(?:[^"`}]|"(?:\\.|[^"\\])*+"|`[^`]*+`|\}(?!\}))*+\}\}', re.DOTALL)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`', re.DOTALL)
_FIELD = re.compile(r"(?<![\w$.)\]])(?P<root>\$labels|\$\.Labels|\.Labels)\.(?P<label>\w+)")
_INDEX = re.compile(r'\bindex\s+(?P<root>\$labels|\$\.Labels|\.Labels)\s+["`](?P<label>\w+)["`]')
_WORD = re.compile(r"-?\s*(?P<word>\w+)(?:\s+(?P<next>\w+))?")
_ASSIGNED = re.compile(r"\$labels\s*(?:,\s*\$\w+\s*)?:?=")


@dataclass(frozen=True, slots=True)
class Use:
    """A label that a template takes from the alert's query result."""

    label: str
    text: str
    """As written, such as ``$labels.instance``."""
    offset: int
    """Of ``text`` in the template."""


def used_labels(template: str) -> Iterator[Use]:
    """Each place where a template uses a label of the alert's own result.

    ``.Labels`` inside ``range``, ``with``, ``define`` and ``block`` belongs to something else, such as a sample of
    ``query``, and is left out; a template that sets ``$labels`` itself is left out as a whole.
    """
    moved: list[bool] = []
    """For each open block: whether it gives the dot another meaning."""
    uses = []
    for begin, code in _actions(template):
        bare = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), code)
        if _ASSIGNED.search(bare):
            return
        # The words of a range or with are evaluated outside it.
        for found in (*_FIELD.finditer(bare), *_INDEX.finditer(code)):
            if bare[found.start()] != " " and (found["root"] != ".Labels" or not any(moved)):
                text = f"{found['root']}.{found['label']}" if found.re is _FIELD else found["root"]
                uses.append(Use(found["label"], text, begin + found.start("root")))
        _follow(_WORD.match(bare.lstrip()), moved)
    yield from uses


def _actions(template: str) -> Iterator[tuple[int, str]]:
    """The code of each ``{{ … }}``, and where it begins. An action without end is the last: promtool tells it."""
    end = 0
    while (begin := template.find("{{", end)) >= 0:
        begin += 2
        comment = _COMMENT.match(template, begin)
        found = comment or _CODE.match(template, begin)
        if found is None:
            return
        end = found.end()
        if comment is None:
            yield begin, template[begin : end - 2]


def _follow(found: re.Match[str] | None, moved: list[bool]) -> None:
    """Note what an action's first word opens or closes."""
    match found and found["word"]:
        case "range" | "with" | "define" | "block":
            moved.append(True)
        case "if":
            moved.append(False)
        case "else" if moved and found is not None and found["next"] != "if":
            moved[-1] = found["next"] == "with"
        case "end" if moved:
            moved.pop()
