"""A sink from outside the package: one module, a schema and an entry point, and nothing here is edited for it."""

from __future__ import annotations

import json
import os

import pytest

from tests.probe.conftest import receiver, shop  # noqa: F401 - fixtures
from tests.probe.shop import Receiver, Shop
from tests.suite import ROOT

SINK = """
from pathlib import Path
from deployspec.model.sink import Sink

SINK = Sink(
    kind="pigeon",
    schema=Path(__file__).with_name("pigeon.schema.json"),
    make="pigeons.sending:Pigeon",
    check="pigeons.sending:unfit",
    extra="pigeons",
    libraries=("feathers",),
)
"""
SENDING = """
import json
from deployspec.sinks.sending import NotSent

def unfit(data):
    if data["loft"] == "/":
        yield "the loft /", "one that is not everywhere"

class Pigeon:
    def __init__(self, push):
        self._loft = push.folder / push.data["loft"]
        self._mood = push.data["mood"]
        if self._mood == "bald":
            import feathers
        if self._mood == "broody":
            raise KeyError("eggs")

    def begin(self, report):
        self._loft.mkdir(exist_ok=True)
        (self._loft / "begun").write_text(report.run.id)

    def send(self, report, memory):
        if self._mood == "angry":
            raise RuntimeError("no " + "wings")
        flights = (memory or 0) + 1
        told = {"flights": flights, "run": report.run.id, "families": [one.name for one in report.families]}
        (self._loft / "told").write_text(json.dumps([report.deployment, report.location, report.status, told]))
        return flights
"""
SCHEMA = {
    "required": ["loft"],
    "properties": {
        "loft": {"description": "Where it flies to.", "type": "string", "format": "folder"},
        "mood": {"description": "Its mood.", "type": "string", "default": "calm"},
    },
}


@pytest.fixture
def pigeons(shop: Shop) -> Shop:  # noqa: F811 - the fixture
    """A project where the package ``pigeons`` is as good as installed."""
    package = shop.folder / "site" / "pigeons"
    package.mkdir(parents=True)
    for name, text in {"__init__": "", "sink": SINK, "sending": SENDING}.items():
        (package / f"{name}.py").write_text(text)
    (package / "pigeon.schema.json").write_text(json.dumps(SCHEMA))
    told = shop.folder / "site" / "pigeons-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeons\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[deployspec.sinks]\npigeon = pigeons.sink:SINK\n")
    return shop


def probe(project: Shop, item: str) -> tuple[int, str]:
    """A probe where this sink stands beside a Pushgateway."""
    gateway = f"{{name: gateway, kind: pushgateway, url: '{project.receiver.url}'}}"
    project.describe(f"push: [{item}, {gateway}]")
    path = os.pathsep.join([str(project.folder / "site"), str(ROOT)])
    return project.probe("--location", "cellar", PYTHONPATH=path)


def test_all_that_a_sink_brings(pigeons: Shop) -> None:
    """Its keys with their defaults, the beginning and the end of a run, its memory."""
    item = "{name: bird, kind: pigeon, loft: loft}"
    assert probe(pigeons, item) == (0, "")
    pigeons.is_("closed")
    assert probe(pigeons, item)[0] == 1
    loft = pigeons.folder / "deployments" / "loft"
    deployment, location, status, told = json.loads((loft / "told").read_text())
    assert (deployment, location, status, told["flights"]) == ("shop", "cellar", 1, 2)
    assert told["run"] == (loft / "begun").read_text() == pigeons.records()[-1]["id"]
    assert "deployspec_check_verdict" in told["families"]


def test_what_it_raises_is_a_failed_push_and_no_more(pigeons: Shop, receiver: Receiver) -> None:  # noqa: F811 - the fixture
    """The other sink is served, and the status is that of the checks; also where it cannot even be made."""
    for mood, why in {
        "angry": "an error of the sink's own: RuntimeError: no wings",
        "broody": "an error of the sink's own: KeyError: 'eggs'",
        "bald": "pigeon needs feathers, which is not installed; expected: pip install 'deployspec[pigeons]'",
    }.items():
        receiver.requests.clear()
        told = probe(pigeons, f"{{name: bird, kind: pigeon, loft: loft, mood: {mood}}}")
        assert told == (0, f"push to bird failed: {why}\n")
        assert len(receiver.requests) == 1


def test_it_is_refused_as_ours_are(pigeons: Shop) -> None:
    """By its schema, and by its own check."""
    for item, error in {
        "{name: bird, kind: pigeon}": "no key loft",
        "{name: bird, kind: pigeon, loft: /}": "found the loft /; expected one that is not everywhere",
        "{name: bird, kind: pigon, loft: x}": "did you mean pigeon?",
    }.items():
        status, output = probe(pigeons, item)
        assert status == 4
        assert error in output
        assert "Traceback" not in output
