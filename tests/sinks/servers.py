"""Debian's Pushgateway and node_exporter, and what they tell Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.probe.servers import READY, running

Series = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""By name, the values by their labels."""


@contextmanager
def pushgateway(*options: str) -> Iterator[str]:
    """A Pushgateway that is empty; its address."""
    with running("prometheus-pushgateway", "--persistence.file=", *options, path="/-/ready") as server:
        yield server.url


@contextmanager
def node_exporter(textfiles: Path, user: int | None = None) -> Iterator[str]:
    """A node_exporter that reads the files of a folder, and nothing else; its address."""
    options = (
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={textfiles}",
    )
    with running("prometheus-node-exporter", *options, path="/", user=user) as server:
        yield server.url


def scraped(url: str) -> Series:
    """What a server tells Prometheus."""
    return parsed(httpx.get(f"{url}/metrics", timeout=READY, trust_env=False).content)


def parsed(text: bytes) -> Series:
    """What prometheus-client reads in an exposition. Nothing may be there twice."""
    found: Series = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            of_name, labels = found.setdefault(sample.name, {}), tuple(sorted(sample.labels.items()))
            assert labels not in of_name, (sample.name, labels)
            of_name[labels] = sample.value
    return found


def group(series: Series, name: str, **labels: str) -> list[dict[str, str]]:
    """The labels of the series of this name that have these ones."""
    return [
        dict(each)
        for each in series.get(name, {})
        if all(dict(each).get(key, "") == value for key, value in labels.items())
    ]
