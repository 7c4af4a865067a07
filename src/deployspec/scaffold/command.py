"""``deployspec init``: a first deployment file, by what the service answers."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DESCRIPTION = """\
Ask a service a few questions and write a first deployment file for it.

At most 25 GET requests in at most 10 seconds, to the usual paths of health endpoints, metrics and OpenAPI documents
below URL. Redirects are not followed. What was found stands in deployments/NAME.yaml, and what could come next stands
there as a comment, beside deployments/deployment.schema.json for your editor. If there is no folder checks/, it gets an
example of a check of your own. A file that is there is never overwritten.
"""
_EPILOG = """\
examples:
  deployspec init staging https://staging.example.org
  deployspec init staging https://example.org/shop --header 'Authorization: Bearer ${STAGING_TOKEN}'

Exit status 0 if the file was written; 4 if not, with the reason in one line.
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_MOST_TEXT = 1024 * 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", metavar="NAME", help="what the deployment is to be called, such as staging")
    parser.add_argument(
        "url", metavar="URL", help="where it answers; a path such as /shop at its end is fine"
    )
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="a header to send; written as it stands, so use ${VARIABLE} for a secret; repeatable",
    )
    parser.add_argument(
        "--health",
        metavar="PATH",
        default="",
        help="the path of its health endpoint, such as /ht/, if it is none of the usual ones",
    )
    parser.add_argument(
        "--offline", action="store_true", help="ask nothing: write the file with comments only"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec init NAME URL``. Raises UsageError, before anything is asked, for what cannot be used."""
    import json
    import os
    from pathlib import Path
    from urllib.parse import urlsplit

    from deployspec.app import chapters, sinks
    from deployspec.base.disclosure import hide
    from deployspec.base.errors import UsageError
    from deployspec.base.places import Places
    from deployspec.base.secret import Finder, Secret
    from deployspec.deployment.schema import assembled
    from deployspec.scaffold.describing import Found, is_health_like
    from deployspec.scaffold.texts import SCHEMA_FILE, deployment_file, example, said_of
    from deployspec.scaffold.writing import already_there, write_new

    places = Places(Path())
    name, base_url = _checked_name(options.name), _checked_url(options.url)
    headers, values = _checked_headers(options.header, os.environ, offline=options.offline)
    health_path = _checked_path(options.health)
    file = places.deployments / f"{name}.yaml"
    if there := already_there(places.deployments, name):
        raise UsageError(f"found {there}; expected no such file, because none is overwritten")
    hide(Finder(Secret(part) for value in values.values() for part in (value, *value.split()[1:])))
    if options.offline:
        found = Found(why_not="`deployspec init --offline` asked nothing")
        print(f"Nothing was asked of {base_url}.")
    else:
        from deployspec.scaffold.asking import ask
        from deployspec.tools.http import proxies_from

        secrets = {key: Secret(value) for key, value in values.items()}
        asked = ask(base_url, secrets, proxies_from(os.environ), health_path)
        found = asked.found
        print(f"Asked {base_url} with {asked.requests} GET requests in {asked.seconds:.1f} s:")
        print(said_of(found))

    schema = places.deployments / SCHEMA_FILE
    new = [
        (schema, json.dumps(assembled(_schemas(chapters()), sinks()), indent=2) + "\n"),
        # Last of the folder's files, so that where it stands, the others do.
        (file, deployment_file(name, base_url, headers, found)),
    ]
    if not os.path.lexists(places.own_checks):
        new.append((places.own_checks / "test_example.py", example(found)))
    written = [path for path, text in new if write_new(path, text)]
    if file not in written:
        raise UsageError(f"found {file}; expected no such file, because none is overwritten")
    print(f"Written: {', '.join(map(str, written))}")
    path = urlsplit(base_url).path
    if found.health is None and is_health_like(path):
        parent, last = base_url.removesuffix(path) + path.rpartition("/")[0], path.rpartition("/")[2]
        own = f"--health /{last}"
        print(f"This URL looks like the health endpoint itself: `deployspec init {name} {parent} {own}`")
    if found.health is None:
        print(f"Next: describe health in {file}, then run")
    else:
        print("Next:")
    print(f"  {places.command('-m', 'health', '--deployment', name)}")
    return 0


def _schemas(chapters: Iterable[Any]) -> list[Any]:
    return [chapter.schema for chapter in chapters if chapter.schema is not None]


def _checked_name(name: str) -> str:
    from deployspec.base.errors import UsageError
    from deployspec.base.problems import shown

    if not _NAME.fullmatch(name):
        expected = "at most 63 letters, digits, dots, hyphens and underscores, of which the first is a letter or digit"
        raise UsageError(f"found the name {shown(name)}; expected {expected}")
    if name.endswith((".yaml", ".yml")):
        raise UsageError(f"found the name {name}; expected it without its suffix")
    return name


def _checked_url(url: str) -> str:
    from deployspec.base.errors import UsageError
    from deployspec.base.problems import shown
    from deployspec.base.unfit import Unfit
    from deployspec.deployment.http import check_base_url

    try:
        check_base_url(url)
    except Unfit as error:
        # Credentials and queries are not repeated.
        head, query, _ = url.partition("?")
        text = "a URL" if "@" in url else shown(head + ("?…" if query else ""))
        raise UsageError(f"found {error.found.replace('{}', text)}; expected {error.expected}") from None
    return url.rstrip("/")


def _checked_path(path: str) -> str:
    from deployspec.base.errors import UsageError
    from deployspec.base.problems import shown
    from deployspec.base.unfit import Unfit
    from deployspec.deployment.http import check_path

    if path:
        try:
            check_path(path)
        except Unfit as error:
            found = error.found.replace("{}", shown(path))
            raise UsageError(f"--health: found {found}; expected {error.expected}") from None
    return path


def _checked_headers(
    given: Iterable[str], environ: Mapping[str, str], *, offline: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """The headers as they were written, and with their variables replaced."""
    from deployspec.base.errors import UsageError
    from deployspec.base.unfit import Unfit
    from deployspec.deployment.http import check_header_name, check_header_value
    from deployspec.deployment.interpolation import interpolate

    headers: dict[str, str] = {}
    values: dict[str, str] = {}
    for text in given:
        name, colon, value = text.partition(":")
        name, value = name.strip(), value.strip(" \t")
        if not colon:
            raise UsageError("--header: found a header without a colon; expected 'NAME: VALUE'")
        # Where nothing is asked, the variables need not be set.
        known = {**dict.fromkeys(re.findall(r"\$\{(\w+)", value), "x"), **environ} if offline else environ
        done = interpolate(value, known, _MOST_TEXT)
        try:
            check_header_name(name)
            if done.problems:
                raise Unfit(*done.problems[0])  # noqa: TRY301
            check_header_value(done.text)
        except Unfit as error:
            found = error.found.replace("{}", "a value")
            raise UsageError(f"--header: found {found}; expected {error.expected}") from None
        if name.lower() in map(str.lower, headers):
            raise UsageError(f"--header: found {name} for the second time; expected each header once")
        headers[name], values[name] = value, done.text
    return headers, values
