#!/bin/sh
# systemd 252.38 (and 257.13)
#
# Behaviour: in the night in which clocks are set back, `OnCalendar=*:0/5` has no run in the hour that the clock shows twice,
# the second time: between 02:55 summer time and 03:00 winter time there are 65 minutes. With `UTC` behind it there are 5.
#
# One would expect: a run every five minutes, as of Debian's cron (3.0pl1-162, `*/5 * * * *`), which goes on through that hour.
#
# Seen on: a check of our own timer, whose probes must not be silent for longer than their interval.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for calendar in '*:0/5' '*:0/5 UTC'; do
    TZ=Europe/Berlin systemd-analyze calendar --base-time='2026-10-25 00:52:00 UTC' --iterations=2 "$calendar" |
        sed -n 's/ *\(Next elapse\|Iter. #2\|Iteration #2\): //p'
done >"$work/seen"
cat >"$work/expected" <<'SEEN'
Sun 2026-10-25 02:55:00 CEST
Sun 2026-10-25 03:00:00 CET
Sun 2026-10-25 02:55:00 CEST
Sun 2026-10-25 02:00:00 CET
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
