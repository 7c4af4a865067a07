#!/bin/sh
# Kinto 26.5.0 with python-memcached, as kinto[memcached] installs it
#
# Behaviour: Kinto's cache is a memcached that nobody runs. About half of the requests of /v1/__heartbeat__, one after the
# other, are answered with status 503 and "cache": false, and the other half with status 200 and "cache": true: a heartbeat
# either writes and reads a key or deletes it, by chance, and python-memcached deletes without an error where nobody answers.
#
# One would expect: 503 and "cache": false as long as nobody answers at that address. A probe that needs three failures in a
# row before it acts needs three of a coin's throws.
#
# Seen on: Kinto whose cache was taken away to make its health endpoint say so.
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q 'kinto[memcached]==26.5.0' 'setuptools<81'
"$work/venv/bin/python" - "$work" <<'PYTHON'
import socket
import sys

listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
port, nobody = (one.getsockname()[1] for one in listeners)
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
kinto.cache_backend = kinto.core.cache.memcached
kinto.cache_hosts = 127.0.0.1:{nobody}
""")
PYTHON
"$work/venv/bin/kinto" start --ini "$work/kinto.ini" >"$work/log" 2>&1 &
server=$!
"$work/venv/bin/python" - "$(cat "$work/port")" >"$work/seen" <<'PYTHON'
import json
import sys
import time
import urllib.error
import urllib.request

base = f"http://127.0.0.1:{sys.argv[1]}/v1"


def ask(path):
    try:
        with urllib.request.urlopen(base + path, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


until = time.monotonic() + 60
while True:
    try:
        ask("/__lbheartbeat__")
        break
    except OSError:
        if time.monotonic() > until:
            raise
        time.sleep(0.1)
said = []
for _ in range(200):
    status, body = ask("/__heartbeat__")
    said.append((status, json.loads(body)["cache"]))
print("said:", *sorted(set(said)))
well = said.count((200, True))
print("from 60 to 140 of 200 say that it is well:", 60 <= well <= 140)
PYTHON
cat >"$work/expected" <<'SEEN'
said: (200, True) (503, False)
from 60 to 140 of 200 say that it is well: True
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
