"""Which checks are selected, and what is said of those that are not."""

from __future__ import annotations

import pytest

from deployspec.plugin.selection import may_select_of, positive_markers
from tests.plugin.conftest import Project, in_turn

ONE = "def test_x(deployment, judge): judge(met('fine'))"


# expression: what follows -m; chapters: those whose modules such a run needs.
@pytest.mark.parametrize(
    ("expression", "chapters"),
    [
        pytest.param("", "health logs slo", id="all"),
        pytest.param("health", "health", id="one"),
        pytest.param("not health", "logs slo", id="not"),
        pytest.param("health or slo", "health slo", id="or"),
        pytest.param("slo and not (health or logs)", "slo", id="and-not"),
        pytest.param("mine", "health logs slo", id="a-mark-of-ones-own"),
        pytest.param("health or my-mark", "health logs slo", id="a-mark-that-is-no-word"),
        pytest.param("slo and live", "slo", id="with-another-mark"),
        pytest.param("(slo and logs) or health", "health logs slo", id="a-check-of-two-chapters"),
    ],
)
def test_chapters_that_a_run_needs(expression: str, chapters: str) -> None:
    """Those that the expression may select a check of, whatever other marks it has."""
    known = ["health", "logs", "slo"]
    assert [name for name in known if may_select_of(expression, name, known)] == chapters.split()


# expression: what follows -m; names: those it asks for.
@pytest.mark.parametrize(
    ("expression", "names"),
    [
        pytest.param("health", ["health"], id="one"),
        pytest.param("health or slo", ["health", "slo"], id="or"),
        pytest.param("health and not slow", ["health"], id="not"),
        pytest.param("not (health or not slo)", ["slo"], id="not-not"),
        pytest.param("health(part='x') or health", ["health"], id="call"),
        pytest.param("", [], id="empty"),
        pytest.param("health or", [], id="broken"),
    ],
)
def test_positive_markers(expression: str, names: list[str]) -> None:
    """The names under an even number of ``not``, each once."""
    assert positive_markers(expression) == names


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_a_marker_that_selects_nothing_fails_the_run(project: Project, workers: tuple[str, ...]) -> None:
    """``health or slo`` is not green because slo selected nothing."""
    ran = project(ONE, *workers, chapter="health or slo")
    assert ran.status == 1
    assert "-m slo selected no checks that ask local, so slo was not measured" in ran.output
    assert ran.verdict("test_x") == "MET"


def test_no_check_at_all_fails_the_run(project: Project) -> None:
    """A run that selected no checks is a failure, and says which marker is to blame."""
    ran = project(ONE, chapter="slo")
    assert ran.status == 1
    assert "-m slo selected no checks that ask local, so slo was not measured" in ran.output


def test_a_misspelt_marker_ends_with_status_4(project: Project) -> None:
    """A marker that does not exist is a wrong command line."""
    ran = project(ONE, chapter="helth")
    assert ran.status == 4
    assert "helth" in ran.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_what_the_file_does_not_describe_is_listed(project: Project, workers: tuple[str, ...]) -> None:
    """A check whose part of the file is absent is not selected, not skipped, and named with that part."""
    ran = project(
        ONE
        + "\n@pytest.mark.needs('health.expect_version')\ndef test_version(deployment, judge): judge(met('fine'))",
        *workers,
    )
    assert ran.status == 0
    assert "version (needs health.expect_version)" in ran.output
    assert ran.record is not None
    assert len(ran.record["checks"]) == 1
    assert list(ran.record["not_described"].values()) == ["health.expect_version"]


def test_a_file_that_describes_nothing_asked_for_fails(project: Project) -> None:
    """When every selected check falls away, the run is a failure."""
    ran = project("@pytest.mark.needs('prometheus')\n" + ONE)
    assert ran.status == 1
    assert "not selected, because local does not describe or allow it" in ran.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_a_check_that_needs_no_part_of_a_file_is_an_error(project: Project, workers: tuple[str, ...]) -> None:
    """A misspelt part would deselect its check for ever: status 4, and which check it is."""
    ran = project("@pytest.mark.needs('metrix')\n" + ONE, *workers)
    assert ran.status == 4, ran.output
    assert "test_x: found a mark `needs` with something that is not part of a deployment file" in ran.output
    assert "Traceback" not in ran.output


