"""Reads log records, from files, commands and standard input, and has them judged."""

from deployspec.chapters.logs.measure.following import Follower
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.source import Source
from deployspec.chapters.logs.measure.sources import kinds, source_of
from deployspec.chapters.logs.measure.sources.command import CommandSource
from deployspec.chapters.logs.measure.sources.files import FilesSource
from deployspec.chapters.logs.measure.sources.stdin import StdinSource

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
