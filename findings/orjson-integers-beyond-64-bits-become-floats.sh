#!/bin/sh
# orjson 3.13.0, with jsonschema-rs 0.60.3 beside it
#
# Behaviour: `orjson.loads` reads a JSON integer that does not fit into 64 bits as a float, without an error or a word,
# and so another number: 18446744073709551617 becomes 1.8446744073709552e+19. Written again it is no integer any more. A
# JSON Schema then judges the float: `multipleOf: 10` accepts 123456789012345678901234567891, `const` refuses the very
# number it names.
#
# One would expect: the integer, as the json module of the standard library reads it (jsonschema-rs judges that right), or
# an error, as orjson gives for NaN and for numbers that a double cannot hold at all (1e999).
#
# Seen on: two log records whose ids differ in the last digit and compare equal once they were read.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q orjson==3.13.0 jsonschema-rs==0.60.3
"$work/venv/bin/python" - >"$work/seen" <<'PYTHON'
import json

import jsonschema_rs
import orjson

for text in (b"18446744073709551615", b"18446744073709551616", b"-9223372036854775809"):
    print(text.decode(), "->", repr(orjson.loads(text)), "| json:", repr(json.loads(text)))
print("written again:", orjson.dumps(orjson.loads(b'{"id": 18446744073709551617}')).decode())
print("equal:", orjson.loads(b"18446744073709551617") == orjson.loads(b"18446744073709551618"))
for schema, text in (({"multipleOf": 10}, b"123456789012345678901234567891"), ({"const": 2**64}, b"18446744073709551616")):
    valid = jsonschema_rs.validator_for(schema).is_valid
    print(json.dumps(schema), text.decode(), "orjson:", valid(orjson.loads(text)), "json:", valid(json.loads(text)))
try:
    orjson.loads(b"1e999")
except orjson.JSONDecodeError as error:
    print("1e999:", error)
PYTHON
cat >"$work/expected" <<'SEEN'
18446744073709551615 -> 18446744073709551615 | json: 18446744073709551615
18446744073709551616 -> 1.8446744073709552e+19 | json: 18446744073709551616
-9223372036854775809 -> -9.223372036854776e+18 | json: -9223372036854775809
written again: {"id":1.8446744073709552e+19}
equal: True
{"multipleOf": 10} 123456789012345678901234567891 orjson: True json: False
{"const": 18446744073709551616} 18446744073709551616 orjson: False json: True
1e999: number is infinity when parsed as double: line 1 column 1 (char 0)
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
