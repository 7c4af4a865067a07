"""`python -m reference`: run the reference deployment until standard input ends."""

import argparse
import sys

from reference.supervisor.run import run


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
    arguments = parser.parse_args()
    return run(log_level=arguments.log_level, keep=arguments.keep)


if __name__ == "__main__":
    sys.exit(main())
