"""Accepted breaches: a check that the team lives with runs, is shown, and fails nothing until its day has passed."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import Project

BODY = """
def test_slow(judge, deployment):
    'It is fast.'
    judge(breached("it took 2 s"))

def test_well(judge, deployment):
    judge(met("fine"))
"""
UNMEASURED = (
    BODY
    + """
@pytest.fixture
def unreachable():
    from deployspec.model.verdict import Unmeasured
    raise Unmeasured("nobody answers")

def test_unreachable(judge, deployment, unreachable):
    judge(met("fine"))
"""
)
MET = """
def test_slow(judge, deployment):
    judge(met("fine"))
"""


def entry(
    check: str = "health.slow", until: str = "9999-12-31", deployment: str = "local", **more: str
) -> str:
    keys = {
        "check": check,
        "deployment": deployment,
        "owner": "shop team",
        "reason": "the new index",
        "until": until,
    } | more
    return (
        "  - {"
        + ", ".join(f"{key}: '{text}'" if key == "check" else f"{key}: {text}" for key, text in keys.items())
        + "}\n"
    )


def accepted(*entries: str) -> dict[str, str]:
    return {"accepted.yaml": "accepted:\n" + "".join(entries or [entry()])}


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "workers"])
def test_an_accepted_breach_fails_nothing(project: Project, tmp_path: Path, options: tuple[str, ...]) -> None:
    """It is shown as accepted in each place, and stays BREACHED in the record."""
    ran = project(BODY, "--junitxml", "junit.xml", *options, more=accepted())

    assert ran.status == 0, ran.output
    assert "1 accepted" in ran.output
    assert "1 MET, 1 BREACHED (1 accepted)" in ran.output
    assert "health.slow is BREACHED, accepted until 9999-12-31 (" in ran.output
    assert "by shop team: the new index (accepted.yaml:2)" in ran.output
    found = ran.entry("test_slow")
    assert found["verdict"] == "BREACHED"
    assert found["reason"] == "it took 2 s"
    assert found["accepted"] == {
        "owner": "shop team",
        "reason": "the new index",
        "until": "9999-12-31",
        "place": "accepted.yaml:2",
    }
    assert ran.record["counts"] == {"MET": 1, "BREACHED": 1, "UNMEASURED": 0, "flaky": 0, "accepted": 1}
    assert "no-record" not in ran.output
    assert counted(tmp_path / "junit.xml") == {"failures": "0", "errors": "0", "skipped": "1"}


def counted(junit: Path) -> dict[str, str | None]:
    suite = ElementTree.parse(junit).getroot().find("testsuite")  # noqa: S314 - pytest has just written it
    assert suite is not None
    return {name: suite.get(name) for name in ("failures", "errors", "skipped")}


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "workers"])
def test_an_expired_acceptance_is_none(project: Project, tmp_path: Path, options: tuple[str, ...]) -> None:
    """The reason says since when, and where."""
    ran = project(BODY, "--junitxml", "junit.xml", *options, more=accepted(entry(until="2020-02-29")))

    assert ran.status == 1
    assert ran.entry("test_slow")["accepted"] is None
    assert (
        ran.entry("test_slow")["reason"]
        == "it took 2 s; its acceptance expired on 2020-02-29 (accepted.yaml:2)"
    )
    assert "BREACHED: it took 2 s; its acceptance expired on 2020-02-29 (accepted.yaml:2)" in ran.output
    assert counted(tmp_path / "junit.xml") == {"failures": "1", "errors": "0", "skipped": "0"}
    assert ran.record is not None
    assert ran.record["problems"] == []


@pytest.mark.parametrize(
    ("until", "body"),
    [
        *((one, BODY) for one in ("soon", "2026-02-30", "31.12.2026", "'2026-12-31T00:00:00Z'", "20261231")),
        ("soon", MET),
    ],
    ids=["soon", "no-such-day", "with-dots", "a-moment", "no-dashes", "met"],
)
def test_what_names_no_day_has_expired_and_is_told(project: Project, until: str, body: str) -> None:
    """It fails whether its check does or not."""
    ran = project(body, more=accepted(entry(until=until, strict="false")))

    assert ran.status == 1
    found = until.strip("'")
    assert ran.record is not None
    assert ran.record["problems"] == [
        f"accepted.yaml:2: found until: {found}, so it counts as expired; expected a day such as 2026-12-31"
    ]
    assert ran.record["problems"][0] in ran.output
    if body == BODY:
        assert (
            ran.entry("test_slow")["reason"]
            == "it took 2 s; its acceptance names no day, so it counts as expired (accepted.yaml:2)"
        )


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "workers"])
def test_a_check_that_is_met_again_fails_until_the_entry_is_removed(
    project: Project, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Its verdict is MET all the same: nothing is wrong with the deployment."""
    ran = project(MET, "--junitxml", "junit.xml", *options, more=accepted())

    said = "MET again, and accepted.yaml:2 accepts that it is BREACHED: remove the entry, or say `strict: false` in it"
    assert ran.status == 1
    assert f"health.slow: {said}" in ran.output
    assert ran.entry("test_slow")["verdict"] == "MET"
    assert ran.entry("test_slow")["met_again"] == said
    assert counted(tmp_path / "junit.xml") == {"failures": "1", "errors": "0", "skipped": "0"}
    assert said in (tmp_path / "junit.xml").read_text()
    assert project(MET, *options, more=accepted(entry(strict="false"))).status == 0


