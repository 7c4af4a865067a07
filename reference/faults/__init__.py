"""Deliberate misbehaviour: of the dependencies, by command, and of the health endpoint, by a switch."""
