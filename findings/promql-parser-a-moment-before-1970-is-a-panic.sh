#!/bin/sh
# promql-parser 0.12.0
#
# Behaviour: `x @ -1` is read. The tree is then written as `x @ 0.000`, another query; and to ask the tree for its moment
# (`tree.at.at`) ends in a PanicException with a backtrace on standard error. That is no Exception: `except Exception`
# does not catch it, and a program that reads a thousand queries ends at this one.
#
# One would expect: -1, or an error (ValueError) when it is read. Prometheus 2.42 and 3.5 take the query, and promtool 3.5 writes it as `x @ -1.000`.
#
# Seen on: a property test that what is written reads back as the same tree.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q promql-parser==0.12.0
"$work/venv/bin/python" - >"$work/seen" 2>"$work/errors" <<'PYTHON'
from promql_parser import parse

tree = parse("x @ -1")
print("written:", tree.prettify())
try:
    print("moment:", tree.at.at)
except Exception as error:
    print("moment:", type(error).__name__)
except BaseException as error:
    print("moment:", type(error).__name__, "which is no Exception")
PYTHON
grep -c "panicked at" "$work/errors" >>"$work/seen"
cat >"$work/expected" <<'SEEN'
written: x @ 0.000
moment: PanicException which is no Exception
1
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
