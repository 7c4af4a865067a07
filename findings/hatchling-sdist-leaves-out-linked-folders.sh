#!/bin/sh
# hatchling 1.33.0
#
# Behaviour: in a package there is a link to a folder outside it (src/shop/checks -> ../../checks) and a link to a file. A
# wheel that is built from the source tree has the content of both. A source distribution has the linked file and leaves
# the linked folder out, without an error or a word, so that a wheel that is built from it lacks a part of the package.
# That is how `python -m build` and `uv build` build it by default, and pip on a machine that has only the source
# distribution.
#
# One would expect: the same content by either way, or an error.
#
# Seen on: a wheel whose tests were green in CI, where it was built from the tree.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q -q hatchling==1.33.0
mkdir -p "$work/project/src/shop" "$work/project/checks"
cd "$work/project"
cat >pyproject.toml <<'TOML'
[build-system]
requires = ["hatchling==1.33.0"]
build-backend = "hatchling.build"
[project]
name = "shop"
version = "1"
[tool.hatch.build.targets.wheel]
packages = ["src/shop"]
TOML
echo >src/shop/__init__.py
echo >checks/test_shop.py
echo '{}' >shop.schema.json
ln -s ../../checks src/shop/checks
ln -s ../../shop.schema.json src/shop/shop.schema.json
"$work/venv/bin/python" - >"$work/seen" <<'PYTHON'
import os
import tarfile
import zipfile

from hatchling.build import build_sdist, build_wheel


def content(wheel):
    return sorted(name for name in zipfile.ZipFile(wheel).namelist() if "dist-info" not in name)


print("wheel of the tree:", *content(build_wheel(".")))
archive = build_sdist(".")
tarfile.open(archive).extractall("unpacked", filter="data")
os.chdir("unpacked/shop-1")
print("wheel of the source distribution:", *content(build_wheel(".")))
PYTHON
cat >"$work/expected" <<'SEEN'
wheel of the tree: shop/__init__.py shop/checks/test_shop.py shop/shop.schema.json
wheel of the source distribution: shop/__init__.py shop/shop.schema.json
SEEN
cat "$work/seen"
diff "$work/expected" "$work/seen" && echo "as described"
