"""Values of command line options, for ``argparse``."""

from __future__ import annotations

import argparse
from pathlib import Path

from deployspec.base.duration import parse_duration
from deployspec.base.unfit import Unfit


def seed(text: str) -> int:
    """A whole number of 32 bits."""
    if not text.isascii() or not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a whole number from 0 to {2**32 - 1}")
    return int(text)


def seconds(text: str) -> float:
    """A positive number of seconds, at most an hour."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 3600:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected seconds, more than 0 and at most 3600")
    return found


def duration(text: str) -> float:
    """A duration above 0, as Prometheus writes it, in seconds."""
    try:
        return parse_duration(text)
    except Unfit as unfit:
        found = unfit.found.replace("{}", text)
        raise argparse.ArgumentTypeError(f"found {found}; expected {unfit.expected}") from None


def folder(text: str) -> Path:
    """A folder's path: not an empty text, as a variable that is not set gives it."""
    if not text:
        raise argparse.ArgumentTypeError("found an empty text; expected the path of a folder")
    return Path(text)


def count(text: str) -> int:
    """A whole number from 1 to 1000."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= 1000 or len(text) > 9:
        raise argparse.ArgumentTypeError(f"found {text[:40]!r}; expected a whole number from 1 to 1000")
    return int(text)


def percent(text: str) -> float:
    """A percentage above 0 and at most 100, as a share of 1."""
    try:
        found = float(text.removesuffix("%")) if text.endswith("%") else 0.0
    except ValueError:
        found = 0.0
    if not 0 < found <= 100:
        raise argparse.ArgumentTypeError(
            f"found {text[:40]!r}; expected a percentage above 0% and at most 100%, such as 5%"
        )
    return found / 100
