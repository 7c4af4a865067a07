"""What is told of exposers: a verdict that nobody knows of, and one that is known and was not given."""

from __future__ import annotations

import pytest

from proven.exposed import Verdict, configuration, deployment, wrong
from proven.exposers.model import Exposer
from proven.exposers.table import EXPOSERS
from proven.servers import SERVERS, Program, Running

KNOWN = Exposer(SERVERS["nginx"], breaches={"metrics.sums-add-up": "the quantile is 50"})


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(Verdict("metrics.sums-add-up", "BREACHED", "line 3: the quantile is 50"), "", id="known"),
        pytest.param(Verdict("metrics.sums-add-up", "BREACHED", "line 3: no +Inf"), "no +Inf", id="another-reason"),
        pytest.param(Verdict("metrics.sums-add-up", "MET", "all add up"), "is MET; expected", id="no-longer"),
        pytest.param(Verdict("metrics.is-whole", "UNMEASURED", "why"), "metrics.is-whole UNMEASURED: why", id="unknown"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_is_to_be(found: Verdict, told: str) -> None:
    """A known breach has to be there, with its reason."""
    said = "; ".join(wrong(KNOWN, [found]))
    assert told in said
    assert bool(told) == bool(said)


def test_what_a_page_with_a_query_is_asked_with(tmp_path) -> None:
    """Prometheus gets the query as parameters, and the deployment file the whole address, and the job."""
    exposer = EXPOSERS["blackbox-probe"]
    server = Running(8000, Program(["true"], tmp_path), [])
    (job,) = configuration(exposer, server, None)["scrape_configs"]
    assert (job["metrics_path"], job["params"]) == (
        "/probe",
        {"module": ["http"], "target": ["http://127.0.0.1:8000/"]},
    )
    metrics = deployment(exposer, server, "http://127.0.0.1:9090", None)["metrics"]
    assert metrics["url"] == "http://127.0.0.1:8000/probe?module=http&target=http://127.0.0.1:8000/"
    assert metrics["job"] == job["job_name"]


def test_credentials_go_to_the_page_alone(tmp_path) -> None:
    """Where the page has a port of its own, they are for the other one."""
    program, headers = Program(["true"], tmp_path), {"Authorization": "token an-example"}
    guarded = Running(8000, program, [], headers)
    elsewhere = Running(8000, program, [], headers, {"metrics": 9000})
    (job,) = configuration(KNOWN, guarded, None)["scrape_configs"]
    assert job["authorization"] == {"type": "token", "credentials": "an-example"}
    assert deployment(KNOWN, guarded, "http://127.0.0.1:9090", None)["headers"] == headers
    (job,) = configuration(KNOWN, elsewhere, None)["scrape_configs"]
    assert "authorization" not in job
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:9000"]
    assert "headers" not in deployment(KNOWN, elsewhere, "http://127.0.0.1:9090", None)
