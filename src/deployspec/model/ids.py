"""What a check is called for years: in run records, JUnit and summaries, whatever file it stands in.

An id is the chapter, the check's own name and, where it looks at several things, which one:
``health.ok-is-all-parts``, ``logs.lines-are-records[api]``. It holds no path, port or folder.
"""

from __future__ import annotations

import posixpath


def check_id(chapter: str, function: str, parameter: str = "") -> str:
    """The id of the check that the test function of this name makes; a parameter of ``-`` stands for none."""
    name = function.removeprefix("test_").replace("_", "-")
    return f"{chapter}.{name}".removeprefix(".") + ("" if parameter in ("", "-") else f"[{parameter}]")


def id_of_node(node: str, chapter: str = "") -> str:
    """The id of a check that a run record of format 1 names by pytest's node id, and perhaps by its chapter."""
    function, bracket, rest = node.partition("[")
    parameter = rest.removesuffix("]") if bracket else ""
    known = OLD_NAMES.get(function.rpartition("/")[2])
    if known is None:
        return check_id(chapter, function.rpartition("::")[2], parameter)
    if known == "alerts.case":
        parameter = parameter.partition("::")[2]
    elif known in _OF_ONE_FILE:
        parameter = ""
    elif known in _OF_FILES:
        parameter = posixpath.basename(parameter)
    chapter, _, name = known.partition(".")
    return check_id(chapter, name, parameter)


OLD_NAMES = {
    "test_health.py::test_answers_in_time": "health.answers-in-time",
    "test_health.py::test_answer_is_its_own": "health.answer-is-its-own",
    "test_health.py::test_healthy_now": "health.healthy-now",
    "test_health.py::test_status_tells_ok": "health.status-tells-ok",
    "test_health.py::test_content_type_is_json": "health.content-type-is-json",
    "test_health.py::test_body_is_strict_json": "health.body-is-strict-json",
    "test_health.py::test_body_fits_schema": "health.body-fits-schema",
    "test_health.py::test_ok_is_all_parts": "health.ok-is-all-parts",
    "test_health.py::test_queue_depth_is_known": "health.queue-depth-is-known",
    "test_health.py::test_time_is_current": "health.time-is-current",
    "test_health.py::test_time_moves_on": "health.time-moves-on",
    "test_health.py::test_version_is_stated": "health.version-is-stated",
    "test_health.py::test_version_is_expected": "health.version-is-expected",
    "test_health.py::test_not_from_a_cache": "health.not-from-a-cache",
    "test_health.py::test_discloses_nothing": "health.discloses-nothing",
    "test_health.py::test_answers_within_max_response_time": "health.answers-within-max-response-time",
    "test_health.py::test_steady": "health.steady",
    "test_health.py::test_holds_under_concurrency": "health.holds-under-concurrency",
    "test_health.py::test_outage_is_told": "health.outage-is-told",
    "test_logs_schema.py::test_request_is_logged": "logs.request-is-logged",
    "test_logs_schema.py::test_job_is_logged": "logs.job-is-logged",
    "test_logs_schema.py::test_lines_are_records": "logs.lines-are-records",
    "test_logs_schema.py::test_levels_are_promised": "logs.levels-are-promised",
    "test_logs_schema.py::test_time_moves_forward": "logs.time-moves-forward",
    "test_logs_schema.py::test_newest_record_is_fresh": "logs.newest-record-is-fresh",
    "test_logs_schema.py::test_error_log_holds_errors_only": "logs.error-log-holds-errors-only",
    "test_logs_schema.py::test_error_log_holds_every_error": "logs.error-log-holds-every-error",
    "test_logs_schema.py::test_exception_is_one_record": "logs.exception-is-one-record",
    "test_logs_schema.py::test_request_records_have_their_id": "logs.request-records-have-their-id",
    "test_logs_schema.py::test_nothing_secret": "logs.nothing-secret",
    "test_logs_schema.py::test_lines_are_short": "logs.lines-are-short",
    "test_alert_rules.py::test_rule_file_is_sound": "alerts.rule-file-is-sound",
    "test_alert_rules.py::test_test_file_is_sound": "alerts.test-file-is-sound",
    "test_alert_rules.py::test_case": "alerts.case",
    "test_alert_rules.py::test_alert_is_covered": "alerts.alert-is-covered",
    "test_alert_rules.py::test_alert_has_runbook": "alerts.alert-has-runbook",
    "test_alert_rules.py::test_runbook_has_alert": "alerts.runbook-has-alert",
    "test_alert_rules.py::test_ratios_and_quantiles_are_aggregated": "alerts.ratios-and-quantiles-are-aggregated",
    "test_alert_rules.py::test_templates_use_labels_that_are_there": "alerts.templates-use-labels-that-are-there",
    "test_alert_rules.py::test_alerts_reach_a_route_of_their_own": "alerts.alerts-reach-a-route-of-their-own",
    "test_alert_rules.py::test_alertmanager_accepts_its_configuration": "alerts.alertmanager-accepts-its-configuration",
    "test_alert_rules.py::test_route": "alerts.route",
    "test_alert_rules.py::test_routing_table_is_complete": "alerts.routing-table-is-complete",
    "test_alert_rules.py::test_alert_can_fire": "alerts.alert-can-fire",
    "test_alert_rules.py::test_loaded_rules_are_these": "alerts.loaded-rules-are-these",
    "test_alert_rules.py::test_loaded_rules_are_evaluated": "alerts.loaded-rules-are-evaluated",
    "test_alert_mutations.py::test_mutants_are_killed": "mutation.mutants-are-killed",
    "test_alert_mutations.py::test_equivalent_mutants_are_current": "mutation.equivalent-mutants-are-current",
    "test_latency_slo.py::test_load_run": "slo.load-run",
    "test_latency_slo.py::test_window": "slo.window",
    "test_latency_slo.py::test_buckets": "slo.buckets",
    "test_latency_slo.py::test_alerts_agree": "slo.alerts-agree",
}
"""By the file and function that a run record of format 1 says, the check's id without its parameter."""
_OF_FILES = ("alerts.rule-file-is-sound", "alerts.test-file-is-sound")
_OF_ONE_FILE = (
    "alerts.alerts-reach-a-route-of-their-own",
    "alerts.alertmanager-accepts-its-configuration",
    "alerts.routing-table-is-complete",
)
