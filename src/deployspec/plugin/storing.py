"""Which store of runs this run belongs to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.plugin.deployments import obtained

if TYPE_CHECKING:
    import pytest

    from deployspec.record.store import Store


def store_of(config: pytest.Config) -> Store:
    """As the deployment file says, where it was read; ``--state`` says better where it is.

    Raises DeployspecError where there is no place for it.
    """
    from deployspec.deployment.push import RUNS
    from deployspec.record import store

    deployment = obtained(config)
    said = config.getoption("--state")
    state = Path(config.invocation_params.dir, said) if said else None
    return store.store_of(deployment.get(RUNS) if deployment else None, state, os.environ)
