"""The chapter slo: objectives, load runs, and what Prometheus has counted."""
