"""What is read of dashboards that others published, and what the lints say: `python -m proven.dashboards_corpora FOLDER [FOLDER ...] [--list] [--promtool PROGRAM]`.

Each FOLDER is a checkout of a repository with dashboards: JSON files, and ConfigMaps that hold them. No Prometheus is asked.
What is found is held against a second count, which knows nothing of dashboards: every key `expr` anywhere in the JSON.
`--list` prints every finding, and every query that cannot be read, with its place.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from deployspec.chapters.dashboards.judge.lints import LintFinding, Neutral, lint
from deployspec.languages.grafana import Dashboard, Kind, Language, read
from deployspec.languages.promql.syntax import PromqlError, parse, to_text

if TYPE_CHECKING:
    from promql_parser import Expr

_REFUSED = re.compile(r'group "(\d+)", rule 1, ')
_BY_NOTHING = re.compile(r"\bby\s*\(\s*\)")


@dataclass
class Looked:
    """What a folder holds, and what was found in it."""

    dashboards: int = 0
    """Each text once, however often it is there."""
    queries: Counter[str] = field(default_factory=Counter)
    """By kind and language."""
    expressions: int = 0
    """Keys `expr` with a text, by the second count."""
    missed: list[str] = field(default_factory=list)
    """Those of them that the reader did not find."""
    read: int = 0
    """Queries in PromQL that parse, variables in place."""
    unread: list[str] = field(default_factory=list)
    """The others, with the parser's reason, or the variables that nothing is known of."""
    not_read_back: list[str] = field(default_factory=list)
    """Queries that our own printer writes otherwise than they read back."""
    troubles: list[str] = field(default_factory=list)
    found: list[LintFinding] = field(default_factory=list)
    parsed: dict[str, bool] = field(default_factory=dict)
    """Each query as Prometheus would get it, and whether it parses."""

    @property
    def figures(self) -> str:
        """What there is, in one line."""
        promql = self.queries[f"{Kind.PANEL} in {Language.PROMQL}"]
        return (
            f"{self.dashboards} dashboards, {self.queries.total()} queries, {promql} of them of panels and in PromQL; "
            f"{self.expressions} keys expr, {len(self.missed)} of them missed; {self.read} queries parse, {len(self.unread)} "
            f"do not, {len(self.not_read_back)} do not read back; {len(self.troubles)} troubles; {len(self.found)} findings"
        )


def look(folder: Path) -> Looked:
    """Read every dashboard below a folder. Raises ValueError where there is none."""
    looked = Looked()
    seen: set[str] = set()
    for file, text in _texts(folder):
        if text in seen:
            continue
        seen.add(text)
        dashboard = read(text, file)
        if isinstance(dashboard, Dashboard) and (dashboard.queries or '"expr"' in text):
            _look(dashboard, text, looked)
    if not looked.dashboards:
        raise ValueError(
            f"found no dashboard in {folder}; expected .json files, or ConfigMaps in .yaml files, with queries"
        )
    return looked


def _look(dashboard: Dashboard, text: str, looked: Looked) -> None:
    looked.dashboards += 1
    looked.troubles += map(str, dashboard.troubles)
    looked.queries.update(f"{query.place.kind} in {query.language}" for query in dashboard.queries)
    found = {query.place.path: query.text for query in dashboard.queries}
    for path, expr in _expressions(json.loads(text)):
        looked.expressions += 1
        if found.get(path) != expr:
            looked.missed.append(f"{dashboard.file}: {path}: {expr}")
    neutral = Neutral(dashboard)
    for query in dashboard.queries:
        if query.language is not Language.PROMQL or not query.text:
            continue
        written = neutral.written(query)
        try:
            if not isinstance(written, str):
                looked.unread.append(f"{query.place}: nothing is known of {', '.join(written.names)}")
                continue
            looked.parsed[written] = False
            # `by ()` adds up everything, as its absence does, and is not written.
            tree = parse(_BY_NOTHING.sub(" ", written))
        except PromqlError as error:
            looked.unread.append(f"{query.place}: {error}")
            continue
        looked.read += 1
        looked.parsed[written] = True
        if not _reads_back(tree):
            looked.not_read_back.append(f"{query.place}: {query.text}")
    looked.found += lint(dashboard)


