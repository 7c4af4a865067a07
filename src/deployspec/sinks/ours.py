"""The sinks of ours, by their descriptions."""

from pathlib import Path

from deployspec.model.sink import Sink

_HERE = Path(__file__).parent

SINKS = (
    Sink(
        kind="pushgateway",
        schema=_HERE / "pushgateway.schema.json",
        make="deployspec.sinks.pushgateway:Pushgateway",
    ),
    Sink(
        kind="textfile",
        schema=_HERE / "textfile.schema.json",
        make="deployspec.sinks.textfile:Textfile",
        check="deployspec.sinks.textfile:unfit",
    ),
    Sink(
        kind="remote-write",
        schema=_HERE / "remote_write.schema.json",
        make="deployspec.sinks.remote_write:RemoteWrite",
        extra="remote-write",
        libraries=("cramjam",),
    ),
    Sink(
        kind="heartbeat",
        schema=_HERE / "heartbeat.schema.json",
        make="deployspec.sinks.heartbeat:Heartbeat",
        now_only=True,
    ),
    Sink(
        kind="webhook",
        schema=_HERE / "webhook.schema.json",
        make="deployspec.sinks.webhook:Webhook",
    ),
    Sink(
        kind="slack",
        schema=_HERE / "slack.schema.json",
        make="deployspec.sinks.slack:Slack",
    ),
)
"""In the order of docs/metrics.md."""
