#!/bin/sh
# Prometheus 2.42.0 (Debian 12), with Prometheus 3.5.3 (Debian forky) as the target and for comparison
#
# Behaviour: in 2.42.0, `last_over_time(METRIC[5m])` of a native histogram is the plain number 0 for each series, and no
# histogram: `histogram_count()` of it is empty, while `histogram_count(METRIC)` of the same series counts. No error, no
# warning: a rule that reads the last histogram of a window for a target that has just gone finds zeros.
#
# One would expect: the last histogram in the window, as 3.5.3 gives from the same target.
#
# Needs a Debian system (its apt sources name the mirror); nothing is installed, packages are unpacked into a temporary
# folder.
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
old=$(free)
new=$(free)
for suite in bookworm forky; do
    port=$old
    [ $suite = forky ] && port=$new
    cat >"$work/$suite/prometheus.yml" <<YAML
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: newer, static_configs: [{targets: ["127.0.0.1:$new"]}]}
YAML
    "$work/$suite/root/usr/bin/prometheus" --config.file="$work/$suite/prometheus.yml" --storage.tsdb.path="$work/$suite/data" \
        --web.listen-address="127.0.0.1:$port" --enable-feature=native-histograms >"$work/$suite/log" 2>&1 &
    pids="$pids $!"
done
python3 - "$old" "$new" >"$work/seen" <<'PYTHON'
import json
import sys
import time
import urllib.parse
import urllib.request

METRIC = 'prometheus_http_request_duration_seconds{handler="/metrics"}'


def asked(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return None


def result(port, query):
    answer = asked(port, "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
    return answer and answer["data"]["result"]


for port in sys.argv[1:]:
    deadline = time.monotonic() + 60
    while not result(port, f"histogram_count({METRIC}) > 3"):
        if time.monotonic() > deadline:
            raise SystemExit("no native histogram was scraped within 60 s")
        time.sleep(0.2)
    print("Prometheus", asked(port, "/api/v1/status/buildinfo")["data"]["version"].partition("+")[0])
    for query in (METRIC, f"last_over_time({METRIC}[5m])"):
        (found,) = result(port, query)
        print(f"  {query}:", "a histogram" if "histogram" in found else f"the number {found['value'][1]}")
        print("    histogram_count() of it:", "counts" if result(port, f"histogram_count({query})") else "empty")
PYTHON
cat >"$work/expected" <<'SEEN'
Prometheus 2.42.0
  prometheus_http_request_duration_seconds{handler="/metrics"}: a histogram
    histogram_count() of it: counts
  last_over_time(prometheus_http_request_duration_seconds{handler="/metrics"}[5m]): the number 0
    histogram_count() of it: empty
Prometheus 3.5.3
  prometheus_http_request_duration_seconds{handler="/metrics"}: a histogram
    histogram_count() of it: counts
  last_over_time(prometheus_http_request_duration_seconds{handler="/metrics"}[5m]): a histogram
    histogram_count() of it: counts
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
