#!/bin/sh
# Prometheus 2.42.0 (Debian 12) and Prometheus 3.5.3 (Debian forky)
#
# Behaviour: a sample with the timestamp -3982045 fails the whole scrape, in both: "expected timestamp or new record". All samples of
# the target are lost, and up is 0.
#
# One would expect: that it is read, as the text format has it: a timestamp is what Go's ParseInt takes, and this line ("A weird metric from
# before the epoch") is one of the example in the format's own documentation. One too old to be stored is dropped by itself
# otherwise, and up stays 1: 1000 in place of -3982045 shows it.
#
# Needs a Debian system (its apt sources name the mirror); nothing is installed, packages are unpacked into a temporary
# folder.
#
# Seen on: a reader of the format that was tried with the example of its documentation.
set -eu
work=$(mktemp -d)
pids=
stop() {
    for pid in $pids; do kill "$pid" 2>/dev/null || :; done
    for pid in $pids; do wait "$pid" 2>/dev/null || :; done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
    sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' | grep '/debian/*$' | head -n 1)
unpack() { # suite, version
    mkdir -p "$work/$1/lists/partial" "$work/$1/cache/archives/partial" "$work/$1/root"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "$mirror" "$1" >"$work/$1/one.sources"
    aside="-qq -o Dir::Etc::sourcelist=$work/$1/one.sources -o Dir::Etc::sourceparts=- -o Dir::State::lists=$work/$1/lists
        -o Dir::Cache=$work/$1/cache -o APT::Sandbox::User="
    # shellcheck disable=SC2086
    apt-get $aside update
    # shellcheck disable=SC2086
    (cd "$work/$1" && apt-get $aside download "prometheus=$2" && dpkg -x prometheus_*.deb root)
}
unpack bookworm '2.42.0*'
unpack forky '3.5.3*'
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cat >"$work/page" <<'PAGE'
up_to_date 1
something_weird{problem="division by zero"} +Inf -3982045
PAGE
target=$(free)
python3 - "$target" "$work/page" <<'PYTHON' &
import http.server
import pathlib
import sys


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = pathlib.Path(sys.argv[2]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
PYTHON
pids="$pids $!"
ports=
for suite in bookworm forky; do
    port=$(free)
    ports="$ports $port"
    cat >"$work/$suite/prometheus.yml" <<YAML
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: page, static_configs: [{targets: ["127.0.0.1:$target"]}]}
YAML
    "$work/$suite/root/usr/bin/prometheus" --config.file="$work/$suite/prometheus.yml" --storage.tsdb.path="$work/$suite/data" \
        --web.listen-address="127.0.0.1:$port" >"$work/$suite/log" 2>&1 &
    pids="$pids $!"
done
# shellcheck disable=SC2086
python3 - $ports >"$work/seen" <<'PYTHON'
import json
import sys
import time
import urllib.parse
import urllib.request


def data(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=5) as answer:
            return json.load(answer)["data"]
    except OSError:
        return {}


def result(port, query):
    return data(port, "query?" + urllib.parse.urlencode({"query": query})).get("result", [])


for port in sys.argv[1:]:
    deadline = time.monotonic() + 60
    while not result(port, 'up{job="page"}'):
        if time.monotonic() > deadline:
            raise SystemExit("nothing was scraped within 60 s")
        time.sleep(0.2)
    up = result(port, 'up{job="page"}')[0]["value"][1]
    error = data(port, "targets")["activeTargets"][0]["lastError"]
    version = data(port, "status/buildinfo")["version"]
    print(f"{version}: up {up}, {len(result(port, 'up_to_date'))} other series, {error[:60]}")
PYTHON
cat "$work/seen"
[ "$(grep -c "up 0, 0 other series, expected timestamp" "$work/seen")" = 2 ] || { echo "not seen"; exit 1; }
