"""What a service of systemd logs: lines on its output, which journald reads, or entries to journald's own socket."""

import logging
import socket
import sys

if sys.argv[1] == "output":
    print("started")
    print('{"level":"info","msg":"listening","port":8000}')
    print("<4>disk nearly full")
    print("\x1b[32mINFO\x1b[0m in colour")
    print("after\ta tab")
    print()
    print("x" * 5000)
    sys.stdout.flush()
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    try:
        {}["total"]
    except KeyError:
        logging.exception("order failed")
    print("ended without a line feed", end="")
    raise SystemExit


def field(name: str, value: str) -> bytes:
    """In the form for any text: the name alone, eight bytes with the length, the value."""
    data = value.encode()
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


TRACEBACK = (
    "Traceback (most recent call last):\n  File \"/srv/app/main.py\", line 7, in <module>\nKeyError: 'total'"
)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
    journal.connect("/run/systemd/journal/socket")
    for fields in (
        [("PRIORITY", "3"), ("MESSAGE", f"order failed\n{TRACEBACK}")],
        [("PRIORITY", "6"), ("MESSAGE", "two tags"), ("TAG", "one"), ("TAG", "two")],
        [("PRIORITY", "6"), ("MESSAGE", "")],
        [("MESSAGE", "without a priority")],
    ):
        journal.send(b"".join(field(*one) for one in [("SYSLOG_IDENTIFIER", "shop"), *fields]))
