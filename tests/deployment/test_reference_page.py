"""The schema is the format's reference, and the page about it says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from deployspec.app import OURS, SINKS
from deployspec.chapters.health.forms import FORMS
from deployspec.chapters.health.part import HEALTH
from deployspec.deployment import accepted, load
from deployspec.deployment.schema import FORMATS, assembled
from tests.suite import ROOT

ACCEPTED = json.loads(accepted.FILE.read_text())
SCHEMA = assembled((chapter.schema for chapter in OURS if chapter.schema is not None), SINKS)
PAGE = ROOT / "docs" / "deployment-file.md"


def _properties(place: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key in the schema: its dotted name as the page writes it, its schema, whether it is required."""
    for key, below in place.get("properties", {}).items():
        yield prefix + key, below, key in place.get("required", ())
        yield from _properties(below, f"{prefix}{key}.")
        more = below.get("additionalProperties")
        if isinstance(more, dict):
            yield from _properties(more, f"{prefix}{key}.NAME.")
        yield from _properties(below.get("items", {}), f"{prefix}{key}[].")


KEYS = [
    pytest.param(*each, id=each[0])
    for each in _properties(SCHEMA)
    # The same keys again.
    if not each[0].startswith(("health.endpoints.NAME.", "push[].auth.", "push[].client_certificate."))
]


def test_the_schema_is_a_valid_json_schema() -> None:
    """It keeps the rules of the draft that it names, and uses no format that nothing checks."""
    jsonschema_rs.meta.validate(SCHEMA)
    jsonschema_rs.meta.validate(ACCEPTED)
    assert {*_formats(SCHEMA), *_formats(ACCEPTED)} == set(FORMATS)


def _formats(place: object) -> Iterator[str]:
    if isinstance(place, dict):
        if isinstance(place.get("format"), str):
            yield place["format"]
        for value in place.values():
            yield from _formats(value)
    elif isinstance(place, list):
        for value in place:
            yield from _formats(value)


@pytest.mark.parametrize(("name", "place", "required"), KEYS)
def test_every_key_is_documented(name: str, place: dict[str, Any], required: bool) -> None:
    """A key has a description of at least a sentence, and a row on the page with its default and that description."""
    assert place["description"].endswith(".")
    row = next((line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{name}` |")), "")
    _, _, _, default, meaning, _ = (cell.strip() for cell in row.split("|")) if row else ("",) * 6
    assert meaning == place["description"]
    written = place.get("default")
    expected = (
        "none"
        if "default" not in place
        else f"`{written if isinstance(written, str) else json.dumps(written)}`"
    )
    assert default == ("*required*" if required else expected)


def test_the_page_documents_no_key_that_there_is_not() -> None:
    """A row of the page that no schema knows would promise what does not exist."""
    rows = [
        line.split("`")[1]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| `") and line.count("|") == 5
    ]
    known = {parameter.id for parameter in KEYS}
    assert [row for row in rows if row not in known and "$" not in row] == []


def test_no_mapping_lets_unknown_keys_through() -> None:
    """Every mapping says what its keys may be."""
    for name, place, _ in _properties(SCHEMA):
        if "object" in str(place.get("type")):
            assert "additionalProperties" in place, name


EXAMPLES = re.findall(r"```yaml\n(health:.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=[text.splitlines()[-1].strip()[:40] for text in EXAMPLES])
def test_the_examples_of_health_are_valid(example: str, tmp_path: Path) -> None:
    """Each is a part of a deployment file that is understood."""
    file = tmp_path / "there.yaml"
    file.write_text(f"base_url: http://there\n{example}")
    assert load(file, {}, OURS, ()).require(HEALTH)


def test_the_table_of_forms_is_the_forms() -> None:
    """Its rows say of each form what it means."""
    section = PAGE.read_text().split("\n## Health\n")[1].split("\n### ")[0]
    rows = [
        [cell.strip() for cell in line.split("|")[1:5]]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    assert rows == [
        [
            f"`{name}`",
            f"`{form['path']}`",
            *(", ".join(map(str, form["status"][key])) for key in ("healthy", "unhealthy")),
        ]
        for name, form in FORMS.items()
    ]
