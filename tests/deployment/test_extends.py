"""Files that extend others: what they say together, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.base.errors import DeploymentFileError
from deployspec.chapters.alerts.part import RULES
from deployspec.chapters.health.model import Pointer, QueueDepth
from deployspec.chapters.health.part import FAULTS, HEALTH
from deployspec.chapters.logs.part import LOGS
from deployspec.chapters.slo.part import LOAD, SLOS
from deployspec.cli import main
from deployspec.deployment import PROMETHEUS, Deployment, load, names_in
from deployspec.deployment.source import LARGEST
from tests.deployment.conftest import BASE
from tests.suite import ROOT

CHILD = f"{BASE}extends: _base.yaml\n"
"""Its key ``extends`` is at 2:1, the value at 2:10."""
READABLE = "expected a deployment file: YAML, at most 1 MiB"

Files = Callable[..., Deployment]
Refusals = Callable[..., list[str]]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """``files({name: text…}, NAME=value…)``: the deployment of the first of these files, seen from their folder."""
    monkeypatch.chdir(tmp_path)

    def reader(texts: dict[str, str | bytes], **environ: str) -> Deployment:
        for name, text in texts.items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(Path(next(iter(texts))), environ, OURS, ())

    return reader


@pytest.fixture
def refusals(files: Files) -> Refusals:
    """``refusals({name: text…}, NAME=value…)``: the lines of the error."""

    def refused(texts: dict[str, str | bytes], **environ: str) -> list[str]:
        with pytest.raises(DeploymentFileError) as caught:
            files(texts, **environ)
        assert caught.value.__cause__ is None
        return str(caught.value).splitlines()

    return refused


def test_mappings_are_merged_and_anything_else_is_replaced(files: Files) -> None:
    """At any depth; a list is the child's own, and null stands for what it stands for everywhere."""
    deployment = files(
        {
            "there.yaml": CHILD
            + "allow: [load]\nhealth: {timeout: 3s, fields: {time: null, parts: [db]}}\nrules: null\n",
            "_base.yaml": "base_url: https://other.example\nallow: [faults, write]\nrules: {files: [a.yml]}\n"
            "health: {path: /ready, timeout: 5s, fields: {ok: up, time: now, queue_depth: null}}\n",
        }
    )
    assert (deployment.name, deployment.path) == ("there", Path("there.yaml"))
    assert deployment.base_url == "https://deal-scout.example"
    assert deployment.allow == {"load"}
    assert deployment.get(RULES) is None
    health = deployment.require(HEALTH)[0]
    assert (health.path, health.timeout) == ("/ready", 3)
    fields = health.fields
    assert (fields.time, fields.queue_depth) == (None, None)
    assert [flag.name for flag in (fields.ok, *fields.parts)] == ["up", "db"]
    assert "extends" not in deployment.data


def test_credentials_of_another_form_replace_those_of_the_base(files: Files) -> None:
    """They say one thing in one of several forms."""
    deployment = files(
        {
            "there.yaml": CHILD
            + 'auth: {bearer: "a-token-of-mine"}\nprometheus: {auth: {bearer: "another-token"}}\n',
            "_base.yaml": 'auth: {basic: {user: probe, password: "${PASSWORD}"}}\n'
            "prometheus: {url: 'https://p.example', auth: {command: [vault, read]}}\n",
        },
        PASSWORD="of the base",
    )
    assert deployment.headers["Authorization"].reveal() == "Bearer a-token-of-mine"
    assert deployment.require(PROMETHEUS).headers["Authorization"].reveal() == "Bearer another-token"


def test_a_client_certificate_is_taken_whole(files: Files, tmp_path: Path) -> None:
    """One with its key in one file has none of its base's."""
    for name in ("one.pem", "two.pem", "two.key"):
        (tmp_path / name).write_text("")
    deployment = files(
        {
            "there.yaml": CHILD + "client_certificate: {certificate: one.pem}\n",
            "_base.yaml": 'client_certificate: {certificate: two.pem, key: two.key, password: "${PASSWORD}"}\n',
        },
        PASSWORD="of the base",
    )
    own = deployment.client_certificate
    assert own is not None
    assert (own.certificate.name, own.key, own.password) == ("one.pem", None, None)


