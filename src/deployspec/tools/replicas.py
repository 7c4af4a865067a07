"""Finds the deployment's replicas: those that its file lists, or those that the file's command prints."""

from __future__ import annotations

from pathlib import Path

from deployspec.base.shown import one_line
from deployspec.base.unfit import Unfit
from deployspec.deployment import Deployment, Replicas
from deployspec.deployment.http import check_base_url
from deployspec.deployment.model import root_url
from deployspec.model.verdict import Unmeasured
from deployspec.tools import process

_MOST = 100
"""As many as a file may list."""
_MOST_PRINTED = 256 * 1024
"""In bytes."""


def replica_urls(deployment: Deployment) -> tuple[str, ...]:
    """The URLs of the replicas, at least one, each once, without a slash at its end.

    A command is run anew at each call, and takes at most its ``timeout``. Raises Unmeasured where the file says nothing
    of replicas, and where the command cannot be started, fails, is too late, or prints anything but 1 to 100 URLs.
    """
    replicas = deployment.replicas
    if replicas is None:
        raise Unmeasured("the deployment file describes no replicas")
    return replicas.urls or _printed(replicas)


def _printed(replicas: Replicas) -> tuple[str, ...]:
    # Not by `command.run`, which keeps the end of a long output, and mixes warnings into it. What the command says on
    # standard error is not shown, because it may hold secrets.
    name = one_line(Path(replicas.command[0]).name, 60)
    output, errors = process.Kept(_MOST_PRINTED), process.Kept(0)
    try:
        status = process.run(replicas.command, replicas.timeout, output.take, errors=errors.take)
    except OSError as error:
        raise Unmeasured(f"replicas.command could not be started: {name}: {error.strerror}") from None
    said = f"replicas.command ({name})"
    if status is None:
        limit = f"{replicas.timeout:g} s"
        raise Unmeasured(f"{said} did not end within {limit}; run it by hand, or raise replicas.timeout")
    if status:
        raise Unmeasured(f"{said} ended with status {status}; run it by hand to see why")
    lines = [(number, line.strip()) for number, line in enumerate(str(output).split("\n"), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if output.printed > _MOST_PRINTED:
        raise Unmeasured(f"{said} printed more than {_MOST_PRINTED} bytes; expected at most {_MOST} URLs")
    if not lines:
        raise Unmeasured(f"{said} printed no URL; expected the replicas' URLs on standard output, one a line")
    if len(lines) > _MOST:
        raise Unmeasured(f"{said} printed {len(lines)} URLs; expected at most {_MOST}")
    for number, line in lines:
        try:
            check_base_url(line)
        except Unfit as unfit:
            # The line is not quoted: where no URL stands, a secret may.
            found = unfit.found.replace("{}", "a line")
            raise Unmeasured(
                f"{said} printed, as line {number}, {found}; expected {unfit.expected}"
            ) from None
    return tuple(dict.fromkeys(root_url(line) for _, line in lines))
