"""Whether the endpoint answers a scrape at all."""

from __future__ import annotations

from deployspec.base.shown import counted, seconds
from deployspec.model.http import Answer, Call, FailureKind
from deployspec.model.verdict import Verdict, breached, met, unmeasured


def answers_in_time(call: Call, longest: float, largest: int) -> Verdict:
    """A complete answer with status 200 came within the time and the size. A redirect is followed, as Prometheus does."""
    limit = f"status 200 within {seconds(longest)}, at most {counted(largest, 'byte', ',')}"
    answer = call.result
    if not isinstance(answer, Answer):
        if answer.kind is FailureKind.PROBER:
            return unmeasured(f"nothing was learnt: {answer.reason}", limit=limit)
        return breached(f"no complete answer: {answer.reason}; expected {limit}", limit=limit)
    took = answer.timings.total
    measured = f"{seconds(took, longest)}, {counted(len(answer.body), 'byte', ',')}"
    if answer.status != 200:
        return breached(
            f"the endpoint answers with status {answer.status}; expected 200: Prometheus stores nothing of any other",
            measured=f"status {answer.status}",
            limit=limit,
        )
    return met(f"an answer came in {measured}", measured=measured, limit=limit)