PROPORTION = """
from dataclasses import replace
from deployspec.model.verdict import Proportion

def test_slow(judge, deployment):
    judge(replace(met("fast enough"), proportion=Proportion("api", "load", 99, 100, 0.9, 0.95, 0.999)))
"""


@pytest.mark.parametrize(("strict", "status"), [({}, 0), ({"strict": "true"}, 1), ({"strict": "false"}, 0)])
def test_a_verdict_by_interval_may_be_met_again(
    project: Project, strict: dict[str, str], status: int
) -> None:
    """The next run may tell otherwise. Who says `strict: true` gets it."""
    assert project(PROPORTION, more=accepted(entry(**strict))).status == status


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "workers"])
def test_unmeasured_is_accepted_where_the_entry_says_so(
    project: Project, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """In a fixture, too: the check itself is not begun then."""
    both = accepted(entry(), entry("health.unreachable", verdict="UNMEASURED"))

    ran = project(UNMEASURED, "--junitxml", "junit.xml", *options, more=both)

    assert ran.status == 0, ran.output
    assert ran.entry("test_unreachable")["verdict"] == "UNMEASURED"
    assert ran.entry("test_unreachable")["accepted"]["place"] == "accepted.yaml:3"
    assert counted(tmp_path / "junit.xml") == {"failures": "0", "errors": "0", "skipped": "2"}


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([entry(), entry("health.unreachable")], "nobody answers; accepted.yaml:3 accepts that it is BREACHED, and no other verdict"),
        ([entry(), entry("health.w*", strict="false")], "nobody answers"),
    ],
)  # fmt: skip
def test_unmeasured_is_not_a_breach(project: Project, entries: list[str], reason: str) -> None:
    """What accepts a breach accepts nothing else."""
    ran = project(UNMEASURED, more=accepted(*entries))

    assert ran.status == 1
    assert ran.entry("test_unreachable")["reason"] == reason
    assert ran.entry("test_unreachable")["accepted"] is None


def test_a_breach_is_not_unmeasured(project: Project) -> None:
    """Nor the other way round."""
    ran = project(BODY, more=accepted(entry(verdict="UNMEASURED")))

    assert ran.status == 1
    assert (
        ran.entry("test_slow")["reason"]
        == "it took 2 s; accepted.yaml:2 accepts that it is UNMEASURED, and no other verdict"
    )


def test_of_two_entries_the_one_that_holds_longest_counts(project: Project) -> None:
    """In whatever order they stand."""
    days = ["2020-01-01", "9999-12-31", "9998-12-31", "soon"]

    ran = project(BODY, more=accepted(*(entry(until=day) for day in days)))

    assert ran.entry("test_slow")["accepted"]["until"] == "9999-12-31"


PARAMETERS = """
@pytest.mark.parametrize("part", ["api", "a", "p"])
def test_slow(judge, deployment, part):
    judge(breached("it took 2 s") if part == "api" else met("fine"))
"""


