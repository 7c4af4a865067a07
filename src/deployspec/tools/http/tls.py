"""TLS: whom we trust, and why a handshake failed, in words."""

from __future__ import annotations

import errno
import ssl
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.model.http import FailureKind
from deployspec.tools.http.budget import CallFailed

if TYPE_CHECKING:
    from deployspec.deployment.auth import ClientCertificate

# OpenSSL's X509_V_ERR_* numbers, which the ssl module does not name.
_CERTIFICATE = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "self-signed certificate",
    **dict.fromkeys(
        (2, 19, 20, 21, 27),
        "the certificate's issuer is not trusted (`ca:` names a private one)",
    ),
}
_WRONG_HOST = {62, 64}
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}


_OF_OURS = (
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
)
"""Alerts by which a server refuses what the client shows: of its own certificate it has nothing to object."""


@lru_cache(maxsize=8)
def trust_store(ca: Path | None, own: ClientCertificate | None) -> TrustStore:
    """The same store for the same files: to load the system's authorities takes some 35 ms of each call else."""
    return TrustStore(ca, own)


class TrustStore:
    """The certificate authorities to trust: the system's, and a private file. Loaded when https first wants it.

    Verification is always on. One store may serve several threads. With ``own``, it also has the certificate that the
    client shows.
    """

    def __init__(self, ca: Path | None, own: ClientCertificate | None = None) -> None:
        self._ca = ca
        self._own = own

    @cached_property
    def for_others(self) -> TrustStore:
        """The same without the client's certificate: for hosts that it is not meant for."""
        return self if self._own is None else TrustStore(self._ca)

    @cached_property
    def context(self) -> ssl.SSLContext:
        """The client's TLS settings. Raises :class:`CallFailed` where a file cannot be used."""
        try:
            context = ssl.create_default_context()
            if self._ca is not None:
                context.load_verify_locations(cafile=self._ca)
        except ssl.SSLError:
            raise CallFailed(
                FailureKind.PROBER, f"the CA file holds no certificate in PEM form ({self._ca})"
            ) from None
        except (OSError, ValueError) as error:
            text = getattr(error, "strerror", None) or "not a path"
            raise CallFailed(FailureKind.PROBER, f"the CA file cannot be read: {text} ({self._ca})") from None
        if self._own is not None:
            _show(context, self._own)
        return context


def _show(context: ssl.SSLContext, own: ClientCertificate) -> None:
    """Have the client's certificate shown. Raises :class:`CallFailed` where it cannot be used."""
    password = "" if own.password is None else own.password.reveal()
    # Named behind the reason, as a CA file is: a line may end within a long path.
    files = f"certificate {own.certificate}" + (f", key {own.key}" if own.key is not None else "")
    try:
        # Without any password, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(own.certificate, own.key, lambda: password)
    except ssl.SSLError as error:
        reason = (
            "the key belongs to another certificate"
            if error.reason == "KEY_VALUES_MISMATCH"
            else "expected PEM form, with a private key; an encrypted key needs the right `password:`"
        )
        raise CallFailed(
            FailureKind.PROBER, f"the client certificate cannot be used: {reason} ({files})"
        ) from None
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or "the password is longer than OpenSSL takes"
        raise CallFailed(
            FailureKind.PROBER, f"the client certificate cannot be read: {text} ({files})"
        ) from None


def unusable(ca: Path | None, own: ClientCertificate | None = None) -> str:
    """Why a private CA file, or the client's certificate, cannot be used; empty where they can, or there are none."""
    try:
        _ = TrustStore(ca, own).context
    except CallFailed as failed:
        return failed.reason
    return ""


def tls_failure(error: OSError, where: str) -> CallFailed:
    """The failure of a handshake, or of an encrypted connection, with ``where`` (``atlas.example port 443``)."""
    alert = (isinstance(error, ssl.SSLError) and error.reason) or ""
    if alert.endswith(_OF_OURS) and "ALERT" in alert:
        why = alert.partition("ALERT_")[2].lower().replace("_", " ")
        return CallFailed(
            FailureKind.PROBER, f"{where} refused the client certificate ({why}); see `client_certificate:`"
        )
    return CallFailed(FailureKind.TLS, _reason(error, where))


def _reason(error: OSError, where: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{_certificate_reason(error, where.partition(' ')[0])}, presented by {where}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return f"{where} closed the connection during the TLS handshake"
    if isinstance(error, ssl.SSLError):
        if error.reason in _NO_TLS:
            return f"{where} does not speak TLS"
        if (error.reason or "").endswith("CERTIFICATE_REQUIRED"):
            return f"{where} wants a client certificate (`client_certificate:` names one)"
        text = (error.reason or "unknown error").lower().replace("_", " ")
        return f"TLS with {where} failed: {text}"
    if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return f"{where} reset the connection during the TLS handshake"
    return f"the TLS handshake with {where} failed: {error.strerror or type(error).__name__}"


def _certificate_reason(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code in _WRONG_HOST:
        return f"the certificate is not valid for host {host}"
    return _CERTIFICATE.get(error.verify_code, f"the certificate was refused: {error.verify_message}")
