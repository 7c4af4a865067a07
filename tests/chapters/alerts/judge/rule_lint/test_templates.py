"""Which labels a template uses, and where."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint.templates import used_labels


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param("{{ $labels.job }}", [("job", 3)], id="dollar-labels"),
        pytest.param("{{$labels.job}}", [("job", 2)], id="without-blanks"),
        pytest.param("{{- .Labels.job -}}", [("job", 4)], id="dot-labels"),
        pytest.param("{{ $.Labels.job }}", [("job", 3)], id="root-labels"),
        pytest.param("a {{ $labels.job | toUpper }} b {{ $labels.x }}", [("job", 5), ("x", 35)], id="pipe-and-two"),
        pytest.param('{{ printf "%s" $labels.job }}', [("job", 15)], id="argument"),
        pytest.param("{{ with $labels.job }}{{ . }}{{ end }}", [("job", 8)], id="with"),
        pytest.param("{{ if $labels.a }}{{ .Labels.b }}{{ end }}", [("a", 6), ("b", 21)], id="if-keeps-the-dot"),
        pytest.param('{{ index $labels "job" }}', [("job", 9)], id="index"),
        pytest.param("{{ index .Labels `job` }}", [("job", 9)], id="index-raw"),
        pytest.param('{{ range query "up" }}{{ .Labels.job }}{{ $labels.x }}{{ end }}{{ .Labels.y }}', [("x", 42), ("y", 66)],
                     id="range-moves-the-dot"),
        pytest.param('{{ range query (printf "up{job=%q}" .Labels.job) }}{{ end }}', [("job", 36)], id="range-over-a-label"),
        pytest.param("{{ with .X }}{{ .Labels.a }}{{ else }}{{ .Labels.b }}{{ end }}", [("b", 41)], id="else-of-with"),
        pytest.param("{{ with .X }}{{ else with .Y }}{{ .Labels.b }}{{ end }}", [], id="else-with"),
        pytest.param('{{ (query "up" | first).Labels.job }}', [], id="a-sample's-labels"),
        pytest.param("{{ $v.Labels.job }} {{ $mylabels.job }}", [], id="other-variables"),
        pytest.param("{{ $externalLabels.job }}", [], id="external-labels"),
        pytest.param("{{/* $labels.job */}}", [], id="comment"),
        pytest.param("{{- /* \" }} $labels.job */ -}}{{ $labels.x }}", [("x", 33)], id="comment-with-a-quote"),
        pytest.param('{{ "$labels.job" }}{{ `$labels.job` }}', [], id="quoted"),
        pytest.param('{{ "}}" }}{{ $labels.job }}', [("job", 13)], id="braces-in-quotes"),
        pytest.param('{{ "index $labels \\"a\\"" }}', [], id="index-in-quotes"),
        pytest.param("$labels.job {{ $value }}", [], id="outside"),
        pytest.param("{{ $labels := 1 }}{{ $labels.job }}", [], id="assigned"),
        pytest.param("{{ $labels }}", [], id="all"),
        pytest.param("{{ $labels.job", [], id="not-ended"),
        pytest.param("{{ end }}{{ else }}{{ $labels.job }}", [("job", 22)], id="end-of-nothing"),
        pytest.param("{{" * 100_000, [], id="hostile-opening"),
        pytest.param('{{ "' * 50_000, [], id="hostile-quotes"),
    ],
)  # fmt: skip
def test_used_labels(template, expected):
    """Each use of a label of the alert's own result, and nothing else."""
    assert [(use.label, use.offset) for use in used_labels(template)] == expected
