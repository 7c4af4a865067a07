"""What Allure is told of a check beside what allure-pytest says: who it is for years, labels, steps, evidence.

A result is the JSON object that allure-pytest writes (Allure's "2" format, which Allure 3 reads).
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from deployspec.base.disclosure import redact
from deployspec.base.shown import counted
from deployspec.model.entry import Entry
from deployspec.model.verdict import Outcome
from deployspec.outputs.failure import failure_text
from deployspec.record.record import Run, Selected

CONFIGURATION = Path(__file__).with_name("allurerc.yaml")
"""What Allure 3 is to make of our labels: categories, and by what the report is grouped."""
RUN = "run"
"""The label that says which run a result is of: its id, as in the run record."""
_LONGEST = 200_000
"""Characters of a piece of evidence that are attached."""
_STATUS = {
    Outcome.MET.value: "passed",
    Outcome.BREACHED.value: "failed",
    Outcome.UNMEASURED.value: "broken",
}
_OURS = frozenset({"verdict", "accepted", "flaky", "maintenance", "suite_error", RUN})
"""The labels that nobody else gives."""
_NO_VERDICT = "the run ended before this check had a verdict, so nothing was measured"


@dataclass(frozen=True)
class Facts:
    """What all results of a run say alike."""

    deployment: str = ""
    """Empty where none is named."""
    run: str = ""
    """The run's id."""
    owner: str = ""
    guide: str = ""
    """The guide's address, without a fragment; empty: there is no link."""
    runbook: str = ""
    """The address of a page on a check, with ``{check}`` in it; empty: there is no link."""
    maintenance: str = ""
    """The maintenance window that the run fell into, by its name."""


class Check(NamedTuple):
    """A check, as it is known before it has a verdict."""

    id: str
    chapter: str
    promise: str
    section: str = ""
    """The section of the guide that it comes from; empty where that says nothing."""
    in_gate: bool = True
    title: str = ""
    """What the check itself says it is called in reports; empty where it says nothing."""
    description: str = ""
    """All that the check says of itself: its docstring."""
    parameters: frozenset[str] = frozenset()
    """The names of what tells it from others of one function. Its id has that already, without the values' innards."""


class Attached(NamedTuple):
    """A piece of evidence as a file in Allure's folder."""

    name: str
    type: str
    source: str
    """The file's name."""


Attach = Callable[[str, str, str, str | bytes], Attached]
"""Writes an attachment: its name, its media type, the end of the file's name, and what is in it."""


def test_case_id(check: str, deployment: str) -> str:
    """What a check is called in Allure's history: the same wherever its file is and however the run was made."""
    return f"{check}@{deployment}" if deployment else check


def identify(result: dict[str, Any], check: Check, facts: Facts) -> None:
    """Let the result be this check's: its name, its place in the history and in the report.

    Allure 3 goes by ``testCaseId`` and the parameters that are not excluded, older ones by ``historyId``.
    """
    own = test_case_id(check.id, facts.deployment)
    result["testCaseId"] = own
    result["historyId"] = hashlib.sha256(own.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    result["name"] = check.title or check.id
    result["titlePath"] = [facts.deployment or "files", check.chapter]
    result["description"] = _paragraphs(check.description)
    result["parameters"] = [
        {**one, "excluded": True}
        for one in result.get("parameters", ())
        if one["name"] not in check.parameters
    ]
    labels = [
        ("epic", facts.deployment or "files"),
        ("feature", check.chapter),
        ("story", check.promise),
        ("severity", "critical" if check.in_gate else "normal"),
        ("owner", facts.owner),
    ]
    known = {label["name"] for label in result.get("labels", ())}
    result["labels"] = [_label(*one) for one in labels if one[1] and one[0] not in known] + _labels(result)
    links = [
        ("guide", f"{facts.guide}#{_anchor(check.section)}" if facts.guide and check.section else "", check.section),
        ("runbook", facts.runbook.replace("{check}", quote(check.id.partition("[")[0])), check.id.partition("[")[0]),
    ]  # fmt: skip
    result.setdefault("links", []).extend(
        {"type": kind, "url": url, "name": f"{kind}: {name}"} for kind, url, name in links if url
    )


def _paragraphs(docstring: str) -> str:
    """A docstring as Markdown: what begins with a word and a colon is a paragraph of its own."""
    return re.sub(r"\n+(?=[A-Z][a-z]+: )", "\n\n", inspect.cleandoc(docstring))


def _anchor(section: str) -> str:
    """A heading as the anchor that Markdown's renderers give it."""
    return quote(re.sub(r"[^\w\- ]", "", section.lower()).replace(" ", "-"))


def label(result: dict[str, Any], entry: Entry | None, facts: Facts) -> None:
    """Say of the result what its verdict is, and what is to be known of that; again, where more is known by now.

    Without an entry, the run ended before there was a verdict.
    """
    labels = [
        ("verdict", entry.verdict if entry else Outcome.UNMEASURED.value),
        ("accepted", _accepted(entry) if entry else ""),
        ("flaky", "true" if entry and entry.flaky else ""),
        ("maintenance", facts.maintenance),
        ("suite_error", "true" if entry and entry.defect else ""),
        (RUN, facts.run),
    ]
    others = [one for one in _labels(result) if one["name"] not in _OURS]
    # Those are shown first that say something of the deployment.
    result["labels"] = [_label(*one) for one in labels if one[1]] + others
    result["status"] = _status(entry)
    details: dict[str, Any] = {}
    result["statusDetails"] = details
    if entry is None:
        details["message"] = _NO_VERDICT
    elif entry.fails or entry.accepted:
        # The history keeps both; the evidence is attached.
        details["message"] = entry.met_again or entry.reason
        details["trace"] = failure_text(replace(entry, evidence=()))
        if entry.accepted:
            details["known"] = True
            details["message"] += f"; {entry.accepted.in_words()}"
    if entry and entry.flaky:
        details["flaky"] = True


def _accepted(entry: Entry) -> str:
    if entry.accepted:
        return f"until {entry.accepted.until}"
    return "met again" if entry.met_again else ""


def _status(entry: Entry | None) -> str:
    if entry is None:
        return _STATUS[Outcome.UNMEASURED.value]
    # A check that holds again although it is accepted fails.
    return "failed" if entry.met_again else _STATUS[entry.verdict]


def tell(result: dict[str, Any], entry: Entry, attach: Attach) -> None:
    """Add to the result how the verdict was reached: what was measured, with the evidence, and what was made of it."""
    start, stop = result.get("start", 0), result.get("stop", result.get("start", 0))
    found = [_piece(item.title, item.text, attach) for item in entry.evidence]
    if entry.reproduce:
        found.append(_piece("reproduce", entry.reproduce, attach))
    share = entry.proportion
    interval = f"{share.interval} good ones (95% confidence)" if share and share.interval else ""
    judged = {"limit": entry.limit, "measured": entry.measured, "interval": interval, "reason": entry.reason}
    result.setdefault("steps", []).extend(
        [
            {
                "name": f"measured: {entry.measured}" if entry.measured else "measured",
                "status": "passed" if entry.verdict != Outcome.UNMEASURED else "broken",
                "start": start,
                "stop": stop,
                "attachments": found,
            },
            {
                "name": f"judged {entry.verdict}",
                "status": _status(entry),
                "start": stop,
                "stop": stop,
                "parameters": [{"name": name, "value": text} for name, text in judged.items() if text],
            },
        ]
    )


def _piece(title: str, text: str, attach: Attach) -> dict[str, Any]:
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}\n… {counted(len(text) - _LONGEST, 'character')} more"
    return attached(attach(title, "text/plain", "txt", text))


