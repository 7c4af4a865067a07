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

from tests.raw_server.server import health_body
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
USER, OF_THE_PROXY, IN_A_URL = "somebody", f"{_word(14)}:{_word(14)}@{_word(14)}", _word(33)
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


def arrived(place: str) -> str:
    """A word that is not a secret and stands beside one. Where it arrives, so would the secret."""
    return f"arrived-{place}"


def windows(text: str) -> set[str]:
    """All pieces of a text that would tell too much."""
    return {text[at : at + SHORTEST] for at in range(len(text) - SHORTEST + 1)}


def _needles() -> dict[str, str]:
    """Pieces of each form of each secret, and the secret's name. Of base64, what is its own whatever stands around."""
    needles = {}
    for shape, value in {**SECRETS, "of the proxy": OF_THE_PROXY, "in a URL": IN_A_URL}.items():
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
        for piece in NEEDLES.keys() & windows(told):
            at = told.index(piece)
            found[NEEDLES[piece]] = f"{where}: {NEEDLES[piece]}: …{told[max(0, at - 60) : at + 40]!r}"
    return sorted(found.values())


class _Echo(BaseHTTPRequestHandler):
    """Says everything again, in whatever way the path asks for."""

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        status, body, more = 200, b"", {}
        # A proxy is asked for a whole URL.
        path = re.sub(r"^http://[^/]*", "", self.path)
        if path == "/health":
            # Places move, so that cuts fall everywhere.
            named = {f"{shape}{'x' * at}": value for at, (shape, value) in enumerate(SECRETS.items())}
            body = json.dumps(
                {
                    arrived("in-the-body"): 1,
                    "ok": SECRETS["long-601"],
                    "version": f"token={SECRETS['with-spaces']}",
                    "deep": json.dumps(named),
                    **named,
                }
            ).encode()
            more = {"Age": SECRETS["long-61"], "Cache-Control": f"max-age={SECRETS['long-81']}"}
        elif path == "/well":
            body, more = health_body(), {"Content-Type": "application/json"}
        elif path == "/moved":
            status = 302
            more = {
                "Location": f"http://127.0.0.1:9/{arrived('in-a-foreign-location')}?"
                + "&".join(quote_plus(value) for value in SECRETS.values())
            }
        elif path == "/elsewhere":
            status = 302
            more = {
                "Location": f"/{arrived('in-a-location')}/"
                + quote(SECRETS["with-slash"] + SECRETS["with-spaces"] + SECRETS["long-301"])
            }
        elif path.startswith("/api/"):
            said = f"{arrived('from-prometheus')} {echoes()}"
            status, body = 400, json.dumps({"status": "error", "error": said}).encode()
        else:
            sent = self.headers.get("Proxy-Authorization", "")
            known = base64.b64decode(sent.removeprefix("Basic ")).decode()
            body = f"{arrived('in-plain-text')} {sent} {arrived('at-a-proxy')} {known}\n{echoes()}".encode()
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        if path != "/well":
            for shape in HEADERS:
                self.send_header(f"X-Echo-{shape}", f"{arrived('in-a-header')} {SECRETS[shape]}")
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


SAYS = (
    "import sys; sys.stderr.write(open(sys.argv[1]).read().join(sys.argv[2:4])); sys.exit(int(sys.argv[4]))"
)

OWN_CHECKS = """
import os, sys
import pytest

pytestmark = pytest.mark.health
TOKENS = {name: value for name, value in os.environ.items() if name.startswith("TOKEN_")}

@pytest.fixture
def broken(deployment):
    raise ValueError("arrived-in-a-fixture " + " ".join(TOKENS.values()))

def test_needs_what_is_broken(broken): ...

def test_raises(deployment):
    raise RuntimeError("arrived-in-an-exception " + " ".join(TOKENS.values()))

def test_skips(deployment):
    pytest.skip("arrived-in-a-skip " + " ".join(TOKENS.values()))

def test_prints(deployment, judge):
    print("arrived-in-output", *TOKENS.values())
    print("arrived-in-errors", *map(repr, TOKENS.values()), file=sys.stderr)
    assert not "arrived-after-output"

def told(failing):
    # What pytest makes of asserts that fail, one for each token.
    for token in TOKENS.values():
        with pytest.raises(AssertionError) as caught:
            failing(token)
        yield str(caught.value)

def test_compares(deployment):
    def failing(token):
        assert token == "arrived-in-a-comparison"
    raise AssertionError(chr(10).join(told(failing)))

def test_compares_ends(deployment):
    def failing(token):
        assert "arrived-first " + token == "arrived-first " + token[:-1] + "?"
    raise AssertionError(chr(10).join(told(failing)))

def test_compares_headers(deployment):
    def failing(token):
        headers = {"arrived-in-a-dictionary": token, "all": [token, "x"]}
        assert headers == {"all": [1]}
    raise AssertionError(chr(10).join(told(failing)))

def test_denies(deployment):
    def failing(token):
        assert not ["arrived-in-a-denial", token]
    raise AssertionError(chr(10).join(told(failing)))
"""