def test_a_fault_may_be_called_as_credentials_are(files: Files) -> None:
    """Only where it is one of credentials is a mapping taken whole."""
    deployment = files(
        {
            "there.yaml": CHILD + "faults: {redis-hung: {timeout: 3s}}\n",
            "_base.yaml": "health: {}\nfaults: {redis-hung: {inject: [a], restore: [b]}}\n",
        }
    )
    assert deployment.require(FAULTS)["redis-hung"].timeout == 3


def test_what_may_be_done_is_not_inherited(files: Files) -> None:
    """A file that says nothing of it allows nothing, whatever its base is allowed."""
    base = "allow: [faults, load, write]\nhealth: {}\n"
    assert files({"there.yaml": CHILD, "_base.yaml": base}).allow == frozenset()
    assert files({"there.yaml": CHILD + "allow: [write]\n", "_base.yaml": base}).allow == {"write"}


def test_null_takes_an_inherited_key_away(files: Files) -> None:
    """One header, all of them, credentials, a part; what no base has is refused as ever."""
    base = (
        'headers: {Authorization: "Bearer ${TOKEN}", X-Team: shop}\nprometheus: {url: "https://p.example"}\n'
        "health: {max_response_time: 1s}\n"
    )
    child = CHILD + "headers: {Authorization: null}\nprometheus: null\nhealth: {max_response_time: null}\n"
    deployment = files({"there.yaml": child, "_base.yaml": base}, TOKEN="a-token-of-the-base")
    assert list(deployment.headers) == ["X-Team"]
    assert deployment.get(PROMETHEUS) is None
    assert deployment.require(HEALTH)[0].max_response_time is None
    with_auth = files({"there.yaml": CHILD + "headers: null\nauth: {bearer: another-one}\n", "_base.yaml": base}, TOKEN="x" * 9)  # fmt: skip
    assert with_auth.headers["Authorization"].reveal() == "Bearer another-one"


def test_a_chain_is_merged_from_its_root(files: Files) -> None:
    """The nearest file that says something is right, and what a base replaces is gone for those that extend it."""
    deployment = files(
        {
            "there.yaml": f"{BASE}extends: b/middle.yaml\nhealth: {{fields: {{queue_depth: {{field: backlog}}}}}}\n",
            "b/middle.yaml": "extends: ../root.yaml\nhealth: {retries: 2, fields: {queue_depth: null}}\n",
            "root.yaml": "health: {retries: 1, calls: 9, fields: {queue_depth: {field: gone, part: redis}}}\n",
        }
    )
    health = deployment.require(HEALTH)[0]
    assert (health.retries, health.calls) == (2, 9)
    assert health.fields.queue_depth == QueueDepth(Pointer(("backlog",)), None)


def test_a_base_may_say_all_but_nothing_has_to(files: Files) -> None:
    """What is required is required of the whole: here the base alone has it."""
    texts: dict[str, str | bytes] = {"there.yaml": "extends: _base.yaml\n", "_base.yaml": BASE}
    assert files(texts).base_url == "https://deal-scout.example"


