"""Certificates made on the fly, good and bad; never written anywhere but a temporary folder."""

from __future__ import annotations

import functools
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

NAMES = ("127.0.0.1", "localhost", "deal-scout.test")
"""What the good certificates are valid for."""

KINDS = ("ok", "expired", "self-signed", "wrong-host", "unknown-ca")


@functools.cache
def _authority(name: str) -> object:
    import trustme  # 100 ms that only TLS faults need to pay

    return trustme.CA(organization_name=name)


def server_context(kind: str, folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context of one of ``KINDS``, and the CA file that a client is given to trust."""
    import trustme

    trusted = _authority("deployspec tests")
    assert isinstance(trusted, trustme.CA)
    ca_file = folder / "ca.pem"
    trusted.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    now = datetime.now(UTC)
    if kind == "self-signed":
        _load_self_signed(context, folder)
    elif kind == "unknown-ca":
        other = _authority("nobody you know")
        assert isinstance(other, trustme.CA)
        other.issue_cert(*NAMES).configure_cert(context)
    elif kind == "wrong-host":
        trusted.issue_cert("other.test").configure_cert(context)
    elif kind == "expired":
        long_ago = now - timedelta(days=30)
        trusted.issue_cert(*NAMES, not_before=long_ago, not_after=now - timedelta(days=1)).configure_cert(
            context
        )
    elif kind == "ok":
        trusted.issue_cert(*NAMES).configure_cert(context)
    else:
        raise ValueError(f"no certificate of kind {kind!r}; there are: {', '.join(KINDS)}")
    return context, ca_file


def _load_self_signed(context: ssl.SSLContext, folder: Path) -> None:
    """trustme has CAs only; a leaf that signed itself is made by hand."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "self-signed.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context.load_cert_chain(pem)
