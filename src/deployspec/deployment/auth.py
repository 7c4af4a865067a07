"""``auth`` and ``client_certificate``: how requests prove who they are. Imported where a file has one of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.base.secret import Secret

AUTHORIZATION = "Authorization"


@dataclass(frozen=True, eq=False)
class CommandToken:
    """A command that prints a token. Compared by identity, so that it can be a key; times are in seconds."""

    key: str
    """Where it stands in the deployment file, for messages: ``auth.command``."""
    argv: tuple[str, ...] = field(repr=False)
    lifetime: float | None
    """How long a token may be used; None: for the whole run."""
    timeout: float


@dataclass(frozen=True, eq=False)
class OAuth2Token:
    """A token endpoint that is asked for a token by client credentials (RFC 6749, section 4.4)."""

    key: str
    """Where it stands in the deployment file, for messages: ``auth.oauth2``."""
    token_url: str
    client_id: str
    client_secret: Secret
    scope: str | None
    audience: str | None
    in_body: bool
    """Whether the client's id and secret are sent in the body; else by HTTP Basic."""
    timeout: float
    """Of one question, in seconds."""


TokenSource = CommandToken | OAuth2Token


@dataclass(frozen=True, eq=False)
class ClientCertificate:
    """What the client shows of itself in a TLS handshake: files in PEM form."""

    certificate: Path
    key: Path | None
    """None: the key stands in the file of the certificate."""
    password: Secret | None
    """Of the key."""


def fixed_header(auth: Mapping[str, Any]) -> str | None:
    """The value of Authorization, where the file says it; None where it has to be obtained."""
    if "bearer" in auth:
        return f"Bearer {auth['bearer']}"
    if "basic" in auth:
        import base64

        basic = auth["basic"]
        return "Basic " + base64.b64encode(f"{basic['user']}:{basic['password']}".encode()).decode()
    return None


def token_source(data: Mapping[str, Any], key: str = "auth") -> TokenSource | None:
    """What ``auth`` says of obtaining a token, in a valid part of the file; None where it says nothing of it."""
    auth = data.get("auth", {})
    timeout = parse_duration(auth["timeout"]) if auth else 0.0
    if "command" in auth:
        lifetime = parse_duration(auth["lifetime"]) if "lifetime" in auth else None
        return CommandToken(f"{key}.command", tuple(auth["command"]), lifetime, timeout)
    if "oauth2" in auth:
        said = auth["oauth2"]
        return OAuth2Token(
            f"{key}.oauth2",
            said["token_url"],
            said["client_id"],
            Secret(said["client_secret"]),
            said.get("scope"),
            said.get("audience"),
            said["client_auth"] == "body",
            timeout,
        )
    return None


def client_certificate(data: Mapping[str, Any], folder: Path) -> ClientCertificate | None:
    """What a valid part of the file says of a client certificate; its paths are said from ``folder``."""
    said = data.get("client_certificate")
    if said is None:
        return None
    return ClientCertificate(
        (folder / said["certificate"]).absolute(),
        (folder / said["key"]).absolute() if "key" in said else None,
        Secret(said["password"]) if "password" in said else None,
    )
