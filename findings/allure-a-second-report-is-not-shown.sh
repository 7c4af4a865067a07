#!/bin/sh
# Allure 3.18.0 (npm)
#
# Behaviour: `allure generate` into a folder that has a report ends with 0, leaves that report's first page where it was, and
# puts the new report into a folder below it. `allure quality-gate` passes a folder without any result, and adds a line to
# the history that `generate` keeps.
#
# One would expect: the new report in place of the old one, or an error; a gate that has nothing to judge to fail, and to
# write nothing.
#
# Seen on: reports of a deployment's checks, made one after another.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --no-audit --no-fund --loglevel=error allure@3.18.0 node@22.23.3 >npm.log 2>&1
PATH=$work/node_modules/.bin:$PATH
mkdir first second empty
printf '{"uuid": "1", "name": "one", "status": "passed"}' >first/1-result.json
printf '{"uuid": "2", "name": "two", "status": "failed"}' >second/2-result.json
printf 'name: seen\noutput: report\nhistoryPath: history.jsonl\n' >allurerc.yaml
shown() { cat "$1"/data/test-results/*.json | grep -o '"name":"\(one\|two\)"' | sort -u | paste -sd ' '; }
{
    for results in first second; do
        allure generate "$results" >/dev/null
        echo "generate $results: $?, report: $(shown report)"
    done
    echo "below: $(shown report/awesome)"
    echo "history: $(wc -l <history.jsonl)"
    allure quality-gate empty --max-failures 0 >/dev/null
    echo "gate over nothing: $?, history: $(wc -l <history.jsonl)"
} >seen
cat >expected <<'SEEN'
generate first: 0, report: "name":"one"
generate second: 0, report: "name":"one"
below: "name":"two"
history: 2
gate over nothing: 0, history: 3
SEEN
cat seen
diff expected seen && echo "as described"
