"""Reads dashboards, asks Prometheus their queries, sends what moves them, and breaks what they are to show."""
