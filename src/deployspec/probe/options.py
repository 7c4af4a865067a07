"""What the commands of probes have in common: values of their options, and the deployment."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base.duration import parse_duration
from deployspec.base.errors import UsageError
from deployspec.base.state_folder import state_folder
from deployspec.base.unfit import Unfit

if TYPE_CHECKING:
    from deployspec.deployment import Deployment


def duration(text: str) -> float:
    """A duration above 0, in seconds."""
    try:
        return parse_duration(text)
    except Unfit as unfit:
        found = unfit.found.replace("{}", text)
        raise argparse.ArgumentTypeError(f"found {found}; expected {unfit.expected}") from None


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
    from deployspec.app import chapters, sinks
    from deployspec.base import disclosure
    from deployspec.base.places import Places
    from deployspec.deployment import Finder, find, load

    file = find(name_of(said), Places(Path.cwd()).deployments)
    deployment = load(file, os.environ, chapters(), sinks())
    disclosure.hide(Finder(deployment.secrets()), deployment.secret_variables)
    return deployment
