"""The replicas' URLs: as listed, or as a command prints them, and each way in which it can fail."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.deployment import Deployment, load
from deployspec.model.verdict import Unmeasured
from deployspec.tools.replicas import replica_urls


def deployment_of(folder: Path, said: str) -> Deployment:
    """A deployment whose file says this of its replicas."""
    path = folder / "there.yaml"
    path.write_text(f"base_url: https://deal-scout.example\n{said}\n")
    return load(path, {}, OURS, ())


def printing(folder: Path, text: str) -> Deployment:
    """A deployment whose command prints this text."""
    (folder / "printed").write_text(text, newline="")
    return deployment_of(folder, f"replicas: {{command: [cat, '{folder / 'printed'}']}}")


def running(folder: Path, script: str, timeout: str = "10s") -> Deployment:
    """A deployment whose command is this shell script."""
    (folder / "list-pods").write_text(script)
    return deployment_of(folder, f"replicas: {{command: [sh, '{folder / 'list-pods'}'], timeout: {timeout}}}")


def refused(deployment: Deployment) -> str:
    """Why there are no URLs: one line."""
    with pytest.raises(Unmeasured) as caught:
        replica_urls(deployment)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_listed(tmp_path: Path) -> None:
    """The file's own, in its order."""
    assert replica_urls(deployment_of(tmp_path, "replicas: [http://b, http://a/]")) == (
        "http://b",
        "http://a",
    )


def test_none_said(tmp_path: Path) -> None:
    """No list at all is not an empty list, of which anything would hold."""
    assert refused(deployment_of(tmp_path, "")) == "the deployment file describes no replicas"


def test_printed(tmp_path: Path) -> None:
    """Blank lines and comments are ignored, each URL is told once and in the form of base_url."""
    text = "# pods\r\nHTTP://10.0.0.1:8080/\r\n\r\n  https://b.test/shop  \n  # more\nhttp://10.0.0.1:8080"
    assert replica_urls(printing(tmp_path, text)) == ("http://10.0.0.1:8080", "https://b.test/shop")


def test_warnings_are_no_urls(tmp_path: Path) -> None:
    """What it says on standard error is not read."""
    assert replica_urls(running(tmp_path, "echo beware >&2; echo http://a; echo beware >&2")) == ("http://a",)


def test_a_hundred_and_no_more(tmp_path: Path) -> None:
    """At most 100, long as their names may be."""
    urls = [f"http://{'a' * 60}.{'b' * 60}.test:{port}" for port in range(1, 102)]
    assert replica_urls(printing(tmp_path, "\n".join(urls[:100]))) == tuple(urls[:100])
    assert refused(printing(tmp_path, "\n".join(urls))) == (
        "replicas.command (cat) printed 101 URLs; expected at most 100"
    )


# id, what the command prints, how the reason goes on
PRINTED = [
    ("nothing", "", "printed no URL; expected the replicas' URLs on standard output, one a line"),
    ("comments", "\n# none\n", "printed no URL; expected the replicas' URLs on standard output, one a line"),
    ("no-url", "http://a\n\nError: s3same\n", "printed, as line 3, a line with a space or line break in it; expected a URL such as https://deal-scout.example"),
    ("one-word", "s3same", "printed, as line 1, a line without a scheme; expected http:// or https:// at its beginning"),
    ("credentials", "http://u:s3same@a", "printed, as line 1, a URL with credentials in it; expected a URL without them; put credentials into headers"),
    ("query", "http://a/?token=s3same", "printed, as line 1, a line with a query; expected a URL that ends before the ?, because paths are appended to it"),
    ("too-much", "# s3same\n" * 30_000, "printed more than 262144 bytes; expected at most 100 URLs"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), [row[1:] for row in PRINTED], ids=[row[0] for row in PRINTED])
def test_what_is_no_list_of_urls(tmp_path: Path, text: str, reason: str) -> None:
    """Which line, and what is wrong with it; the line itself may be a secret."""
    assert refused(printing(tmp_path, text)) == f"replicas.command (cat) {reason}"


def test_a_command_that_fails(tmp_path: Path) -> None:
    """What it had printed by then is not taken for the whole."""
    assert refused(running(tmp_path, "echo http://a; echo s3same >&2; exit 3")) == (
        "replicas.command (sh) ended with status 3; run it by hand to see why"
    )


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    """It is told, not raised."""
    assert refused(deployment_of(tmp_path, "replicas: {command: [/no/such/list-pods]}")) == (
        "replicas.command could not be started: list-pods: No such file or directory"
    )


def test_a_command_that_takes_too_long(tmp_path: Path) -> None:
    """Its time limit ends it, whatever it prints meanwhile."""
    script = shlex.join([sys.executable, "-uc", "while True: print('http://a')"])
    began = time.monotonic()
    reason = refused(running(tmp_path, f"exec {script}", "500ms"))
    assert time.monotonic() - began < 10
    assert (
        reason == "replicas.command (sh) did not end within 0.5 s; run it by hand, or raise replicas.timeout"
    )


def test_no_shell_reads_its_words(tmp_path: Path) -> None:
    """A word is a word: nothing expands it."""
    assert replica_urls(deployment_of(tmp_path, "replicas: {command: [printf, 'http://a/$$HOME']}")) == (
        "http://a/$HOME",
    )