def test_one_of_several_parts_is_enough(project: Project) -> None:
    """Alternatives select a check where one is described; where none is, they are named as they stand."""
    ran = project(
        """
        @pytest.mark.needs('prometheus.url or health.timeout')
        def test_one(deployment, judge): judge(met('fine'))

        @pytest.mark.needs('prometheus.url or health.expect_version')
        def test_none(deployment, judge): judge(met('fine'))
        """
    )
    assert ran.status == 0, ran.output
    assert ran.record is not None
    assert len(ran.record["checks"]) == 1
    assert ran.record["not_described"] == {"health.none": "prometheus.url or health.expect_version"}


# marks: of the check; found: what the error names.
@pytest.mark.parametrize(
    ("marks", "found"),
    [
        pytest.param("@pytest.mark.needs('health or metrix')", "'metrix'", id="second-alternative"),
        pytest.param("@pytest.mark.needs('health or')", "'health or'", id="nothing-after-or"),
        pytest.param(
            "@pytest.mark.within('health', 'helth.x')\n@pytest.mark.needs('health.path')",
            "'helth.x.path'",
            id="no-such-place",
        ),
        pytest.param("@pytest.mark.within('health')\n@pytest.mark.needs('health')", "`within` with 1", id="no-place"),
    ],
)  # fmt: skip
def test_a_misspelt_need_is_an_error_wherever_it_stands(project: Project, marks: str, found: str) -> None:
    """Beside a described alternative, and at a place that another mark names."""
    ran = project(f"{marks}\n{ONE}")
    assert ran.status == 4, ran.output
    assert "test_x: found a mark `" in ran.output
    assert found in ran.output
    assert "Traceback" not in ran.output


def test_what_an_item_needs_is_looked_up_at_its_own_place(project: Project) -> None:
    """``within`` moves what begins with its part, whole steps only, and what is missing is named at its place."""
    ran = project(
        """
        pytestmark = [pytest.mark.health, pytest.mark.within('auth', 'prometheus.auth')]

        @pytest.mark.needs('auth', 'auth.bearer or health', 'auth.oauth2')
        def test_moved(deployment, judge): judge(met('fine'))

        @pytest.mark.within('aut', 'prometheus')
        @pytest.mark.needs('auth.bearer')
        def test_described(deployment, judge): judge(met('fine'))
        """,
        more={
            "deployments/local.yaml": "base_url: http://127.0.0.1:9\nhealth: {}\n"
            "prometheus: {url: 'http://127.0.0.1:9', auth: {bearer: sesame-open-up}}\n"
        },
    )
    assert ran.status == 0, ran.output
    assert ran.record is not None
    assert ran.record["not_described"] == {"health.moved": "prometheus.auth.oauth2"}
    assert len(ran.record["checks"]) == 1


# deployment: what follows --deployment; environ: DEPLOYMENT; workers: pytest-xdist's.
@pytest.mark.parametrize(
    ("deployment", "environ", "workers"),
    in_turn(
        [
            pytest.param(None, {}, id="none"),
            pytest.param("", {}, id="empty-option"),
            pytest.param(None, {"DEPLOYMENT": ""}, id="empty-variable"),
            pytest.param(None, {"DEPLOYMENT": "  "}, id="blank-variable"),
            pytest.param("", {"DEPLOYMENT": "local"}, id="empty-option-wins"),
        ]
    ),
)
def test_no_deployment_named_ends_with_status_4(
    project: Project, deployment: str | None, environ: dict[str, str], workers: tuple[str, ...]
) -> None:
    """A pipeline whose variable is empty does not pass: status 4, and a list of what there is."""
    ran = project(ONE, *workers, deployment=deployment, environ=environ)
    assert ran.status == 4, ran.output
    assert "ERROR: no deployment is named" in ran.output
    assert "local" in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_an_unknown_deployment_ends_with_status_4(project: Project, workers: tuple[str, ...]) -> None:
    """A misspelt name is answered with the near one."""
    ran = project(ONE, *workers, deployment="locla")
    assert ran.status == 4, ran.output
    assert "did you mean local?" in ran.output
    assert "Traceback" not in ran.output


