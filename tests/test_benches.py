"""The benches can be run: what they import of the library is there."""

from __future__ import annotations

import importlib

import pytest

from bench.__main__ import PARTS


@pytest.mark.parametrize("name", PARTS)
def test_a_bench_finds_what_it_imports(name: str) -> None:
    """Each has a function that measures; one whose own libraries are not installed is left out."""
    try:
        module = importlib.import_module(f"bench.{name}")
    except ModuleNotFoundError as error:
        if str(error.name).startswith(("bench", "deployspec", "reference", "tests")):
            raise
        pytest.skip(f"{error.name} is not installed: make bench installs it")
    assert callable(module.run)