def test_paths_are_said_from_the_file_in_which_they_are_written(files: Files, tmp_path: Path) -> None:
    """In a base as in the child, files, folders and patterns; a folder's own brackets are no pattern."""
    shared = "sha[re]d"
    there = tmp_path / "deployments" / ".." / shared
    for name in ("ca.pem", "h.json", "am.yml", "routes.md", "snap.json", "locust.py"):
        (tmp_path / shared).mkdir(exist_ok=True)
        (tmp_path / shared / name).touch()
    deployment = files(
        {
            "deployments/there.yaml": f'{BASE}extends: "../{shared}/base.yaml"\nslos: {{files: [own/*.yaml]}}\n',
            f"{shared}/base.yaml": "ca: ca.pem\nhealth: {schema: ./h.json}\nslos: {files: [theirs.yaml]}\n"
            "rules: {files: ['r/*.yml', /abs/*.yml], tests: ['${T:-t}/**.yml'], runbooks: books, "
            "alertmanager: am.yml, routing: routes.md}\n"
            "logs: [{name: a, files: [log/*.log], schemas: {event: {snap: snap.json}}},"
            " {name: b, command: [./cat, x.log]}]\n"
            "load: {arrival_rate: 1, locustfile: locust.py, requests: [{name: x, path: /x}]}\n"
            "faults: {redis-hung: {inject: [./hang], restore: [./go]}}\n",
        }
    )
    escaped = str(there).replace("[", "[[]")
    rules, slos = deployment.require(RULES), deployment.require(SLOS)
    assert rules is not None
    assert slos is not None
    health, (log, command) = deployment.require(HEALTH)[0], deployment.require(LOGS)
    assert deployment.ca == there / "ca.pem"
    assert health.schema == there / "h.json"
    assert rules.files == (f"{escaped}/r/*.yml", "/abs/*.yml")
    assert rules.tests == (f"{escaped}/t/**.yml",)
    assert (rules.runbooks, rules.alertmanager) == (there / "books", there / "am.yml")
    assert rules.routing == there / "routes.md"
    assert log.files == (f"{escaped}/log/*.log",)
    assert log.schemas.event == {"snap": there / "snap.json"}
    assert command.command == ("./cat", "x.log")
    assert deployment.require(LOAD).locustfile == there / "locust.py"
    assert deployment.require(FAULTS)["redis-hung"].inject == ("./hang",)
    assert slos.files == (str(tmp_path / "deployments/own/*.yaml"),)


def test_each_path_of_the_schema_has_a_format() -> None:
    """One without it would be said from the child's folder even where a base has it."""
    for file in (chapter.schema for chapter in OURS if chapter.schema is not None):
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines):
            if "Relative to this file's folder" in line:
                assert any(
                    f'"format": "{form}"' in "".join(lines[number : number + 7])
                    for form in ("file", "folder", "pattern")
                ), line


def test_problems_name_the_file_in_which_the_value_is_written(refusals: Refusals) -> None:
    """All at once, those of each file in its order."""
    texts: dict[str, str | bytes] = {
        "there.yaml": f"{BASE}extends: b/base.yaml\nhealth: {{calls: 1}}\nslos: {{}}\n",
        "b/base.yaml": "health:\n  timeout: 2\n  schema: no.json\n  calls: 9\nfaults: {redis-hung: {part: x}}\n"
        "ca: no.pem\nheaders: {X: '${NONE}'}\nfaults: {}\n",
    }
    assert refusals(texts) == [
        "b/base.yaml:2:12: found 2 without a unit; expected a duration such as 2s, 500ms or 1h30m",
        "b/base.yaml:5:22: found no key inject; expected inject: a list of texts",
        "b/base.yaml:5:22: found no key restore; expected restore: a list of texts",
        "b/base.yaml:6:5: found no.pem, and there is no such file; expected a file's path, from this file's folder",
        (
            "b/base.yaml:7:14: found ${NONE}, and the variable is not set; "
            "expected NONE set in the environment, or a default: ${NONE:-…}"
        ),
        "b/base.yaml:8:1: found a key for the second time (the first is at line 5, column 1); expected each key once",
        "there.yaml:3:17: found 1; expected a whole number from 2 to 1000",
        "there.yaml:4:7: found no key files; expected files: a list of texts",
    ]


def test_what_no_file_says_is_missed_in_the_child(refusals: Refusals) -> None:
    """``base_url`` is required of the whole."""
    assert refusals({"there.yaml": "allow: []\nextends: _base.yaml\n", "_base.yaml": "health: {}\n"}) == [
        "there.yaml:1:1: found no key base_url; expected base_url: a URL such as https://deal-scout.example"
    ]


