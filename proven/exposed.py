"""Scrapes servers that others wrote: `python -m proven.exposed CACHE [NAME ...] [--dashboards FOLDER] [--list]`.

Each is booted, has something to do, and is scraped by the Prometheus of this system and, where it is there, by a newer one
(scripts/newer-prometheus). With each of the two, every check of the chapter of metrics that needs no permission is to be MET, but those
that `proven.exposers.table` says the server truly breaks. With `--dashboards`, a folder of checkouts, its published dashboards are
checked with the newest of these, too, and the verdicts counted.

`--list` prints every reason that is not MET. Prints a Markdown table at the end; ends with status 1 where anything was not as it is to be.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from proven.__main__ import PROGRAM, told
from proven.exposers.model import Exposer, busy
from proven.exposers.table import EXPOSERS
from proven.record import version
from proven.servers import NotProvenError, Program, Running, free_port, running

NEWER = Path(__file__).parents[1] / ".newer" / "prometheus-forky" / "usr" / "bin" / "prometheus"
INTERVAL = 2
"""Seconds from one scrape to the next."""
SCRAPES = 8
"""How many there have to be before anything is judged: a range of four is full."""
SCRAPED_LIMIT = 60.0
"""Seconds in which there have to be so many."""


CHECK_LIMIT = 480.0
"""Seconds for one run: a large dashboard has hundreds of queries, and several questions for each that shows nothing."""
LABELS = {"cluster": "demo", "namespace": "demo"}
"""Of targets that have published dashboards: most of these ask for them, as a Kubernetes has them."""


@dataclass(frozen=True)
class Verdict:
    """One of a run."""

    id: str
    verdict: str
    reason: str


@contextlib.contextmanager
def watching(program: str, folder: Path, config: dict[str, Any]) -> Iterator[str]:
    """A Prometheus that scrapes what its configuration says; its address."""
    folder.mkdir()
    port = free_port()
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    argv = [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    started = Program([*argv, f"--web.listen-address=127.0.0.1:{port}"], folder)
    with running(Running(port, started, ["/-/ready"])):
        yield f"http://127.0.0.1:{port}"


def configuration(exposer: Exposer, server: Running, dashboards: Path | None) -> dict[str, Any]:
    """A Prometheus that scrapes the page, with the credentials that it asks for, and the rules of its dashboards."""
    path, _, query = exposer.path.format(port=server.port).partition("?")
    scrape: dict[str, Any] = {
        "job_name": exposer.job,
        "metrics_path": path,
        "honor_labels": exposer.honors_labels,
        "static_configs": [
            {
                "targets": [f"127.0.0.1:{_port(server)}"],
                "labels": LABELS if exposer.dashboards else {},
            }
        ],
    }
    if query:
        scrape["params"] = urllib.parse.parse_qs(query)
    if (said := server.headers.get("Authorization")) and not server.ports:
        kind, _, value = said.partition(" ")
        scrape["authorization"] = {"type": kind, "credentials": value}
    return {
        "global": {"scrape_interval": f"{INTERVAL}s", "evaluation_interval": f"{INTERVAL}s"},
        "rule_files": [] if dashboards is None else [str(dashboards / pattern) for pattern in exposer.rules],
        "scrape_configs": [scrape],
    }


def _port(server: Running) -> int:
    return server.ports.get("metrics", server.port)


def deployment(exposer: Exposer, server: Running, prometheus: str, dashboards: Path | None) -> dict[str, Any]:
    """The deployment file of a user who has no more than a server and a Prometheus."""
    base = f"http://127.0.0.1:{_port(server)}"
    path = exposer.path.format(port=server.port)
    where = {"url": base + path, "job": exposer.job} if "?" in path else {"path": path}
    found: dict[str, Any] = {
        "base_url": base,
        "metrics": {**where, "promtool": False},
        "prometheus": {"url": prometheus, "window": "1m"},
    }
    if server.headers and not server.ports:
        found["headers"] = dict(server.headers)
    if dashboards is not None and exposer.dashboards:
        found["dashboards"] = {
            "files": [str(dashboards / pattern) for pattern in exposer.dashboards],
            "scrape_interval": f"{INTERVAL}s",
            "variables": {
                name: value.format(port=_port(server)) for name, value in exposer.variables.items()
            },
        }
    return found


def scraped(prometheus: str) -> None:
    """Wait until there were enough scrapes. Raises NotProvenError where there were not within the limit."""
    query = urllib.parse.urlencode({"query": f"max(count_over_time(up[{INTERVAL * SCRAPES * 4}s]))"})
    end = time.monotonic() + SCRAPED_LIMIT
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{prometheus}/api/v1/query?{query}", timeout=10) as answer:  # noqa: S310 - ours
            found = json.load(answer)["data"]["result"]
        if found and float(found[0]["value"][1]) >= SCRAPES:
            return
        time.sleep(0.2)
    raise NotProvenError(f"found {found}; expected {SCRAPES} scrapes within {SCRAPED_LIMIT:g} seconds")


def check(folder: Path, chapter: str, file: dict[str, Any]) -> list[Verdict]:
    """The verdicts of a run. Raises NotProvenError where there are none."""
    written, record = folder / "deployment.yaml", folder / "record.json"
    written.write_text(yaml.safe_dump(file))
    record.unlink(missing_ok=True)
    argv = [PROGRAM, "check", "-q", "-m", chapter, "--deployment", written, "--record", record]
    done = told(argv, folder, {}, CHECK_LIMIT)
    if not record.exists():
        raise NotProvenError(f"found no record; expected verdicts. {done.stdout[-1500:]}")
    said = json.loads(record.read_text())["checks"]
    return [Verdict(one["id"], one["verdict"], one["reason"]) for one in said]


def wrong(exposer: Exposer, found: list[Verdict]) -> list[str]:
    """What is not as it is to be: a check that is not MET and that nothing is known of, and one that is MET all the same."""
    known = exposer.breaches
    seen = {one.id: one for one in found}
    told = [
        f"{one.id} {one.verdict}: {one.reason}"
        for one in found
        if one.verdict != "MET" and known.get(one.id, "\0") not in one.reason
    ]
    return told + [
        f"{own} is {seen[own].verdict if own in seen else 'not there'}; expected “{piece}”"
        for own, piece in known.items()
        if own not in seen or piece not in seen[own].reason
    ]


def _counted(found: list[Verdict]) -> str:
    counts = Counter(one.verdict for one in found)
    return ", ".join(f"{counts[name]} {name}" for name in ("MET", "BREACHED", "UNMEASURED") if counts[name])


def prove(name: str, cache: Path, dashboards: Path | None, *, lists: bool) -> tuple[list[str], bool]:
    """The cells of the table, and whether all was as it is to be. Raises NotProvenError."""
    exposer = EXPOSERS[name]
    programs = [program for program in ("prometheus", str(NEWER)) if "/" not in program or NEWER.exists()]
    cells, is_right = [], True
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "server").mkdir()
        (folder / "client").mkdir()
        server = stack.enter_context(exposer.server.boot(folder / "server", cache))
        stack.enter_context(busy(exposer, server))
        config = configuration(exposer, server, dashboards)
        addresses = [
            stack.enter_context(watching(program, folder / f"prometheus-{number}", config))
            for number, program in enumerate(programs)
        ]
        for number, address in enumerate(addresses):
            scraped(address)
            file = deployment(exposer, server, address, dashboards)
            found = check(folder / "client", "metrics", file)
            told_wrong = wrong(exposer, found)
            is_right = is_right and not told_wrong
            cells.append(_counted(found) + "".join(f"; WRONG: {one}" for one in told_wrong))
            if lists:
                _list(name, ("2", "3")[number], found)
        cells += ["-"] * (2 - len(addresses))
        if dashboards is None or not exposer.dashboards:
            return [*cells, "-"], is_right
        found = check(folder / "client", "dashboards", deployment(exposer, server, addresses[-1], dashboards))
        if lists:
            _list(name, ("2", "3")[len(addresses) - 1], found)
        cells.append(_counted(found))
    return cells, is_right


def _list(name: str, prometheus: str, found: list[Verdict]) -> None:
    for one in found:
        if one.verdict != "MET" and "tells why" not in one.reason:
            print(f"    {name} {prometheus} {one.id} {one.verdict}: {one.reason}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Scrape those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m proven.exposed", description=__doc__)
    parser.add_argument("cache", metavar="CACHE", type=Path, help="keeps what PyPI and npm gave")
    parser.add_argument("names", metavar="NAME", nargs="*", choices=[*EXPOSERS, []])
    parser.add_argument("--dashboards", metavar="FOLDER", type=Path, help="checkouts of dashboards")
    parser.add_argument("--list", action="store_true", help="print every reason that is not MET")
    options = parser.parse_args(arguments)
    if options.dashboards is not None:
        if not options.dashboards.is_dir():
            parser.error(f"found no folder {options.dashboards}; expected one with checkouts of dashboards")
        # The files that name them are elsewhere.
        options.dashboards = options.dashboards.absolute()
    # Ended from outside, too, it ends its servers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _all(options)
    except KeyboardInterrupt:
        print("interrupted; the servers have been ended", file=sys.stderr)
        return 130


def _all(options: argparse.Namespace) -> int:
    rows, is_right = [], True
    for name in options.names or EXPOSERS:
        server = EXPOSERS[name].server
        try:
            cells, well = prove(name, options.cache.absolute(), options.dashboards, lists=options.list)
        except (NotProvenError, OSError, subprocess.TimeoutExpired) as error:
            cells, well = [f"WRONG: {error}", "-", "-"], False
        is_right = is_right and well
        rows.append(
            f"| {server.system} {version(server)} | `{EXPOSERS[name].path}` | "
            f"{' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
        )
        print(rows[-1], flush=True)
    print(
        "\n| system | page | Prometheus 2.42 | Prometheus 3.5 | dashboards |\n| --- | --- | --- | --- | --- |"
    )
    print("\n".join(rows))
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
