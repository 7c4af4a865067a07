"""Canary secrets of many shapes go through every place that can echo, and every byte that a run leaves is searched."""

from __future__ import annotations

import base64
import html
import json
import os
import random
import re
import shlex
import string
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote

import pytest

from tests.suite import ROOT

SHORTEST = 12
"""Characters of a secret that must stand nowhere."""
_RANDOM = random.Random(15)  # noqa: S311 - the same secrets each time


def _word(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(_RANDOM.choices(alphabet, k=length))


# What stands between letters and digits, or makes a shape of its own. The last ones no header can carry.
SHAPES: dict[str, Callable[[], str]] = {
    **{f"long-{length}": lambda length=length: _word(length) for length in (41, 61, 81, 101, 131, 201, 301, 601, 2001)},
    **{
        f"with-{name}": lambda glue=glue: glue.join(_word(7) for _ in range(12))
        for name, glue in {
            "percent-41": "%41", "percent-2f": "%2F", "percent": "%", "quote": '"', "apostrophe": "'",
            "both": "\"'", "backslash": "\\", "backslashes": "\\\\", "escaped-quote": '\\"', "space": " ", "spaces": "  ",
            "plus": "+", "slash": "/", "equals": "=", "ampersand": "&", "less": "<>", "colon": ":", "at": "@",
            "dollar": "$", "backtick": "`", "braces": "{}", "comma": ", ", "semicolon": ";",
        }.items()
    },
    "base64": lambda: base64.b64encode(_RANDOM.randbytes(90)).decode(),
    "jwt": lambda: "eyJ" + ".".join(_word(60, string.ascii_letters + "-_") for _ in range(3)),
    "newlines": lambda: "\n".join(_word(16) for _ in range(5)),
    "accents": lambda: "öü".join(_word(7) for _ in range(9)),
}  # fmt: skip
SECRETS = {name: make() for name, make in SHAPES.items()}
HEADERS = [name for name in SECRETS if name not in ("newlines", "accents")]


def variable(shape: str) -> str:
    """The environment variable that brings a secret."""
    return f"TOKEN_{shape.replace('-', '_').upper()}"


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": lambda value: json.dumps(value)[1:-1],
    "json in json": lambda value: json.dumps(json.dumps({"a": value})),
    "json in json in json": lambda value: json.dumps(json.dumps(json.dumps([value]))),
    "repr": lambda value: repr(value)[1:-1],
    "bytes": lambda value: repr(value.encode())[2:-1],
    "quoted": quote,
    "quoted all": lambda value: re.sub("%..", lambda escape: escape[0].lower(), quote(value, safe="")),
    "quoted twice": lambda value: quote(quote(value, safe="")),
    "form": quote_plus,
    "unquoted": unquote,
    "json in a URL": lambda value: quote(json.dumps({"a": value})),
    "shell": shlex.quote,
    "html": html.escape,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "basic": lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    "basic, shifted": lambda value: base64.urlsafe_b64encode(f"admin:{value}?".encode()).decode(),
}


def echoes() -> str:
    """Every secret in every form, one after the other."""
    return " ".join(f"{name}={form(value)};" for value in SECRETS.values() for name, form in FORMS.items())


def windows(text: str) -> set[str]:
    """All pieces of a text that would tell too much."""
    return {text[at : at + SHORTEST] for at in range(len(text) - SHORTEST + 1)}


def _needles() -> dict[str, str]:
    """Pieces of each form of each secret, and the secret's name. Of base64, what is its own whatever stands around."""
    needles = {}
    for shape, value in SECRETS.items():
        for name, form in FORMS.items():
            told = form(value)
            if name.startswith("basic"):
                told = told[12:-4]
            elif name.startswith("json in"):
                told = told.replace("%22a%22%3A%20", "")
            for piece in windows(told):
                # Only what tells of it: not `": "` and the like.
                if sum(letter.isalnum() for letter in piece) >= SHORTEST // 2:
                    needles[piece] = f"{shape}, {name}"
        for piece in windows(value.replace("\\", "")):
            needles[piece] = f"{shape}, without backslashes"
    return needles


NEEDLES = _needles()


def leaks(where: str, text: str) -> list[str]:
    """What a text tells of the secrets."""
    found = {}
    for told in {text, text.replace("\\", "")}:
        for at in range(len(told) - SHORTEST + 1):
            known = NEEDLES.get(told[at : at + SHORTEST])
            if known and known not in found:
                found[known] = f"{where}: {known}: …{told[max(0, at - 60) : at + 40]!r}"
    return sorted(found.values())


