"""A project to probe, and where its results are pushed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.probe.shop import Receiver, Shop, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes what is pushed."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def shop(tmp_path: Path, receiver: Receiver) -> Shop:
    """The project. Nothing of it goes on when a test ends."""
    shop = Shop(tmp_path, receiver)
    yield shop
    for process in shop.left():
        process.kill()
