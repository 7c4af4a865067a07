"""Debian's Pushgateway and node_exporter, each on a free port of the loopback."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

_LIMIT = 30.0
"""Seconds; each takes less than one on a free machine."""
_LISTENS = re.compile(r'"Listening on" address=(127\.0\.0\.1:\d+)')

Series = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""By name, the values by their labels."""


@contextmanager
def started(program: str, folder: Path, *options: str, user: int | None = None) -> Iterator[str]:
    """One of them, until it is left; its address."""
    output = folder / f"{program}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [program, "--web.listen-address=127.0.0.1:0", *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user,
        )
    try:
        deadline = time.monotonic() + _LIMIT
        while not (found := _LISTENS.search(output.read_text())):
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.02)
        yield f"http://{found[1]}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def pushgateway(folder: Path, *options: str) -> Iterator[str]:
    """A Pushgateway that is empty; its address."""
    with started("prometheus-pushgateway", folder, "--persistence.file=", *options) as url:
        yield url


@contextmanager
def node_exporter(folder: Path, textfiles: Path, user: int | None = None) -> Iterator[str]:
    """A node_exporter that reads the files of a folder, and nothing else; its address."""
    options = (
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={textfiles}",
    )
    with started("prometheus-node-exporter", folder, *options, user=user) as url:
        yield url


def scraped(url: str) -> Series:
    """What a server tells Prometheus."""
    return parsed(httpx.get(f"{url}/metrics", timeout=_LIMIT, trust_env=False).content)


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
