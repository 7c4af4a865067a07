"""The health chapter's measurements: each is made once a session, by the first check that wants it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.plugin.outcomes import Unmeasured

if TYPE_CHECKING:
    from deployspec.contracts.health import HealthPromise, Outage
    from deployspec.contracts.http import Call
    from deployspec.deployment import Deployment