class _Echo(BaseHTTPRequestHandler):
    """Says everything again, in whatever way the path asks for."""

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        status, body, more = 200, echoes().encode(), {}
        if self.path == "/health":
            # Places move, so that cuts fall everywhere.
            named = {f"{shape}{'x' * at}": value for at, (shape, value) in enumerate(SECRETS.items())}
            body = json.dumps(
                {
                    "ok": SECRETS["long-601"],
                    "version": SECRETS["with-both"],
                    "deep": json.dumps(named),
                    **named,
                }
            ).encode()
            more = {"Age": SECRETS["long-61"], "Cache-Control": f"max-age={SECRETS['long-81']}"}
        elif self.path == "/moved":
            status = 302
            more = {
                "Location": "http://127.0.0.1:9/away?"
                + "&".join(quote_plus(value) for value in SECRETS.values())
            }
        elif self.path == "/elsewhere":
            status = 302
            more = {
                "Location": f"/there/{quote(SECRETS['with-slash'] + SECRETS['with-spaces'] + SECRETS['long-301'])}"
            }
        elif self.path.startswith("/api/"):
            status, body = 400, json.dumps({"status": "error", "error": "x" * 7 + echoes()}).encode()
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        for shape in HEADERS:
            self.send_header(f"X-Echo-{shape}", f"{'x' * len(shape)} {SECRETS[shape]}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - its name is the base class's


@pytest.fixture
def echo() -> Iterator[str]:
    """The URL of a service that repeats what it was told."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SAYS = "import sys; sys.stderr.write(open(sys.argv[1]).read()); sys.exit(1)"


class Left(NamedTuple):
    """What a run has left: names, and what they hold."""

    places: dict[str, str]
    record: dict[str, object]


def ran(folder: Path, url: str, path: str, chapters: str, *options: str) -> Left:
    """Run the checks on the service that echoes, and gather all that they leave."""
    (folder / "tmp").mkdir()
    said = folder / "said"
    said.write_text("first\n" + echoes().replace("\n", " "))
    log = folder / "app.log"
    log.write_text("".join(
        f"{'y' * at}{form(value)}\n" + json.dumps({"level": form(value), "message": form(value), form(value): at}) + "\n"
        for at, value in enumerate(SECRETS.values()) for form in FORMS.values()
    ))  # fmt: skip
    headers = {f"X-{shape}": f"${{{variable(shape)}}}" for shape in HEADERS}
    speaks = [sys.executable, "-c", SAYS, str(said)]
    document = {
        "base_url": url,
        "headers": headers,
        "allow": ["faults", "load"],
        "health": {"path": path, "timeout": "2s", "max_response_time": "1s", "expect_version": "1", "recovery": "1s", "fields": {"ok": "ok"}},
        "faults": {"redis-stopped": {"inject": speaks, "restore": speaks, "timeout": "5s"}},
        "prometheus": {"url": url, "headers": headers},
        "logs": [
            {"name": "app", "files": [str(log)]},
            {"name": "spoken", "command": [*speaks, *(f"${{{variable(shape)}}}" for shape in ("newlines", "accents"))]},
        ],
        "load": {
            "arrival_rate": 20, "duration": "2s", "warm_up": None,
            "requests": [{"name": "a", "path": f"/a?key=${{{variable('long-41')}}}", "expect_text": "nowhere", "headers": headers}],
        },
    }  # fmt: skip
    file = folder / "canary.yaml"
    file.write_text(json.dumps(document))
    command = [
        sys.executable, "-m", "pytest", "checks", "-m", chapters, "--deployment", str(file), "-l", "-vv",
        "--record", str(folder / "record.json"), "--junit-xml", str(folder / "junit.xml"),
        "-p", "allure_pytest", "--alluredir", str(folder / "allure"), "-p", "no:cacheprovider", *options,
    ]  # fmt: skip
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DEPLOYMENT"))
    }
    environ |= {variable(shape): value for shape, value in SECRETS.items()}
    environ |= {"TMPDIR": str(folder / "tmp"), "COLUMNS": "140"}
    places = {}
    with (folder / "terminal").open("wb") as terminal:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal
        )
        while process.poll() is None:
            places |= _while_running(process.pid, folder)
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
    mine = {said, log, file}
    for one in folder.rglob("*"):
        if one.is_file() and one not in mine:
            places[str(one.relative_to(folder))] = one.read_bytes().decode("utf-8", "replace")
    return Left(places, json.loads(places["record.json"]))


def _while_running(root: int, folder: Path) -> dict[str, str]:
    """The arguments of the run's processes, but for the deployment file's own commands, and drafts of its record."""
    places = {}
    family = [root]
    for pid in family:
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
            family += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            continue
        if SAYS not in arguments:
            places[f"arguments of {arguments[:200]}"] = arguments
    for one in [*folder.glob("record.json.*"), *folder.glob("tmp/deployspec-run-*/*")]:
        try:
            places[f"{one.name} meanwhile"] = one.read_text(errors="replace")
        except OSError:
            continue
        if one.parent != folder:
            places[f"mode of {one.name}"] = (
                "" if _is_private(one) else f"{SECRETS['long-41']} may be read by others"
            )
    return places


def _is_private(path: Path) -> bool:
    try:
        told = path.stat()
    except OSError:
        return True
    return not told.st_size or not told.st_mode & 0o077


# columns: what the health endpoint does, chapters, options
@pytest.mark.parametrize(
    ("path", "chapters", "options"),
    [
        pytest.param("/health", "health or logs or slo or (alerts and live)", (), id="in-its-answers"),
        pytest.param("/moved", "health or logs", ("-n", "2"), id="redirected-nowhere"),
        pytest.param("/elsewhere", "health", (), id="redirected-and-no-json"),
    ],
)
def test_no_byte_that_a_run_leaves_tells_a_secret(
    echo: str, tmp_path: Path, path: str, chapters: str, options: tuple[str, ...]
) -> None:
    """Terminal, JUnit, record and drafts, allure-results, load results, temporary files, arguments of processes."""
    left = ran(tmp_path, echo, path, chapters, *options)
    assert "***" in left.places["record.json"]
    once = {text: where for where, text in left.places.items()}
    found = [leak for text, where in once.items() for leak in leaks(where, text)]
    assert not found, "\n".join(found[:60])
