"""Several endpoints, several replicas, faults by names of one's own: the chapter against small servers."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.chapters.health.measure.asked import AT_ONCE
from deployspec.chapters.health.measure.replicas import Replicas
from deployspec.chapters.health.part import HEALTH
from deployspec.deployment import load
from tests.suite import Ran, run_checks

Reply = tuple[int, str, str]
"""Status, media type (none for an empty one) and body."""
UP = (200, "application/json", '{"status": "UP"}')
OK = (200, "text/plain", "ok")
PAGE = (503, "text/html", "<html>maintenance</html>")


@contextmanager
def service(answer: Callable[[str], Reply], host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """A service that answers a path with what ``answer`` gives for it; its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answer(self.path)
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer((host, port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(folder: Path, text: str, *options: str) -> Ran:
    """Run the chapter with this deployment file."""
    local = folder / "there.yaml"
    local.write_text(text)
    return run_checks(local, *options, folder=folder)


def verdicts(ran: Ran) -> dict[str, str]:
    """By check, its verdict."""
    assert ran.record is not None, ran.output
    return {entry["check"].rpartition("::")[2]: entry["verdict"] for entry in ran.record["checks"]}


def reds(ran: Ran) -> dict[str, str]:
    """By check, the reason why it is not MET."""
    assert ran.record is not None, ran.output
    return {
        entry["check"].rpartition("::")[2]: entry["reason"]
        for entry in ran.record["checks"]
        if entry["verdict"] != "MET"
    }


PROBES = """
health:
  timeout: 5s
  endpoints:
    liveness: {form: livez, depends_on: []}
    readiness: {form: json, path: /ready, fields: {ok: {at: /status, healthy: [UP]}, parts: {db: /parts/db}}}
"""


def probes(state: Mapping[str, bool]) -> Callable[[str], Reply]:
    """Liveness, which depends on nothing, and readiness, which depends on ``db``."""

    def answer(path: str) -> Reply:
        if path == "/livez":
            return OK if state.get("alive", True) else (500, "text/plain", "no")
        up = state.get("db", True)
        body = json.dumps({"status": "UP" if up else "DOWN", "parts": {"db": up}})
        return 200 if up else 503, "application/json", body

    return answer


def test_each_endpoint_has_its_checks(tmp_path: Path) -> None:
    """Their ids name the endpoint, each has those checks that its own description asks for, and readiness may be 503
    while liveness is well."""
    state: dict[str, bool] = {}
    with service(probes(state)) as url:
        well = run(tmp_path, f"base_url: {url}\n{PROBES}")
        state["db"] = False
        sick = run(tmp_path, f"base_url: {url}\n{PROBES}", "-n", "2")
    assert well.status == 0, well.output
    assert "test_healthy_now[liveness]" in verdicts(well)
    assert "test_body_is_strict_json[readiness]" in verdicts(well)
    assert "test_body_is_strict_json[liveness]" not in verdicts(well)
    assert "health.body-is-" not in well.output.partition("not selected")[2]
    assert (
        "health.version-is-stated[liveness] (needs health.endpoints.liveness.fields.version)" in well.output
    )
    expected = 'status 503, status is "DOWN", db is false; expected status 200; db true, status "UP"'
    assert reds(sick) == {"test_healthy_now[readiness]": expected}


def faults(folder: Path, **more: str) -> str:
    """A fault of a name of one's own, which takes ``db`` down where ``broken`` is."""
    said = "".join(f", {key}: {value}" for key, value in more.items())
    broken = folder / "broken"
    return f"""
allow: [faults]
faults:
  disk-full: {{inject: [touch, '{broken}'], restore: [rm, '{broken}']{said}}}
"""


class Broken(dict[str, bool]):
    """The state of a service that is broken as long as a file is there."""

    def __init__(self, file: Path, *names: str) -> None:
        self._file, self._names = file, names

    def get(self, name: str, default: bool = True) -> bool:  # type: ignore[override]
        """Whether this is well."""
        return not self._file.exists() if name in self._names else default


OUTAGE = "test_outage_is_told[disk-full]"


@pytest.mark.parametrize(
    ("broken", "red"),
    [
        pytest.param(("db",), "", id="as-described"),
        pytest.param(
            ("db", "alive"),
            'liveness (1 of 2 endpoints): with db down: status 500, the text is "no"; expected 200 within 5 s, '
            "the text of a healthy service",
            id="liveness-depends-on-it",
        ),
        pytest.param((), "readiness (1 of 2 endpoints): with db down: status 200, status is \"UP\", db is true; "
                     'expected 503 within 5 s, status not "UP", only db false', id="not-told"),
    ],
)  # fmt: skip
def test_what_depends_on_a_part_is_checked_in_its_outage(
    tmp_path: Path, broken: tuple[str, ...], red: str
) -> None:
    """Readiness tells of the outage, and liveness does not: else every pod is restarted for a database that is down."""
    state = Broken(tmp_path / "broken", *broken)
    with service(probes(state)) as url:
        text = f"base_url: {url}\n{PROBES}{faults(tmp_path, part='db')}"
        ran = run(tmp_path, text, "-k", "outage")
    assert reds(ran) == ({OUTAGE: red} if red else {})
    assert not (tmp_path / "broken").exists()


def test_no_replica_waits_for_others_to_be_seen_healthy_again(tmp_path: Path) -> None:
    """Of more than are asked at the same time elsewhere, all answer within `recovery`, though each takes its time."""
    broken = tmp_path / "broken"

    def answer(_: str) -> Reply:
        well = not broken.exists()
        time.sleep(0.9)
        return (200 if well else 503), "application/json", f'{{"status": "{"UP" if well else "DOWN"}"}}'

    health = (
        "health: {form: json, timeout: 10s, recovery: 1500ms, fields: {ok: {at: /status, healthy: [UP]}}}"
    )
    with ExitStack() as stack:
        urls = [stack.enter_context(service(answer)) for _ in range(AT_ONCE + 1)]
        text = f"base_url: {urls[0]}\nreplicas: [{', '.join(urls)}]\n{health}\n{faults(tmp_path)}"
        ran = run(tmp_path, text, "-k", "outage")
    assert (ran.status, reds(ran)) == (0, {}), ran.output


def test_a_fault_may_have_a_status_of_its_own(tmp_path: Path) -> None:
    """`expect_status` is the one that is right; a fault of no one part looks at no part."""
    state = Broken(tmp_path / "broken", "db")
    health = "health: {form: json, path: /ready, fields: {ok: {at: /status, healthy: [UP]}, parts: {db: /parts/db}}}"
    with service(probes(state)) as url:
        right = run(
            tmp_path, f"base_url: {url}\n{health}{faults(tmp_path, expect_status='503')}", "-k", "outage"
        )
        wrong = run(
            tmp_path, f"base_url: {url}\n{health}{faults(tmp_path, expect_status='507')}", "-k", "outage"
        )
    assert (right.status, reds(right)) == (0, {})
    assert reds(wrong) == {OUTAGE: 'during disk-full: status 503; expected 507 within 2 s, status not "UP"'}


def test_a_fault_that_nobody_would_see_is_not_caused(tmp_path: Path) -> None:
    """Where no endpoint depends on the part or names it, that all stayed well would prove nothing."""
    with service(probes({})) as url:
        health = "health: {form: livez, depends_on: []}"
        ran = run(tmp_path, f"base_url: {url}\n{health}{faults(tmp_path)}", "-k", "outage")
        each = "health: {form: json, path: /ready, fields: {parts: {each: parts}}, depends_on: []}"
        seen = run(tmp_path, f"base_url: {url}\n{each}{faults(tmp_path, part='db')}", "-k", "outage")
    assert ran.entry(OUTAGE)["verdict"] == "UNMEASURED"
    assert (
        "no endpoint depends on anything, so nothing would show that disk-full took place"
        in reds(ran)[OUTAGE]
    )
    assert "with db down: db is true" in reds(seen)[OUTAGE]


def test_a_part_that_no_endpoint_names_is_refused(tmp_path: Path) -> None:
    """Before anything is broken."""
    text = f"base_url: http://127.0.0.1:9\n{PROBES}{faults(tmp_path, part='dbb')}"
    ran = run(tmp_path, text)
    assert ran.status == 4
    assert "found dbb, which is not in health.fields.parts; expected db; did you mean db?" in ran.output


def test_a_body_where_none_is_promised(tmp_path: Path) -> None:
    """A page with a healthy status is not health, where the file says `body: none`."""
    replies = {"/empty": (204, "", ""), "/page": (200, "text/plain", "<html>")}
    health = "health: {{path: {}, body: none, status: {{healthy: [200, 204]}}}}"
    with service(lambda path: replies[path]) as url:
        empty = run(tmp_path, f"base_url: {url}\n{health.format('/empty')}")
        page = run(tmp_path, f"base_url: {url}\n{health.format('/page')}")
    assert (empty.status, reds(empty)) == (0, {})
    assert reds(page) == {"test_body_is_empty": "the body has 6 bytes: <html>; expected no body"}


def test_the_version_of_another_path(tmp_path: Path) -> None:
    """It is asked there, and is judged as any other."""
    replies = {"/health": UP, "/info": (200, "application/json", '{"build": {"version": "1.2.3"}}')}
    health = (
        "health: {form: json, expect_version: 1.2.4, fields: {ok: {at: /status, healthy: [UP]}, "
        "version: {at: /build/version, path: /info}}}"
    )
    with service(lambda path: replies[path]) as url:
        ran = run(tmp_path, f"base_url: {url}\n{health}")
    assert reds(ran) == {"test_version_is_expected": 'build.version is "1.2.3"; expected "1.2.4"'}
    assert ran.verdict("test_version_is_stated") == "MET"
    assert f"{url}/info\n" in ran.output.partition("test_version_is_expected")[2].partition("reproduce ")[2]


def test_a_version_that_another_path_lacks(tmp_path: Path) -> None:
    """The reason names that path, and no check of the health path."""
    health = "health: {form: json, fields: {version: {at: version, path: /info}}}"
    with service(lambda path: UP) as url:
        ran = run(tmp_path, f"base_url: {url}\n{health}")
    assert ran.verdict("test_version_is_stated") == "UNMEASURED"
    assert reds(ran) == {"test_version_is_stated": "the body has no version (GET /info)"}


def test_the_version_of_another_path_is_asked_for_as_json(tmp_path: Path) -> None:
    """Whatever the health endpoint's own answer is; and what repeats the call by hand asks the same."""
    health = "health: {form: text, path: /live, expect_version: 1.2.4, fields: {version: {at: version, path: /info}}}"
    replies = {"/live": OK, "/info": (200, "application/json", '{"version": "1.2.3"}')}
    with service(lambda path: replies[path]) as url:
        ran = run(tmp_path, f"base_url: {url}\n{health}")
    assert reds(ran) == {"test_version_is_expected": 'version is "1.2.3"; expected "1.2.4"'}
    by_hand = ran.entry("test_version_is_expected")["reproduce"]
    assert by_hand.endswith(f"--header 'Accept: application/json' {url}/info")


def test_a_replica_that_is_sick_is_named(tmp_path: Path) -> None:
    """Each of the replicas is asked; where one is down, or says another version, it is named."""
    health = "health: {form: json, timeout: 5s, fields: {ok: {at: /status, healthy: [UP]}}}"
    with service(lambda _: UP) as first, service(lambda _: PAGE) as second, service(lambda _: UP) as third:
        text = f"base_url: http://127.0.0.1:9\nreplicas: [{first}, {second}, {third}]\n{health}"
        ran = run(tmp_path, text)
        alone = run(tmp_path, text.replace(f", {second}", ""))
    name = second.removeprefix("http://")
    assert reds(ran)["test_healthy_now"].startswith(
        f"{name} (1 of 3 replicas): status 503; expected status 200"
    )
    assert reds(ran)["test_content_type_is_expected"].startswith(
        f"{name} (1 of 3 replicas): Content-Type is text/html"
    )
    assert ran.verdict("test_answers_in_time") == "MET"
    assert "(3 replicas)" in ran.entry("test_not_from_a_cache")["reason"]
    assert (alone.status, reds(alone)) == (0, {})
    assert f"{second}/health" in ran.entry("test_healthy_now")["reproduce"]


def test_a_command_that_finds_no_replicas_is_unmeasured(tmp_path: Path) -> None:
    """Nothing was asked, so nothing is met; the command is run once."""
    ran_file = tmp_path / "ran"
    command = f"[sh, -c, 'echo run >>{ran_file}; exit 3']"
    ran = run(tmp_path, f"base_url: http://127.0.0.1:9\nreplicas: {{command: {command}}}\nhealth: {{}}\n")
    assert set(verdicts(ran).values()) == {"UNMEASURED"}
    assert "replicas.command (sh) ended with status 3" in ran.entry("test_healthy_now")["reason"]
    assert ran_file.read_text() == "run\n"


def test_the_addresses_of_a_name_are_its_replicas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the name resolves to several, each of them is asked by its address, and named by it."""
    addresses = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    replies = dict(zip(addresses, (UP, PAGE, UP), strict=True))
    with ExitStack() as stack:
        port = 0
        for address in addresses:
            url = stack.enter_context(service(lambda _, own=address: replies[own], address, port))  # type: ignore[misc]
            port = int(url.rpartition(":")[2])
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        file = tmp_path / "there.yaml"
        file.write_text(f"base_url: http://atlas.test:{port}\nhealth: {{form: actuator, timeout: 5s}}\n")
        deployment = load(file, {}, OURS, ())
        replicas = Replicas(deployment)
        (health,) = deployment.require(HEALTH)
        asked = {one.name: one.first.result for one in replicas.asked(health)}
    assert {name: answer.status for name, answer in asked.items()} == {
        "127.0.0.1": 200,
        "127.0.0.2": 503,
        "127.0.0.3": 200,
    }
    assert {answer.url for answer in asked.values()} == {f"http://atlas.test:{port}/actuator/health"}
