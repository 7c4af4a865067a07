"""The texts that ``deployspec init`` writes and prints. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping

from deployspec.base.scalars import is_null, is_text
from deployspec.base.shown import counted
from deployspec.scaffold.describing import Found
from deployspec.scaffold.forms import Health

SCHEMA_FILE = "deployment.schema.json"
"""The name of the JSON Schema beside the deployment files. Only .yaml and .yml files are deployments."""
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")

_EXAMPLE = '''\
"""A check of your own. Nothing here runs until you take away the "# " before each line of the example.

`deployspec check` runs the tests in this folder together with its own. A check is a pytest function with a docstring
that says what is promised, and a marker that says which chapter it belongs to: one of deployspec's, or one of your own
(`deployspec_chapters` in pytest.ini). A failed `assert` is BREACHED.
"""

# import pytest
#
# pytestmark = pytest.mark.health
#
#
# def test_answer_is_small(deployment_client):
#     """An answer has at most 10,000 bytes.
#
#     Source: our own choice.
#     """
#     answer = deployment_client.get({path})
#     assert answer.status_code == 200
#     assert len(answer.content) <= 10_000
'''


def example(found: Found) -> str:
    """An example of a check of one's own, commented out. It asks the health endpoint, or the start page."""
    return _EXAMPLE.format(path=json.dumps(found.health.path if found.health else "/"))


def deployment_file(name: str, base_url: str, headers: Mapping[str, str], found: Found) -> str:
    """The deployment file. ``headers`` are as the user wrote them, with ``${NAME}`` for what is secret."""
    lines = [
        f"# yaml-language-server: $schema={SCHEMA_FILE}",
        *_prose(
            f"The deployment {name}, begun by `deployspec init`. What is not in this file is not checked. To make "
            "use of a line that begins with # and no space, take away the #."
        ),
        f"base_url: {_scalar(base_url)}",
    ]
    if headers:
        lines.append("headers:")
        # As they stand: here ${NAME} is a variable.
        lines += [
            f"  {_scalar(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in headers.items()
        ]
    lines += ["", *(_health(found.health) if found.health else _no_health(found)), "", *_further(found)]
    return "\n".join(lines) + "\n"


def said_of(found: Found) -> str:
    """What was found and what was not, a few lines."""
    lines = [f"  health   {_health_said(found)}"]
    lines.append(f"  metrics  {found.metrics or 'none found at the usual paths'}")
    if found.openapi:
        count = counted(len(found.requests), "GET request")
        lines.append(f"  OpenAPI  {found.openapi}, with {count} that a load run could make")
    else:
        lines.append("  OpenAPI  none found at the usual paths")
    return "\n".join(lines)


def _health_said(found: Found) -> str:
    if found.health is None:
        where = f"{found.health_path} {found.why_not}" if found.health_path else found.why_not
        return f"not described: {where}"
    health = found.health
    named = [one for one in health.named if one != "that text"]
    status = "" if health.status == 200 else f"status {health.status} and "
    only = "" if health.named else ": only status and form are checked"
    fields = f" with {'; '.join(named)}" if named else only
    well = f"; just now {health.just_now}" if health.just_now else ""
    return f"{health.path}, {status}{health.kind}{fields}{well}"


def _health(health: Health) -> Iterator[str]:
    kind = _first(health.said.get("content_type"))
    seen = f"status {health.status} and {health.kind}{f' as {kind}' if kind else ''}"
    said = f", and what it says: {'; '.join(health.named)}" if health.named else ""
    yield from _prose(f"{health.path} answered twice with {seen}. Its status and form are checked{said}.")
    if health.kind.startswith("a JSON") and not health.says_state:
        yield from _prose(
            "No field of it is known to say whether all is well. Its answers are compared with one another, but for "
            "times and counters."
        )
    if health.just_now:
        yield from _prose(f"Just now {health.just_now}.")
    yield "health:"
    yield f"  path: {_scalar(health.path)}"
    for key, value in health.said.items():
        if key != "fields":
            yield f"  {key}: {_flow(value)}"
    if fields := health.said.get("fields"):
        yield "  fields:"
        for key, value in fields.items():
            yield f"    {key}: {_flow(value)}"


def _first(content_type: object) -> str:
    return str(content_type[0]) if isinstance(content_type, list) else ""


def _flow(value: object) -> str:
    """Plain data as YAML on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _no_health(found: Found) -> Iterator[str]:
    if found.health_path:
        yield from _prose(f"Health is not checked: {found.health_path} {found.why_not}.")
    else:
        yield from _prose(f"Health is not checked: {found.why_not}.")
    yield from _prose(
        "If the service has an endpoint that says how it is, name its path, and its form (json, or another):"
    )
    yield "#health:"
    yield f"#  path: {_scalar(found.health_path or '/health')}"
    yield "#  form: json"


def _further(found: Found) -> Iterator[str]:
    if found.metrics:
        yield from _prose(
            f"{found.metrics} has metrics. `-m metrics` checks the page. A file that names them (schema: FILE) would be checked, too:"
        )
        yield "metrics:"
        yield f"  path: {_scalar(found.metrics)}"
        yield from ("", *_prose("The Prometheus that scrapes them:"))
    else:
        yield from _prose("The Prometheus that watches the service:")
    yield '#prometheus: {url: "https://prometheus.example", window: 1d}'
    yield from ("", *_prose("Its alert rules, and their tests. Paths are seen from this file's folder:"))
    yield '#rules: {files: ["../rules/*.rules.yml"], tests: ["../rules/*.test.yml"]}'
    yield from ("", *_prose("Logs of which every line is one JSON object, from files or from a command:"))
    yield "#logs:"
    yield '#  - {name: api, files: ["/var/log/api/*.log"]}'
    yield "#  - {name: worker, command: [docker, compose, logs, --no-log-prefix, worker]}"
    yield from ("", *_prose("Objectives, as OpenSLO documents:"))
    yield '#slos: {files: ["../slos/*.yaml"]}'
    yield from ("", *_prose("A load run. It is made only if it is allowed here:"))
    yield "#allow: [load]"
    yield "#load:"
    yield "#  arrival_rate: 5"
    yield "#  duration: 30s"
    yield "#  requests:"
    for path in found.requests or ("/",):
        yield f"#    - {{name: {_scalar(path.strip('/') or 'start')}, path: {_scalar(path)}}}"


def _prose(text: str) -> list[str]:
    # A path is never broken in two.
    return textwrap.wrap(
        text,
        110,
        initial_indent="# ",
        subsequent_indent="# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _scalar(text: str) -> str:
    """A text as YAML, in quotes where it needs them. A dollar sign is doubled where it would begin a variable."""
    if _PLAIN.fullmatch(text) and is_text(text) and not is_null(text):
        return text
    if re.fullmatch(r"https?://[A-Za-z0-9./:_-]+[A-Za-z0-9/_-]", text):
        return text
    text = re.sub(r"\$(?=[$A-Za-z_{])", "$$", text)
    if "\\" in text and "'" not in text and text.isascii() and text.isprintable():
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)
