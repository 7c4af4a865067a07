"""The deployment file: how the checks find the reference, and what they may do to it."""

import sys
from pathlib import Path
from typing import Any

import yaml

from reference.faults.control import OF_HEALTH

from .application import ROOT

REQUESTS: list[dict[str, Any]] = [
    {"name": "listings", "path": "/listings", "weight": 2, "expect_text": '"items"'},
    {
        "name": "pricing",
        "method": "POST",
        "path": "/seller/pricing/suggest",
        "body": '{"category": "books", "condition": "good"}',
        "writes": False,
        "expect_text": '"suggested_price"',
    },
    {
        "name": "snap",
        "method": "POST",
        "path": "/seller/snap",
        "body": '{"title": "Atlas", "category": "books"}',
        "keep": "id",
    },
    {"name": "snap status", "path": "/seller/snap/{snap}", "expect_text": '"status"'},
]
"""The traffic of a load run: what users of Deal Scout do."""


ROUTE = 'path="/seller/snap/{snap_id}",status="404"'
TASK = 'name="deal_scout.price_snap"'


def _metrics(folder: Path, *, is_watched: bool) -> dict[str, Any]:
    """The metrics, and what moves them: nobody else asks for a snap that does not exist."""
    slow = [_fault_command(["queries", name], folder) for name in ("slow-queries", "none")]
    return {
        "path": "/metrics",
        "schema": f"{ROOT}/schemas/metrics.yaml",
        "max_scrape_time": "1s",
        "max_size": "5MB",
        "max_series": 2000,
        "max_growth": 20000,
        "promtool": True,
        **({"job": "deal-scout"} if is_watched else {}),
        "unseen": ["/{unseen}", "/seller/snap/{unseen}"],
        "movement": [
            {
                "name": "requests for a snap that does not exist",
                "path": "/seller/snap/none",
                "expect_status": 404,
                "raises": [
                    f'deal_scout_requests_total{{method="GET",{ROUTE}}}',
                    f'deal_scout_request_duration_seconds_count{{method="GET",{ROUTE}}}',
                ],
            },
            {
                "name": "jobs",
                "method": "POST",
                "path": "/seller/snap",
                "body": '{"title": "Atlas", "category": "books"}',
                "expect_status": 202,
                "times": 2,
                "raises": [
                    f"celery_task_sent_total{{{TASK}}}",
                    f'celery_task_total{{{TASK},state="started"}}',
                    f'celery_task_total{{{TASK},state="succeeded"}}',
                    f"celery_task_duration_seconds_count{{{TASK}}}",
                ],
            },
            {
                "name": "slow queries",
                "fault": {"inject": slow[0], "restore": slow[1]},
                "path": "/listings",
                "times": 2,
                "raises": [{"series": "sqlalchemy_query_duration_seconds_sum", "at_least": 0.5}],
            },
            {
                "name": "a worker that stands still",
                "fault": {
                    action: _fault_command([action, "worker-hung"], folder)
                    for action in ("inject", "restore")
                },
                "lowers": ["celery_workers"],
            },
        ],
    }


