"""Reads a step's log as GitHub's runner does, and says which commands in it are obeyed."""

from __future__ import annotations

import re

COMMANDS = (
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "set-env",
    "stop-commands",
)
_NEW = re.compile(r"\s*::(?P<name>[^ :]+)(?: (?P<properties>.*?))?::(?P<data>.*)\Z", re.DOTALL)
_OLD = re.compile(r"##\[(?P<name>[^ \]]+)(?: (?P<properties>[^\]]*))?\](?P<data>.*)\Z", re.DOTALL)


def obeyed(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Name, properties and data of each command, in order."""
    found = []
    token = ""
    for line in re.split(r"\r\n|\r|\n", log):
        for form in (_NEW, _OLD):
            match = form.match(line) if form is _NEW else form.search(line)
            known = match is not None and match["name"] in (*COMMANDS, token)
            if match is None or not known:
                continue
            if token:
                token = "" if match["name"] == token else token
            elif match["name"] == "stop-commands":
                token = match["data"]
            else:
                found.append((match["name"], _properties(match["properties"] or ""), _plain(match["data"])))
            break
    return found


def _properties(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {name.strip(): _plain(value.replace("%3A", ":").replace("%2C", ",")) for name, _, value in pairs}


def _plain(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