def test_brackets_stand_for_themselves(project: Project) -> None:
    """An id with a parameter is a pattern of itself, and of nothing else."""
    ran = project(PARAMETERS, more=accepted(entry("health.slow[api]")))

    assert ran.status == 0, ran.output
    assert project(PARAMETERS, more=accepted(entry("health.s*[ap?]"))).status == 0


NOBODY = "accepted.yaml:2: found check: {}, and no check has such an id; expected {}"
LISTED = "an id as `deployspec list` shows it"


PARTS = "one of health.slow[a], health.slow[api] or health.slow[p]"


@pytest.mark.parametrize(
    ("check", "expected", "options"),
    [
        ("health.slwo", f"{LISTED}; did you mean health.slow?", ()),
        ("nothing.*", LISTED, ("-n", "1")),
        ("nothing.*", LISTED, ("-k", "well")),
        ("health.slow[api", PARTS, ()),
        ("health.slow[worker]", PARTS, ()),
        ("health.slow[worker]", PARTS, ("-n", "1")),
    ],
    ids=["misspelt", "nothing-workers", "nothing-fewer", "no-end", "parameter", "parameter-workers"],
)
def test_an_entry_for_no_check_fails(
    project: Project, check: str, expected: str, options: tuple[str, ...]
) -> None:
    """Whatever is selected: it would accept nothing, and nobody would know."""
    ran = project(
        PARAMETERS + "\ndef test_well(judge, deployment):\n    judge(met('fine'))\n",
        *options,
        more=accepted(entry(check)),
    )

    assert ran.record is not None
    assert ran.record["problems"] == [NOBODY.format(check, expected)]
    assert ran.status == 1
    assert ran.record["problems"][0] in ran.output


@pytest.mark.parametrize(
    ("check", "deployment"),
    [
        ("slo.window[api]", "local"),  # a chapter that this run knows by its name alone
        ("health.healthy-now", "local"),  # a check of the specification, which this project does not collect
        ("logs.*", "local"),
        ("health.slow[worker]", "*"),  # a parameter of the other deployment, perhaps
        ("health.slow[worker]", "other"),
    ],
)
def test_what_exists_elsewhere_is_no_stranger(project: Project, check: str, deployment: str) -> None:
    """A check that is not selected, or another deployment's."""
    other = {"deployments/other.yaml": "base_url: http://127.0.0.1:9\n"}

    ran = project(PARAMETERS, "-k", "api or a", more=accepted(entry(check, deployment=deployment)) | other)

    assert ran.record is not None
    assert ran.record["problems"] == []


def test_a_part_of_the_checks_tells_nothing_of_the_others(project: Project) -> None:
    """Where a file is named, nobody knows which checks the others have."""
    more = accepted(entry("health.elsewhere"), entry()) | {
        "checks/test_others.py": BODY.replace("slow", "elsewhere").replace("well", "more")
    }
    more["checks/test_others.py"] = (
        "import pytest\nfrom deployspec.model.verdict import breached, met\npytestmark = pytest.mark.health\n"
        + more["checks/test_others.py"]
    )

    assert project(BODY, more=more).status == 0
    ran = project(BODY, "--ignore=checks/test_others.py", more=more)
    assert ran.record is not None
    assert ran.record["problems"] == []


def test_a_deployment_that_is_none_fails(project: Project) -> None:
    """A misspelt name accepts nothing either."""
    ran = project(BODY, more=accepted(entry(deployment="locla")))

    assert ran.status == 1
    assert ran.record is not None
    assert ran.record["problems"] == [
        "accepted.yaml:2: found deployment: locla, which is the name of none; expected one of local; did you mean local?"
    ]


def test_another_deployments_entry_accepts_nothing_here(project: Project) -> None:
    """Patterns of names are patterns."""
    other = {"deployments/other.yaml": "base_url: http://127.0.0.1:9\n"}

    assert project(BODY, more=accepted(entry(deployment="other")) | other).status == 1
    assert project(BODY, more=accepted(entry(deployment="lo*")) | other).status == 0


OFFLINE = """
def test_slow(judge):
    judge(breached("a file is wrong"))
"""


