"""Each alert has what a woken person needs: labels, annotations, and a runbook page of the same name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from deployspec.base.shown import names, one_line
from deployspec.chapters.alerts.judge.reading import by_name
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Verdict, breached, met

LABELS = ("severity",)
ANNOTATIONS = ("summary", "description", "runbook_url")
SECTIONS = ("Meaning", "First look", "Likely causes", "Mitigation", "How to test it")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def pairing(
    rules: Sequence[Rule], pages: Mapping[str, str], *, folder: str = "docs/runbooks"
) -> dict[str, Verdict]:
    """A verdict for each alert of the rules, by name.

    ``pages`` are the runbooks' Markdown texts by name, without ``.md``; ``folder`` is where they stand, for the
    reasons. An alert is MET when each of its rules has the labels and the annotations, with a text in them, its
    ``runbook_url`` ends with the alert's name, and its page has every section, with a text in it. Source: our own
    choice, after the guide's "Debugging Checklist".
    """
    verdicts = {}
    for name, alerts in by_name(rules, "alert").items():
        wrong = [problem for rule in alerts for problem in _of_rule(rule)]
        page = f"{folder}/{name}.md"
        wrong += _of_page(pages[name], page) if name in pages else [f"there is no {page}"]
        if wrong:
            verdicts[name] = breached(one_line("; ".join(dict.fromkeys(wrong)), 600))
        else:
            verdicts[name] = met(f"has {names((*LABELS, *ANNOTATIONS))}, and {page} has all its sections")
    return verdicts


def _of_rule(rule: Rule) -> Iterator[str]:
    for kind, wanted, there in (
        ("label", LABELS, rule.labels),
        ("annotation", ANNOTATIONS, rule.annotations),
    ):
        for name in wanted:
            if not there.get(name, "").strip():
                yield f"{rule.place}: no {kind} {name}"
    url = rule.annotations.get("runbook_url", "").strip()
    if url and _last_part(url) != rule.name:
        place = rule.places.get("annotations.runbook_url", rule.place)
        yield f"{place}: runbook_url is {url}; expected a URL whose path ends with /{rule.name}"


def _last_part(url: str) -> str | None:
    """The last part of a URL's path, without ``.md``; None where it is not a web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return parts.path.rstrip("/").rpartition("/")[2].removesuffix(".md")


def _of_page(text: str, page: str) -> Iterator[str]:
    sections = _sections(text)
    for name in SECTIONS:
        if name.lower() not in sections:
            yield f'{page} has no section "{name}"'
        elif not sections[name.lower()]:
            yield f'the section "{name}" of {page} is empty'


def _sections(text: str) -> dict[str, bool]:
    """Each heading in lower case, and whether there is any text below it, down to the next heading of its level."""
    found: dict[str, bool] = {}
    open_: dict[int, str] = {}
    fence = ""
    for line in text.splitlines():
        fenced = _FENCE.match(line)
        heading = None if fence or fenced else _HEADING.fullmatch(line)
        if heading:
            level, name = len(heading[1]), heading[2].lower()
            open_ = {above: other for above, other in open_.items() if above < level}
            found.setdefault(name, False)
            open_[level] = name
        elif line.strip() and not fenced:
            found.update(dict.fromkeys(open_.values(), True))
        if fenced and not fence:
            fence = fenced[1]
        elif fenced and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
    return found
