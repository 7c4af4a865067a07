#!/bin/sh
# cronsim 2.8
#
# Behaviour: on Lord Howe Island, whose clocks are changed by half an hour, `*/20 3 * * *` has one run on each of the two
# nights on which they are, at 03:40; those at 03:00 and 03:20 are left out, without an error or a word. The search for
# the hour goes on by an hour at a time, and does not return to the hour's beginning.
#
# One would expect: three runs, as on any other night: the clock shows all of that hour, once.
#
# Seen on: a comparison of maintenance windows with a count of each minute.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q cronsim==2.8 tzdata
"$work/venv/bin/python" - >"$work/seen" <<'PYTHON'
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

for year, month, day in ((2026, 4, 4), (2026, 10, 3)):
    start = datetime(year, month, day, 12, tzinfo=ZoneInfo("Australia/Lord_Howe"))
    print(*(f"{run:%m-%dT%H:%M%z}" for run in islice(CronSim("*/20 3 * * *", start), 4)))
PYTHON
cat >"$work/expected" <<'SEEN'
04-05T03:40+1030 04-06T03:00+1030 04-06T03:20+1030 04-06T03:40+1030
10-04T03:40+1100 10-05T03:00+1100 10-05T03:20+1100 10-05T03:40+1100
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
