"""Imports what runs of the suite need, for :mod:`tests.forked`: all of deployspec but what pytest imports as a plugin,
whose assertions it rewrites, and the libraries that judges import where they need them.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import deployspec

NOT_YET = {"plugin", "fixtures", "cli", "__main__"}

for _name in ("pytest", "numpy", "scipy.special", "hdrh.histogram", "hyperscan"):
    importlib.import_module(_name)
for _module in pkgutil.walk_packages(deployspec.__path__, "deployspec."):
    if not NOT_YET & set(_module.name.split(".")):
        importlib.import_module(_module.name)
# Packages are imported to be walked through.
for _name in [
    name for name in sys.modules if NOT_YET & set(name.split(".")) and name.startswith("deployspec.")
]:
    del sys.modules[_name]
