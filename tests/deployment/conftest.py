"""Deployment files, written for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.base.errors import DeploymentFileError
from deployspec.deployment import Deployment, load

BASE = "base_url: https://deal-scout.example\n"
"""A first line that is valid, so that what a test adds begins at line 2."""

Reader = Callable[..., Deployment]
Refusal = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """``read(text, NAME=value…)``: the deployment that the text describes, with these variables."""

    def reader(text: str | bytes, **environ: str) -> Deployment:
        path = tmp_path / "there.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, environ, OURS, ())

    return reader


@pytest.fixture
def refusal(read: Reader, tmp_path: Path) -> Refusal:
    """``refusal(text, NAME=value…)``: the lines of the error, each without the path at its beginning."""

    def refused(text: str | bytes, **environ: str) -> list[str]:
        with pytest.raises(DeploymentFileError) as caught:
            read(text, **environ)
        assert caught.value.__cause__ is None
        prefix = f"{tmp_path / 'there.yaml'}:"
        lines = str(caught.value).splitlines()
        assert all(line.startswith(prefix) for line in lines)
        return [line.removeprefix(prefix).strip() for line in lines]

    return refused
