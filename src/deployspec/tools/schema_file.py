"""Reads JSON Schemas of the user's from their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deployspec.model.verdict import Unmeasured


def read_schema(path: Path) -> dict[str, Any]:
    """The schema in a file. Raises Unmeasured where there is none."""
    try:
        document = json.loads(path.read_bytes())
    except RecursionError:
        raise Unmeasured(f"the JSON Schema {path} is nested too deep") from None
    except OSError as error:
        raise Unmeasured(f"the JSON Schema {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Unmeasured(f"the JSON Schema {path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise Unmeasured(f"the JSON Schema {path} holds no object")
    return document
