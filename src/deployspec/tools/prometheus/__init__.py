"""The Prometheus probe: the metrics and rules that a Prometheus has, and what it has counted."""

from deployspec.tools.prometheus.asking import (
    CONNECTIONS,
    MAX_BODY,
    MIB,
    TIME_LIMIT,
    TIMEOUT,
    Failed,
    Prometheus,
    Questions,
    Send,
)

__all__ = [
    "CONNECTIONS",
    "MAX_BODY",
    "MIB",
    "TIMEOUT",
    "TIME_LIMIT",
    "Failed",
    "Prometheus",
    "Questions",
    "Send",
]
