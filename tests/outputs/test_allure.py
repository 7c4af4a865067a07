"""What Allure is told of a check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from deployspec.base import disclosure
from deployspec.model.entry import Accepted, Entry, Evidence
from deployspec.model.verdict import Proportion
from deployspec.outputs import allure
from deployspec.outputs.allure import Attached, Check, Facts
from deployspec.record.record import Run

ENTRY = Entry(
    check="checks/test_health.py::test_steady",
    id="health.steady",
    chapter="health",
    promise="It is steady.",
    verdict="BREACHED",
    reason="2 of 3 differ",
    measured="2 of 3",
    limit="all alike",
    reproduce="curl http://127.0.0.1:9/health",
    evidence=(Evidence("call 1 of 3", "status 503"),),
    source="checks/test_health.py:7",
    proportion=Proportion("steady", "load", 1, 3, 0.95, 0.1, 0.6),
)
CHECK = Check("health.steady", "health", "It is steady.", "API Health Endpoint")
FACTS = Facts(
    "staging",
    "run-1",
    "team-a",
    "https://wiki.example/guide",
    "https://wiki.example/runbooks/{check}",
)


def labels(result: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in result["labels"]}


def identified(check: Check = CHECK, facts: Facts = FACTS, **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = dict(more)
    allure.identify(result, check, facts)
    return result


def labelled(entry: Entry | None, facts: Facts = FACTS) -> dict[str, Any]:
    result: dict[str, Any] = {}
    allure.label(result, entry, facts)
    return result


def test_a_check_is_known_by_its_id_and_deployment() -> None:
    """Neither its file, nor its parameters, nor what pytest calls it, have a part in that."""
    first = identified(fullName="checks.test_health#test_steady", name="test_steady")
    moved = identified(fullName="tests.moved#test_steady", parameters=[{"name": "port", "value": "1"}])
    assert (first["testCaseId"], first["historyId"]) == (moved["testCaseId"], moved["historyId"])
    assert first["testCaseId"] == "health.steady@staging"
    assert moved["parameters"] == [{"name": "port", "value": "1", "excluded": True}]
    others = [
        identified(facts=replace(FACTS, deployment="production")),
        identified(CHECK._replace(id="health.other")),
    ]
    assert first["historyId"] not in [other["historyId"] for other in others]


def test_what_tells_checks_of_one_function_apart_is_in_the_id_alone() -> None:
    """The values themselves, some of them large, are left out."""
    result = identified(
        CHECK._replace(parameters=frozenset({"objective"})),
        parameters=[{"name": "objective", "value": "Objective(…)"}, {"name": "mine", "value": "1"}],
    )
    assert [one["name"] for one in result["parameters"]] == ["mine"]


def test_labels_and_links_say_where_it_belongs() -> None:
    """Epic, feature, story, severity, owner; the section of the guide, and the page of the check."""
    result = identified(CHECK._replace(id="health.steady[a b]"))
    assert labels(result) == {
        "epic": "staging",
        "feature": "health",
        "story": "It is steady.",
        "severity": "critical",
        "owner": "team-a",
    }
    assert [link["url"] for link in result["links"]] == [
        "https://wiki.example/guide#api-health-endpoint",
        "https://wiki.example/runbooks/health.steady",
    ]
    plain = identified(CHECK._replace(in_gate=False, section=""), Facts())
    assert labels(plain) == {
        "epic": "files",
        "feature": "health",
        "story": "It is steady.",
        "severity": "normal",
    }
    assert plain["links"] == []


def test_what_a_check_says_of_itself_counts_for_more() -> None:
    """Its own severity and title, by Allure's decorators."""
    given = [{"name": "severity", "value": "trivial"}, {"name": "tag", "value": "x"}]
    result = identified(CHECK._replace(title="Steady as she goes"), labels=given)
    assert (labels(result)["severity"], labels(result)["tag"]) == ("trivial", "x")
    assert len(result["labels"]) == len(labels(result))
    assert result["name"] == "Steady as she goes"


