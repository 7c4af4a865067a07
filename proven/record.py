"""Boots servers and writes down what they answered: `python -m proven.record CACHE FOLDER [NAME ...]`.

The files go to FOLDER (the repository has them in `tests/chapters/health/recorded`); CACHE keeps what PyPI and npm gave.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from proven.servers import SERVERS, Answer, NotProvenError, Running, Server, ask


def version(server: Server) -> str:
    """The version of the package: of Debian's as it is installed."""
    if server.origin == "Debian":
        query = ["dpkg-query", "--show", "--showformat=${Version}", server.package]
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout
    return re.split("==|@", server.package)[-1]


def recorded(answer: Answer, state: str, path: str, asked: dict[str, str], folder: Path) -> dict[str, Any]:
    """An answer as it stands in the file, with nothing of this machine in it."""

    def clean(text: str) -> str:
        text = text.replace(str(folder), "/home/user")
        text = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "server.example", text)
        return re.sub(r"127\.0\.0\.1:\d+", "server.example:8000", text)

    headers = [[name, clean(value)] for name, value in answer.headers if name != "date"]
    request = {"request": asked} if asked else {}
    return {
        "state": state,
        "path": path,
        **request,
        "status": answer.status,
        "headers": headers,
        "body": clean(answer.body),
    }


def _asked(server: Running, state: str, folder: Path, *, again: bool) -> list[dict[str, Any]]:
    found = []
    for path in server.paths:
        kinds: list[dict[str, str]] = [{}]
        # Without a format in its path it chooses by what is accepted.
        if f"{path}?format=json" in server.paths:
            kinds = [{"accept": "application/json"}, {"accept": "*/*"}]
        for asked in kinds:
            answer = ask(server, path, asked)
            found.append(recorded(answer, state, path, asked, folder))
            if again and (second := ask(server, path, asked)).body != answer.body:
                found.append(recorded(second, state, path, asked, folder))
    if server.headers:
        bare = Running(server.port, server.program, server.paths)
        found.append(
            recorded(
                ask(bare, server.paths[0]), f"{state}, asked without credentials", server.paths[0], {}, folder
            )
        )
    return found


def record(name: str, cache: Path) -> dict[str, Any]:
    """Boot a server, ask it, make it sick, ask it again, and make it well again."""
    server = SERVERS[name]
    with tempfile.TemporaryDirectory() as place, server.boot(Path(place), cache) as booted:
        folder = Path(place)
        answers = _asked(booted, "well", folder, again=True)
        if booted.sickness:
            booted.sick()
            answers += _asked(booted, f"sick: {booted.sickness}", folder, again=False)
            booted.well()
    return {
        "system": server.system,
        "version": version(server),
        "from": "Debian 12" if server.origin == "Debian" else server.origin,
        "answers": answers,
    }


def main(arguments: list[str]) -> int:
    """Record the named servers, or all. Returns 1 if one of them could not be recorded."""
    cache, folder = Path(arguments[0]).resolve(), Path(arguments[1])
    status = 0
    for name in arguments[2:] or SERVERS:
        try:
            found = record(name, cache)
        except (NotProvenError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 1
        else:
            (folder / f"{name}.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
            print(name)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
