"""The chapters that a project's settings of pytest name, read without pytest."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def own_chapters(project: Path) -> dict[str, str]:
    """The chapters that the project's setting ``deployspec_chapters`` names: name to sentence.

    What cannot be read is left out: pytest itself refuses it, with an error of its own.
    """
    import configparser
    import tomllib

    lines: list[str] = []
    for name in ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"):
        settings = configparser.RawConfigParser(strict=False)
        try:
            settings.read(project / name, encoding="utf-8")
        except (configparser.Error, ValueError):
            continue
        section = "tool:pytest" if name == "setup.cfg" else "pytest"
        lines += settings.get(section, "deployspec_chapters", fallback="").splitlines()
    try:
        tool: Any = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
        said = {**tool, **tool.get("ini_options", {})}.get("deployspec_chapters", [])
        lines += said.splitlines() if isinstance(said, str) else map(str, said)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip(): text.strip() for name, _, text in pairs}
