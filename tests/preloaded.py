"""Imports what runs of the suite need, for :mod:`tests.forked`: all of deployspec but what pytest imports as a plugin or
as tests, whose assertions it rewrites, and what Locust runs; and the libraries that judges import where they need them.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import sys

from _pytest.config import default_plugins

import deployspec

NOT_YET = {"plugin", "fixtures", "cli", "__main__"}
NEVER = ("deployspec.checks", "deployspec.load")

for _name in (
    "numpy",
    "scipy.special",
    "hdrh.histogram",
    "hyperscan",
    "jsonschema_rs",
    "packaging.version",
    "pdb",
):
    importlib.import_module(_name)
for _name in default_plugins:
    importlib.import_module(f"_pytest.{_name}")
for _module in pkgutil.walk_packages(deployspec.__path__, "deployspec."):
    if not NOT_YET & set(_module.name.split(".")) and not _module.name.startswith(NEVER):
        importlib.import_module(_module.name)


def _ours() -> dict[str, dict[str, object]]:
    return {name: vars(module) for name, module in sys.modules.items() if name.startswith("deployspec.")}


# Some were imported on the way. They go, and whatever has taken something from them.
_gone = {name for name in _ours() if NOT_YET & set(name.split("."))}
while _gone:
    for _name in _gone:
        del sys.modules[_name]
    _gone = {
        name
        for name, namespace in _ours().items()
        if any(
            source.startswith("deployspec.") and source not in sys.modules
            for source in (
                getattr(value, "__module__", None) or getattr(value, "__name__", "")
                for value in namespace.values()
            )
            if isinstance(source, str)
        )
    }

# What is here now stays: the collector, which pytest runs several times at the end of each run, need not look at it again,
# and a copied process need not copy it to mark it. That is two thirds of what a small run takes.
gc.collect()
gc.freeze()
