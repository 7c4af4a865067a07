"""Whether the ranges of a query hold enough scrapes for what is made of them."""

from __future__ import annotations

from deployspec.base import shown
from deployspec.base.duration import format_duration
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import parse
from deployspec.model.verdict import Verdict, breached, met

SCRAPES = 4
"""So many scrape intervals a range has to hold: of a shorter one, a single scrape that is late or lost leaves too little
for a rate. Grafana's $__rate_interval is as long."""


def holds_four_scrapes(text: str, scrape_interval: float) -> Verdict:
    """BREACHED where a range of the query, variables in place, is shorter than four scrape intervals."""
    limit = f"at least {format_duration(SCRAPES * scrape_interval)}, four scrape intervals"
    ranges = {one.range: one.text for one in selectors(parse(text)) if one.range is not None}
    if not ranges:
        return met("it has no range", limit=limit)
    shortest = min(ranges)
    measured = format_duration(shortest)
    if shortest < SCRAPES * scrape_interval:
        code = shown.one_line(ranges[shortest], 120)
        return breached(
            f"`{code}` looks at {measured}, less than four scrape intervals of {format_duration(scrape_interval)}; "
            "$__rate_interval is never shorter",
            measured=measured,
            limit=limit,
        )
    return met(f"its shortest range is {measured}", measured=measured, limit=limit)
