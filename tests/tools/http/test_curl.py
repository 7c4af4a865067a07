"""The line that repeats a call by hand."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from deployspec.base import disclosure
from deployspec.base.secret import Finder, Secret
from deployspec.tools.http import curl_line
from tests.raw_server import serve
from tests.tools.http.asking import request_to


def test_line_in_full() -> None:
    """The line holds the limits, the headers and the URL, and no more than that."""
    line = curl_line(request_to("http://a.test/health", timeout=2))
    assert line == (
        "curl --silent --show-error --include --location --max-redirs 5 --max-time 2 --compressed"
        " --header 'Accept: application/json' --header 'X-Synthetic: deployspec' http://a.test/health"
    )


def test_values_are_masked() -> None:
    """A header of the user's is there, its value is not: neither a secret's nor a plain one's."""
    line = curl_line(
        request_to("http://a.test/", headers={"Authorization": Secret("Bearer open"), "X-Key": "open"})
    )
    assert "--header 'Authorization: ***' --header 'X-Key: ***'" in line
    assert "open" not in line


def test_own_header_replaces_ours() -> None:
    """A header of the user's stands in the place of ours."""
    line = curl_line(request_to("http://a.test/", headers={"accept": "text/plain"}))
    assert "--header 'accept: ***'" in line
    assert "application/json" not in line


def test_private_authority() -> None:
    """A private CA is named."""
    assert "--cacert '/etc/my ca.pem'" in curl_line(request_to("https://a.test/", ca=Path("/etc/my ca.pem")))


@pytest.mark.parametrize(
    "url",
    [
        "http://a.test/?a=1&b=$(touch x)",
        "http://a.test/';rm -rf ~'",
        "http://a.test/`x`",
        "http://a.test/a b",
    ],
)
def test_shell_reads_one_url(url: str) -> None:
    """Whatever the URL holds, a shell reads it as one word, and runs nothing."""
    words = shlex.split(curl_line(request_to(url)))
    assert words[0] == "curl"
    assert words[-1].startswith("http://a.test/")
    assert words[-2] == "X-Synthetic: deployspec"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_curl_accepts_the_line() -> None:
    """curl itself understands every option, and gets the same answer."""
    with serve("redirect-ok") as server:
        words = shlex.split(curl_line(request_to(server, headers={"X-Key": "x"})))
        ended = subprocess.run([*words, "--noproxy", "*"], capture_output=True, timeout=30, check=True)
        last = server.requests[-1]
    assert b'{"ok": true' in ended.stdout
    assert last.header("x-key") == "***"
    assert last.header("x-synthetic") == "deployspec"


def test_a_post_says_what_it_sends() -> None:
    """A POST is repeated with its JSON, and follows no redirect."""
    line = curl_line(request_to("http://a.test/jobs", post=b'{"n": "it\'s"}'))
    assert "--location" not in line
    assert shlex.split(line)[-3:] == ["--data-raw", '{"n": "it\'s"}', "http://a.test/jobs"]
    assert "--header 'Content-Type: application/json'" in line


def test_headers_that_are_not_the_users_are_shown() -> None:
    """A request's id, which was made for it, can be pasted; a credential beside it cannot, whatever it is called."""
    line = curl_line(
        request_to(
            "http://a.test/", headers={"X-Request-ID": "3f2a", "Authorization": Secret("Bearer s3cret")}
        ),
        ours={"X-Request-ID"},
    )
    assert "--header 'X-Request-ID: 3f2a'" in line
    assert "--header 'Authorization: ***'" in line


def knowing(variables: Mapping[str, str], *others: str) -> None:
    """Have these variables, and these values without one, be secret."""
    secrets = {name: Secret(value) for name, value in variables.items()}
    disclosure.hide(Finder([*secrets.values(), *map(Secret, others)]), secrets)


def in_shell(line: str, variables: Mapping[str, str]) -> list[str]:
    """The words that a shell reads, with these variables."""
    shell = shutil.which("bash") or "/bin/sh"
    script = line.replace("curl ", "printf '%s\\0' ", 1)
    ended = subprocess.run(
        [shell, "-c", script], env=dict(variables), capture_output=True, timeout=30, check=True
    )
    return ended.stdout.decode().split("\0")[:-1]


def test_a_variable_is_named_in_place_of_its_value() -> None:
    """What came from a variable is that variable, in a path and in a header, also where all of the header did."""
    variables = {"HOOK_TOKEN": "open-sesame", "STAGING_TOKEN": "s3cr3t", "WHOLE": "Bearer of a key"}
    knowing(variables)
    headers = {
        "Authorization": Secret("Bearer s3cr3t"),
        "X-Key": Secret("s3cr3t"),
        "X-All": Secret("Bearer of a key"),
    }
    line = curl_line(request_to("https://hooks.test/open-sesame/shop/health", headers=headers))
    assert line.endswith(
        ' --header "Authorization: Bearer ${STAGING_TOKEN}" --header "X-Key: ${STAGING_TOKEN}"'
        ' --header "X-All: ${WHOLE}" "https://hooks.test/${HOOK_TOKEN}/shop/health"'
    )
    assert in_shell(line, variables)[-1] == "https://hooks.test/open-sesame/shop/health"


# id, the variable's value, whether the URL has it as it is
VALUES = [
    ("plain", "Abc-123_x.y~z", True),
    ("slashes", "T012/B034/x56", True),
    ("shell", "a$HOME;b&c'd(e)*!!1", True),
    ("escaped-already", "ab%20cd", True),
    ("space", "abc def", False),
    ("quotes", 'ab"c`d', False),
    ("not-ascii", "abc\xfcdef", False),
]


@pytest.mark.parametrize(("value", "named"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_the_shell_asks_the_same_url(value: str, *, named: bool) -> None:
    """The variable stands in the URL only where the shell makes the same URL of it; the value never does."""
    knowing({"HOOK_TOKEN": value})
    request = request_to(f"https://hooks.test/a!b$c/{value}/health")
    line = curl_line(request)
    assert value not in line
    assert "hooks.test" in line
    url = in_shell(line, {"HOOK_TOKEN": value})[-1]
    if named:
        assert "/${HOOK_TOKEN}/health" in line
        assert url == str(request.parsed_url)
    else:
        assert url == "https://hooks.test/a!b$c/***/health"


def test_a_secret_without_a_variable_is_masked() -> None:
    """So it is in the URL, and so is what a file says around a variable in a header, and a value that only contains one."""
    knowing({"SOME_TOKEN": "open-sesame"}, "in-the-file", "open-sesame-street")
    headers = {
        "X-Key": Secret("in-the-file"),
        "X-Both": Secret("mine open-sesame"),
        "X-More": Secret("open-sesame-street"),
    }
    line = curl_line(request_to("https://hooks.test/in-the-file/open-sesame-street/health", headers=headers))
    assert line.endswith(
        " --header 'X-Key: ***' --header 'X-Both: ***' --header 'X-More: ***' 'https://hooks.test/***/***/health'"
    )


def test_variables_are_known_beside_a_value_that_came_later() -> None:
    """A token obtained in the course of a run takes no variable away."""
    disclosure.hide(lambda _: [], {"SOME_TOKEN": Secret("open-sesame")})
    disclosure.hide_also(Secret("came-later"))
    line = curl_line(request_to("https://hooks.test/came-later", headers={"X-Key": Secret("open-sesame")}))
    assert line.endswith(""" --header "X-Key: ${SOME_TOKEN}" 'https://hooks.test/***'""")
