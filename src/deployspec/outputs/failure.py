"""The text of a check that is not MET."""

from __future__ import annotations

import textwrap

from deployspec.model.entry import Entry

_WIDTH = 110


def failure_text(entry: Entry) -> str:
    """The promise, the limit, what was measured, how to measure it again, and the evidence.

    What is not known is left out.
    """
    lines = [entry.met_again or f"{entry.verdict}: {entry.reason}"]
    parts = [
        ("promise", entry.promise),
        ("measured", entry.measured),
        ("limit", entry.limit),
        ("check", f"{entry.id} ({entry.source})" if entry.source else entry.id),
        ("reproduce", entry.reproduce),
    ]
    for label, text in parts:
        if not text:
            continue
        # The command is left in one piece, to be copied.
        wrapped = [text] if label == "reproduce" else textwrap.wrap(text, _WIDTH - 12) or [text]
        lines.append(f"  {label:<10}{wrapped[0]}")
        lines += [f"  {'':<10}{more}" for more in wrapped[1:]]
    for item in entry.evidence:
        lines += ["", f"  {item.title}", textwrap.indent(item.text, "    ")]
    return "\n".join(lines)
