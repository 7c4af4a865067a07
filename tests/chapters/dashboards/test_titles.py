"""Dashboards whose titles and queries are any text: each query has its items, in one process and in workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.suite import run_checks
from tests.tools.prometheus.fake import Question, Reply, fake_prometheus, success

TITLES = (
    "a::b", "x[y]", "two\nlines", "half \ud800", "🎉 ü", "a/b", "-", " ", "x" * 300, "x" * 300, "A#2", "A", "A",
    "\u202eback", "\x1b]0;x\x07", "$v", "%s {0}", "../../etc", "'\"`", "\x00",
)  # fmt: skip


def answer(question: Question) -> Reply:
    """A Prometheus in which each query shows one series."""
    if question.path.endswith("query_range"):
        found = [{"metric": {}, "values": [[1, "1"], [2, "2"]]}]
        return success({"resultType": "matrix", "result": found})
    return success({} if question.path.endswith("metadata") else [])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "workers"])
def test_any_text_is_a_title(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """No two have one id, and none breaks a report."""
    panels = [{"title": title, "targets": [{"refId": "A", "expr": "up"}]} for title in TITLES]
    panels.append({"title": "q", "targets": [{"refId": "A", "expr": 'up{a="\ud800"}'}]})
    board = {"title": "T\ud800", "schemaVersion": 39, "panels": panels}
    (tmp_path / "t.json").write_text(json.dumps(board))
    with fake_prometheus(answer) as fake:
        document = {"base_url": "http://127.0.0.1:9", "prometheus": {"url": fake.url}, "dashboards": {"files": ["t.json"]}}  # fmt: skip
        (tmp_path / "t.yaml").write_text(yaml.safe_dump(document))
        ran = run_checks(tmp_path / "t.yaml", *workers, folder=tmp_path, chapter="dashboards")
    assert ran.record is not None, ran.output
    assert "INTERNALERROR" not in ran.output, ran.output
    ids = [entry["id"] for entry in ran.record["checks"]]
    assert len(ids) == len(set(ids)) == 1 + 5 * len(panels)
    wrong = {entry["id"]: entry["verdict"] for entry in ran.record["checks"] if entry["verdict"] != "MET"}
    # The one query that is no text: it is no PromQL, and so cannot be asked.
    assert set(wrong.values()) == {"BREACHED", "UNMEASURED"}
    assert len(wrong) == 5
    assert all("[t/q/A]" in one for one in wrong)
