"""The chapter logs: what is selected, how often a source is read, and what a person is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chapters.logs.test_matrix import BEFORE, SOUND, STACK, line, stamp, text, with_lines
from tests.suite import ROOT, Ran, run_checks

pytestmark = pytest.mark.xdist_group("logs-plugin")

HIDDEN = "sesame-open-up-42"
"""The value of a variable whose name says that it is secret; no shape tells it."""


def deployment(folder: Path, *sources: dict[str, Any], **more: Any) -> Path:
    """A deployment file with these sources."""
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump({"base_url": "http://127.0.0.1:9", "logs": list(sources), **more}))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the logs of the one run are."""
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def ran(folder: Path) -> Ran:
    """One run over a source that promises nothing, one that counts, one that fails, and one with many faults."""
    (folder / "app.log").write_bytes(SOUND["app.log"])
    lines = [b"token ${x} " + HIDDEN.encode(), *STACK, b"password=hunter2-and-more"]
    (folder / "bad.log").write_bytes(text(*BEFORE, *lines))
    count = f"echo once >> {folder}/"
    path = deployment(
        folder,
        {"name": "bare", "files": ["app.log"]},
        {"name": "counted", "command": ["sh", "-c", f"{count}counted; cat {folder}/app.log"]},
        {"name": "failing", "command": ["sh", "-c", f"{count}failing; exit 7"], "freshness": "1d"},
        {"name": "bad", "files": ["bad.log"], "request_scoped": ["shop.*"]},
        {"name": "told", "command": ["sh", "-c", f": ${{SHOP_TOKEN}}; cat {folder}/bad.log"]},
        {"name": "worker", "files": ["app.log"], "jobs": {"path": "/orders", "body": "{}"}},
    )
    return run_checks(
        path,
        f"--junitxml={folder}/junit.xml",
        folder=folder,
        chapter="logs",
        environ={"SHOP_TOKEN": HIDDEN},
    )


def evidence(ran: Ran, check: str) -> str:
    """All evidence of a check."""
    assert ran.record is not None
    return "\n".join(
        json.dumps(ran.record["evidence"][piece["ref"]]) for piece in ran.entry(check)["evidence"]
    )


def test_what_is_not_described_is_listed_and_not_run(ran: Ran) -> None:
    """A source that promises nothing has only the checks that need no promise; the others are named with their part."""
    assert ran.record is not None, ran.output
    missing = ran.record["not_described"]
    assert missing["logs.newest-record-is-fresh[bare]"] == "logs.bare.freshness"
    assert missing["logs.request-records-have-their-id[bare]"] == "logs.bare.request_scoped"
    assert missing["logs.error-log-holds-every-error"] == "logs[].errors_of"
    assert missing["logs.error-log-holds-errors-only"] == "logs[].errors_of"
    assert missing["logs.request-is-logged"] == "logs[].access"
    assert missing["logs.job-is-logged[worker]"] == "allow.write"
    assert not {entry["id"] for entry in ran.record["checks"]} & set(missing)
    assert "logs.newest-record-is-fresh[bare] (needs logs.bare.freshness)" in ran.output


def test_a_deployment_without_logs_has_none_of_the_checks(tmp_path: Path) -> None:
    """Where no source is described, the run of this chapter is no green."""
    path = tmp_path / "shop.yaml"
    path.write_text("base_url: http://127.0.0.1:9\n")
    ran = run_checks(path, folder=tmp_path, chapter="logs")
    assert ran.status == 1
    assert "not selected, because shop does not describe or allow it" in ran.output
    assert ran.record is not None
    assert (ran.record["checks"], set(ran.record["not_described"].values())) == ([], {"logs"})


def test_a_list_of_the_checks_reads_nothing(tmp_path: Path) -> None:
    """``--collect-only`` names an item for each source, and runs no command."""
    path = deployment(tmp_path, {"name": "api", "command": ["touch", str(tmp_path / "touched")]})
    ran = run_checks(path, "--collect-only", "-q", folder=tmp_path, chapter="logs")
    assert "test_logs_schema.py::test_lines_are_records[api]" in ran.output
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("source", ["counted", "failing"])
def test_a_source_is_read_once(source: str, ran: Ran, folder: Path) -> None:
    """All checks of a source share one reading, also one that fails."""
    assert ran.record is not None, ran.output
    checks = [entry for entry in ran.record["checks"] if entry["check"].endswith(f"[{source}]")]
    assert len(checks) > 5
    assert {entry["verdict"] for entry in checks} == {"MET" if source == "counted" else "UNMEASURED"}
    assert (folder / source).read_text() == "once\n"


def test_findings_are_shown_with_their_places(ran: Ran, folder: Path) -> None:
    """The evidence has each reason with its count, and the first places as file:line:column with an excerpt."""
    shown = evidence(ran, "test_exception_is_one_record[bad]")
    assert "3 times: $: a line of a stack trace" in shown
    assert f"{folder}/bad.log:5:1: " in shown
    assert "ValueError: no such order" in shown
    # Another check's findings are its own.
    assert "stack trace" not in evidence(ran, "test_nothing_secret[bad]")
    assert evidence(ran, "test_lines_are_records[bare]") == ""


