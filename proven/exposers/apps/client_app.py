"""Python's client library with every kind of metric that it has, behind its own server; the argument is the port."""

import sys
import time

from prometheus_client import Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server

WORKED = Counter("shop_work", "Work done.", ["kind"])
WAITING = Gauge("shop_waiting", "Work that waits.\nIn two lines, with a \\.")
TOOK = Histogram("shop_work_seconds", "How long work takes.", ["kind"])
SIZE = Summary("shop_work_bytes", "How large work is.")
STATE = Enum("shop_state", "What it does.", states=["idle", "busy"])
BUILD = Info("shop_build", "What it is.")
GREETED = Counter("shop_greetings", "In every language.", ["word"])

start_http_server(int(sys.argv[1]), "127.0.0.1")
BUILD.info({"version": "1.2.3", "branch": 'a "quoted" \\ branch'})
GREETED.labels("grüß dich\nWelt").inc()
while True:
    STATE.state("busy")
    for kind in ("small", "large"):
        WORKED.labels(kind).inc(exemplar={"trace_id": "4bf92f3577b34da6"})
        TOOK.labels(kind).observe(0.05, exemplar={"trace_id": "4bf92f3577b34da6"})
    WAITING.set(3)
    SIZE.observe(42)
    STATE.state("idle")
    time.sleep(0.05)