def deployment_file(
    folder: Path, port: int, token: str, watching: tuple[int, int] | None = None, log_level: str = "INFO"
) -> str:
    """Write the file's text for the API on `port`, whose seller routes want `token`.

    `watching` is where its Prometheus and its Pushgateway are, if any.
    """
    document: dict[str, Any] = {
        "base_url": f"http://127.0.0.1:{port}",
        "headers": {"Authorization": f"Bearer {token}"},
        "allow": ["load", "write", "faults"],
        "health": {"path": "/health", "timeout": "2s", "max_response_time": "1s", "expect_version": "0.1.0"},
        "metrics": _metrics(folder, is_watched=watching is not None),
        **({"prometheus": _prometheus(watching[0]), "push": _push(watching[1])} if watching else {}),
        "dashboards": _dashboards(folder),
        "logs": _logs(folder / "logs", log_level),
        "rules": {
            "files": [f"{ROOT}/rules/*.rules.yml"],
            "tests": [f"{ROOT}/rules/*.test.yml"],
            "runbooks": f"{ROOT}/docs/runbooks",
            "alertmanager": f"{ROOT}/alerting/alertmanager.yml",
            "routing": f"{ROOT}/alerting/routing.yml",
        },
        "slos": {"files": [f"{ROOT}/slos/*.yaml"]},
        "report": {"owner": "deal-scout"},
        # Long enough for each kind of request, a fifth of all at least, to have enough for a verdict of its own.
        # At a rate that a machine with two cores serves beside two other busy processes.
        "load": {"arrival_rate": 40, "duration": "15s", "warm_up": "1s", "requests": REQUESTS},
        "faults": {
            name: {action: _fault_command([action, name], folder) for action in ("inject", "restore")}
            for name in OF_HEALTH
        },
    }
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def _logs(folder: Path, log_level: str) -> list[dict[str, Any]]:
    return [
        {
            "name": "api",
            "files": [f"{folder}/app.log*"],
            "log_level": log_level,
            "freshness": "1h",
            "request_scoped": ["deal_scout.access"],
            "access": {"path": "/ping"},
        },
        {
            "name": "worker",
            "files": [f"{folder}/celery.log*"],
            "log_level": log_level,
            "request_scoped": ["deal_scout.tasks"],
            "jobs": {
                "path": "/seller/snap",
                "body": '{"title": "Atlas", "category": "books"}',
                "field": "snap_id",
            },
        },
        {"name": "error", "files": [f"{folder}/error.log*"], "errors_of": ["api", "worker"]},
    ]


def _prometheus(port: int) -> dict[str, Any]:
    # There are no containers here, so no cadvisor.
    exporters = ["deal-scout", "postgres", "redis", "node", "pushgateway"]
    # It has been there for seconds when it is asked; and it is scraped every second.
    return {"url": f"http://127.0.0.1:{port}", "window": "10s", "exporters": exporters}


def _dashboards(folder: Path) -> dict[str, Any]:
    def fault(name: str) -> dict[str, Any]:
        return {
            "inject": _fault_command(["traffic", name], folder),
            "restore": _fault_command(["traffic", "none"], folder),
        }

    listings = {"path": "/listings", "arrival_rate": 20}
    return {
        "files": [f"{ROOT}/dashboards/*.json"],
        "scrape_interval": "1s",
        # What probes push has a page of its own, and there are no containers here.
        "unshown": ["deployspec_*", "*:deployspec_*", "container_*"],
        "movement": [
            {
                "name": "a fifth of all requests fail",
                "fault": fault("errors-twenty-percent"),
                "requests": listings,
                "shows": [{"panel": "Error Rate", "at_least": 0.15, "at_most": 0.25, "share_failed": True}],
                "stays": [
                    {"panel": "Request Rate", "within": 8},
                    {"panel": "Queue Depth", "within": 5},
                    {"panel": "Database Connections", "within": 5},
                ],
            },
            {
                "name": "every request takes 600 ms",
                "fault": fault("slow-600ms"),
                "requests": listings,
                "shows": [{"panel": "Latency (p95)", "at_least": 0.5}],
                "stays": [
                    {"panel": "Error Rate", "within": 0.02},
                    {"panel": "Request Rate", "within": 8},
                    {"panel": "Queue Depth", "within": 5},
                ],
            },
            {
                "name": "fifty tasks wait",
                "fault": {
                    action: _fault_command([action, "worker-stopped"], folder)
                    for action in ("inject", "restore")
                },
                "requests": {
                    "method": "POST",
                    "path": "/seller/snap",
                    "body": '{"title": "Atlas", "category": "books"}',
                    "times": 50,
                },
                "shows": [{"panel": "Queue Depth", "rises_by": 50}],
                "stays": [{"panel": "Database Connections", "within": 5}],
            },
        ],
    }


def _push(port: int) -> list[dict[str, Any]]:
    return [{"name": "gateway", "kind": "pushgateway", "url": f"http://127.0.0.1:{port}"}]


def _fault_command(words: list[str], folder: Path) -> list[str]:
    # It has to work from any folder, and with anything of the caller's on PYTHONPATH.
    return [
        "env",
        f"PYTHONPATH={ROOT}",
        sys.executable,
        "-P",
        "-m",
        "reference.faults",
        *words,
        "--folder",
        str(folder),
    ]
