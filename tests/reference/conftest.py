"""One reference for all tests that do not need one of their own."""

from collections.abc import Iterator

import pytest

from reference.process import Reference, running_reference


@pytest.fixture(scope="session")
def reference() -> Iterator[Reference]:
    """A running reference; whoever breaks it mends it."""
    with running_reference() as running:
        yield running