def test_an_empty_name(project: Project) -> None:
    """A variable that is not set accepts nothing by accident."""
    ran = project(BODY, "--accept", "")

    assert ran.status == 4
    assert "ERROR: --accept: found an empty text; expected the path of a file" in ran.output


def test_all_that_is_wrong_is_told_at_once(project: Project) -> None:
    """Each with its place."""
    ran = project(
        BODY,
        more={
            "accepted.yaml": "accepted:\n  - {chek: a, deployment: b, owner: c, reason: d, until: 2026-12-31}\n  - {}\n"
        },
    )

    assert ran.status == 4
    assert "ERROR: accepted.yaml:2:6: found the unknown key chek" in ran.output
    assert (
        "ERROR: accepted.yaml:3:5: found no key until; expected until: a day such as 2026-12-31" in ran.output
    )


def test_ordinary_tests_do_not_read_it(project: Project) -> None:
    """A run without a check has nothing to accept."""
    ran = project(
        "",
        "tests",
        more={"accepted.yaml": "[", "tests/test_own.py": "def test_one():\n    pass\n"},
        deployment=None,
    )

    assert "accepted.yaml" not in ran.output


SUBTESTS = """
def test_slow(deployment, subtests):
    with subtests.test("first"):
        assert 2 < 1, "it took 2 s"
    with subtests.test("second"):
        pass
"""


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "workers"])
def test_subtests_are_accepted_with_their_check(project: Project, options: tuple[str, ...]) -> None:
    """What they say is the check's verdict."""
    ran = project(SUBTESTS, *options, more=accepted())

    assert ran.entry("test_slow")["verdict"] == "BREACHED"
    assert ran.status == 0, ran.output
    assert project(SUBTESTS, *options, more=accepted(entry(until="2020-01-01"))).status == 1


BREACHING = ("judge(breached('slow'))", "BREACHED")
NOT_JUDGING = ("judge(unmeasured('no samples'))", "UNMEASURED")
SUBTEST = "    with subtests.test('a'): {judge}\n    with subtests.test('b'): {{}}['b']\n"
SUBTEST_BEFORE = "    with subtests.test('b'): {{}}['b']\n    {judge}\n"
TEARDOWN = "    request.addfinalizer(lambda: {{}}['b'])\n    {judge}\n"


# Each place with each verdict, in one process and by workers in turn.
@pytest.mark.parametrize(
    ("other", "body", "verdict", "options"),
    [
        pytest.param(SUBTEST, *BREACHING, (), id="subtest-breached-alone"),
        pytest.param(SUBTEST, *NOT_JUDGING, ("-n", "1"), id="subtest-unmeasured-workers"),
        pytest.param(SUBTEST_BEFORE, *BREACHING, ("-n", "1"), id="subtest-before-breached-workers"),
        pytest.param(SUBTEST_BEFORE, *NOT_JUDGING, (), id="subtest-before-unmeasured-alone"),
        pytest.param(TEARDOWN, *BREACHING, ("-n", "1"), id="teardown-breached-workers"),
        pytest.param(TEARDOWN, *NOT_JUDGING, (), id="teardown-unmeasured-alone"),
    ],
)
def test_what_else_fails_in_a_check_is_not_accepted(
    project: Project, tmp_path: Path, options: tuple[str, ...], body: str, verdict: str, other: str
) -> None:
    """Exit status, run record, JUnit and summary all say so: an acceptance is for one verdict, and for no defect."""
    check = "def test_slow(deployment, judge, subtests, request):\n" + other.format(judge=body)
    files = (f"--junitxml={tmp_path / 'junit.xml'}", f"--summary-file={tmp_path / 'summary.md'}")
    ran = project(check, *options, *files, more=accepted(entry(verdict=verdict)))

    assert ran.status == 1, ran.output
    found = ran.entry("test_slow")
    assert (found["verdict"], found["accepted"]) == ("UNMEASURED", None)
    assert "KeyError: 'b'" in found["reason"]
    (error,) = ElementTree.parse(tmp_path / "junit.xml").iter("error")  # noqa: S314 - our own
    assert error.get("type") == "deployspec.Defect"
    assert (tmp_path / "summary.md").read_text().startswith("## deployspec: UNMEASURED")
