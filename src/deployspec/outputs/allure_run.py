"""The results that Allure reads, made of a run that is over: for reports of many runs. A run with ``--alluredir`` has more."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path

from deployspec.base.moments import seconds_of
from deployspec.outputs import allure
from deployspec.record.record import Run

_ATTACHMENT, _RESULT = "-attachment", "-result.json"


def write(run: Run, folder: Path, facts: allure.Facts) -> None:
    """Write a run's results into a folder, which is made; results of other runs may be there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    own = replace(facts, deployment=run.deployment, run=run.id, maintenance=run.maintenance)
    start = int((seconds_of(run.started) or 0.0) * 1000)

    def attach(name: str, type_: str, ending: str, content: str | bytes) -> allure.Attached:
        source = f"{uuid.uuid4()}{_ATTACHMENT}.{ending}"
        data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
        (folder / source).write_bytes(data)
        return allure.Attached(name, type_, source)

    for entry in run.ordered():
        identity = str(uuid.uuid4())
        result = allure.lost(entry, start) | {"uuid": identity, "stop": start + int(entry.duration * 1000)}
        allure.identify(result, allure.Check(entry.id, entry.chapter, entry.promise), own)
        allure.label(result, entry, own)
        allure.tell(result, entry, attach)
        # JSON's own escapes have what UTF-8 has no bytes for.
        (folder / f"{identity}{_RESULT}").write_text(json.dumps(result), encoding="ascii")
    (folder / "environment.properties").write_text(allure.environment(run), encoding="ascii")
