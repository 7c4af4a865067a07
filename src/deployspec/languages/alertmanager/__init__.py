"""Alertmanager's routes: read, evaluated, and judged against a table."""
