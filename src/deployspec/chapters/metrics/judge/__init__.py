"""Judges what was measured of metrics. Pure."""