def attached(one: Attached) -> dict[str, str]:
    """An attachment as a result names it."""
    return {"name": one.name, "type": one.type, "source": one.source}


def lost(check: Entry | Selected, start: int) -> dict[str, Any]:
    """The result of a check that nobody else has written one for: whatever ran it has died, or did not come to it. It still has
    to be identified, and labelled. ``start`` in milliseconds."""
    return {
        "name": check.id,
        "fullName": check.check,
        "description": check.promise,
        "stage": "finished",
        "start": start,
        "stop": start,
    }


def environment(run: Run) -> str:
    """The run, for the report's page on the environment, in the format of Java's properties."""
    counts = ", ".join(f"{count} {word}" for word, count in run.counts().items() if count)
    pairs = {
        "deployment": run.deployment,
        "base_url": run.base_url,
        "verdicts": counts,
        "markers": run.markers,
        "started": run.started,
        "finished": run.finished,
        "cut_short": run.cut_short,
        "maintenance": run.maintenance,
        "not_selected": counted(len(run.not_described), "check") if run.not_described else "",
        "run": run.id,
        **run.versions,
    }
    # Before signs are escaped: a secret that has one in it would no longer be known.
    return "".join(f"{_property(name)}={_property(redact(text))}\n" for name, text in pairs.items() if text)


def _property(text: str) -> str:
    """A key or a value, so that it ends neither at a sign nor at the line, whatever it says."""
    escaped = re.sub(r"[\\=:#!]", r"\\\g<0>", text)
    return re.sub(
        r"[^ -~]|^ ",
        lambda found: "".join(f"\\u{unit:04x}" for unit in _utf16(found[0])),
        escaped,
    )


def _utf16(character: str) -> Iterable[int]:
    data = character.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))


def executor(environ: Mapping[str, str]) -> dict[str, Any]:
    """Who made the run, as GitHub, GitLab and Jenkins say it in the environment; else this machine's user by hand."""
    if environ.get("GITHUB_ACTIONS"):
        repository = f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}"
        said = {
            "name": "GitHub Actions",
            "type": "github",
            "url": repository,
            "buildOrder": environ.get("GITHUB_RUN_NUMBER", ""),
            "buildName": f"{environ.get('GITHUB_WORKFLOW', '')} #{environ.get('GITHUB_RUN_NUMBER', '')}",
            "buildUrl": f"{repository}/actions/runs/{environ.get('GITHUB_RUN_ID', '')}",
        }
    elif environ.get("GITLAB_CI"):
        said = {
            "name": "GitLab CI",
            "type": "gitlab",
            "url": environ.get("CI_PROJECT_URL", ""),
            "buildOrder": environ.get("CI_PIPELINE_IID", ""),
            "buildName": f"{environ.get('CI_JOB_NAME', '')} #{environ.get('CI_PIPELINE_IID', '')}",
            "buildUrl": environ.get("CI_JOB_URL", ""),
        }
    elif environ.get("JENKINS_URL"):
        said = {
            "name": "Jenkins",
            "type": "jenkins",
            "url": environ["JENKINS_URL"],
            "buildOrder": environ.get("BUILD_NUMBER", ""),
            "buildName": f"{environ.get('JOB_NAME', '')} #{environ.get('BUILD_NUMBER', '')}",
            "buildUrl": environ.get("BUILD_URL", ""),
        }
    else:
        said = {"name": "deployspec", "type": "local"}
    return {
        name: int(text) if name == "buildOrder" else text
        for name, text in said.items()
        if text and (name != "buildOrder" or text.isdecimal())
    }


def _labels(result: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = result.setdefault("labels", [])
    return found


def _label(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
