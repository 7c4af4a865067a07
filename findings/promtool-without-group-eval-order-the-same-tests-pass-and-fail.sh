#!/bin/sh
# promtool 2.42.0 (Debian 12) and 3.5.3 (Debian forky)
#
# Behaviour: `promtool test rules` evaluates the groups of rules in another order in each run, unless the test file has a
# `group_eval_order`. Where a group reads what another one records, the same files pass in one run and fail in the next:
# at time 0 the recorded series is there or not, later it is one step older or not. About one run in twelve differs with two groups.
# No warning says so; a file that has passed a hundred times may stop a deploy.
#
# One would expect: the order of the file, as a reader of the rules takes it, or at least the same order each time.
#
# Needs a Debian system (its apt sources name the mirror); nothing is installed, packages are unpacked into a temporary
# folder. 300 runs of each version; that none of them differs has a chance of less than one in a billion.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
    sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' | grep '/debian/*$' | head -n 1)
unpack() { # suite, package, version
    mkdir -p "$work/$1/lists/partial" "$work/$1/cache/archives/partial" "$work/$1/root"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "$mirror" "$1" >"$work/$1/one.sources"
    aside="-qq -o Dir::Etc::sourcelist=$work/$1/one.sources -o Dir::Etc::sourceparts=- -o Dir::State::lists=$work/$1/lists
        -o Dir::Cache=$work/$1/cache -o APT::Sandbox::User="
    # shellcheck disable=SC2086
    apt-get $aside update
    # shellcheck disable=SC2086
    (cd "$work/$1" && apt-get $aside download "$2=$3" && dpkg -x "$2"_*.deb root)
}
unpack bookworm prometheus '2.42.0*'
# promtool is a package of its own there.
unpack forky promtool '3.5.3*'
cd "$work"
cat >rules.yml <<'YAML'
groups:
  - name: first
    rules: [{record: first:up, expr: up}]
  - name: second
    rules: [{record: second:up, expr: first:up}]
YAML
cat >test.yml <<'YAML'
rule_files: [rules.yml]
tests:
  - interval: 1m
    input_series: [{series: up, values: '1'}]
    promql_expr_test: [{expr: 'second:up', eval_time: 0m, exp_samples: [{labels: 'second:up', value: 1}]}]
YAML
sed 's/^tests/group_eval_order: [first, second]\ntests/' test.yml >ordered.yml
: >seen
for suite in bookworm forky; do
    promtool=$work/$suite/root/usr/bin/promtool
    "$promtool" --version 2>&1 | sed -n 's/^promtool, version \([0-9.]*\).*/promtool \1/p' >>seen
    for file in test.yml ordered.yml; do
        passed=0
        for _ in $(seq 300); do
            if "$promtool" test rules "$file" >said 2>&1; then passed=$((passed + 1)); fi
        done
        case $passed in
            300) echo "  $file: passes each time" >>seen ;;
            0) echo "  $file: fails each time" >>seen ;;
            *) echo "  $file: passes in some runs and fails in others" >>seen && echo "($file passed in $passed of 300)" ;;
        esac
    done
done
cat >expected <<'SEEN'
promtool 2.42.0
  test.yml: passes in some runs and fails in others
  ordered.yml: passes each time
promtool 3.5.3
  test.yml: passes in some runs and fails in others
  ordered.yml: passes each time
SEEN
cat seen
diff expected seen && echo "as described"
