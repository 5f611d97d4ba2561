"""Parts of the drives' rows: no drive in two, and the horizon between them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from podium.data import declared_source
from podium.spec import load_declaration
from projects.jobs.find import bundled_projects
from projects.training.split import PARTS, groups_in_several, split_rows
from projects.training.table import Table, read_table
from tests.bundled.drives import write_days

FOLDER = bundled_projects()["disk_failure"]
DRIVES, DAYS = 150, 60


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    random = np.random.default_rng(0)
    ends = random.integers(1, DAYS + 10, DRIVES)  # most drives fail: each part needs some
    sights = [
        (day, f"S{drive:03d}", int(day == end))
        for drive, end in enumerate(ends)
        for day in range(min(DAYS, end + 1))
    ]
    files = write_days(tmp_path_factory.mktemp("days"), sights)
    project = load_declaration(FOLDER, {"data.source": str(files[0].parent)}).project
    return read_table(project, declared_source(project.data, base=FOLDER, folder=FOLDER))


@pytest.mark.parametrize("seed", range(5))
def test_no_drive_is_in_two_parts_and_no_label_looks_into_the_next(table: Table, seed: int) -> None:
    project = load_declaration(FOLDER).project
    parts = split_rows(project, table, seed)
    assert table.group is not None
    assert table.time is not None
    assert groups_in_several(table.group, parts) == 0
    days = [table.time[parts.rows(name)].astype("datetime64[D]") for name in PARTS]
    horizon = np.timedelta64(project.data.options["horizon_days"], "D")
    for earlier, later in pairwise(days):
        assert earlier.max() + horizon < later.min()


def test_a_part_of_the_files_that_is_read_through_the_declaration_has_labels(table: Table) -> None:
    assert 0.05 < table.target.y.mean() < 0.4
    assert table.digest
    assert len(table) < DRIVES * (DAYS - 7)


def test_the_folder_beside_the_declaration_is_read_where_no_other_is_named(tmp_path: Path) -> None:
    sights = [(day, serial, 0) for day in range(10) for serial in "AB"]
    write_days(tmp_path / "raw", sights)
    data = load_declaration(FOLDER).project.data
    source = declared_source(data, base=tmp_path, folder=FOLDER)
    assert len(source.read(None)) == 2 * (10 - 7)
