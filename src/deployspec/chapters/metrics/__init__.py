"""Metrics: what a service exports is sound, there, moves, is bounded, and arrives in Prometheus."""
