"""What the commands of probes have in common: values of their options, and the deployment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base.errors import UsageError
from deployspec.base.state_folder import state_folder

if TYPE_CHECKING:
    from deployspec.deployment import Deployment


def name_of(said: str | None) -> str:
    """The deployment's name or path. Raises UsageError where it is empty."""
    name = (said or "").strip()
    if not name:
        raise UsageError("found no deployment; expected --deployment NAME, or the variable DEPLOYMENT")
    return name


def state_of(said: Path | None) -> Path:
    """The state folder, absolute. Raises UsageError where there is no place for it."""
    return said.absolute() if said else state_folder(os.environ)


def deployment_of(said: str | None) -> Deployment:
    """The deployment, as its file says; from here on no text that is made for a person shows a secret of it.

    Raises DeployspecError.
    """
    from deployspec import app
    from deployspec.base import disclosure
    from deployspec.deployment import Finder

    deployment = app.deployment_named(name_of(said))
    disclosure.hide(Finder(deployment.secrets()), deployment.secret_variables)
    return deployment
