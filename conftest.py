"""Boots the deployment called ``reference``: the plugin itself knows no deployment but those in files."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from deployspec.plugin.hooks import Provided


@pytest.hookimpl
def deployspec_provided_names() -> Sequence[str]:
    """The deployments that this repository can boot."""
    return ["reference"]


@pytest.hookimpl
def deployspec_provide(name: str) -> Provided | None:
    """Boot the reference Deal Scout on free loopback ports."""
    if name != "reference":
        return None
    from reference.process import boot

    return boot()
