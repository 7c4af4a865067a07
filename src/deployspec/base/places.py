"""Where things are: what travels with the library, and what a project keeps in a folder of its own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Places:
    """All paths, seen from the folder of a project: pytest's root folder, or where a command was started.

    ``checks``, ``load``, ``schemas`` and ``guides`` are part of the package: in the wheel as files, in a clone as links to the
    folders that the clone's users edit. So there is one of each, and never a copy from an earlier installation.
    """

    project: Path

    checks: Path = _PACKAGE / "checks"
    """The specification's folder."""
    locustfile: Path = _PACKAGE / "load" / "locustfile.py"
    """What makes the traffic of a load run."""
    health_schema: Path = _PACKAGE / "schemas" / "health.schema.json"
    """The JSON Schema of the health endpoint that the guide describes."""
    log_record_schema: Path = _PACKAGE / "schemas" / "log-record.schema.json"
    """The JSON Schema of the log records that the guide describes."""

    guides: Path = _PACKAGE / "guides"
    """Pages on findings that have names: ``NAME.md``, or a section with that heading."""

    @property
    def deployments(self) -> Path:
        """The project's deployment files."""
        return self.project / "deployments"

    @property
    def accepted(self) -> Path:
        """The breaches that the project's team has accepted, unless an option names another file."""
        return self.project / "accepted.yaml"

    @property
    def own_checks(self) -> Path:
        """The project's own checks. In a clone this is the specification itself."""
        return self.project / "checks"

    @property
    def runs(self) -> Path:
        """Where run records go by default."""
        return self.project / "runs"

    @property
    def is_clone(self) -> bool:
        """Whether the project is the clone that the library is imported from."""
        return self.own_checks.resolve() == self.checks.resolve()

    def command(self, *arguments: str) -> str:
        """The line by which a person runs the checks from the project's folder: with pytest in a clone, else with ``deployspec check``."""
        program = ("pytest", "checks") if self.is_clone else ("deployspec", "check")
        return shlex.join((*program, *arguments))
