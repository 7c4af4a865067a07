#!/bin/sh
# pytest-xdist 3.8.0, with pytest 9.2.0
#
# Behaviour: with `--dist loadgroup`, a worker whose group has fewer than two tests is given a second whole group at once.
# That group then waits behind the first, however long that takes, while other workers have nothing to do. Here two long
# groups of one test each meet on one worker, and the other worker, which had two short ones, is idle for as long as a
# long one takes: four tests of 3, 0, 3 and 0 s take 6 s on two workers.
#
# One would expect: the next group goes to the worker that is free first, as tests do with `--dist load --maxschedchunk 1`
# (where, of the same tests, each worker gets a long one). 3 s.
#
# Seen on: a suite with one group for each server that is booted; the longest two stood one behind the other.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q pytest==9.2.0 pytest-xdist==3.8.0
cd "$work"
cat >test_groups.py <<'PYTHON'
import os
import time

import pytest


@pytest.mark.parametrize(
    "seconds", [pytest.param(s, marks=pytest.mark.xdist_group(f"g{n}"), id=f"g{n}") for n, s in enumerate((3, 0, 3, 0))]
)
def test_group(seconds):
    time.sleep(seconds)
    with open(f"{os.environ['PYTEST_XDIST_WORKER']}.{os.environ['HOW']}", "a") as file:
        print(f"{seconds} s", file=file)
PYTHON
for how in loadgroup load; do
    HOW=$how "$work/venv/bin/python" -m pytest -q -n 2 --dist "$how" --maxschedchunk 1 test_groups.py >"$work/output.$how"
done
{
    echo "loadgroup: one worker" $(sort -m "$(grep -l '3 s' gw?.loadgroup | head -1)" | tr '\n' ' ')
    echo "load: workers that had a long one:" $(grep -l '3 s' gw?.load | wc -l)
} >"$work/seen"
cat >"$work/expected" <<'SEEN'
loadgroup: one worker 3 s 3 s
load: workers that had a long one: 2
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
