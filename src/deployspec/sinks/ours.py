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
    Sink(
        kind="heartbeat",
        sentence="that a run began and how it ended, to healthchecks.io or what takes the same requests.",
        schema=_HERE / "heartbeat.schema.json",
        make="deployspec.sinks.heartbeat:Heartbeat",
        now_only=True,
    ),
    Sink(
        kind="webhook",
        sentence="each change of a verdict once, as JSON, to a URL.",
        schema=_HERE / "webhook.schema.json",
        make="deployspec.sinks.webhook:Webhook",
    ),
    Sink(
        kind="slack",
        sentence="each change of a verdict once, as a message, to a channel of Slack.",
        schema=_HERE / "slack.schema.json",
        make="deployspec.sinks.slack:Slack",
    ),
)
"""In the order of docs/metrics.md."""
