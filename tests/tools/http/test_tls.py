"""The HTTP probe's trust: the system's authorities, a private one that is named, and nothing else."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from deployspec.model.http import FailureKind, Phase
from deployspec.tools.http.tls import TrustStore
from tests.raw_server import serve
from tests.tools.http.asking import answered, ask, failed, resolver


def test_private_authority_is_trusted_where_it_is_named() -> None:
    """A certificate by a private authority is refused without `ca`, and accepted with it."""
    with serve("tls-ok") as server:
        failed(ask(server, ca=None), FailureKind.TLS, Phase.TLS, "`ca:` names a private one")
        assert answered(ask(server)).status == 200


def test_private_authority_is_added_to_the_systems() -> None:
    """Naming a private authority takes none of the system's away."""
    with serve("tls-ok") as server:
        context = TrustStore(Path(server.ca_file)).context
    assert (
        context.cert_store_stats()["x509_ca"]
        == ssl.create_default_context().cert_store_stats()["x509_ca"] + 1
    )


def test_verification_is_on() -> None:
    """The certificate and the host are always verified."""
    context = TrustStore(None).context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_name_is_verified() -> None:
    """A name that the certificate holds is accepted, another for the same address is not."""
    with serve("tls-ok") as server:
        resolve = resolver(("127.0.0.1", server.port))
        ca = Path(server.ca_file)
        good, bad = (f"https://{name}:{server.port}/health" for name in ("deal-scout.test", "other.test"))
        answered(ask(good, resolve=resolve, ca=ca))
        failed(ask(bad, resolve=resolve, ca=ca), FailureKind.TLS, Phase.TLS, "not valid for host other.test")


@pytest.mark.parametrize("fault", ["drip-body", "stalls-mid-body", "drip-headers"])
def test_time_limit_holds_for_encrypted_drips(fault: str) -> None:
    """The time limit is total over TLS too."""
    with serve(fault, tls="ok") as server:
        phase = Phase.HEADERS if fault == "drip-headers" else Phase.BODY
        failed(ask(server, timeout=1), FailureKind.TIMEOUT, phase, "of 1 s ran out")


@pytest.mark.parametrize("fault", ["reset-mid-body", "short-body", "gzip-bomb", "closes-without-answer"])
def test_failures_over_tls(fault: str) -> None:
    """An encrypted connection that breaks fails as a plain one does."""
    kinds = {"gzip-bomb": FailureKind.TOO_LARGE, "closes-without-answer": FailureKind.CONNECT}
    with serve(fault, tls="ok") as server:
        phase = Phase.HEADERS if fault == "closes-without-answer" else Phase.BODY
        failed(ask(server), kinds.get(fault, FailureKind.PROTOCOL), phase, "")


# id, content of the CA file (None: there is no such file), a piece of the reason
BAD_CA_FILES = [
    ("missing", None, "cannot be read: No such file"),
    ("empty", "", "holds no certificate"),
    ("text", "not a certificate\n", "holds no certificate"),
    ("half", "-----BEGIN CERTIFICATE-----\nMIIB\n", "holds no certificate"),
]


@pytest.mark.parametrize(
    ("content", "reason"), [row[1:] for row in BAD_CA_FILES], ids=[row[0] for row in BAD_CA_FILES]
)
def test_bad_ca_file(tmp_path: Path, content: str | None, reason: str) -> None:
    """A CA file that cannot be used is the prober's failure, and nothing is asked without it."""
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_text(content)
    with serve("tls-ok") as server:
        result = failed(ask(server, ca=ca), FailureKind.PROBER, Phase.LOOKUP, reason)
        assert server.connections == 0
    assert "ca.pem" in result.reason


def test_directory_as_ca_file(tmp_path: Path) -> None:
    """A folder is no CA file, which is said however long its path is."""
    folder = tmp_path / ("a-long-name-" * 20)
    folder.mkdir()
    with serve("tls-ok") as server:
        failed(
            ask(server, ca=folder),
            FailureKind.PROBER,
            Phase.LOOKUP,
            "the CA file cannot be read: Is a directory",
        )


def test_plain_http_loads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted certificates, which take a while to load, are loaded for https only."""

    def load(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ssl.create_default_context", load)
    with serve() as server:
        answered(ask(server))


def test_redirect_to_https_is_verified() -> None:
    """A redirect from http to https is verified like any other."""
    with (
        serve("self-signed") as secure,
        serve(
            lambda connection: (
                connection.read_head(),
                connection.answer(b"", status="302 Found", headers=[("Location", secure.url)]),
            )[0]
        ) as server,
    ):
        failed(ask(server), FailureKind.TLS, Phase.TLS, "self-signed certificate")