@pytest.mark.parametrize("source", ["bad", "told"])
def test_a_person_can_read_the_same(source: str, ran: Ran, folder: Path) -> None:
    """The reproduce line names the deployment's file, which is not among the project's, and the source."""
    line = f"deployspec logs --deployment={folder}/shop.yaml --source={source}"
    assert ran.entry(f"test_lines_are_records[{source}]")["reproduce"] == line


def renamed(second: float, **fields: Any) -> bytes:
    """A sound record of a program that has names and levels of its own."""
    record = {
        "ts": stamp(second),
        "severity": "info",
        "name": "shop.orders",
        "event": "sold",
        "request": "r1",
    }
    return json.dumps({key: one for key, one in {**record, **fields}.items() if one is not None}).encode()


PRINTED = ("renamed", "prefixed", "own", "errors", "kind")


@pytest.fixture(scope="module")
def differing(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run over faulty sources that differ from the usual in all that the deployment file can say of one."""
    folder = tmp_path_factory.mktemp("it is differing")
    lines = (
        renamed(0), renamed(10, severity="debug"), renamed(9, severity="INFO", event="mail to ann@example.com"),
        renamed(11, event=3), renamed(3), renamed(12, request=None), renamed(13, ts="yesterday"), b"listening",
    )  # fmt: skip
    (folder / "renamed.log").write_bytes(text(*lines))
    (folder / "bad.log").write_bytes(
        text(
            *BEFORE,
            b"listening",
            line(30, level="ERROR", order="x"),
            line(40, logger="shop.pay", event="order"),
        )
    )
    (folder / "any.json").write_text('{"type": "object"}')
    (folder / "order.json").write_text('{"required": ["order_id"]}')
    (folder / "event.json").write_text('{"required": ["amount"]}')
    names = {
        "timestamp": "ts",
        "level": "severity",
        "logger": "name",
        "message": "event",
        "request_id": "request",
    }
    told = f"sed 's/^/backend-1  | /' '{folder}/bad.log'"
    path = deployment(
        folder,
        {
            "name": "renamed", "files": ["renamed.log"], "fields": names, "levels": ["debug", "info", "error"], "error_level": "error",
            "log_level": "info", "request_scoped": ["shop.*"], "allow_secrets": [r".*@example\.com"],
        },
        {"name": "prefixed", "command": ["sh", "-c", told], "prefix": r"backend-\d+ +\| ", "timeout": "20s"},
        {"name": "own", "files": ["bad.log"], "schema": "any.json", "schemas": {"logger": {"shop.pay": "order.json"}, "event": {"order": "event.json"}}},
        {"name": "errors", "files": ["bad.log"], "errors_of": ["own"], "error_level": "WARNING"},
        {"name": "kind", "source": f"command:cat '{folder}/bad.log'"},
    )  # fmt: skip
    return run_checks(path, folder=folder, chapter="logs")


@pytest.mark.parametrize("source", PRINTED)
def test_a_printed_line_finds_the_same(source: str, differing: Ran) -> None:
    """Run by a shell, the reproduce line of each check finds what the check found, as often."""
    assert differing.record is not None, differing.output
    entries = [entry for entry in differing.record["checks"] if entry["check"].endswith(f"[{source}]")]
    breached = [entry for entry in entries if entry["verdict"] == "BREACHED"]
    assert breached
    printed = {entry["reproduce"] for entry in entries}
    told = {head for entry in breached for head in findings(differing, entry)}
    assert told == reproduced(min(printed, key=len))


def findings(ran: Ran, entry: dict[str, Any]) -> set[str]:
    """The first line of each finding in an entry's evidence."""
    assert ran.record is not None
    texts = [ran.record["evidence"][piece["ref"]] for piece in entry["evidence"]]
    heads = {one for told in texts for one in told.splitlines() if one and not one.startswith(" ")}
    assert heads
    return heads


def reproduced(command: str) -> set[str]:
    """What a printed line finds, as the evidence of checks tells it."""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command.replace("deployspec logs", "deployspec logs --output=json", 1)],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    return {
        f"{one['count']:,} time{'' if one['count'] == 1 else 's'}: {one['place']}: {one['what']}"
        for one in json.loads(done.stdout)["reasons"]
    }


def test_secrets_are_shown_nowhere(ran: Ran, folder: Path) -> None:
    """Neither what a shape tells nor a variable's value is on the terminal, in the record or in JUnit's file."""
    for told in (ran.output, (folder / "record.json").read_text(), (folder / "junit.xml").read_text()):
        assert "bad.log:4:" in told
        assert "hunter2" not in told
        assert HIDDEN not in told


def test_workers_judge_as_one_process_does(tmp_path: Path) -> None:
    """Under pytest-xdist each item has its source, and its verdict."""
    (tmp_path / "app.log").write_bytes(with_lines(b"listening")["app.log"])
    path = deployment(tmp_path, {"name": "api", "files": ["app.log"]})
    ran = run_checks(path, "-n", "2", folder=tmp_path, chapter="logs")
    assert ran.status == 1, ran.output
    assert "the line is not JSON" in ran.entry("test_lines_are_records[api]")["reason"]
    assert ran.verdict("test_lines_are_short[api]") == "MET"