def _reads_back(tree: Expr) -> bool:
    """Whether what is written reads as the same tree, but for the order of matchers."""
    first, again = (sorted(repr(one).splitlines()) for one in (tree, parse(to_text(tree))))
    return first == again


def refused(promtool: str, queries: Sequence[str]) -> set[int]:
    """The numbers of the queries that promtool refuses, each as the expression of a recording rule."""
    found: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queries.rules.yml"
        for first in range(0, len(queries), 500):
            groups = [
                {"name": str(number), "rules": [{"record": "a:b", "expr": query}]}
                for number, query in enumerate(queries[first : first + 500], first)
            ]
            path.write_text(json.dumps({"groups": groups}))
            command = [promtool, "check", "rules", "--lint=none", str(path)]
            answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            found |= {int(number) for number in _REFUSED.findall(answer.stdout + answer.stderr)}
    return found


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The texts that may be dashboards, each with its place below the folder."""
    for path in sorted(
        path for path in folder.rglob("*") if path.suffix in (".json", ".yaml") and path.is_file()
    ):
        name = str(path.relative_to(folder))
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".json":
            yield name, text
        elif "kind: ConfigMap" in text and ".json:" in text:
            try:
                documents = list(yaml.safe_load_all(text))
            except yaml.YAMLError:
                continue
            for document in documents:
                if isinstance(document, dict):
                    for one in document.get("items", [document]):
                        yield from (
                            (f"{name}: {key}", str(value)) for key, value in (one.get("data") or {}).items()
                        )


def _expressions(document: object) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                place = f"{path}.{key}" if path else key
                if key == "expr" and isinstance(inner, str) and inner:
                    yield place, inner
                waiting.append((place, inner))
        elif isinstance(value, list):
            waiting += [(f"{path}[{number}]", inner) for number, inner in enumerate(value)]


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures, and what was found by name; ends with 2 where a folder has no dashboards."""
    parser = argparse.ArgumentParser(prog="python -m proven.dashboards_corpora", description=__doc__)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="a checkout with dashboards")
    parser.add_argument("--list", action="store_true", help="print every finding")
    parser.add_argument(
        "--promtool", help="a promtool: which queries it refuses, and which only our parser does"
    )
    options = parser.parse_args(arguments)
    status = 0
    numbers: dict[str, Counter[str]] = {}
    for folder in options.folders:
        try:
            looked = look(folder)
        except ValueError as error:
            print(error, file=sys.stderr)
            status = 2
            continue
        print(f"{folder.name}: {looked.figures}")
        if options.promtool:
            queries = list(looked.parsed)
            theirs = refused(options.promtool, queries)
            ours = {number for number, query in enumerate(queries) if not looked.parsed[query]}
            print(
                f"{folder.name}: of {len(queries)} different queries promtool refuses {len(theirs)}, our parser {len(ours)}, "
                f"both {len(theirs & ours)}"
            )
        for one in looked.found:
            numbers.setdefault(one.lint, Counter())[folder.name] += 1
        if options.list:
            for kind, lines in (
                ("missed", looked.missed),
                ("unread", looked.unread),
                ("not read back", looked.not_read_back),
                ("trouble", looked.troubles),
                ("finding", list(map(str, looked.found))),
            ):
                for line in lines:
                    print(f"{kind}: {line}")
    for name, by_folder in sorted(numbers.items()):
        print(f"{name}: {by_folder.total()} ({', '.join(f'{one} {n}' for one, n in by_folder.items())})")
    return status


if __name__ == "__main__":
    sys.exit(main())
