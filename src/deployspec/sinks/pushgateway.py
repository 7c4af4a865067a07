"""A Prometheus Pushgateway: the newest run takes the place of the one before, in a group of deployment and location."""

from __future__ import annotations

import re
from typing import Any

from deployspec.deployment.push import Push
from deployspec.sinks.exposition import CONTENT_TYPE, exposition
from deployspec.sinks.requests import Address, Refused, said
from deployspec.sinks.sending import NotSent, Report

_PLAIN = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
"""What may stand in a path as it is. A Pushgateway answers ``//``, ``.`` and ``%2F`` with a redirect into another group."""
_ELSEWHERE = frozenset({404, 405, 501})
"""Statuses of what is no Pushgateway, or not where one is."""


class Pushgateway:
    """Sends by PUT, so that what a run no longer says goes from the group."""

    def __init__(self, push: Push) -> None:
        self._address = Address(push)
        self._job: str = push.data["job"]

    def send(self, report: Report, memory: Any) -> Any:
        """Replace the group of this deployment and location."""
        grouping = {"job": self._job, "deployment": report.deployment, "location": report.location}
        path = "".join(f"/{_segment(name, value)}" for name, value in grouping.items())
        body = exposition(report.families)
        try:
            answer = self._address.post(
                report,
                f"{self._address.url.rstrip('/')}/metrics{path}",
                body,
                {"Content-Type": CONTENT_TYPE},
                put=True,
            )
        except Refused as refused:
            if refused.status in _ELSEWHERE:
                expected = "the address of a Pushgateway without /metrics, such as http://pushgateway:9091"
                raise NotSent(f"{refused.reason}; expected {expected}", final=True) from None
            raise
        if answer.body.lstrip()[:1] == b"<":
            # A Pushgateway has nothing to say of a success.
            raise NotSent(f"status {answer.status}{said(answer)}")
        return memory


def _segment(label: str, value: str) -> str:
    """A label and its value as a path has them: as base64 where the value is not plain."""
    if _PLAIN.fullmatch(value):
        return f"{label}/{value}"
    import base64

    # An empty value is a lone padding character, for an empty segment would be lost.
    return f"{label}@base64/{base64.urlsafe_b64encode(value.encode()).decode() or '='}"