def test_the_variable_names_a_deployment(project: Project) -> None:
    """``DEPLOYMENT`` does what ``--deployment`` does."""
    assert project(ONE, deployment=None, environ={"DEPLOYMENT": "local"}).status == 0


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_a_faulty_file_ends_with_status_4(project: Project, workers: tuple[str, ...]) -> None:
    """All errors of a deployment file, with their places, and no traceback."""
    ran = project(ONE, *workers, more={"deployments/local.yaml": "base_url: example\nhelth: {}\n"})
    assert ran.status == 4, ran.output
    assert "local.yaml:1:11:" in ran.output
    assert "local.yaml:2:1:" in ran.output
    assert "Traceback" not in ran.output


def test_offline_checks_need_no_deployment(project: Project) -> None:
    """A check that speaks of no deployment runs without one."""
    ran = project("def test_x(judge): judge(met('fine'))", deployment=None)
    assert ran.status == 0


def test_collecting_needs_no_deployment(project: Project) -> None:
    """``--collect-only -q`` is the contract's table of contents, for anyone."""
    ran = project(ONE, "--collect-only", "-q", deployment=None)
    assert ran.status == 0
    assert "checks/test_promises.py::test_x" in ran.output


def test_a_test_in_checks_without_a_chapter_is_refused(project: Project) -> None:
    """Its pass would be a green without a verdict."""
    ran = project(ONE, more={"checks/test_lost.py": "def test_lost(): pass\n"}, chapter="")
    assert ran.status == 4
    assert "test_lost.py::test_lost has no chapter" in ran.output


@pytest.mark.parametrize("part", ["allow.faults", "allow.load", "prometheus or allow.faults"])
def test_checks_that_inject_faults_come_last(project: Project, part: str) -> None:
    """The quiet checks are read first."""
    body = f"@pytest.mark.needs('{part}')\ndef test_loud(deployment, judge): judge(met('fine'))\n" + ONE
    ran = project(
        body, "-v", more={"deployments/local.yaml": "base_url: http://127.0.0.1:9\nallow: [faults, load]\n"}
    )
    assert ran.status == 0, ran.output
    assert ran.output.index("::test_x MET") < ran.output.index("::test_loud MET")


PROVIDER = """
class Booted:
    def __init__(self, path):
        from pathlib import Path
        self.deployment_file = Path(path)
        with open("booted", "a") as file:
            file.write("up ")

    def close(self):
        with open("booted", "a") as file:
            file.write("down ")

def pytest_deployspec_names():
    return ["toy"]

def pytest_deployspec_provide(name):
    return Booted("deployments/local.yaml") if name == "toy" else None
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "two-workers"])
def test_a_provided_deployment_is_booted_once_and_closed(
    project: Project, tmp_path, workers: tuple[str, ...]
) -> None:  # type: ignore[no-untyped-def]
    """A conftest's deployment is booted by the controller alone, serves the workers, and is ended."""
    ran = project(ONE, *workers, deployment="toy", more={"conftest.py": PROVIDER})
    assert ran.status == 0, ran.output
    assert ran.record is not None
    assert ran.record["deployment"] == "toy"
    assert (tmp_path / "booted").read_text() == "up down "


def test_ordinary_tests_have_names_of_their_own(project: Project) -> None:
    """A fixture or a parameter that is called as one of ours is theirs, in a test that is no check."""
    names = ("log", "access_log", "rule_file", "route", "runbook", "objective", "traffic", "alert_rules")
    fixtures = "\n".join(f"@pytest.fixture\ndef {name}(): return 'own'\n" for name in names)
    body = (
        f"import pytest\n{fixtures}\ndef test_fixtures({', '.join(names)}): assert 'own' == {' == '.join(names)}\n"
        "@pytest.mark.parametrize(('route', 'objective'), [(1, 2)])\n"
        "def test_parameters(route, objective): assert (route, objective) == (1, 2)\n"
    )
    ran = project(ONE, "tests", "-m", "", more={"tests/test_ordinary.py": body})
    assert "3 passed" in ran.output, ran.output