# entry: of a check; expected: the labels that say how it ended.
@pytest.mark.parametrize(
    ("entry", "status", "expected"),
    [
        pytest.param(replace(ENTRY, verdict="MET"), "passed", {"verdict": "MET"}, id="met"),
        pytest.param(
            replace(ENTRY, verdict="MET", flaky=True), "passed", {"verdict": "MET", "flaky": "true"}, id="flaky"
        ),
        pytest.param(ENTRY, "failed", {"verdict": "BREACHED"}, id="breached"),
        pytest.param(replace(ENTRY, verdict="UNMEASURED"), "broken", {"verdict": "UNMEASURED"}, id="unmeasured"),
        pytest.param(
            replace(ENTRY, verdict="UNMEASURED", defect=True),
            "broken",
            {"verdict": "UNMEASURED", "suite_error": "true"},
            id="defect",
        ),
        pytest.param(None, "broken", {"verdict": "UNMEASURED"}, id="no-verdict"),
    ],
)  # fmt: skip
def test_the_verdict_is_a_status_and_labels(
    entry: Entry | None, status: str, expected: dict[str, str]
) -> None:
    """One status each, and the labels that categories go by."""
    result = labelled(entry)
    assert result["status"] == status
    assert labels(result) == {**expected, "run": "run-1"}


def test_the_message_is_the_reason_and_the_trace_has_no_evidence() -> None:
    """The history keeps both, for each run."""
    details = labelled(ENTRY)["statusDetails"]
    assert details["message"] == "2 of 3 differ"
    assert "all alike" in details["trace"]
    assert "status 503" not in details["trace"]
    assert "message" not in labelled(replace(ENTRY, verdict="MET"))["statusDetails"]


def test_an_accepted_breach_is_known() -> None:
    """Allure counts it as accepted then, and the message says by whom and until when."""
    accepted = Accepted("team-b", "a new disk is ordered", "2026-12-31", "accepted.yaml:3")
    result = labelled(replace(ENTRY, accepted=accepted), replace(FACTS, maintenance="nightly"))
    assert labels(result)["accepted"] == "until 2026-12-31"
    assert labels(result)["maintenance"] == "nightly"
    assert result["statusDetails"]["known"] is True
    assert result["statusDetails"]["message"] == (
        "2 of 3 differ; accepted until 2026-12-31 by team-b: a new disk is ordered (accepted.yaml:3)"
    )


def test_what_holds_again_although_it_is_accepted_fails() -> None:
    """It is MET, and the message says what to remove."""
    result = labelled(replace(ENTRY, verdict="MET", met_again="accepted.yaml:3: it is MET again"))
    assert result["status"] == "failed"
    assert labels(result) == {"verdict": "MET", "accepted": "met again", "run": "run-1"}
    assert result["statusDetails"]["message"] == "accepted.yaml:3: it is MET again"
    assert "known" not in result["statusDetails"]


def test_labels_can_be_given_again() -> None:
    """With what is known at the end of the run, in place of what was known before."""
    result = labelled(replace(ENTRY, flaky=True))
    allure.label(result, replace(ENTRY, verdict="MET"), replace(FACTS, maintenance="nightly"))
    assert labels(result) == {"verdict": "MET", "maintenance": "nightly", "run": "run-1"}
    assert len(result["labels"]) == 3
    assert result["statusDetails"] == {}


def told(entry: Entry) -> tuple[dict[str, Any], dict[str, str]]:
    files: dict[str, str] = {}

    def attach(name: str, kind: str, end: str, body: str | bytes) -> Attached:
        assert isinstance(body, str)
        files[name] = body
        return Attached(name, kind, f"{len(files)}.{end}")

    result: dict[str, Any] = {"start": 1000, "stop": 1500}
    allure.tell(result, entry, attach)
    return result, files


