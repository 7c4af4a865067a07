"""TLS: whom we trust, and why a handshake failed, in words."""

from __future__ import annotations

import errno
import ssl
from functools import cached_property
from pathlib import Path

from deployspec.model.http import FailureKind
from deployspec.tools.http.budget import CallFailed

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


class TrustStore:
    """The certificate authorities to trust: the system's, and a private file. Loaded when https first wants it.

    Verification is always on. One store may serve several threads.
    """

    def __init__(self, ca: Path | None) -> None:
        self._ca = ca

    @cached_property
    def context(self) -> ssl.SSLContext:
        """The client's TLS settings. Raises :class:`CallFailed` where the private CA file cannot be used."""
        try:
            context = ssl.create_default_context()
            if self._ca is not None:
                context.load_verify_locations(cafile=self._ca)
        except ssl.SSLError:
            raise CallFailed(
                FailureKind.PROBER, f"the CA file {self._ca} holds no certificate in PEM form"
            ) from None
        except (OSError, ValueError) as error:
            text = getattr(error, "strerror", None) or "not a path"
            raise CallFailed(FailureKind.PROBER, f"the CA file {self._ca} cannot be read: {text}") from None
        return context


def unusable(ca: Path | None) -> str:
    """Why a private CA file cannot be used; empty where it can, or there is none."""
    try:
        _ = TrustStore(ca).context
    except CallFailed as failed:
        return failed.reason
    return ""


def tls_reason(error: OSError, where: str) -> str:
    """Why a handshake, or an encrypted connection, with ``where`` (``atlas.example port 443``) failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{_certificate_reason(error, where.partition(' ')[0])}, presented by {where}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return f"{where} closed the connection during the TLS handshake"
    if isinstance(error, ssl.SSLError):
        if error.reason in _NO_TLS:
            return f"{where} does not speak TLS"
        text = (error.reason or "unknown error").lower().replace("_", " ")
        return f"TLS with {where} failed: {text}"
    if error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return f"{where} reset the connection during the TLS handshake"
    return f"the TLS handshake with {where} failed: {error.strerror or type(error).__name__}"


def _certificate_reason(error: ssl.SSLCertVerificationError, host: str) -> str:
    if error.verify_code in _WRONG_HOST:
        return f"the certificate is not valid for host {host}"
    return _CERTIFICATE.get(error.verify_code, f"the certificate was refused: {error.verify_message}")
