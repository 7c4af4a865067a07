"""Dashboards for tests, as they are read."""

from __future__ import annotations

import json

from deployspec.languages.grafana import Dashboard, read


def dashboard_of(document: object, **more: object) -> Dashboard:
    """A document, read: it is a dashboard."""
    dashboard = read(json.dumps(document), "a.json", **more)
    assert isinstance(dashboard, Dashboard), dashboard
    return dashboard


def panel(title: str, *exprs: str, **more: object) -> dict[str, object]:
    """A panel that asks these."""
    return {"title": title, "type": "timeseries", "targets": [{"expr": expr} for expr in exprs], **more}