class Left(NamedTuple):
    """What a run has left: names, and what they hold."""

    places: dict[str, str]
    record: dict[str, object]


def ran(folder: Path, url: str, path: str, chapters: str, *options: str, proxy: str = "") -> Left:
    """Run the checks on the service that echoes, and gather all that they leave."""
    (folder / "tmp").mkdir()
    said = folder / "said"
    said.write_text(echoes().replace("\n", " "))
    log = folder / "app.log"
    log.write_text("".join(
        f"{'y' * at}{arrived('in-a-line')} {form(value)}\n"
        + json.dumps({"level": f"{arrived('in-a-level')} {form(value)}", "message": form(value), form(value): at}) + "\n"
        for at, value in enumerate(SECRETS.values()) for form in FORMS.values()
    ))  # fmt: skip
    own = folder / "test_own.py"
    own.write_text(OWN_CHECKS)
    headers = {f"X-{shape}": f"${{{variable(shape)}}}" for shape in HEADERS}

    def says(place: str, status: int = 1) -> list[str]:
        return [
            sys.executable,
            "-c",
            SAYS,
            str(said),
            f"first\n{arrived(place)} ",
            f" {arrived(place)}",
            str(status),
        ]

    told = [
        arrived("in-arguments"),
        *(f"${{{variable(shape)}}}" for shape in ("newlines", "accents")),
        f"http://{arrived('as-a-user')}:{IN_A_URL}@127.0.0.1/",
    ]
    document = {
        "base_url": url,
        "headers": headers,
        "allow": ["faults", "load"],
        "health": {"path": path, "timeout": "20s", "max_response_time": "1s", "expect_version": "1", "recovery": "1s", "fields": {"ok": "ok"}},
        "faults": {
            "redis-stopped": {"inject": says("while-injecting"), "restore": says("", 0), "timeout": "5s"},
            "redis-hung": {"inject": says("", 0), "restore": says("while-restoring"), "timeout": "5s"},
        },
        "prometheus": {"url": url, "headers": headers},
        "rules": {"files": [str(ROOT / "rules/api.rules.yml")], "tests": [str(ROOT / "rules/api.test.yml")]},
        "slos": {"files": [str(ROOT / "slos/*.yaml")]},
        "logs": [
            {"name": "app", "files": [str(log)]},
            {"name": "spoken", "command": [*says("from-a-command"), *told]},
        ],
        "load": {
            "arrival_rate": 20, "duration": "1s", "warm_up": None,
            "requests": [{
                "name": "a", "path": f"/{arrived('in-a-path')}?key=${{{variable('long-41')}}}",
                "expect_text": "nowhere", "headers": headers,
            }],
        },
    }  # fmt: skip
    file = folder / "canary.yaml"
    file.write_text(json.dumps(document))
    command = [
        sys.executable, "-m", "pytest", "checks", str(own), "-c", "pytest.ini", "--rootdir", ".", "-m", chapters,
        "--deployment", str(file), "--record", str(folder / "record.json"), "--junit-xml", str(folder / "junit.xml"),
        "--summary-file", str(folder / "summary.md"), "--code-quality", str(folder / "quality.json"), "--annotations", "github",
        "-p", "allure_pytest", "--alluredir", str(folder / "allure"), "-p", "no:cacheprovider", *options,
    ]  # fmt: skip
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "DEPLOYMENT")) and not name.lower().endswith("_proxy")
    }
    environ |= {variable(shape): value for shape, value in SECRETS.items()}
    environ |= {"TMPDIR": str(folder / "tmp"), "COLUMNS": "140"}
    if proxy:
        environ["http_proxy"] = proxy
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
    mine = {said, log, file, own}
    for one in folder.rglob("*"):
        if one.is_file() and one not in mine:
            places[str(one.relative_to(folder))] = one.read_bytes().decode("utf-8", "replace")
    return Left(places, json.loads(places["record.json"]))


