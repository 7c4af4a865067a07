"""The Prometheus probe: the metrics and rules that a Prometheus has, and what it has counted."""
