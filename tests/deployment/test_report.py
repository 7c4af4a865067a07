"""What a deployment file says of its reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.app import OURS, SINKS
from deployspec.base.errors import DeploymentFileError
from deployspec.deployment import load


def _load(folder: Path, report: str) -> dict[str, str]:
    path = folder / "shop.yaml"
    path.write_text(f"base_url: http://127.0.0.1:9\nreport: {report}\n")
    found: dict[str, str] = load(path, {"TEAM": "team-a"}, OURS, SINKS).data["report"]
    return found


def test_it_says_who_answers_and_where_to_read(tmp_path: Path) -> None:
    """With variables, as anywhere."""
    said = "{owner: '${TEAM}', guide: 'https://w.example/g', runbook: 'http://w.example/{check}'}"
    assert _load(tmp_path, said) == {
        "owner": "team-a",
        "guide": "https://w.example/g",
        "runbook": "http://w.example/{check}",
    }


# report: one with a fault; found: what is said of it.
@pytest.mark.parametrize(
    ("report", "found"),
    [
        pytest.param("{owner: ''}", "shop.yaml:2:17: found ", id="empty-owner"),
        pytest.param("{guide: wiki.example}", "shop.yaml:2:17: found ", id="no-address"),
        pytest.param("{runbook: 'javascript:alert(1)'}", "shop.yaml:2:19: found ", id="a-script"),
        pytest.param("{guide: 'https://u:sesame@w.example/'}", "shop.yaml:2:17: found ", id="credentials"),
        pytest.param("{ownr: a}", "did you mean owner?", id="misspelt"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, report: str, found: str) -> None:
    """With its place."""
    with pytest.raises(DeploymentFileError) as refused:
        _load(tmp_path, report)
    assert found in str(refused.value)
    assert "sesame" not in str(refused.value)
