"""Deliberate misbehaviour of the metrics endpoint."""
