"""Servers that others wrote, booted here to see how their health endpoints answer."""
