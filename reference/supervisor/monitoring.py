"""What watches Deal Scout: Prometheus, the exporters it scrapes, and a Pushgateway.

The jobs have the names of `alerting/prometheus.yml`; scrapes and evaluations are many times as frequent, so that
there is something to ask about soon after the start.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import yaml

from .folder import Folder
from .parts import Part, PartError

INTERVAL = 1
"""Seconds between scrapes, and between evaluations. The first scrape comes 5 s after the start: so long does
Prometheus collect what its service discovery tells, and no setting changes it."""
PORTS_NEEDED = 5
TEXTFILES = "textfiles"
"""The folder, in that of the deployment, from which node_exporter takes metrics."""
_LOOPBACK = "127.0.0.1"
_NEVER = "0001-01-01"
"""How the time of an evaluation begins that has not happened yet."""
_SEEN = {
    # `up` says of an exporter only that it answers, not that it reaches what it tells of.
    "the database": "pg_up == 1",
    "redis": "redis_up == 1",
    # The API has them from its first request on, which is one of ours or the first scrape itself.
    "requests": "deal_scout_requests_total",
}
"""What Prometheus has to have seen, and the queries that tell."""


class Monitoring:
    """The five processes. They keep nothing beyond their deployment."""

    def __init__(
        self,
        folder: Folder,
        ports: Sequence[int],
        env: Mapping[str, str],
        *,
        rules: Sequence[str],
        api_port: int,
        database_url: str,
        redis_port: int,
        redis_password: str,
    ) -> None:
        self._folder = folder
        # Some take settings from variables: they get these, and none of whoever starts us.
        self._env = {name: env[name] for name in ("PATH", "LC_ALL", "TZ") if name in env}
        # Empty, so without effect: it puts the folder's name on every command line, by which a killed
        # supervisor's processes are found.
        self._web = str(folder.write_secret("web.yml", ""))
        self._missing = "everything"
        self.port, postgres, redis, node, pushgateway = ports
        self.pushgateway_port = pushgateway
        redis_url = f"redis://{_LOOPBACK}:{redis_port}"
        passwords = folder.write_secret("redis-passwords.json", json.dumps({redis_url: redis_password}))
        data = folder.make("prometheus")
        self._jobs = {
            "deal-scout": api_port,
            "postgres": postgres,
            "redis": redis,
            "node": node,
            "pushgateway": pushgateway,
        }
        config = folder.write_secret("prometheus.yml", configuration(self._jobs, rules))
        self._exporters = (
            self._part("postgres-exporter", postgres, [], DATA_SOURCE_NAME=f"{database_url}?sslmode=disable"),
            Part(
                "redis-exporter",
                [
                    "prometheus-redis-exporter",
                    f"-web.listen-address={_LOOPBACK}:{redis}",
                    f"-redis.addr={redis_url}",
                    f"-redis.password-file={passwords}",
                ],
                output=folder.path / "output" / "redis-exporter.log",
                env=self._env,
                cwd=folder.path,
                ready=_at_once,
            ),
            self._part("node-exporter", node, [f"--collector.textfile.directory={folder.make(TEXTFILES)}"]),
            self._part("pushgateway", pushgateway, ["--persistence.file="]),
        )
        self._prometheus = self._part(
            "prometheus",
            self.port,
            [f"--config.file={config}", f"--storage.tsdb.path={data}"],
        )
        self.parts = {part.name: part for part in (*self._exporters, self._prometheus)}

    def _part(self, name: str, port: int, options: Sequence[str], **variables: str) -> Part:
        program = name if name == "prometheus" else f"prometheus-{name}"
        listen = [f"--web.listen-address={_LOOPBACK}:{port}", f"--web.config.file={self._web}"]
        return Part(
            name,
            [program, *listen, "--log.level=warn", *options],
            output=self._folder.path / "output" / f"{name}.log",
            env=self._env | variables,
            cwd=self._folder.path,
            ready=self._sees_everything if name == "prometheus" else _at_once,
        )

    async def start(self) -> None:
        """Start all five, without waiting for them to be ready.

        Raises:
            PartError: when a program is not there.
        """
        for part in self.parts.values():
            await part.start()

    async def until_ready(self, limit: float) -> None:
        """Wait until Prometheus has scraped every target and evaluated every rule.

        Raises:
            PartError: when one of the five ended instead, or it took longer than `limit` seconds.
        """
        try:
            await self._prometheus.until_ready(limit)
        except PartError as error:
            if error.__cause__ is None:
                raise
            raise PartError(f"{error}\nwhat it had not seen: {self._missing}") from error

    async def _sees_everything(self) -> bool:
        for exporter in self._exporters:
            await exporter.until_ready(1.0)  # fails when it has ended
        try:
            async with asyncio.timeout(2):
                self._missing = ", ".join(await self._unseen())
        except (OSError, TimeoutError, ValueError):
            self._missing = "its own API"
        if self._missing:
            await asyncio.sleep(0.1)  # it has better things to do than to answer us
        return not self._missing

    async def _unseen(self) -> list[str]:
        """Give the jobs whose target is not up, the groups not yet evaluated, and what else was not seen."""
        targets = (await self._ask("targets?state=active"))["activeTargets"]
        up = {target["labels"]["job"] for target in targets if target["health"] == "up"}
        groups = (await self._ask("rules"))["groups"]
        unseen = [f"target {job}" for job in self._jobs if job not in up]
        unseen += [
            f"group {group['name']}"
            for group in groups
            # A group with a longer interval of its own is not waited for.
            if group["interval"] <= INTERVAL
            and any(rule["lastEvaluation"].startswith(_NEVER) for rule in group["rules"])
        ]
        for name, query in _SEEN.items():
            if not (await self._ask(f"query?query={quote(query)}"))["result"]:
                unseen.append(name)
        return unseen

    async def _ask(self, question: str) -> Any:
        reader, writer = await asyncio.open_connection(_LOOPBACK, self.port)
        try:
            writer.write(f"GET /api/v1/{question} HTTP/1.0\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ValueError("not ready yet")
        return json.loads(body)["data"]


def configuration(jobs: Mapping[str, int], rules: Sequence[str]) -> str:
    """Write Prometheus' configuration: `jobs` by name with their loopback ports, `rules` as absolute patterns."""
    document = {
        "global": {"scrape_interval": f"{INTERVAL}s", "evaluation_interval": f"{INTERVAL}s"},
        "rule_files": list(rules),
        "scrape_configs": [
            {
                "job_name": job,
                **({"honor_labels": True} if job == "pushgateway" else {}),
                "static_configs": [{"targets": [f"{_LOOPBACK}:{port}"]}],
            }
            for job, port in jobs.items()
        ],
    }
    return yaml.safe_dump(document, sort_keys=False)


async def _at_once() -> bool:
    """An exporter is ready when Prometheus sees it, which is asked of Prometheus."""
    return True
