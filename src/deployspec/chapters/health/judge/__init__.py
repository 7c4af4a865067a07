"""The health contract: one judge a promise, measurements in, a verdict out.

Every judge takes what was measured and a ``HealthPromise``, and returns a ``Verdict``. None raises, whatever was
answered; none is MET without having measured. ``reading`` says in which order they depend on one another.
"""

from deployspec.chapters.health.judge.clock import needed_pause as needed_pause
from deployspec.chapters.health.judge.clock import time_is_current as time_is_current
from deployspec.chapters.health.judge.clock import time_moves_on as time_moves_on
from deployspec.chapters.health.judge.form import body_fits_schema as body_fits_schema
from deployspec.chapters.health.judge.form import body_is_strict_json as body_is_strict_json
from deployspec.chapters.health.judge.form import content_type_is_json as content_type_is_json
from deployspec.chapters.health.judge.form import discloses_nothing as discloses_nothing
from deployspec.chapters.health.judge.form import not_from_a_cache as not_from_a_cache
from deployspec.chapters.health.judge.meaning import healthy_now as healthy_now
from deployspec.chapters.health.judge.meaning import ok_is_all_parts as ok_is_all_parts
from deployspec.chapters.health.judge.meaning import queue_depth_is_known as queue_depth_is_known
from deployspec.chapters.health.judge.meaning import status_tells_ok as status_tells_ok
from deployspec.chapters.health.judge.meaning import version_is_expected as version_is_expected
from deployspec.chapters.health.judge.meaning import version_is_stated as version_is_stated
from deployspec.chapters.health.judge.outage import outage_is_told as outage_is_told
from deployspec.chapters.health.judge.outage import outage_is_told_and_over as outage_is_told_and_over
from deployspec.chapters.health.judge.outage import recovers as recovers
from deployspec.chapters.health.judge.promise import HealthPromise as HealthPromise
from deployspec.chapters.health.judge.repeat import holds_under_concurrency as holds_under_concurrency
from deployspec.chapters.health.judge.repeat import on_every_call as on_every_call
from deployspec.chapters.health.judge.repeat import steady as steady
from deployspec.chapters.health.judge.schema import violations as violations
from deployspec.chapters.health.judge.transport import answer_is_its_own as answer_is_its_own
from deployspec.chapters.health.judge.transport import answers_in_time as answers_in_time
from deployspec.chapters.health.judge.transport import (
    answers_within_max_response_time as answers_within_max_response_time,
)
