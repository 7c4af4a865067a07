"""Reads objectives from OpenSLO v1 documents, with a place for everything that is wrong."""

from deployspec.languages.openslo.documents import Read, read_objectives

__all__ = ["Read", "read_objectives"]
