#!/bin/sh
# Prometheus 2.42.0 (Debian 12), with Prometheus 3.5.3 (Debian forky) for comparison
#
# Behaviour: with --web.enable-remote-write-receiver, 2.42.0 takes one sample whose time is tomorrow (status 204). From then on
# it stores nothing more until tomorrow: every scrape of every target fails with "out of bounds", and so does what others
# write. One machine with a wrong clock stops all monitoring.
#
# One would expect: that the sample is refused, as by 3.5.3: status 400, "timestamp is too far in the future" (from ten minutes on).
#
# Needs a Debian system (its apt sources name the mirror); nothing is installed, packages are unpacked into a temporary
# folder.
#
# Seen on: a sink that pushes by remote write, tried with clocks that are wrong.
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
for suite in bookworm forky; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    ports="${ports:-} $port"
    cat >"$work/$suite/prometheus.yml" <<YAML
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: itself, static_configs: [{targets: ["127.0.0.1:$port"]}]}
YAML
    "$work/$suite/root/usr/bin/prometheus" --config.file="$work/$suite/prometheus.yml" --storage.tsdb.path="$work/$suite/data" \
        --web.listen-address="127.0.0.1:$port" --web.enable-remote-write-receiver >"$work/$suite/log" 2>&1 &
    pids="$pids $!"
done
# shellcheck disable=SC2086
python3 - $ports >"$work/seen" <<'PYTHON'
import json
import struct
import sys
import time
import urllib.error
import urllib.request


def asked(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


def target(port):
    found = asked(port, "/api/v1/targets")
    return found["activeTargets"][0] if found and found["activeTargets"] else None


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("waited 60 s in vain")
        time.sleep(0.2)


def message(field, content):
    return bytes([field << 3 | 2, len(content)]) + content


def varint(number):
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


def write(port, at):
    """One sample at a time in milliseconds; Snappy, which is one literal."""
    label = message(1, b"__name__") + message(2, b"one")
    sample = b"\x09" + struct.pack("<d", 1) + b"\x10" + varint(at)
    body = message(1, message(1, label) + message(2, sample))
    assert len(body) <= 60
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    packed = bytes([len(body), len(body) - 1 << 2]) + body
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/write", packed, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode().strip()}"


def last(port):
    """When the newest value of ``up`` was scraped."""
    (found,) = asked(port, "/api/v1/query?query=timestamp(up)")["result"]
    return float(found["value"][1])


for port in sys.argv[1:]:
    until(lambda: (asked(port, "/api/v1/query?query=up") or {}).get("result"))
    print("Prometheus", asked(port, "/api/v1/status/buildinfo")["version"].partition("+")[0])
    print("  one sample of tomorrow:", write(port, int(time.time() + 86400) * 1000))
    pushed = time.time()
    scrapes = set()

    def three_more():
        scrapes.add(target(port)["lastScrape"])
        return len(scrapes) > 3

    until(three_more)
    print("  the target's error three scrapes later:", target(port)["lastError"] or "none")
    print("  stored since:", "yes" if last(port) > pushed else "nothing")
PYTHON
cat >"$work/expected" <<'SEEN'
Prometheus 2.42.0
  one sample of tomorrow: 204
  the target's error three scrapes later: out of bounds
  stored since: nothing
Prometheus 3.5.3
  one sample of tomorrow: 400 out of bounds: timestamp is too far in the future
  the target's error three scrapes later: none
  stored since: yes
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
