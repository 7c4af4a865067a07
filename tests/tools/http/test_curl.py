"""The line that repeats a call by hand."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from deployspec.base.secret import Secret
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
