#!/bin/sh
# redis_exporter 1.45.0 and Redis 7.0.15 (Debian 12)
#
# Behaviour: the summary redis_latency_percentiles_usec has its percentiles as quantiles: quantile="50", "99" and "99.9". Prometheus takes them.
# A query for {quantile="0.99"}, as every other summary is asked, finds nothing, without an error.
#
# One would expect: quantile="0.5", "0.99" and "0.999": in the text format and in OpenMetrics a quantile is a number from 0 to 1, and a strict
# parser (prometheus-client's for OpenMetrics) refuses any other.
#
# Needs a Debian system (its apt sources name the mirror); nothing is installed, packages are unpacked into a temporary
# folder.
#
# Seen on: the pages of common exporters, read by the rules of the format.
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
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
: >"$work/status"
printf 'Types: deb\nURIs: %s\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" >"$work/one.sources"
aside="-qq -o Dir::Etc::sourcelist=$work/one.sources -o Dir::Etc::sourceparts=- -o Dir::State::lists=$work/lists
    -o Dir::State::status=$work/status -o Dir::Cache=$work/cache -o APT::Sandbox::User="
# shellcheck disable=SC2086
apt-get $aside update
# shellcheck disable=SC2086
(cd "$work" && apt-get $aside download 'prometheus-redis-exporter=1.45.0*' 'redis-tools=5:7.0.15*' libjemalloc2 liblzf1 &&
    for deb in *.deb; do dpkg -x "$deb" root; done)
LD_LIBRARY_PATH=$(echo "$work"/root/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
redis=$(free)
exporter=$(free)
ln "$work/root/usr/bin/redis-check-rdb" "$work/redis-server"
"$work/redis-server" --port "$redis" --bind 127.0.0.1 --save "" >"$work/redis.log" 2>&1 &
pids="$pids $!"
"$work/root/usr/bin/prometheus-redis-exporter" -redis.addr "redis://127.0.0.1:$redis" \
    -web.listen-address "127.0.0.1:$exporter" >"$work/exporter.log" 2>&1 &
pids="$pids $!"
python3 - "$exporter" >"$work/seen" <<'PYTHON'
import re
import sys
import time
import urllib.request

deadline = time.monotonic() + 60
page = ""
while 'redis_latency_percentiles_usec{' not in page:
    if time.monotonic() > deadline:
        raise SystemExit("no percentiles within 60 s")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics", timeout=5) as answer:
            page = answer.read().decode()
    except OSError:
        time.sleep(0.2)
print(re.search("# TYPE redis_latency_percentiles_usec .*", page)[0])
for quantile in dict.fromkeys(re.findall(r'redis_latency_percentiles_usec\{.*quantile="([^"]*)"', page)):
    print(f'quantile="{quantile}"')
PYTHON
cat "$work/seen"
cat >"$work/expected" <<'SEEN'
# TYPE redis_latency_percentiles_usec summary
quantile="50"
quantile="99"
quantile="99.9"
SEEN
diff "$work/expected" "$work/seen" && echo "as described"
