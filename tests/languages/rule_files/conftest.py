"""What the tests of this folder share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What promtool leaves behind where it refuses a series goes with the test's own folder."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("promtool")))
