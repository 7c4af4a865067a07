"""OpenTelemetry's exporter for Prometheus, with every instrument that it has; the argument is the port."""

import sys
import time

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from prometheus_client import start_http_server

start_http_server(int(sys.argv[1]), "127.0.0.1")
metrics.set_meter_provider(
    MeterProvider(
        resource=Resource.create({"service.name": "shop", "service.version": "1.2.3"}),
        metric_readers=[PrometheusMetricReader()],
    )
)
meter = metrics.get_meter("shop", "0.1")


def depth(_: CallbackOptions) -> list[Observation]:
    """What waits in two queues."""
    return [Observation(3, {"queue": "mail"}), Observation(5, {"queue.name": "sms", "queue_name": "twice"})]


worked = meter.create_counter("shop.work", unit="1", description="Work done.")
sent = meter.create_counter("shop.sent", unit="By", description="What was sent.")
took = meter.create_histogram("shop.work.duration", unit="s", description="How long work takes.")
waiting = meter.create_up_down_counter("shop.waiting", description="Work that waits.")
meter.create_observable_gauge("shop.depth", [depth], description="How deep queues are.")
while True:
    worked.add(1, {"kind": "small", "http.route": "/items/{item}"})
    sent.add(512)
    took.record(0.05, {"kind": "small"})
    waiting.add(1)
    waiting.add(-1)
    time.sleep(0.05)