def _while_running(root: int, folder: Path) -> dict[str, str]:
    """The arguments of the run's processes, but for the deployment file's own commands, drafts of its record, and its
    temporary files, of which nobody else may read any."""
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
    temporary = [*folder.glob("tmp/deployspec-*/*")]
    for one in [*folder.glob("record.json.*"), *temporary]:
        try:
            text = one.read_text(errors="replace")
        except OSError:
            continue
        # The plan of a load run has to hold what is to be sent.
        if one.name != "plan.json":
            places[f"{one.name} meanwhile"] = text
    for one in temporary:
        if not _is_private(one):
            places[f"mode of {one.name}"] = f"{SECRETS['long-41']} may be read by others"
    return places


def _is_private(path: Path) -> bool:
    try:
        told = path.stat()
    except OSError:
        return True
    return not told.st_size or not told.st_mode & 0o077


# Where what stands beside a secret has to arrive: on the terminal, in JUnit, in the record and for Allure.
EVERYWHERE = ("terminal", "junit.xml", "record.json", "allure")
ANSWERS = (
    "in-the-body",
    "in-a-header",
    "from-prometheus",
    "in-a-line",
    "in-a-level",
    "from-a-command",
)
OWN = ("in-a-fixture", "in-an-exception", "in-a-skip", "after-output")
ONLY = {
    "in-a-path": ("record.json",),
    "in-output": ("terminal", "allure"),
    "in-errors": ("terminal", "allure"),
}
"""What not all of them show: captured output, and the load run's plan."""
COMPARED = ("in-a-comparison", "in-a-dictionary", "in-a-denial")
"""Of the checks' own asserts, which pytest shortens unless it is told -vv."""


# columns: what the health endpoint does, chapters, options, what has to arrive
@pytest.mark.parametrize(
    ("path", "chapters", "options", "places"),
    [
        pytest.param(
            "/health", "health or logs or slo or (alerts and live)", ("-l", "-vv"),
            (*ANSWERS, *OWN, *COMPARED, *ONLY, "first"), id="in-its-answers",
        ),
        pytest.param(
            "/moved", "health or logs", ("-n", "2", "-l", "-vv"),
            ("in-a-foreign-location", *OWN), id="redirected-nowhere",
        ),
        pytest.param(
            "/elsewhere", "health", ("-k", "not test_own"),
            ("in-a-location", "in-plain-text", "at-a-proxy"), id="through-a-proxy",
        ),
        pytest.param(
            "/well", "health", ("-k", "outage or test_own"),
            ("while-injecting", "while-restoring", *OWN, *COMPARED), id="by-its-faults",
        ),
    ],
)  # fmt: skip
def test_no_byte_that_a_run_leaves_tells_a_secret(
    echo: str, tmp_path: Path, path: str, chapters: str, options: tuple[str, ...], places: tuple[str, ...]
) -> None:
    """Terminal, annotations, JUnit, summary, GitLab's report, record and drafts, allure-results, load results, temporary files, arguments of processes."""
    proxy = f"http://{quote(USER)}:{quote(OF_THE_PROXY, safe='')}@{echo.removeprefix('http://')}"
    if path == "/elsewhere":
        left = ran(tmp_path, "http://canary.invalid", path, chapters, *options, proxy=proxy)
    else:
        left = ran(tmp_path, echo, path, chapters, *options)
    texts: dict[str, str] = {}
    for where, text in left.places.items():
        kind = where.partition("/")[0]
        texts[kind] = texts.get(kind, "") + text
    lacking = [
        f"{place} in {kind}"
        for place in places
        for kind in ONLY.get(place, EVERYWHERE)
        if arrived(place) not in texts[kind]
    ]
    assert not lacking
    once = {text: where for where, text in left.places.items()}
    found = [leak for text, where in once.items() for leak in leaks(where, text)]
    assert not found, "\n".join(found[:60])
