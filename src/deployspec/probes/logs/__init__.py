"""Reads log records, from files, commands and standard input, and has them judged."""

from deployspec.probes.logs.following import Follower
from deployspec.probes.logs.measuring import measure
from deployspec.probes.logs.source import Source
from deployspec.probes.logs.sources import kinds, source_of
from deployspec.probes.logs.sources.command import CommandSource
from deployspec.probes.logs.sources.files import FilesSource
from deployspec.probes.logs.sources.stdin import StdinSource

__all__ = [
    "CommandSource",
    "FilesSource",
    "Follower",
    "Source",
    "StdinSource",
    "kinds",
    "measure",
    "source_of",
]
