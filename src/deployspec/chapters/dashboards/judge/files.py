"""Whether a file is a dashboard of which every part was read."""

from __future__ import annotations

from deployspec.base import shown
from deployspec.chapters.dashboards.model import File
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_SHOWN = 3


def file_is_read(file: File, queries: int, left_out: int) -> Verdict:
    """BREACHED where a file is no dashboard, or a part of it is none of Grafana's; or where it has no query. UNMEASURED where
    it is right, and a part of it is not read here, or all its queries are for others.

    ``queries`` are those that the other checks look at; ``left_out`` those of other data sources and languages.
    """
    limit = "a dashboard of Grafana's, read without an objection, with a query"
    if file.troubles:
        told = [shown.one_line(str(one), 240) for one in file.troubles[:_SHOWN]]
        more = f"; and {len(file.troubles) - _SHOWN} more" if len(file.troubles) > _SHOWN else ""
        sound = all(one.is_sound for one in file.troubles)
        return (unmeasured if sound else breached)("; ".join(told) + more, limit=limit)
    are = "is" if left_out == 1 else "are"
    others = f"; {left_out} of other data sources or languages {are} left out" if left_out else ""
    if not queries:
        none = f"{file.path} has no query in PromQL to this deployment's Prometheus"
        if left_out:
            remedy = (
                "leave the file out of dashboards.files or, where one of these sources is this Prometheus, "
                "name it in dashboards.datasource"
            )
            return unmeasured(f"{none}{others}; {remedy}", limit=limit)
        return breached(none, limit=limit)
    measured = f"{queries} {'query' if queries == 1 else 'queries'}"
    return met(f"it has {measured}{others}", measured=measured, limit=limit)
