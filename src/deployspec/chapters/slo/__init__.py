"""Objectives: kept in a load run, and in what Prometheus has counted."""
