"""What a YAML file holds, told from its topmost keys."""

from __future__ import annotations

import pytest

from deployspec.languages.rule_files.kinds import Kind, kind_of_file


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("global: {}\nrule_files: [a.yml]\n", Kind.OTHER),
        ("scrape_configs: []\nrule_files: [a.yml]\n", Kind.OTHER),
        ("rule_files: [a.yml]\n", Kind.TESTS),
        ("global: {}\nrule_files: [a.yml]\ntests: []\n", Kind.TESTS),
    ],
)
def test_a_server_s_configuration_is_no_unit_test(text, kind):
    """Although it has `rule_files`, too."""
    assert kind_of_file(text, "a.yml") is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("tests:\n- script: echo\n", Kind.OTHER),
        ("tests:\n- script: echo\n- interval: 1m\n", Kind.TESTS),
        ("tests:\n- alert_rule_test: []\n", Kind.TESTS),
        ("tests: []\n", Kind.TESTS),
        ("rule_files: [a.yml]\ntests:\n- input: []\n", Kind.TESTS),
    ],
)
def test_another_tool_s_tests_are_no_unit_tests(text, kind):
    """Unless they name rule files, so that a misspelt key is told."""
    assert kind_of_file(text, "a.yml") is kind
