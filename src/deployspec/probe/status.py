"""The exit statuses of a probe (docs/probes.md)."""

from __future__ import annotations

MET, FAILED, OURS, USAGE, NOTHING = 0, 1, 3, 4, 5
NOT_PUSHED, SKIPPED = 74, 75
"""Those of sysexits.h for an input or output error, and for "try again later"."""