# columns: what follows `extends: ` in the child, where the problem is, what is said
@pytest.mark.parametrize(
    ("value", "column", "said"),
    [
        pytest.param(
            '"${BASE}.yaml"',
            10,
            "a variable in extends; expected a path without variables; $$ for a dollar sign",
            id="variable",
        ),
        pytest.param(
            "$BASE",
            10,
            "a variable in extends; expected a path without variables; $$ for a dollar sign",
            id="bare",
        ),
        pytest.param("[a.yaml]", 10, "a list; expected a file's path", id="list"),
        pytest.param("{a: b}", 10, "a mapping; expected a file's path", id="mapping"),
        pytest.param("", 9, "nothing; expected a file's path, or leave the key out", id="null"),
        pytest.param("''", 10, "an empty text; expected a file's path that is not empty", id="empty"),
        pytest.param(
            "!x a", 10, "a YAML tag; expected plain data; a text that begins with ! needs quotes", id="tag"
        ),
        pytest.param("no.yaml", 1, f"no such file: no.yaml; {READABLE}", id="missing"),
        pytest.param(
            "no.yaml/x", 1, f"something that cannot be read (Not a directory): no.yaml/x; {READABLE}", id="x"
        ),
        pytest.param("folder", 1, f"a directory: folder; {READABLE}", id="folder"),
        pytest.param("pipe", 1, f"a named pipe: pipe; {READABLE}", id="pipe"),
        pytest.param("large", 1, f"a file of {LARGEST + 1} bytes: large; {READABLE}", id="large"),
        pytest.param('"a\\0b"', 10, "a NUL character; expected a text without it", id="nul"),
        pytest.param(
            "x" * 9000,
            1,
            f"something that cannot be read (File name too long): {'x' * 299}…; {READABLE}",
            id="long",
        ),
        pytest.param(
            "there.yaml",
            1,
            "a circle: there.yaml extends there.yaml; expected a chain of files that ends",
            id="self",
        ),
    ],
)
def test_a_base_that_cannot_be_is_one_clear_problem(
    refusals: Refusals, tmp_path: Path, value: str, column: int, said: str
) -> None:
    """At the key, or at its value where that alone is wrong; nothing is said of what the base might have had."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * (LARGEST + 1))
    expected = [f"there.yaml:1:{column}: found {said}"]
    if value == "no.yaml/x":
        (tmp_path / "no.yaml").touch()
    assert refusals({"there.yaml": f"extends: {value}\n"}) == expected


# columns: the base, where in it the problem is, what is said
@pytest.mark.parametrize(
    ("base", "place", "said"),
    [
        pytest.param(
            "allow: [load\nhealth: {}\n",
            "2:7",
            "broken YAML (did not find expected ',' or ']'); "
            "expected YAML; a text with any of : # { [ ' \" & * ! % @ needs quotes",
            id="syntax",
        ),
        pytest.param(
            "# nothing\n",
            "1:1",
            "nothing (an empty file, or only comments); expected a mapping of a deployment file's keys",
            id="empty",
        ),
        pytest.param(
            "- x\n", "1:1", "a list at the top; expected a mapping of a deployment file's keys", id="list"
        ),
        pytest.param(
            b"allow: \xff\n", "1:8", "a byte that is not UTF-8 (0xff); expected a text in UTF-8", id="utf-8"
        ),
        pytest.param(
            "x: *a\n",
            "1:4",
            "an alias of an anchor that does not exist; "
            "expected an anchor before it; a text that begins with * needs quotes",
            id="alias",
        ),
    ],
)
def test_a_base_that_is_no_deployment_file_is_told_in_both(
    refusals: Refusals, base: str | bytes, place: str, said: str
) -> None:
    """Its own problem at its place, and who extends it."""
    assert refusals({"there.yaml": CHILD, "_base.yaml": base}) == [
        f"_base.yaml:{place}: found {said}",
        f"there.yaml:2:1: found _base.yaml, which cannot be read (its own problem is told too); {READABLE}",
    ]


def test_a_circle_is_told_by_its_files(refusals: Refusals) -> None:
    """Those in the circle alone, also where their paths are written in other ways."""
    texts: dict[str, str | bytes] = {
        "there.yaml": f"{BASE}extends: b/one.yaml\n",
        "b/one.yaml": "extends: two.yaml\n",
        "b/two.yaml": "allow: []\nextends: ../b/one.yaml\n",
    }
    assert refusals(texts) == [
        (
            "b/two.yaml:2:1: found a circle: b/one.yaml extends b/two.yaml extends b/one.yaml; "
            "expected a chain of files that ends"
        )
    ]


@pytest.mark.parametrize("bases", [8, 9])
def test_a_chain_has_at_most_eight_bases(files: Files, bases: int) -> None:
    """The eighth is read; a ninth is a problem where it is named."""
    texts: dict[str, str | bytes] = {
        f"{number}.yaml": f"health: {{calls: {number + 2}}}\nextends: {number + 1}.yaml\n"
        for number in range(bases)
    }
    texts[f"{bases}.yaml"] = f"{BASE}health: {{retries: 3}}\n"
    if bases == 8:
        health = files(texts).require(HEALTH)[0]
        assert (health.calls, health.retries) == (2, 3)
    else:
        with pytest.raises(DeploymentFileError) as caught:
            files(texts)
        assert str(caught.value) == (
            "8.yaml:2:1: found a chain of more than 8 files that are extended; expected a shorter one"
        )


def test_secrets_of_a_base_are_secrets(files: Files, refusals: Refusals) -> None:
    """A header's value and its variable are hidden, and no message shows them, as in the child."""
    texts: dict[str, str | bytes] = {
        "there.yaml": f"{CHILD}headers: {{X-Own: own-value}}\n",
        "_base.yaml": 'headers: {Authorization: "Bearer ${GATE}", X-Key: written-out}\n',
    }
    deployment = files(texts, GATE="gate-value")
    assert set(deployment.headers) == {"Authorization", "X-Key", "X-Own"}
    assert deployment.redact("own-value gate-value written-out") == "*** *** ***"
    assert "gate-value" not in repr(deployment)
    texts["_base.yaml"] = "headers:\n  X-Key: ' written-out'\n"
    assert refusals(texts) == [
        (
            "_base.yaml:2:10: found a value with a space at its beginning or end; "
            "expected one line of printable ASCII characters without them"
        )
    ]
    texts["_base.yaml"] = "headers: {x-own: written-out}\n"
    assert refusals(texts) == [
        (
            "there.yaml:3:11: found the header X-Own, which is x-own again; "
            "expected each header once: upper and lower case make no difference"
        )
    ]


