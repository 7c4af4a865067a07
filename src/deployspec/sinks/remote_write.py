"""Remote write 1.0: the newest run as samples of now, and the end of each series that it no longer has.

The receivers differ (docs/real-tools.md): Prometheus refuses a whole request for one series in it and names none, and
whatever is older than what it has; VictoriaMetrics takes everything.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

from cramjam import snappy

from deployspec.base.duration import format_duration
from deployspec.base.problems import listed
from deployspec.base.shown import counted
from deployspec.deployment.push import Push
from deployspec.sinks.requests import Address, Refused
from deployspec.sinks.sending import NotSent, Report
from deployspec.sinks.write_request import Labels, labels_of, metadata, name_of, series

MOST_SERIES = 2000
"""Series in one request: as many as Prometheus itself sends."""
MOST_REMEMBERED = 50_000
"""Series whose end can be told. Those beyond them end by themselves, five minutes after their last sample."""
MOST_NAMED = 5
"""Metrics that a reason names."""
_SPLITS, _SPLITS_IN_VAIN = 64, 16
"""How often a refused request is halved to find the series that are refused, in all; and where no request at all has been
taken, so that it may be no matter of series."""
_SOON = 1000
"""Milliseconds that are waited for, where the clock stands at the time of the last push or a little before it."""
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_RECEIVER = (
    "; expected the URL of a receiver, such as http://prometheus:9090/api/v1/write, which Prometheus has if it is started "
    "with --web.enable-remote-write-receiver"
)
_WHO = "; expected headers, auth or client_certificate that this receiver accepts"
_ADVICE = {
    401: _WHO,
    403: _WHO,
    404: _RECEIVER,
    405: _RECEIVER,
    415: "; expected a receiver of remote write 1.0",
}


class _Known(NamedTuple):
    """What is remembered from one push to the next."""

    time: int = 0
    """Of the last samples: milliseconds since the epoch."""
    series: Mapping[Labels, object] = {}
    """Those that the receiver has, or may have, and whose end it was not told."""


class RemoteWrite:
    """Sends all series of a run with one time, and a marker of staleness for each that has vanished since."""

    def __init__(self, push: Push) -> None:
        self._address = Address(push)
        self._job: str = push.data["job"]
        self._last = 0

    def send(self, report: Report, memory: Any) -> Any:
        """Send the run as it is now. Series that are refused for good are named by their metrics; the others arrive."""
        known = _read(memory)
        common = {"job": self._job, "deployment": report.deployment, "location": report.location}
        now, last = self._moment(report, known.time)
        there = {
            labels_of(family.name, sample.labels, common): sample.value
            for family in report.families
            for sample in family.samples
        }
        samples = [*there.items(), *((one, None) for one in known.series if one not in there)]
        try:
            refused, why = self._write(report, samples, now)
        except NotSent as failed:
            # What was not answered may have arrived all the same.
            failed.memory = _remembered(max(now, last), {**known.series, **there}, common)
            raise
        if not refused:
            return _remembered(max(now, last), there, common)
        if now < last:
            why += f"; this machine's clock is {format_duration((last - now) / 1000)} behind the last push"
        arrived = len(samples) - len(refused)
        kept = [
            *(one for one in there if one not in refused),
            *(one for one in known.series if one in refused),
        ]
        raise NotSent(
            f"{why}; {len(refused)} of {counted(len(samples), 'series', 'series')} were refused ({_metrics(refused)})"
            f"{', the others have arrived' if arrived else ''}",
            final=True,
            memory=_remembered(max(now, last) if arrived else last, kept, common),
        )

    def _moment(self, report: Report, last: int) -> tuple[int, int]:
        """The present time, and that of the last push, which it never is: a receiver may have another value there."""
        last = max(last, self._last)
        while last - _SOON < (now := _now()) <= last:
            time.sleep(report.left((last - now + 1) / 1000))
        self._last = max(now, last)
        return now, last

    def _write(
        self, report: Report, samples: list[tuple[Labels, float | None]], now: int
    ) -> tuple[set[Labels], str]:
        """Send samples: which series are refused for good, and the receiver's own words. Raises :class:`NotSent`."""
        waiting = deque(samples[start : start + MOST_SERIES] for start in range(0, len(samples), MOST_SERIES))
        refused: set[Labels] = set()
        why, splits, most = "", 0, _SPLITS_IN_VAIN
        # It comes first, and with the first request only: who keeps it keeps it for long.
        head = metadata(report.families)
        while waiting:
            some = waiting.popleft()
            try:
                self._post(report, head + b"".join(series(labels, value, now) for labels, value in some))
            except Refused as refusal:
                if refusal.status != 400:
                    raise
                why = why or refusal.reason
                if len(some) > 1 and splits < most:
                    splits += 1
                    waiting += (some[: len(some) // 2], some[len(some) // 2 :])
                else:
                    refused |= {labels for labels, _ in some}
            else:
                head, most = b"", _SPLITS
        return refused, why

    def _post(self, report: Report, body: bytes) -> None:
        try:
            self._address.post(report, self._address.url, bytes(snappy.compress_raw(body)), _HEADERS)
        except Refused as refusal:
            advice = _ADVICE.get(refusal.status, "")
            raise Refused(refusal.status, f"{refusal.reason}{advice}", refusal.after) from None


def _now() -> int:
    return time.time_ns() // 1_000_000


def _metrics(refused: Iterable[Labels]) -> str:
    names = sorted({name_of(labels) for labels in refused})
    more = len(names) - MOST_NAMED
    return listed([*names[:MOST_NAMED], f"{more} more"] if more > 0 else names, "and")


def _remembered(at: int, kept: Iterable[Labels], common: Mapping[str, str]) -> Any:
    """As JSON: the labels that all have are said once, and of the others names and values by turns."""
    shared = {*common.items()}
    told = [[*chain(*(pair for pair in one if pair not in shared))] for one in islice(kept, MOST_REMEMBERED)]
    return {"time": at, "common": dict(common), "series": told}


def _read(memory: Any) -> _Known:
    """What was remembered; nothing where it is not as it was written."""
    if memory is None:
        return _Known()
    try:
        kept: dict[Labels, None] = {}
        for told in memory["series"]:
            "".join(told)  # They are all texts, or it is damaged.
            own = dict(zip(told[::2], told[1::2], strict=True))
            kept[labels_of(own.pop("__name__"), memory["common"], own)] = None
        return _Known(int(memory["time"]), kept)
    except (LookupError, TypeError, ValueError):
        return _Known()