def test_evidence_stands_at_the_step_that_measured() -> None:
    """And the limit, what was measured and its interval at the step that judged."""
    result, files = told(ENTRY)
    measured, judged = result["steps"]
    assert files == {"call 1 of 3": "status 503", "reproduce": "curl http://127.0.0.1:9/health"}
    assert [one["name"] for one in measured["attachments"]] == list(files)
    assert (measured["status"], judged["status"]) == ("passed", "failed")
    assert {one["name"]: one["value"] for one in judged["parameters"]} == {
        "limit": "all alike",
        "measured": "2 of 3",
        "interval": "10.00% to 60.00% good ones (95% confidence)",
        "reason": "2 of 3 differ",
    }


def test_long_evidence_is_cut() -> None:
    """It says by how much."""
    _, files = told(replace(ENTRY, evidence=(Evidence("log", "x" * 200_003),)))
    assert files["log"].endswith("x\n… 3 characters more")
    assert len(files["log"]) < 200_100


def test_the_environment_is_one_line_a_value() -> None:
    """Whatever a value holds: a line break, a sign that would begin a comment, a letter beyond Latin."""
    run = Run(
        started="2026-11-29T10:00:00Z",
        deployment="staging",
        base_url="http://h/#a",
        cut_short="one\ntwo=2",
        maintenance="nächtlich 🌙",
    )
    assert allure.environment(run).splitlines() == [
        "deployment=staging",
        r"base_url=http\://h/\#a",
        r"started=2026-11-29T10\:00\:00Z",
        r"cut_short=one\u000atwo\=2",
        r"maintenance=n\u00e4chtlich \ud83c\udf19",
    ]


# environ: as the CI sets it; name, order, url: what Allure is told.
@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, {"name": "deployspec", "type": "local"}, id="by-hand"),
        pytest.param(
            {
                "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "77", "GITHUB_RUN_NUMBER": "5", "GITHUB_WORKFLOW": "gate",
            },
            {
                "name": "GitHub Actions", "type": "github", "url": "https://github.example/a/b", "buildOrder": 5,
                "buildName": "gate #5", "buildUrl": "https://github.example/a/b/actions/runs/77",
            },
            id="github",
        ),
        pytest.param(
            {
                "GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.example/a/b", "CI_PIPELINE_IID": "8",
                "CI_JOB_NAME": "gate", "CI_JOB_URL": "https://gitlab.example/a/b/-/jobs/9",
            },
            {
                "name": "GitLab CI", "type": "gitlab", "url": "https://gitlab.example/a/b", "buildOrder": 8,
                "buildName": "gate #8", "buildUrl": "https://gitlab.example/a/b/-/jobs/9",
            },
            id="gitlab",
        ),
        pytest.param(
            {"JENKINS_URL": "https://ci.example/", "JOB_NAME": "gate", "BUILD_NUMBER": "x"},
            {"name": "Jenkins", "type": "jenkins", "url": "https://ci.example/", "buildName": "gate #x"},
            id="jenkins-without-a-number",
        ),
    ],
)  # fmt: skip
def test_who_made_the_run(environ: dict[str, str], expected: dict[str, Any]) -> None:
    """As the CI says it."""
    assert allure.executor(environ) == expected


def test_categories_go_by_labels_that_are_given() -> None:
    """Each label in the configuration is one that a result can have."""
    rules = yaml.safe_load(allure.CONFIGURATION.read_text())["categories"]
    named = {name for rule in rules for name in rule["matchers"]["labels"]}
    assert named == {"verdict", "accepted", "flaky", "maintenance", "suite_error"}


def test_a_secret_is_no_property(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found although signs in it are escaped."""
    secret = "a:b=c"
    monkeypatch.setattr(
        disclosure._Known,
        "spans",
        staticmethod(lambda text: [(at, at + 5)] if (at := text.find(secret)) >= 0 else []),
    )
    told = allure.environment(Run("then", deployment="local", cut_short=f"met {secret}, and ended"))
    assert "cut_short=met ***, and ended\n" in told
