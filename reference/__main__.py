"""`python -m reference`: run the reference deployment until standard input ends."""

import argparse
import glob
import os
import sys
from pathlib import Path

from reference.supervisor.run import run

RULES = Path(__file__).resolve().parents[1] / "rules" / "*.rules.yml"


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m reference",
        description="Start PostgreSQL, Redis, the Deal Scout API and its worker on free loopback ports. When all "
        "is ready, print the path of the deployment file; stop everything when standard input ends, or on "
        "SIGTERM or SIGINT.",
    )
    parser.add_argument(
        "--log-level",
        default="INFO",
        choices=["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        help="LOG_LEVEL of the API and the worker (default: INFO)",
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder behind, to look at its logs")
    parser.add_argument(
        "--monitoring",
        action="store_true",
        help="start Prometheus, its exporters and a Pushgateway too; ready when all has been scraped and evaluated",
    )
    parser.add_argument(
        "--rules",
        action="append",
        metavar="GLOB",
        help="with --monitoring: rule files for Prometheus, instead of the repository's; may be repeated",
    )
    arguments = parser.parse_args()
    if arguments.rules and not arguments.monitoring:
        parser.error("--rules needs --monitoring")
    for pattern in arguments.rules or ():
        if not glob.glob(pattern):  # noqa: PTH207 - a pattern as Prometheus takes it
            parser.error(f"--rules {pattern} matches no file")
    # Prometheus finds rule files from its own folder.
    rules = [os.path.abspath(pattern) for pattern in arguments.rules or [str(RULES)]]  # noqa: PTH100
    return run(
        log_level=arguments.log_level, keep=arguments.keep, rules=rules if arguments.monitoring else None
    )


if __name__ == "__main__":
    sys.exit(main())
