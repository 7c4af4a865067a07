"""Servers that others wrote, with the page that a Prometheus scrapes: from Debian, PyPI and npm."""
