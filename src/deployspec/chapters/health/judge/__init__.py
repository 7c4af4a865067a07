"""The health contract: one judge a promise, measurements in, a verdict out.

Every judge takes what was measured and a ``HealthPromise``, and returns a ``Verdict``. None raises, whatever was
answered; none is MET without having measured. ``reading`` says in which order they depend on one another.
"""

from deployspec.chapters.health.judge.clock import needed_pause, time_is_current, time_moves_on
from deployspec.chapters.health.judge.form import (
    body_fits_schema,
    body_is_strict_json,
    content_type_is_json,
    discloses_nothing,
    not_from_a_cache,
)
from deployspec.chapters.health.judge.meaning import (
    healthy_now,
    ok_is_all_parts,
    queue_depth_is_known,
    status_tells_ok,
    version_is_expected,
    version_is_stated,
)
from deployspec.chapters.health.judge.outage import outage_is_told, outage_is_told_and_over, recovers
from deployspec.chapters.health.judge.promise import HealthPromise
from deployspec.chapters.health.judge.repeat import (
    chance_of_seeing,
    holds_under_concurrency,
    on_every_call,
    steady,
)
from deployspec.chapters.health.judge.schema import SchemaUnusableError, violations
from deployspec.chapters.health.judge.transport import (
    answer_is_its_own,
    answers_in_time,
    answers_within_max_response_time,
)

__all__ = [
    "HealthPromise",
    "SchemaUnusableError",
    "answer_is_its_own",
    "answers_in_time",
    "answers_within_max_response_time",
    "body_fits_schema",
    "body_is_strict_json",
    "chance_of_seeing",
    "content_type_is_json",
    "discloses_nothing",
    "healthy_now",
    "holds_under_concurrency",
    "needed_pause",
    "not_from_a_cache",
    "ok_is_all_parts",
    "on_every_call",
    "outage_is_told",
    "outage_is_told_and_over",
    "queue_depth_is_known",
    "recovers",
    "status_tells_ok",
    "steady",
    "time_is_current",
    "time_moves_on",
    "version_is_expected",
    "version_is_stated",
    "violations",
]
