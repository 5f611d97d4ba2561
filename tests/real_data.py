"""Published data sets that some tests run on, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def real_data(name: str) -> Path:
    """The file `name` in the folder that PODIUM_TEST_DATA names; skips the test without it."""
    path = Path(os.environ.get("PODIUM_TEST_DATA", "")) / name
    if "PODIUM_TEST_DATA" not in os.environ or not path.is_file():
        pytest.skip(f"set PODIUM_TEST_DATA to a folder with {name}")
    return path
