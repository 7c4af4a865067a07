"""`replicas`: what a list and a command become, what is objected to, and what a file that extends another says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.deployment import Replicas, load
from tests.deployment.conftest import BASE, Reader, Refusal

EITHER = "a list of URLs such as https://deal-scout.example, or a mapping with the keys command and timeout"


def test_none(read: Reader) -> None:
    """Who says nothing of replicas has none that could be asked."""
    deployment = read(BASE)
    assert deployment.replicas is None
    assert not deployment.describes("replicas")


def test_a_list(read: Reader) -> None:
    """URLs as base_url is: the scheme in small letters, no slash at the end; of one deployment, in both schemes."""
    deployment = read(
        BASE + 'replicas: ["HTTP://10.0.0.1:8080/", "https://b.test/shop/", "${C}"]\n', C="http://c"
    )
    assert deployment.replicas == Replicas(("http://10.0.0.1:8080", "https://b.test/shop", "http://c"))
    assert deployment.describes("replicas")
    assert not deployment.describes("replicas.command")


@pytest.mark.parametrize(("more", "timeout"), [("", 10), (", timeout: 500ms", 0.5)], ids=["default", "said"])
def test_a_command(read: Reader, more: str, timeout: float) -> None:
    """Its words and its time limit; its words are not shown, as those of a command for a token are not."""
    deployment = read(BASE + f"replicas: {{command: [list-pods, '']{more}}}\n")
    assert deployment.replicas == Replicas(command=("list-pods", ""), timeout=timeout)
    assert "list-pods" not in repr(deployment.replicas)
    assert deployment.describes("replicas.command")
    with pytest.raises(ValueError, match=r"no deployment file can describe 'replicas\.comand'"):
        deployment.describes("replicas.comand")


# id, what follows `replicas:`, the column, what was found, what was expected
REFUSED = [
    ("nothing", "", 10, "nothing", f"{EITHER}, or leave the key out"),
    ("a-text", "http://a.test", 11, "a text", EITHER),
    ("a-number", "3", 11, "a number or a word such as true", EITHER),
    ("empty-list", "[]", 11, "an empty list", f"{EITHER}; a list has at least one item"),
    ("no-url", "[a.test]", 12, "a.test without a scheme", "http:// or https:// at its beginning"),
    ("a-list-inside", "[[a]]", 12, "a list", "a URL such as https://deal-scout.example"),
    ("query", "['http://a.test?token=x']", 12, "http://a.test?… with a query", "a URL that ends before the ?, because paths are appended to it"),
    ("credentials", "['http://u:s3same@a.test']", 12, "a URL with credentials in it", "a URL without them; put credentials into headers"),
    ("twice", "[http://a.test, http://a.test]", 27, "http://a.test for the second time", "each item once"),
    ("twice-in-other-words", "[http://a.test, HTTP://a.test/]", 27, "HTTP://a.test/, which is http://a.test again", "each replica once"),
    ("too-many", "[" + ", ".join(f"http://a.test:{port}" for port in range(1, 102)) + "]", 11, "a list of 101 items", "at most 100"),
    ("no-command", "{timeout: 3s}", 11, "no key command", "command: a list of texts"),
    ("empty-mapping", "{}", 11, "no key command", "command: a list of texts"),
    ("empty-command", "{command: []}", 21, "an empty list", "a list of texts; a list has at least one item"),
    ("command-as-text", "{command: ls}", 21, "a text", "a list of texts"),
    ("unknown-key", "{command: [ls], urls: [x]}", 27, "the unknown key urls", "one of the keys command or timeout"),
    ("misspelt-key", "{comand: [ls]}", 12, "the unknown key comand", "one of the keys command or timeout; did you mean command?"),
    ("no-duration", "{command: [ls], timeout: soon}", 36, "soon", "a duration"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "column", "found", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_refused(refusal: Refusal, said: str, column: int, found: str, expected: str) -> None:
    """One line for one mistake, where it stands, with what may stand there."""
    (line,) = refusal(f"{BASE}replicas: {said}\n")
    start = f"2:{column}: found {found}"
    assert line.startswith(start)
    assert line.partition("; expected ")[2].startswith(expected)
    if found != "soon":
        assert line == f"{start}; expected {expected}"


def test_replicas_are_not_inherited(tmp_path: Path) -> None:
    """Another deployment has others: whoever extends a file would send its credentials to that one's replicas."""
    (tmp_path / "_base.yaml").write_text("replicas: [http://b]\n")
    (tmp_path / "there.yaml").write_text(f"{BASE}extends: _base.yaml\n")
    (tmp_path / "own.yaml").write_text(f"{BASE}extends: _base.yaml\nreplicas: [http://a]\n")
    assert load(tmp_path / "there.yaml", {}, OURS, ()).replicas is None
    assert load(tmp_path / "own.yaml", {}, OURS, ()).replicas == Replicas(("http://a",))
