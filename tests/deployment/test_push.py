"""What a deployment file may say under ``push`` and ``runs``, and what it is told where it cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.app import OURS, SINKS
from deployspec.base.errors import DeploymentFileError
from deployspec.deployment import load
from deployspec.deployment.push import PUSH, RUNS, Runs
from deployspec.record.store import store_of


def _loaded(tmp_path: Path, text: str, **environ: str):  # type: ignore[no-untyped-def]
    file = tmp_path / "there.yaml"
    file.write_text(f"base_url: http://there\n{text}\n")
    return load(file, environ, OURS, SINKS)


def test_a_sink_has_its_defaults_and_its_url_is_a_secret(tmp_path: Path) -> None:
    """What the file leaves out is filled in, and no message shows where results go."""
    there = _loaded(tmp_path, "push: [{name: gateway, kind: pushgateway, url: 'http://gateway:9091'}]")
    (push,) = there.require(PUSH)
    assert (push.name, push.kind, push.data["job"], push.data["timeout"]) == (
        "gateway",
        "pushgateway",
        "deployspec",
        "5s",
    )
    assert there.redact("no answer of http://gateway:9091") == "no answer of ***"


def test_the_store_of_runs_is_said_from_the_files_folder(tmp_path: Path) -> None:
    """Durations are in seconds, sizes in bytes."""
    there = _loaded(tmp_path, "runs: {dir: kept, keep: 2d, max_size: 1.5GiB}")
    assert there.require(RUNS) == Runs(tmp_path / "kept", 172_800.0, 1_610_612_736)
    said_nothing = _loaded(tmp_path, "runs: {}").get(RUNS)
    assert vars(store_of(said_nothing, tmp_path, {})) == vars(store_of(None, tmp_path, {}))


def test_push_is_not_inherited(tmp_path: Path) -> None:
    """A heartbeat that two deployments share would call the one well because of the other."""
    (tmp_path / "_base.yaml").write_text(
        "push: [{name: gateway, kind: pushgateway, url: 'http://gateway:9091'}]\n"
    )
    assert _loaded(tmp_path, "extends: _base.yaml").get(PUSH) is None


@pytest.mark.parametrize(
    ("text", "place", "found", "expected"),
    [
        ("push: []", "2:7", "an empty list", "at least one item"),
        (
            "push: [{name: a, kind: pushgatway, url: 'http://a'}]",
            "2:24",
            "pushgatway",
            "did you mean pushgateway?",
        ),
        ("push: [{name: a, kind: pushgateway}]", "2:8", "no key url", "url: a URL such as"),
        ("push: [{name: a, url: 'http://a'}]", "2:8", "no key kind", "kind: "),
        (
            "push: [{name: a, kind: pushgateway, url: 'http://a', timeot: x}]",
            "2:54",
            "the unknown key timeot",
            "did you mean timeout?",
        ),
        (
            "push: [{name: a, kind: heartbeat, url: 'http://a', ping: x}]",
            "2:52",
            "the unknown key ping",
            "one of the keys name, kind, url, headers, auth, ca, client_certificate or timeout",
        ),
        (
            "push: [{name: A b, kind: pushgateway, url: 'http://a'}]",
            "2:15",
            "A b",
            "small letters, digits and hyphens",
        ),
        (
            "push: [{name: a, kind: pushgateway, url: 'http://a'}, {name: a, kind: pushgateway, url: 'http://b'}]",
            "2:62",
            "the name a for the second time",
            "a name of its own for each",
        ),
        (
            "push: [{name: a, kind: pushgateway, url: 'ftp://u:geheim@a'}]",
            "2:42",
            "a value with another scheme",
            "https:// at its beginning",
        ),
        (
            "push: [{name: a, kind: pushgateway, url: 'http://a', dir: x}]",
            "2:54",
            "the key dir",
            "one of the keys",
        ),
        ("push: [{name: a, kind: textfile}]", "2:8", "no key dir", "dir: a folder's path"),
        (
            "push: [{name: a, kind: textfile, dir: x, file: a.txt}]",
            "2:8",
            "the file a.txt",
            "a name without folders that ends in .prom",
        ),
        (
            "push: [{name: a, kind: textfile, dir: x, file: y/a.prom}]",
            "2:8",
            "the file y/a.prom",
            "a name without folders that ends in .prom",
        ),
        ("runs: {keep: 40}", "2:14", "40", "a duration such as"),
        ("runs: {max_size: 10}", "2:18", "10", "a size with its unit"),
        ("runs: {max_size: 0GB}", "2:18", "0GB", "a size of at least 1B"),
    ],
)
def test_what_cannot_be_used_is_one_error(
    tmp_path: Path, text: str, place: str, found: str, expected: str
) -> None:
    """It names the place, what was found and what was expected, and no secret."""
    with pytest.raises(DeploymentFileError) as raised:
        _loaded(tmp_path, text)
    (line,) = str(raised.value).splitlines()
    assert f"there.yaml:{place}: " in line
    assert found in line
    assert expected in line
    assert "geheim" not in line
