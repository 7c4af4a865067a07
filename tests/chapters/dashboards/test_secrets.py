"""No secret of the deployment, of a dashboard or of its data sources is printed, recorded or stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.suite import run_checks
from tests.tools.prometheus.fake import Question, Reply, fake_prometheus, success

HEADER, PASSWORD = "header-4f1c9a7e2b", "password-8d2e6b1f3c"
"""Of the deployment's Prometheus."""
CONSTANT, TYPED = "constant-5a9d1c7e4f", "typed-2c8b6e1a9d"
"""Of variables that are named as secrets are."""
IN_URL, IN_QUERY, IN_TITLE = "inurl-7e3f9b1c5d", "inquery-1b5d9e3c7a", "intitle-9c4a2e8f6b"
SECRETS = (HEADER, PASSWORD, CONSTANT, TYPED, IN_URL, IN_QUERY, IN_TITLE)


def echo(question: Question) -> Reply:
    """A Prometheus that refuses queries, and says back what it was asked and who asked."""
    if "query" in question.query:
        told = f"parse error in {question.query['query'][0]!r} by {question.headers.get('Authorization')} {question.headers.get('X-Key')}"
        return Reply({"status": "error", "errorType": "bad_data", "error": told}, 400)
    return success({} if question.path.endswith("metadata") else [])


def board() -> dict[str, object]:
    """A dashboard that holds secrets wherever one can."""
    source = {"type": "prometheus", "uid": f"https://user:{IN_URL}@prometheus.example"}
    return {
        "title": "Shop",
        "schemaVersion": 39,
        "templating": {
            "list": [
                {"name": "api_token", "type": "constant", "query": CONSTANT},
                {"name": "password", "type": "textbox", "query": "", "current": {"value": TYPED}},
                {"name": "ah", "type": "adhoc", "filters": [{"key": "password", "operator": "=", "value": TYPED}]},
                {"name": "v", "type": "query", "query": f'label_values(up{{a="password={IN_QUERY}"}}, job)'},
            ]
        },
        "panels": [
            {"title": "A", "datasource": source, "targets": [{"refId": "A", "expr": 'x{a="$api_token", b=~"${password:regex}"}'}]},
            {"title": "B", "datasource": source, "targets": [{"refId": "A", "expr": f'x{{a="https://user:{IN_URL}@there/"}}'}]},
            {"title": "C", "datasource": source, "targets": [{"refId": "A", "expr": f'x{{password="{IN_QUERY}"'}]},
            {"title": f"D of password={IN_TITLE}", "targets": [{"refId": "A", "expr": f'x{{password="{IN_QUERY}", c="$api_token"}}'}]},
            {"title": "E", "libraryPanel": {"uid": "l", "name": f"https://user:{IN_URL}@there/"}},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("way", ["header", "auth"])
def test_no_secret_is_shown(tmp_path: Path, way: str) -> None:
    """Neither on the terminal, nor in the record, the store of runs and JUnit's file."""
    own = {"headers": {"X-Key": HEADER}} if way == "header" else {"auth": {"basic": {"user": "u", "password": PASSWORD}}}  # fmt: skip
    (tmp_path / "shop.json").write_text(json.dumps(board()))
    with fake_prometheus(echo) as fake:
        document = {
            "base_url": "http://127.0.0.1:9",
            "prometheus": {"url": fake.url, **own},
            "dashboards": {"files": ["shop.json"]},
        }
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump(document))
        told = tmp_path / "told"
        told.mkdir()
        ran = run_checks(
            tmp_path / "shop.yaml",
            "-rA",
            f"--junitxml={told / 'junit.xml'}",
            folder=told,
            chapter="dashboards",
        )
        asked = json.dumps([[one.query, one.headers] for one in fake.asked])
    assert ran.record is not None, ran.output
    assert "Traceback" not in ran.output, ran.output
    assert CONSTANT in asked
    assert TYPED in asked
    assert (HEADER in asked) == (way == "header")
    counts = {entry["id"]: entry["verdict"] for entry in ran.record["checks"]}
    assert counts["dashboards.query-answers[shop/A/A]"] == "BREACHED"
    texts = {"terminal": ran.output} | {
        str(path.relative_to(told)): path.read_text(errors="replace")
        for path in told.rglob("*")
        if path.is_file()
    }
    assert {"junit.xml", "record.json"} <= texts.keys()
    found = {name: [one for one in SECRETS if one in text] for name, text in texts.items()}
    assert {name: told for name, told in found.items() if told} == {}
