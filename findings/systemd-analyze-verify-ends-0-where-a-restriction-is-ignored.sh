#!/bin/sh
# systemd 252.38
#
# Behaviour: `systemd-analyze verify` ends 0 for a service whose `NoNewPrivileges=`, `ProtectSystem=`, `SystemCallFilter=` or
# `MemoryMax=` has a value that cannot be read: it says a line on standard error, and the service runs without them.
#
# One would expect: another status, as for a misspelt section, a program that is not there, or a calendar that cannot be read.
# A pipeline that looks at the status takes a service without any of them for a sound one.
#
# Seen on: the faults of our own checks of ops/systemd, which is why they ask that nothing be said.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for line in NoNewPrivileges=yess ProtectSystem=strickt SystemCallFilter=@system-servic MemoryMax=512X; do
    printf '[Service]\nType=oneshot\nExecStart=/bin/true\n%s\n' "$line" >"$work/seen.service"
    status=0
    said=$(systemd-analyze verify "$work/seen.service" 2>&1) || status=$?
    echo "$line: status $status, $said" | sed "s|$work/seen.service:4: ||"
done >"$work/seen"
cat >"$work/expected" <<'SEEN'
NoNewPrivileges=yess: status 0, Failed to parse boolean value, ignoring: yess
ProtectSystem=strickt: status 0, Failed to parse protect system value, ignoring: strickt
SystemCallFilter=@system-servic: status 0, Unknown system call group, ignoring: @system-servic
MemoryMax=512X: status 0, Invalid memory limit '512X', ignoring: Invalid argument
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
