"""A deployment, as its file describes it. Durations are in seconds; a part that the file leaves out is None.

Without ``slots``, which would double the time that the import of this module takes in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from deployspec.base.duration import parse_duration
from deployspec.base.secret import Secret, redact
from deployspec.deployment.part import Headers, Part, headers_of
from deployspec.deployment.schema import Schema, is_described
from deployspec.model.verdict import Unmeasured

if TYPE_CHECKING:
    from deployspec.deployment.auth import ClientCertificate, TokenSource
    from deployspec.deployment.windows import Window

T = TypeVar("T")


@dataclass(frozen=True)
class Prometheus:
    """The Prometheus that watches the deployment."""

    url: str
    headers: Headers
    window: float
    """How far back questions about the past look."""
    exporters: tuple[str, ...] | None = None
    """What it scrapes; None: not said, so all that is asked for is taken to be there."""
    auth: TokenSource | None = None
    """Where the token for the header Authorization comes from; None where ``headers`` say all."""
    client_certificate: ClientCertificate | None = None


def _prometheus(part: Mapping[str, Any], folder: Path) -> Prometheus:
    exporters = part.get("exporters")
    return Prometheus(
        url=root_url(part["url"]),
        headers=headers_of(part),
        window=parse_duration(part["window"]),
        exporters=None if exporters is None else tuple(exporters),
        **proofs_of(part, folder, "prometheus.auth"),
    )


def proofs_of(data: Mapping[str, Any], folder: Path, key: str = "auth") -> dict[str, Any]:
    """``auth`` and ``client_certificate`` of a part of the file, where it has them."""
    if data.keys().isdisjoint(("auth", "client_certificate")):
        return {}
    from deployspec.deployment.auth import client_certificate, token_source

    return {
        "auth": token_source(data, key),
        "client_certificate": client_certificate(data, folder),
    }


PROMETHEUS = Part("prometheus", _prometheus)


def plain_url(url: str) -> str:
    """The URL with its scheme in small letters."""
    scheme, separator, rest = url.partition("://")
    return scheme.lower() + separator + rest


def root_url(url: str) -> str:
    """The same, without a slash at its end: a path, which begins with one, can be appended."""
    return plain_url(url).rstrip("/")


@dataclass(frozen=True)
class Replicas:
    """Where the deployment's replicas answer: their URLs, or the command that prints these."""

    urls: tuple[str, ...] = ()
    """Each once, without a slash at its end; empty where there is a command."""
    command: tuple[str, ...] = field(default=(), repr=False)
    timeout: float = 0.0
    """Of the command, in seconds."""


def replicas_of(data: Mapping[str, Any]) -> Replicas | None:
    """What a valid file says of replicas; None where it says nothing of them."""
    said = data.get("replicas")
    if said is None:
        return None
    if isinstance(said, Mapping):
        return Replicas(command=tuple(said["command"]), timeout=parse_duration(said["timeout"]))
    return Replicas(urls=tuple(map(root_url, said)))


@dataclass(frozen=True, eq=False)
class Deployment:
    """One deployment file, validated. Compared and hashed by identity, so that it can be a key."""

    name: str
    """The file's stem."""
    path: Path
    """The file."""
    base_url: str
    """Without a slash at its end: append a path, which begins with one."""
    headers: Headers
    """For requests to the host of ``base_url`` and those of the replicas, and no other."""
    ca: Path | None
    allow: frozenset[str]
    """Of ``load``, ``write`` and ``faults``."""
    parts: Mapping[str, Any]
    """By key, what the file says to the chapters; see :meth:`get`."""
    schema: Schema = field(repr=False)
    """The JSON Schema of the file."""
    data: Mapping[str, Any] = field(repr=False)
    """What the file says, with its defaults."""
    known_secrets: tuple[Secret, ...] = field(default=(), repr=False)
    secret_variables: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    """By name, the variables of the environment that gave some of them; none whose default stands in for it."""
    auth: TokenSource | None = None
    """Where the token for the header Authorization comes from, for the same; None where ``headers`` say all."""
    client_certificate: ClientCertificate | None = None
    """For requests to the host of ``base_url`` and those of the replicas, and no other."""
    replicas: Replicas | None = None
    """None where the file says nothing of them; see :func:`deployspec.tools.replicas.replica_urls`."""

    def get(self, part: Part[T]) -> T | None:
        """What the file says to a chapter; None where it has no such part."""
        return self.parts.get(part.key)

    def require(self, part: Part[T]) -> T:
        """The same, for what cannot be measured without it. Raises Unmeasured where the file has no such part."""
        found = self.get(part)
        if found is None:
            raise Unmeasured(f"the deployment file describes no {part.key}")
        return found

    @property
    def maintenance_windows(self) -> tuple[Window, ...]:
        """In the file's order; empty where it has none."""
        windows: tuple[Window, ...] = self.parts.get("maintenance_windows", ())
        return windows

    @property
    def gate(self) -> tuple[str, ...]:
        """The chapters that ``-m gate`` stands for; empty where the file chooses none."""
        chosen: tuple[str, ...] = self.parts.get("gate", ())
        return chosen

    @property
    def credentials(self) -> str:
        """The key of ``auth`` that proves who asks, such as ``auth.bearer``; empty where the file has no ``auth``."""
        auth = self.data.get("auth") or {}
        return next((f"auth.{form}" for form in ("bearer", "basic", "command", "oauth2") if form in auth), "")

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value that the file or its variables brought, for :func:`redact`.

        With a header's value comes its token alone (what follows ``Bearer``), with a URL its password.
        """
        return self.known_secrets

    def redact(self, text: str) -> str:
        """``text`` without any of this deployment's secrets."""
        return redact(text, self.known_secrets)

    def describes(self, dotted: str) -> bool:
        """Whether the file, with its defaults, says something of ``dotted``.

        ``health``, ``health.max_response_time``, ``health.fields.time``, ``allow.faults``, ``faults.redis-hung``,
        ``logs.worker`` (lists of named things by name), ``auth.oauth2.client_auth.body`` (a key that says one of
        several words by that word). Raises ValueError for what no deployment file can
        describe: a misspelt name must not deselect a check for ever.
        """
        if not is_described(self.schema, dotted):
            raise ValueError(f"no deployment file can describe {dotted!r}")
        value = self._at(dotted)
        return value is not None and (not isinstance(value, (list, Mapping)) or bool(value))

    def says_another_word(self, dotted: str) -> bool:
        """Whether the file says another word than the last one of ``dotted``: ``health.body.json`` where that is text."""
        key, _, word = dotted.rpartition(".")
        said = self._at(key)
        return isinstance(said, str) and said != word

    def _at(self, dotted: str) -> Any:
        value: Any = self.data
        for step in dotted.split("."):
            value = _step(value, step)
        return value


def _step(value: Any, step: str) -> Any:
    """What lies below ``value`` by the name of ``step``; None where there is nothing."""
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, str):
        return value if value == step else None
    items = value if isinstance(value, list) else ()
    return next(
        (item for item in items if step in (item, isinstance(item, Mapping) and item.get("name"))), None
    )
