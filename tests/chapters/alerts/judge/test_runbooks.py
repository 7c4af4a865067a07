"""Alerts and their runbook pages: both ways, with everything that a woken person needs."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.runbooks import SECTIONS, pairing
from deployspec.languages.rule_files.rules import read_rules
from deployspec.model.verdict import Outcome

RULES = """\
groups:
  - name: g
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: Down
        expr: up == 0
        labels: {severity: critical}
        annotations:
          summary: It is down
          description: Really
          runbook_url: https://deal-scout.example/runbooks/Down
"""
PAGE = "# Down\n" + "".join(f"\n## {name}\n\nA text.\n" for name in SECTIONS)


def verdict(rules: str = RULES, pages: dict[str, str] | None = None):
    """The verdict of the alert Down."""
    read = read_rules(rules, "api.rules.yml")
    assert read.problems == ()
    return pairing(read.rules, {"Down": PAGE} if pages is None else pages)["Down"]


def test_paired():
    """An alert with all it needs, and a page with all its sections."""
    assert verdict().outcome is Outcome.MET
    assert verdict().reason == (
        "has severity, summary, description and runbook_url, and docs/runbooks/Down.md has all its sections"
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("{severity: critical}", "{}", "api.rules.yml:6:9: no label severity", id="severity"),
        pytest.param("summary: It is down", "other: x", "api.rules.yml:6:9: no annotation summary", id="summary"),
        pytest.param("description: Really", 'description: " "', "no annotation description", id="blank-description"),
        pytest.param("runbook_url", "runbook", "no annotation runbook_url", id="runbook-url"),
        pytest.param("runbooks/Down", "runbooks/Up", "api.rules.yml:12:24: runbook_url is https://deal-scout.example/runbooks/Up;"
                     " expected a URL whose path ends with /Down", id="another-name"),
        pytest.param("runbooks/Down", "runbooks/down", "expected a URL whose path ends with /Down", id="case"),
        pytest.param("runbooks/Down", "runbooks#Down", "expected a URL whose path ends with /Down", id="fragment"),
        pytest.param("runbooks/Down", "SoDown", "expected a URL whose path ends with /Down", id="end-of-a-word"),
        pytest.param("https://deal-scout.example/runbooks/Down", "runbooks/Down", "expected a URL", id="no-url"),
        pytest.param("https://deal-scout.example/runbooks/Down", "http://[/Down", "expected a URL", id="broken-url"),
    ],
)  # fmt: skip
def test_the_rule_lacks_something(old, new, reason):
    """BREACHED, with what is missing and where."""
    found = verdict(RULES.replace(old, new))
    assert found.outcome is Outcome.BREACHED
    assert reason in found.reason


@pytest.mark.parametrize("url", ["runbooks/Down/", "Down.md", "a/b/Down?from=alert#top"])
def test_forms_of_the_url(url):
    """A slash at the end, the page's ending, a query: the name is still the last part of the path."""
    assert verdict(RULES.replace("runbooks/Down", url)).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        pytest.param(PAGE.replace("## Mitigation", "## Cure"), 'docs/runbooks/Down.md has no section "Mitigation"', id="renamed"),
        pytest.param(PAGE.replace("## Mitigation\n\nA text.", "## Mitigation"), 'section "Mitigation" of docs/runbooks/Down.md'
                     " is empty", id="empty"),
        pytest.param(PAGE.replace("## Mitigation", "```\n## Mitigation\n```"), 'has no section "Mitigation"', id="in-a-code-block"),
        pytest.param(PAGE.replace("## Mitigation", "Mitigation"), 'has no section "Mitigation"', id="no-heading"),
        pytest.param("", 'has no section "Meaning"; docs/runbooks/Down.md has no section "First look"', id="empty-page"),
    ],
)  # fmt: skip
def test_the_page_lacks_something(page, reason):
    """BREACHED, with the section."""
    found = verdict(pages={"Down": page})
    assert found.outcome is Outcome.BREACHED
    assert reason in found.reason


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(PAGE.replace("## First look", "### first look ##"), id="level-and-case"),
        pytest.param(
            PAGE.replace("## Mitigation\n\nA text.", "## Mitigation\n\n### Now\n\nA text."), id="subsection"
        ),
        pytest.param(
            PAGE.replace("## Mitigation\n\nA text.", "## Mitigation\n\n```sh\n# restart\n```"), id="only-code"
        ),
        pytest.param(PAGE.replace("\n", "\r\n"), id="crlf"),
    ],
)
def test_forms_of_the_page(page):
    """Markdown's other ways to write the same."""
    assert verdict(pages={"Down": page}).outcome is Outcome.MET


def test_no_page():
    """An alert without page is BREACHED."""
    found = pairing(read_rules(RULES, "api.rules.yml").rules, {"Up": PAGE}, folder="runbooks")
    assert {name: (one.outcome, one.reason) for name, one in found.items()} == {
        "Down": (Outcome.BREACHED, "there is no runbooks/Down.md")
    }


def test_each_rule_of_the_same_alert():
    """Two rules of one name are one alert: both need everything."""
    second = "      - alert: Down\n        expr: up == 1\n        labels: {severity: warning}\n"
    assert "api.rules.yml:13:9: no annotation summary" in verdict(RULES + second).reason


def test_a_recording_rule_needs_nothing():
    """Only alerts wake people."""
    assert set(pairing(read_rules(RULES, "api.rules.yml").rules, {"Down": PAGE})) == {"Down"}
