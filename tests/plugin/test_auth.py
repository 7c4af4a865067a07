"""Runs of the suite against a deployment that wants a token: with one, and without."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.raw_server import Connection, serve
from tests.raw_server.server import health_body
from tests.suite import Ran, deployment_file, run_checks

TOKEN = "k7Qm-2xVf-9LpZ-runtime"


def wanting(accepted: str) -> Callable[[Connection], None]:
    """A health endpoint that wants this token, and repeats the one that it was sent."""

    def handler(connection: Connection) -> None:
        said = connection.read_head().header("authorization") or ""
        body = health_body() if said == f"Bearer {accepted}" else f'{{"you sent": "{said}"}}'.encode()
        status = "200 OK" if said == f"Bearer {accepted}" else "401 Unauthorized"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Seen: {said}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.send(head.encode() + body)

    return handler


def ran(folder: Path, accepted: str, code: str) -> tuple[Ran, int]:
    """A run of the health chapter with the token that this Python prints, and how often it was run; no output shows the token."""
    script, runs, junit = folder / "issue.py", folder / "runs", folder / "junit.xml"
    script.write_text(f"open({str(runs)!r}, 'a').write('x')\n{code}\n")
    more = f'auth: {{command: ["{sys.executable}", "-S", "{script}"]}}'
    with serve(wanting(accepted)) as server:
        path = deployment_file(folder, server.base_url, more=more)
        done = run_checks(path, "-vv", "-l", "--junit-xml", str(junit), folder=folder)
    for text in (done.output, (folder / "record.json").read_text(), junit.read_text()):
        assert TOKEN not in text
        assert TOKEN[:12] not in text
        assert "Traceback" not in text
    return done, len(runs.read_text())


def test_a_deployment_that_wants_a_token(tmp_path: Path) -> None:
    """It is obtained once, by the first request, and every check is MET."""
    done, runs = ran(tmp_path, TOKEN, f"print({TOKEN!r})")
    assert done.record is not None
    assert {entry["verdict"] for entry in done.record["checks"]} == {"MET"}, done.output
    assert runs == 1


def test_a_deployment_that_refuses_the_token(tmp_path: Path) -> None:
    """It is obtained once more; then nothing was learnt of the deployment, and the reason says what to do."""
    done, runs = ran(tmp_path, "another", f"print({TOKEN!r})")
    entry = done.entry("test_healthy_now")
    assert entry["verdict"] == "UNMEASURED", done.output
    assert (
        "the credentials of auth.command were refused (status 401); see whether they are right"
        in entry["reason"]
    )
    assert runs == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            f"import sys; sys.exit('no entry for {TOKEN[:3]}')",
            "ended with status 1; run it by hand to see why",
        ),
        (f"print({TOKEN!r}, 1)", "printed a token with a space in it"),
    ],
    ids=["status", "space"],
)
def test_a_token_that_cannot_be_had(tmp_path: Path, code: str, reason: str) -> None:
    """Every check that needs it is UNMEASURED and says why; the command runs once."""
    done, runs = ran(tmp_path, TOKEN, code)
    entry = done.entry("test_healthy_now")
    assert entry["verdict"] == "UNMEASURED", done.output
    assert f"the prober could not ask: auth.command ({Path(sys.executable).name})" in entry["reason"]
    assert reason in entry["reason"]
    assert runs == 1
