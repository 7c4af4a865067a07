"""The deployment file's part: what it becomes, and what does not go together in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.base.errors import DeployspecError
from deployspec.chapters.dashboards.part import DASHBOARDS, longest
from deployspec.deployment import Deployment, load

FAULT = "fault: {inject: [a], restore: [b]}"


def read(folder: Path, part: str, allow: str = "[faults]") -> Deployment:
    """A deployment file with this part."""
    file = folder / "there.yaml"
    file.write_text(f"base_url: http://there\nallow: {allow}\ndashboards:\n  files: [x/*.json]\n{part}")
    return load(file, {}, OURS, ())


def test_defaults(tmp_path: Path) -> None:
    """Grafana's own interval of scrapes; every data source of that type; nothing is moved."""
    part = read(tmp_path, "").require(DASHBOARDS)
    assert part is not None
    assert part.files == (str(tmp_path / "x/*.json"),)
    assert (part.sources, part.scrape_interval, part.range, part.movement) == (None, 15.0, None, ())


def test_what_it_says(tmp_path: Path) -> None:
    """Values of variables are lists; paths are seen from the file."""
    (tmp_path / "own.yaml").touch()
    deployment = read(
        tmp_path,
        "  variables: {job: api, host: [a, b]}\n  datasource: [main]\n  meanings: own.yaml\n  movement:\n"
        f"    - {{name: x, {FAULT}, settle: 10s, requests: {{path: /a, arrival_rate: 5}},\n"
        "       shows: [{panel: P, at_least: 1}], stays: [{panel: Q, query: B, within: 2}]}\n",
    )
    part = deployment.require(DASHBOARDS)
    assert part is not None
    assert part.variables == {"job": ("api",), "host": ("a", "b")}
    assert part.sources == {"main"}
    assert part.meanings == tmp_path / "own.yaml"
    (one,) = part.movement
    assert (one.sent and one.sent.rate, one.stays[0].query, one.shows[0].query) == (5, "B", None)
    assert longest(deployment) == 2 * 30 + 4 * 10


@pytest.mark.parametrize(
    ("movement", "says"),
    [
        (f"{{name: x, {FAULT}, shows: [{{panel: P}}]}}", "a panel of which nothing is said"),
        (f"{{name: x, {FAULT}, shows: [{{panel: P, at_least: 2, at_most: 1}}]}}", "2, more than at_most"),
        (
            f"{{name: x, {FAULT}, shows: [{{panel: P, share_failed: true}}]}}",
            "the share of requests that fail, and none are sent at a rate",
        ),
        (
            f"{{name: x, {FAULT}, requests: {{path: /a}}, shows: [{{panel: P, at_least: 2}}]}}",
            "neither arrival_rate nor times",
        ),
        (
            f"{{name: x, {FAULT}, requests: {{path: /a, times: 1, arrival_rate: 1}}, shows: [{{panel: P, at_least: 2}}]}}",
            "arrival_rate beside times",
        ),
        (
            f"{{name: x, {FAULT}, requests: {{path: /a, times: 1, method: POST, body: '{{}}'}}, shows: [{{panel: P, at_least: 2}}]}}",
            "requests that write (POST), and allow has no write",
        ),
        (
            f"{{name: x, {FAULT}, requests: {{path: /a, times: 1, method: POST, writes: false}}, shows: [{{panel: P, at_least: 2}}]}}",
            "POST without a body",
        ),
        (
            f"{{name: x, {FAULT}, requests: {{path: /a, times: 1, body: '{{}}'}}, shows: [{{panel: P, at_least: 2}}]}}",
            "a body with GET",
        ),
        ("{name: x, shows: [{panel: P, at_least: 2}]}", "fault"),
    ],
)
def test_what_does_not_go_together(movement: str, says: str, tmp_path: Path) -> None:
    """One error, with its place."""
    with pytest.raises(DeployspecError) as told:
        read(tmp_path, f"  movement:\n    - {movement}\n")
    assert says in str(told.value)
    assert "there.yaml:6:" in str(told.value)


def test_names_of_movements_are_their_own(tmp_path: Path) -> None:
    """They are ids of checks."""
    one = f"    - {{name: x, {FAULT}, shows: [{{panel: P, at_least: 2}}]}}\n"
    with pytest.raises(DeployspecError, match="the name x for the second time"):
        read(tmp_path, f"  movement:\n{one}{one}")
