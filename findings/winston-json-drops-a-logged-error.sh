#!/bin/sh
# winston 3.19.0 with `format: winston.format.json()`, as its README begins
#
# Behaviour: `log.error(error)` writes {"level":"error"}: neither the error's message nor its stack, without a warning. With
# a text before it, `log.error("sale failed", error)`, both are written. With `format.errors({ stack: true })` before
# `json()`, both are written for the first form too.
#
# One would expect: the error's message at least. `console.error(error)`, in whose place the call often stands, prints it.
#
# Seen on: samples of what common emitters of logs write, read by the promises that a log should keep.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit winston@3.19.0
cat >log.js <<'JS'
const { createLogger, format, transports } = require("winston");
const writing = (form) => createLogger({ format: form, transports: [new transports.Console()] });
const gone = new Error("the stock is gone");
writing(format.json()).error(gone);
writing(format.json()).error("sale failed", gone);
writing(format.combine(format.errors({ stack: true }), format.json())).error(gone);
JS
# What a stack names depends on the machine.
node log.js | sed 's/"stack":".*"/"stack":"..."/' >seen
cat >expected <<'SEEN'
{"level":"error"}
{"level":"error","message":"sale failed the stock is gone","stack":"..."}
{"level":"error","message":"the stock is gone","stack":"..."}
SEEN
cat seen
diff expected seen && echo "as described"
