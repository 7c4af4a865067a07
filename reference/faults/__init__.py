"""Deliberate misbehaviour: of the dependencies, by command; of all else, by a switch."""
