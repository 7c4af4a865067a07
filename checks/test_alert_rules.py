"""The alert rules are proven: unit-tested by promtool, nothing vacuous, linted, routed, and loaded.

Chapter of the guide: "Alerting". Where the guide is silent, the docstring says "our own choice". All but the last
three are offline: they look at files and need no deployment.
"""

from __future__ import annotations

import pytest

from deployspec.base.lazy import Lazy

live_rules = Lazy("deployspec.chapters.alerts.judge.live_rules")
rule_tests = Lazy("deployspec.chapters.alerts.judge.rule_tests")
contract = Lazy("deployspec.chapters.alerts.judge.verdicts")
alertmanager = Lazy("deployspec.languages.alertmanager.routing")
promtool = Lazy("deployspec.languages.promtool.judging")
pytestmark = pytest.mark.alerts


def test_rule_file_is_sound(rule_file, judge):
    """Each pattern for rule files matches a file, and each file is read without an objection.

    Source: the guide, "Alert Rules"; that an empty pattern is not a success is our own choice.
    Limit: no problem, and at least one rule in each file.
    Measured: every file that the patterns match or that a unit test loads, read from disk.
    Fault: an unknown field: a rule says `fors` instead of `for`.
    Keys: rules.files, rules.tests
    """
    judge(contract.rule_file_is_sound(rule_file))


def test_test_file_is_sound(rule_test_file, judge):
    """Each file of unit tests is read without an objection, loads rule files that exist, and has cases.

    Source: our own choice; promtool passes a file that tests nothing.
    Limit: no problem, and at least one case in each group.
    Measured: every file of unit tests and the rule files that it names, read from disk.
    Fault: a group without a case: a group has input series but expects nothing.
    Keys: rules.tests
    """
    judge(contract.test_file_is_sound(rule_test_file.file, rule_test_file.findings))


def test_case(rule_case, judge):
    """What a unit test expects is what promtool finds, and the expectation could have failed.

    Source: our own choice; promtool's verdict, and the guards of docs/vacuous-tests.md, which promtool lacks.
    Limit: promtool passes the case, and no guard objects to it.
    Measured: promtool runs the file of unit tests, and the guards read it.
    Fault: a misspelt alert: the case expects an alert of a name that no rule has to be silent.
    Keys: rules.files, rules.tests
    """
    verdict = contract.case_holds(promtool.judge_case(rule_case.case, rule_case.run), rule_case.findings)
    judge(verdict, **rule_case.how())


def test_alert_is_covered(tested_alert, rule_set, judge):
    """Each alert has a case in which it fires, one in which it is silent with its data there, and one without data.

    Source: our own choice; the mutants show whether the cases test the threshold and `for`.
    Limit: at least one case of each kind that `rules.coverage` names; by default of all three.
    Measured: the cases of the unit tests, by the alert that they look at.
    Fault: no case that fires: every case of an alert expects silence.
    Keys: rules.files, rules.tests, rules.coverage
    """
    judge(rule_tests.coverage(tested_alert, rule_set.loaded_tests, rule_set.sources.coverage))


def test_alert_has_runbook(documented_alert, rule_set, judge):
    """Each alert has a severity, summary, description and runbook_url, and a runbook page with every section.

    Source: the guide, "Alert Rules" and "Debugging Checklist"; the page's form is our own choice.
    Limit: one label, three annotations, and a page with five sections: Meaning, First look, Likely causes,
    Mitigation, How to test it.
    Measured: the rule's labels and annotations, and the page named after the alert.
    Fault: a page without a section: the page has no section Mitigation.
    Keys: rules.files, rules.runbooks
    """
    judge(rule_set.paired[documented_alert.name])


def test_runbook_has_alert(runbook, rule_set, judge):
    """Each runbook page belongs to an alert that exists.

    Source: our own choice.
    Limit: no page without its alert.
    Measured: the names of the pages, compared with the names of the alerts.
    Fault: a page without an alert is told: there is a page for an alert that has gone.
    Keys: rules.files, rules.runbooks
    """
    judge(contract.runbook_has_alert(runbook, rule_set.alerts))


def test_ratios_and_quantiles_are_aggregated(rule_set, judge):
    """No ratio or quantile is taken series by series where the whole is meant.

    Source: our own choice; the guide's own HighLatency and its error-rate panel do (docs/lint/).
    Limit: no finding.
    Measured: the expressions of all rules, read as PromQL.
    Fault: a ratio without aggregation: the share of errors is computed for each series on its own.
    Keys: rules.files
    """
    found = rule_set.lint("unaggregated-ratio", "unaggregated-quantile")
    judge(contract.no_finding(found, rule_set.rule_files))


