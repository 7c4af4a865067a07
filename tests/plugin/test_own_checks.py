"""Checks of one's own, as docs/own-checks.md shows them: its code blocks are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import deployspec
from tests.raw_server import Connection, serve
from tests.suite import ROOT

GUIDE = (ROOT / "docs" / "own-checks.md").read_text()
BLOCKS = re.findall(r"```\w+\n# (\S+\.(?:ini|yaml|py))\n(.*?)```", GUIDE, re.DOTALL)
SECRET = "sesame-open-up"


@dataclass(frozen=True)
class Done:
    """A run."""

    status: int
    output: str
    checks: dict[str, dict[str, Any]]
    """By id."""


def shop(items: list[str], status: str = "200 OK") -> Callable[[Connection], None]:
    """A server of listings."""

    def answer(connection: Connection) -> None:
        head = connection.read_head()
        seen = next((value for name, value in head.headers if name == "authorization"), "")
        connection.answer(json.dumps({"items": items, "seen": seen}).encode(), status=status)

    return answer


def write(folder: Path, url: str, **files: str) -> None:
    """The guide's project, beside whatever else a test writes there."""
    for name, text in {**dict(BLOCKS), **files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("http://127.0.0.1:8000", url))


def run(folder: Path, url: str, *options: str, deployment: str = "", **files: str) -> Done:
    """The guide's project, and a run of its checks."""
    write(folder, url, **files)
    if deployment:
        (folder / "deployments" / "local.yaml").write_text(f"base_url: {url}\n{deployment}\n")
    record = folder / "record.json"
    record.unlink(missing_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "DEPLOYMENT", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "checks", "-m", "shop", "--deployment", "local", "--strict-markers", "-p", "no:cacheprovider", "--record", str(record), *options],
        cwd=folder, env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    entries = json.loads(record.read_text())["checks"] if record.exists() else []
    return Done(done.returncode, done.stdout + done.stderr, {entry["id"]: entry for entry in entries})


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "workers"])
def test_the_guide_is_green_on_a_sound_shop(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Chapter, ids, verdicts; the exchange is evidence."""
    with serve(shop(["a lamp", "a chair"])) as server:
        done = run(tmp_path, server.base_url, *workers)
    assert done.status == 0, done.output
    assert {name: entry["verdict"] for name, entry in done.checks.items()} == {
        "shop.listing-has-items": "MET",
        "shop.stock-is-large": "MET",
    }
    assert done.checks["shop.listing-has-items"]["evidence"][0]["title"] == "call"


def test_a_breach_is_told_with_pytests_explanation_and_the_exchange(tmp_path: Path) -> None:
    """Reason, whole explanation and what was answered; secrets hidden."""
    with serve(shop(["a lamp"], "500 Internal Server Error")) as server:
        done = run(tmp_path, server.base_url, deployment=f"headers: {{Authorization: Bearer {SECRET}}}")
    assert done.status == 1, done.output
    assert ("authorization", f"Bearer {SECRET}") in server.requests[0].headers
    entry = done.checks["shop.listing-has-items"]
    assert (entry["verdict"], entry["reason"]) == ("BREACHED", "assert 500 == 200")
    assert [one["title"] for one in entry["evidence"]] == ["assertion", "call"]
    assert "where 500 = <Response [500" in done.output
    assert "BREACHED: assert 500 == 200" in done.output
    assert "status 500" in done.output
    assert SECRET not in done.output + json.dumps(done.checks)
    assert "Traceback" not in done.output


def test_a_server_that_is_down_is_a_breach(tmp_path: Path) -> None:
    """In one line, without a traceback."""
    with serve("refused") as server:
        done = run(tmp_path, server.base_url)
    entry = done.checks["shop.listing-has-items"]
    assert (done.status, entry["verdict"]) == (1, "BREACHED"), done.output
    assert "the deployment did not answer: connection refused by 127.0.0.1 port" in entry["reason"]
    assert "Traceback" not in done.output


def test_what_the_prober_cannot_is_unmeasured(tmp_path: Path) -> None:
    """A CA file that holds no certificate; a method that the deployment does not allow."""
    post = BLOCKS[2][1].replace('.get("/listings")', '.post("/listings")')
    with serve(shop(["a lamp", "a chair"])) as server:
        done = run(tmp_path, server.base_url, **{"checks/test_shop.py": post})
        allowed = run(tmp_path, server.base_url, deployment="allow: [write]", **{"checks/test_shop.py": post})
    entry = done.checks["shop.listing-has-items"]
    assert (done.status, entry["verdict"]) == (1, "UNMEASURED"), done.output
    assert entry["reason"] == (
        "POST may change something, which local.yaml does not allow; to allow it, add `allow: [write]` there"
    )
    assert allowed.checks["shop.listing-has-items"]["verdict"] == "MET"


def test_an_assertion_that_python_leaves_out_is_no_green(tmp_path: Path) -> None:
    """Under ``-O`` pytest's own assertions still fail; what nobody looked at is no green."""
    for items, options, verdict in (
        ([], (), "BREACHED"),
        ([], ("--assert=plain",), "UNMEASURED"),
        (["a lamp"], (), "UNMEASURED"),
    ):
        with serve(shop(items)) as server:
            write(tmp_path, server.base_url)
            record = tmp_path / "record.json"
            done = subprocess.run(
                [sys.executable, "-O", "-m", "pytest", "checks/test_shop.py", "--deployment", "local", "-p", "no:cacheprovider", "--record", str(record), *options],
                cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert done.returncode == 1, done.stdout + done.stderr
            assert json.loads(record.read_text())["checks"][0]["verdict"] == verdict


# line: of a check; verdict and reason: of that.
@pytest.mark.parametrize(
    ("line", "verdict", "reason"),
    [
        ("deployment_client.get('/x').raise_for_status()", "BREACHED", "the deployment answered with status 500"),
        ("deployment_client.get(OTHER).raise_for_status()", "UNMEASURED", "HTTPStatusError"),
        ("deployment_client.get('http://127.0.0.1:9/')", "UNMEASURED", "no answer from a host that is not the deployment's"),
    ],
)  # fmt: skip
def test_what_a_failed_request_says(tmp_path: Path, line: str, verdict: str, reason: str) -> None:
    """Of the deployment, where it was asked; of no other host."""
    with (
        serve(shop([], "500 Internal Server Error")) as server,
        serve(shop([], "500 Internal Server Error")) as other,
    ):
        check = (
            f"import pytest\n@pytest.mark.shop\ndef test_listing_has_items(deployment_client):\n    {line}\n"
        )
        check = check.replace("OTHER", repr(other.url))
        done = run(tmp_path, server.base_url, **{"checks/test_shop.py": check, "checks/test_stock.py": ""})
    entry = done.checks["shop.listing-has-items"]
    assert (entry["verdict"], reason in entry["reason"]) == (verdict, True), done.output


def test_a_checks_own_credentials_are_hidden(tmp_path: Path) -> None:
    """Whether in a header, in a cookie or in the URL."""
    check = f"""
import pytest
@pytest.mark.shop
@pytest.mark.parametrize("how", ["header", "key", "basic", "url", "cookie"])
def test_x(deployment_client, how):
    url = str(deployment_client.base_url).rstrip("/") + "/x"
    more = {{
        "header": {{"headers": {{"Authorization": "Bearer {SECRET}"}}}},
        "key": {{"headers": {{"X-Api-Key": "{SECRET}"}}}},
        "basic": {{"auth": ("me", "{SECRET}")}},
        "url": {{"url": url.replace("//", "//me:{SECRET}@")}},
        "cookie": {{"headers": {{"Cookie": "sid={SECRET}"}}}},
    }}[how]
    deployment_client.get(**({{"url": url}} | more))
    said = "{SECRET}"
    assert said == ""
"""
    for how in ("header", "key", "basic", "url", "cookie"):
        with serve(shop([])) as server:
            # Each in a run of its own: what one of them hides is hidden.
            done = run(
                tmp_path,
                server.base_url,
                "-k",
                how,
                **{"checks/test_shop.py": check, "checks/test_stock.py": ""},
            )
        entry = done.checks[f"shop.x[{how}]"]
        assert entry["verdict"] == "BREACHED", done.output
        assert SECRET not in done.output + json.dumps(done.checks), how


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        ("shop", "expected a name in small letters, a colon and a sentence"),
        ("my-shop: sells.", "expected a name in small letters, a colon and a sentence"),
        ("health: is fine.", "found the name health, which another chapter or marker has"),
    ],
)
def test_a_faulty_setting_is_one_clear_error(tmp_path: Path, line: str, piece: str) -> None:
    """The setting, what was found, and what would do; no traceback."""
    ini = dict(BLOCKS)["pytest.ini"].replace("shop: the shop keeps its promises.", line)
    done = run(tmp_path, "http://127.0.0.1:9", **{"pytest.ini": ini})
    assert done.status == 4, done.output
    assert "deployspec_chapters: found" in done.output
    assert piece in done.output
    assert "Traceback" not in done.output


def test_a_chapter_that_selects_nothing_fails(tmp_path: Path) -> None:
    """As for every chapter."""
    done = run(tmp_path, "http://127.0.0.1:9", **{"checks/test_shop.py": "", "checks/test_stock.py": ""})
    assert done.status != 0, done.output
    assert "shop" in done.output


def test_every_check_that_is_shipped_asks_for_a_judge() -> None:
    """One that did not would be green by ending."""
    texts = "".join(path.read_text() for path in (ROOT / "checks").glob("test_*.py"))
    found = re.findall(r"^def (test_\w+)\(([^)]*)\)", texts, re.MULTILINE)
    assert len(found) > 20
    assert [name for name, arguments in found if "judge" not in arguments.split(", ")] == []


def test_the_package_gives_what_it_names_and_imports_nothing_for_it() -> None:
    """The names of ``__all__``, each when it is asked for."""
    assert all(getattr(deployspec, name) is not None for name in deployspec.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = deployspec.nonsense
    script = "import sys, deployspec; print([name for name in sys.modules if name.startswith(('deployspec.', 'httpx'))])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told == "[]\n"
