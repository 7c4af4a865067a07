#!/bin/sh
# google-cloud-logging 3.17.0: StructuredLogHandler, which Google's documentation has for Cloud Run and Kubernetes
#
# Behaviour: no record that it writes has a time: an agent is to add the time at which it read the line. Before the
# application's first record comes one that the application did not log: the library's own, at level INFO, without a message.
#
# One would expect: each record with the time at which it was made (`timestamp` and `time` are keys that Google's agents
# read), so that lines which were read late keep theirs; and nothing in an application's log that the application did not say.
#
# Seen on: samples of what common emitters of logs write, read by the promises that a log should keep.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q google-cloud-logging==3.17.0
"$work/venv/bin/python" - >"$work/seen" <<'PYTHON'
import io
import json
import logging

from google.cloud.logging_v2.handlers import StructuredLogHandler

stream = io.StringIO()
log = logging.getLogger("shop")
log.addHandler(StructuredLogHandler(stream=stream))
log.setLevel("INFO")
log.info("sold")
for record in map(json.loads, stream.getvalue().splitlines()):
    times = [key for key in record if "time" in key.lower()]
    print(record["severity"], "message:", record.get("message"), "times:", times)
    print(" ", *sorted(key.removeprefix("logging.googleapis.com/") for key in record))
PYTHON
cat >"$work/expected" <<'SEEN'
INFO message: None times: []
  diagnostic httpRequest labels severity sourceLocation spanId trace trace_sampled
INFO message: sold times: []
  httpRequest labels message severity sourceLocation spanId trace trace_sampled
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
