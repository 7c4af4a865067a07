"""``python -m deployspec.cli``."""

from __future__ import annotations

import sys

from deployspec.cli import main

sys.exit(main())
