"""``python -m tests.raw_server FAULT``: one fault in a process of its own.

Prints the base URL, then (with TLS) the path of the CA file on a second line, and lives until its standard input ends.
``--list`` names all faults.
"""

from __future__ import annotations

import argparse
import sys

from . import FAULTS, serve
from .certificates import KINDS


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.raw_server", description="A server of transport faults."
    )
    parser.add_argument("fault", nargs="?", default="healthy", metavar="FAULT", help="see --list")
    parser.add_argument("--tls", choices=KINDS, help="serve the fault over TLS with this kind of certificate")
    parser.add_argument("--list", action="store_true", help="list the faults and end")
    options = parser.parse_args()
    if options.list:
        for fault in FAULTS.values():
            print(f"{fault.name:30} {fault.text}")
        return
    if options.fault not in FAULTS:
        parser.error(f"no fault named {options.fault!r}; --list names them all")
    with serve(options.fault, tls=options.tls) as server:
        print(server.base_url, flush=True)
        if server.ca_file:
            print(server.ca_file, flush=True)
        while sys.stdin.buffer.read(4096):
            pass


if __name__ == "__main__":
    main()
