"""The deployment file: read, checked and turned into a :class:`Deployment` in one place.

The way of the data: ``source`` (bytes to text), ``tree`` (text to nodes with positions), ``extending``
(the nodes of a file and of those that it extends, as one tree), ``values`` (nodes to
data, variables replaced), ``shape`` and ``consistency`` (what is wrong with the data), ``build`` (data to
``model``). Each notes what it objects to in one list, so a user sees all problems at once.
"""

from deployspec.base.secret import Finder, Secret
from deployspec.deployment.loading import find, load, names_in, unset_in
from deployspec.deployment.model import PROMETHEUS, Deployment, Replicas
from deployspec.deployment.part import Check, Headers, Part, headers_of, patterns
from deployspec.deployment.values import Steps

__all__ = [
    "PROMETHEUS",
    "Check",
    "Deployment",
    "Finder",
    "Headers",
    "Part",
    "Replicas",
    "Secret",
    "Steps",
    "find",
    "headers_of",
    "load",
    "names_in",
    "patterns",
    "unset_in",
]
