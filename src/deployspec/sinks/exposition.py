"""Metrics as text, in Prometheus' format (version 0.0.4). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deployspec.model.metrics import Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})


def exposition(families: Iterable[Family], labels: Mapping[str, str] | None = None) -> bytes:
    """The families, each with HELP and TYPE, without times; ``labels`` are added to each sample.

    Not by prometheus-client, whose import alone would take a third of what a probe may add to its checks.
    """
    more = dict(labels or {})
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {family.help.translate(_HELP_ESCAPES)}\n")
        lines.append(f"# TYPE {family.name} {family.type}\n")
        for sample in family.samples:
            pairs = ",".join(
                f'{name}="{value.translate(_ESCAPES)}"' for name, value in {**more, **sample.labels}.items()
            )
            lines.append(
                f"{family.name}{{{pairs}}} {number(sample.value)}\n"
                if pairs
                else f"{family.name} {number(sample.value)}\n"
            )
    # Of what UTF-8 has no bytes for, a question mark is left.
    return "".join(lines).encode("utf-8", "replace")


def number(value: float) -> str:
    """A sample's value, exactly."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(float(value))
