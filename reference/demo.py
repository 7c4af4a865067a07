"""`python -m reference.demo`: one reference, checked, then probed, what its Prometheus says of the probe, and a page of it all."""

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

from reference.process import Reference, ReferenceFailedError, running_reference

ROOT = Path(__file__).resolve().parents[1]
QUERY = 'deployspec_run_checks{deployment="reference"}'
LIMIT = 30.0
"""Seconds until what was pushed has to be in Prometheus, which scrapes every second."""


def main() -> int:
    """Run it; give pytest's exit status, or the probe's or the review's, or 1 where Prometheus does not see what was pushed."""
    try:
        with running_reference("--monitoring") as reference:
            file = reference.folder / "reference.yaml"
            # By the name of the file the deployment is known.
            file.symlink_to(reference.deployment_file.name)
            checks = [sys.executable, "-m", "pytest", "checks", "-m", "health or alerts or logs or slo"]
            status = subprocess.run([*checks, "--deployment", str(file)], cwd=ROOT, check=False).returncode
            probed = _probe(reference, file)
            reviewed = _review(file)
            return probed or status or reviewed
    except ReferenceFailedError as error:
        print(f"the reference deployment did not boot, or did not end well: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _probe(reference: Reference, file: Path) -> int:
    """Push one probe and ask Prometheus for it."""
    options = ["probe", "--deployment", str(file), "--location", "demo"]
    print(f"\ndeployspec {' '.join(options)}", flush=True)
    began = time.time()
    status = subprocess.run(
        [sys.executable, "-m", "deployspec.cli", *options], cwd=ROOT, check=False
    ).returncode
    print(f"exit status {status}: {'all is well' if status == 0 else 'see above'}")
    if status:
        return status
    url = reference.deployment["prometheus"]["url"]
    print(f"\n{url}/api/v1/query?query={QUERY}")
    completed = f"deployspec_run_last_completion_timestamp_seconds >= {began:.0f}"
    deadline = time.monotonic() + LIMIT
    while not _ask(url, completed):
        if time.monotonic() > deadline:
            print(f"Prometheus has not seen it within {LIMIT:g} s", file=sys.stderr)
            return 1
        time.sleep(0.2)
    for labels, value in _ask(url, QUERY):
        told = ", ".join(f'{name}="{labels[name]}"' for name in ("deployment", "location", "verdict"))
        print(f"deployspec_run_checks{{{told}}} {value}")
    return 0


def _review(file: Path) -> int:
    """Make the page of what has just been seen, while what it asks is there; the command names it."""
    options = [
        "review",
        "--deployment",
        str(file),
        "--since",
        "1h",
        "--out",
        "runs/review",
        "--format",
        "html",
    ]
    print(f"\ndeployspec {' '.join(options)}", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "deployspec.cli", *options], cwd=ROOT, check=False
    ).returncode


def _ask(url: str, query: str) -> list[tuple[dict[str, str], str]]:
    """Labels and value of each series that a query finds."""
    with urllib.request.urlopen(f"{url}/api/v1/query?query={urllib.parse.quote(query)}", timeout=5) as answer:  # noqa: S310 - ours
        found = json.load(answer)["data"]["result"]
    return [(one["metric"], one["value"][1]) for one in found]


if __name__ == "__main__":
    sys.exit(main())
