"""The sinks of ours, by their descriptions."""

from pathlib import Path

from deployspec.model.sink import Sink

_HERE = Path(__file__).parent

SINKS = (
    Sink(
        kind="pushgateway",
        sentence="the newest run, as metrics, to a Prometheus Pushgateway.",
        schema=_HERE / "pushgateway.schema.json",
        make="deployspec.sinks.pushgateway:Pushgateway",
    ),
    Sink(
        kind="textfile",
        sentence="the newest run, as a file of metrics, to the textfile collector of node_exporter.",
        schema=_HERE / "textfile.schema.json",
        make="deployspec.sinks.textfile:Textfile",
    ),
)
"""In the order of docs/metrics.md."""
