"""What is said of a file as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployspec.chapters.dashboards.judge.files import file_is_read
from deployspec.chapters.dashboards.model import File
from deployspec.languages.grafana import Trouble, read
from deployspec.model.verdict import Outcome

FILTERS = {"name": "f", "type": "adhoc", "filters": [{"key": "a", "operator": "=", "value": "b"}]}
LIBRARY = {"title": "L", "libraryPanel": {"uid": "l", "name": "L"}}
CIRCLE = [{"name": a, "type": "query", "query": f'label_values(x{{a="${b}"}}, a)'} for a, b in ("ab", "ba")]


@pytest.mark.parametrize(
    ("variables", "panels", "outcome"),
    [
        pytest.param([], [], Outcome.MET, id="sound"),
        pytest.param([FILTERS], [], Outcome.UNMEASURED, id="saved-filters"),
        pytest.param([FILTERS | {"filters": []}], [], Outcome.MET, id="no-filters"),
        pytest.param([], [LIBRARY], Outcome.UNMEASURED, id="library-panel"),
        pytest.param(CIRCLE, [], Outcome.BREACHED, id="circle"),
        pytest.param([*CIRCLE, FILTERS], [LIBRARY], Outcome.BREACHED, id="circle-and-what-is-not-read"),
        pytest.param([], [5], Outcome.BREACHED, id="no-panel"),
    ],
)
def test_what_the_file_cannot_help_is_not_its_breach(
    variables: list[Any], panels: list[Any], outcome: Outcome
) -> None:
    """What stands elsewhere, or is not read here, is UNMEASURED; what Grafana could not read either is BREACHED."""
    document = {"title": "T", "schemaVersion": 39, "panels": panels, "templating": {"list": variables}}
    made = read(json.dumps(document), "t.json")
    assert not isinstance(made, tuple)
    verdict = file_is_read(File("t.json", made, made.troubles), 1, 0)
    assert verdict.outcome is outcome, verdict


TROUBLES = tuple(Trouble("t.json", f"panels[{index}]", "5", "a panel") for index in range(4))


@pytest.mark.parametrize(
    ("troubles", "end"),
    [
        (TROUBLES[:1], "panels[0]: found 5; expected a panel"),
        (TROUBLES[:3], "panels[2]: found 5; expected a panel"),
        (TROUBLES, "panels[2]: found 5; expected a panel; and 1 more"),
    ],
)
def test_three_objections_are_told(troubles: tuple[Trouble, ...], end: str) -> None:
    """And how many more there are."""
    reason = file_is_read(File("t.json", None, troubles), 0, 0).reason
    assert reason.startswith("t.json: panels[0]: found 5")
    assert reason.endswith(end), reason


REMEDY = "leave the file out of dashboards.files or, where one of these sources is this Prometheus, name it in dashboards.datasource"
NONE = "t.json has no query in PromQL to this deployment's Prometheus"


@pytest.mark.parametrize(
    ("queries", "left_out", "outcome", "reason"),
    [
        (1, 0, Outcome.MET, "it has 1 query"),
        (2, 1, Outcome.MET, "it has 2 queries; 1 of other data sources or languages is left out"),
        (0, 0, Outcome.BREACHED, NONE),
        (0, 2, Outcome.UNMEASURED, f"{NONE}; 2 of other data sources or languages are left out; {REMEDY}"),
    ],
)
def test_a_dashboard_has_a_query(queries: int, left_out: int, outcome: Outcome, reason: str) -> None:
    """One that nobody looks at proves nothing."""
    verdict = file_is_read(File("t.json", None, ()), queries, left_out)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