def test_templates_use_labels_that_are_there(rule_set, judge):
    """No template uses a label that the alert's expression drops.

    Source: our own choice (docs/lint/dropped-label.md).
    Limit: no finding.
    Measured: the templates in labels and annotations, compared with the labels that the expression keeps.
    Fault: a template with a dropped label: an annotation shows `instance`, which the expression has summed away.
    Keys: rules.files
    """
    judge(contract.no_finding(rule_set.lint("dropped-label"), rule_set.rule_files))


def test_rules_do_what_they_say(rule_set, judge):
    """No rule says something other than what Prometheus or Kubernetes makes of it.

    Source: our own choice (docs/lint/).
    Limit: no finding.
    Measured: the expressions of all rules, read as PromQL, and the labels and annotations of PrometheusRules.
    Fault: a condition that never matches: an alert is to be quiet at night, and the hour has none of its labels.
    Keys: rules.files
    """
    found = rule_set.lint(
        "silent-when-none", "never-matching", "wrong-metric-type", "hidden-by-or", "unquoted-value"
    )
    judge(contract.no_finding(found, rule_set.rule_files))


def test_alerts_reach_a_route_of_their_own(routed_rules, judge):
    """No alert reaches only Alertmanager's default route.

    Source: our own choice (docs/lint/default-route-only.md).
    Limit: no finding.
    Measured: the labels of every alert, sent through the routes of Alertmanager's configuration.
    Fault: a route that nothing matches: the route asks for a severity that no alert has.
    Keys: rules.files, rules.alertmanager
    """
    judge(contract.no_finding(routed_rules.lint("default-route-only"), routed_rules.rule_files))


def test_alertmanager_accepts_its_configuration(alertmanager_config, judge):
    """amtool finds nothing wrong with Alertmanager's configuration.

    Source: the guide, "Notification Channels".
    Limit: no error.
    Measured: amtool checks the file.
    Fault: a configuration that amtool refuses: a route names a receiver that is not defined.
    Keys: rules.alertmanager
    """
    judge(alertmanager.judge_config(alertmanager_config), reproduce=alertmanager_config.reproduce)


def test_route(route, judge):
    """An alert with these labels reaches exactly these receivers, as amtool evaluates the routes.

    Source: the guide, "Notification Channels"; who is notified of what is our own choice.
    Limit: these receivers and no others.
    Measured: amtool evaluates the routes for the labels of one row of the routing table.
    Fault: a route that nothing matches: a warning goes to everybody instead of its own receiver.
    Keys: rules.alertmanager, rules.routing
    """
    judge(alertmanager.judge_route(route.row, route.run), reproduce=route.run.reproduce)


def test_routing_table_is_complete(routing_table, judge):
    """The routing table has a row for the default route, and reaches every configured receiver.

    Source: our own choice.
    Limit: no receiver left out.
    Measured: the routing table, compared with Alertmanager's configuration.
    Fault: a receiver that no row reaches: a receiver is configured that the table never mentions.
    Keys: rules.alertmanager, rules.routing
    """
    judge(contract.routing_is_complete(routing_table.routing, routing_table.routes))


@pytest.mark.live
@pytest.mark.needs("prometheus")
def test_alert_can_fire(live_alert, live, judge):
    """Every metric, label, bucket and target that an alert's rule names exists in the deployment's Prometheus.

    Source: our own choice; an alert on a name that nobody exposes stays silent forever.
    Limit: no name that Prometheus does not know.
    Measured: the names in the rule, looked up in what Prometheus has had within `window`, in its targets and in its
    recording rules.
    Fault: a misspelt metric can never fire: the rule asks for a metric that nobody exposes.
    Keys: prometheus.url, prometheus.window, prometheus.exporters, rules.files
    """
    judge(
        live_rules.can_fire(live_alert, live.files, live.observed, live.targets, live.loaded),
        **live.how(live_alert),
    )


@pytest.mark.live
@pytest.mark.needs("prometheus")
def test_loaded_rules_are_these(live, judge):
    """The rules that Prometheus has loaded are those in the files.

    Source: our own choice.
    Limit: no difference in meaning.
    Measured: the rules that Prometheus lists, compared group by group with those in the files.
    Fault: a changed threshold is drift: Prometheus has loaded a rule with another threshold.
    Keys: prometheus.url, rules.files
    """
    judge(live.drift.verdict, evidence=live.diff)


@pytest.mark.live
@pytest.mark.needs("prometheus")
def test_loaded_rules_are_evaluated(live, judge):
    """Prometheus evaluates every rule, without an error.

    Source: our own choice.
    Limit: no evaluation error.
    Measured: the outcome of each rule's last evaluation, as Prometheus lists it.
    Fault: an evaluation error: a rule matches many series to many.
    Keys: prometheus.url, rules.files
    """
    judge(live_rules.evaluates(live.rules, live.loaded))
