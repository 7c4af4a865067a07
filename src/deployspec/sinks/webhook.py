"""A webhook of one's own: what has changed, as JSON (``changes.schema.json``)."""

from __future__ import annotations

import json
from typing import Any

from deployspec.deployment.push import Push
from deployspec.model.verdict import Outcome
from deployspec.sinks.changes import FORMAT, News, tell
from deployspec.sinks.requests import Address
from deployspec.sinks.sending import Report


class Webhook:
    """Posts all changes of a run at once, and nothing where there are none."""

    def __init__(self, push: Push) -> None:
        self._address = Address(push)
        self._after: int = push.data["after"]

    def send(self, report: Report, memory: Any) -> Any:
        """Tell what has changed since the last message."""

        def post(news: News) -> None:
            body = json.dumps(message(report, news)).encode()
            self._address.post(report, self._address.url, body, {})

        return tell(report, memory, self._after, post)


def message(report: Report, news: News) -> dict[str, Any]:
    """What is posted."""
    counts = report.run.counts()
    return {
        "format": FORMAT,
        "deployment": report.deployment,
        "location": report.location,
        "run": report.run.id,
        "time": report.run.finished or report.run.started,
        "counts": {outcome.value: counts[outcome.value] for outcome in Outcome},
        "dropped": news.dropped,
        "changes": [change._asdict() for change in news.untold],
    }
