"""Reads a dashboard in any of the forms that Grafana has had."""

from __future__ import annotations

from collections.abc import Mapping

from deployspec.languages.grafana.model import Dashboard, Trouble


def read(
    text: str | bytes, file: str, libraries: Mapping[str, object] | None = None
) -> Dashboard | tuple[Trouble, ...]:
    """The dashboard; or, of a file that is none, why. Never raises, whatever the file.

    ``libraries`` are the models of library panels by uid, where they are known.
    """
    raise NotImplementedError
