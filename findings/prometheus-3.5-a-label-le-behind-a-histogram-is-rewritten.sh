#!/bin/sh
# Prometheus 2.42.0 (Debian 12) and Prometheus 3.5.3 (Debian forky)
#
# Behaviour: 3.5.3 writes the labels le and quantile of any sample anew (le="100" becomes le="100.0") from the TYPE of a histogram or
# summary on until the next TYPE, also where the sample is of another metric that has no TYPE. Two of its series may become one: then
# the second is lost, and up stays 1. 2.42.0 stores both as they are.
#
# One would expect: that only samples of the histogram are touched. The page below is sound text format 0.0.4: what has no TYPE is untyped, and may
# have any labels.
#
# Needs a Debian system (its apt sources name the mirror); nothing is installed, packages are unpacked into a temporary
# folder.
#
# Seen on: a table of what two versions of Prometheus make of a page, in a test.
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
# TYPE seconds histogram
seconds_bucket{le="+Inf"} 1
seconds_sum 1
seconds_count 1
listed_below_price{le="100"} 7
listed_below_price{le="100.0"} 8
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
    version = data(port, "status/buildinfo")["version"]
    found = {one["metric"]["le"]: one["value"][1] for one in result(port, "listed_below_price")}
    print(f"{version}: {found}")
PYTHON
cat "$work/seen"
grep -q "^3.5.*{'100.0': '7'}$" "$work/seen" || { echo "not seen"; exit 1; }
