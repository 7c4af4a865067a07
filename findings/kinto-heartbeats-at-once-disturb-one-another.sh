#!/bin/sh
# Kinto 26.5.0, with its cache in memory and waitress's four threads, as `kinto init` sets them up
#
# Behaviour: /v1/__heartbeat__ writes one key into the cache, may delete it, and reads it back: the same key for each request.
# Where several ask at once, one deletes what another is about to read. Of requests of which five are made at the same
# moment, some are answered with status 503 and "cache": false, though nothing is wrong with the cache.
#
# One would expect: 200, as for one request after the other. A kubelet, a load balancer and a prober ask at the same time.
#
# Seen on: a service that was taken out of a load balancer now and then, while every single request of a person was green.
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q 'kinto==26.5.0' 'setuptools<81'
"$work/venv/bin/python" - "$work" <<'PYTHON'
import socket
import sys

port = socket.create_server(("127.0.0.1", 0)).getsockname()[1]
with open(f"{sys.argv[1]}/port", "w") as file:
    file.write(str(port))
with open(f"{sys.argv[1]}/kinto.ini", "w") as file:
    file.write(f"""\
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
[app:main]
use = egg:kinto
kinto.userid_hmac_secret = an-example
kinto.storage_backend = kinto.core.storage.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.cache_backend = kinto.core.cache.memory
""")
PYTHON
"$work/venv/bin/kinto" start --ini "$work/kinto.ini" >"$work/log" 2>&1 &
server=$!
"$work/venv/bin/python" - "$(cat "$work/port")" >"$work/seen" <<'PYTHON'
import json
import sys
import threading
import time
import urllib.error
import urllib.request

url = f"http://127.0.0.1:{sys.argv[1]}/v1/__heartbeat__"


def ask():
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


until = time.monotonic() + 60
while True:
    try:
        ask()
        break
    except OSError:
        if time.monotonic() > until:
            raise
        time.sleep(0.1)
alone = {ask()[0] for _ in range(200)}
print("200 requests, one after the other:", *sorted(alone))
together = []


def asking(gate):
    gate.wait()
    together.append(ask())


for _ in range(1000):  # until it is seen
    gate = threading.Barrier(5)
    threads = [threading.Thread(target=asking, args=(gate,)) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if any(status != 200 for status, _ in together):
        break
print("five at once:", *sorted({status for status, _ in together}))
sick = [json.loads(body) for status, body in together if status != 200]
print("what the 503 says of the cache:", *sorted({said["cache"] for said in sick}))
PYTHON
cat >"$work/expected" <<'SEEN'
200 requests, one after the other: 200
five at once: 200 503
what the 503 says of the cache: False
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
