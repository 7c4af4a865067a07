#!/bin/sh
# croniter 7.0.0, with cronsim 2.8 beside it
#
# Behaviour: `5-5 * * * *`, a range from five to five, is read as every minute, without an error or a word. And
# `30 2 * * *` has two runs on the night on which clocks are set back: one at each of the two times that are called 02:30.
#
# One would expect: `5-5` to be minute five, as cronsim reads it and as a range says that includes both of its ends; and a
# job of once a day to run once a day, as cronsim has it.
#
# Seen on: a comparison of readers of schedules.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q croniter==7.0.0 cronsim==2.8 tzdata
"$work/venv/bin/python" - >"$work/seen" <<'PYTHON'
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

start = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))
for schedule in ("5-5 * * * *", "30 2 * * *"):
    for reader in (croniter(schedule, start, ret_type=datetime), CronSim(schedule, start)):
        print(f"{schedule} {type(reader).__name__}:", *(f"{run:%dT%H:%M%z}" for run in islice(reader, 3)))
PYTHON
cat >"$work/expected" <<'SEEN'
5-5 * * * * croniter: 24T12:01+0200 24T12:02+0200 24T12:03+0200
5-5 * * * * CronSim: 24T12:05+0200 24T13:05+0200 24T14:05+0200
30 2 * * * croniter: 25T02:30+0200 25T02:30+0100 26T02:30+0100
30 2 * * * CronSim: 25T02:30+0200 26T02:30+0100 27T02:30+0100
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
