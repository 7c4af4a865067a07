"""Deliberate misbehaviour towards those who use the service: slowness, errors, cut connections."""
