"""Verdicts in, bytes out: what a person or a machine reads of a run."""
