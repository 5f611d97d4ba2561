"""Published data that several tests read."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.real_data import real_data


@pytest.fixture(scope="session")
def drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the daily files of forty days."""
    folder = tmp_path_factory.mktemp("drives")
    with tarfile.open(real_data("backblaze_2013q2_40days_raw_csv.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return folder
