"""What keeps the output of containers: conmon, which writes Kubernetes' CRI format, and Docker's json-file."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from proven.emitters.servers import APPS, waited
from proven.servers import NotProvenError, Program

RUN_LIMIT = 30.0
"""Seconds in which a command of Docker must have ended."""
_LONG = 16 * 1024 + 8
"""Bytes of the long line: Docker cuts a line after 16 KiB."""


def conmon(folder: Path, _: Path) -> str:
    """Podman's and CRI-O's monitor, with a program in place of a container."""
    for name in ("bundle", "exits", "sockets"):
        (folder / name).mkdir()
    (folder / "bundle" / "config.json").write_text('{"process": {"terminal": false}}')
    argv: list[str | Path] = [
        "conmon",
        "--cid",
        "shop",
        "--cuuid",
        "shop",
        "--name",
        "shop",
        "--runtime",
        APPS / "runtime.sh",
    ]
    argv += ["--bundle", folder / "bundle", "--container-pidfile", folder / "pid", "--no-sync-log"]
    argv += ["--exit-dir", folder / "exits", "--socket-dir-path", folder / "sockets"]
    argv += ["--log-path", f"k8s-file:{folder / 'cri.log'}"]
    program = Program(argv, folder)
    program.start()
    try:
        waited((folder / "exits" / "shop").exists, "end of the program", 10)
    finally:
        program.end()
    return (folder / "cri.log").read_text()


def docker(folder: Path, _: Path) -> str:
    """Docker's daemon, with its own data and no network, and a container of nothing but busybox and the program."""
    if os.geteuid() != 0:
        raise NotProvenError("found another user than root; expected root, as Docker's daemon needs it")
    image = folder / "image"
    (image / "bin").mkdir(parents=True)
    try:
        shutil.copy("/bin/busybox", image / "bin")
    except FileNotFoundError:
        raise NotProvenError("found no program busybox; expected it to be installed") from None
    (image / "bin" / "sh").symlink_to("busybox")
    shutil.copy(APPS / "container_app.sh", image)
    # In place of the configuration of this machine.
    (folder / "daemon.json").write_text("{}")
    where = folder / "docker.sock"
    argv: list[str | Path] = [
        "/usr/sbin/dockerd",
        *("--host", f"unix://{where}", "--config-file", folder / "daemon.json"),
        *("--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "docker.pid"),
        *("--storage-driver", "vfs", "--bridge", "none", "--iptables=false", "--ip6tables=false"),
    ]
    program = Program(argv, folder)
    program.start()

    def client(*words: str | Path) -> str:
        own = {"DOCKER_HOST": f"unix://{where}", "DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": ""}
        done = subprocess.run(
            ["docker", *words],
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_LIMIT,
            check=False,
        )
        if done.returncode:
            raise NotProvenError(
                f"found docker {words[0]} failing; expected it to work. {done.stdout[-1500:]}"
            )
        return done.stdout.strip()

    try:
        waited(lambda: "API listen" in program.output() or program.ended(), "answer of dockerd")
        if program.ended():
            raise NotProvenError(f"found dockerd ended; expected it to run. {program.output()}")
        with tarfile.open(folder / "image.tar", "w") as archive:
            archive.add(image, arcname=".")
        client("import", folder / "image.tar", "shop")
        client(
            "run", "--name", "shop", "--network", "none", "shop", "/bin/sh", "/container_app.sh", str(_LONG)
        )
        return Path(client("inspect", "--format", "{{.LogPath}}", "shop")).read_text()
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise NotProvenError(f"found no log of a container; expected one: {error}") from None
    finally:
        program.end()