def test_validate_judges_the_merged_whole(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    """And a file that is there to be extended is no deployment of that name."""
    files(
        {
            "deployments/there.yaml": CHILD,
            "deployments/_base.yaml": "health: {}\n",
            "deployments/.x.yaml": BASE,
        }
    )
    assert names_in(Path("deployments")) == ["there"]
    assert main(["validate", "there"]) == 0
    assert capsys.readouterr().out == (
        "deployments/there.yaml: valid; describes health; allows nothing but reading\n"
    )
    assert main(["validate", "_base"]) == 4
    assert capsys.readouterr().err.startswith("found no deployment _base; expected there")


def test_the_example_of_the_page_is_valid(files: Files) -> None:
    """As it stands there."""
    section = (ROOT / "docs" / "deployment-file.md").read_text().split("## Shared files")[1].split("\n## ")[0]
    blocks = [block.split("```")[0] for block in section.split("```yaml\n")[1:]]
    texts: dict[str, str | bytes] = {block.splitlines()[0].removeprefix("# "): block for block in blocks}
    base = texts.pop("deployments/_base.yaml")
    for name, text in texts.items():
        deployment = files({name: text, "deployments/_base.yaml": base}, API_TOKEN="some-token")
        longest = 0.5 if name.endswith("production.yaml") else 1
        assert (deployment.require(HEALTH)[0].timeout, deployment.require(HEALTH)[0].max_response_time) == (
            2,
            longest,
        )
