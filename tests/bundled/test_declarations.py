"""What every project that ships with Podium declares and explains."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from podium.data import declared_source
from podium.data.bundled import BUNDLED
from podium.spec import Project, load_declaration
from projects.jobs.find import bundled_projects
from projects.training.table import read_table
from tests.bundled.published import write_sample

NAMES = sorted(bundled_projects())
WITHOUT_DATA = [name for name in NAMES if name != "flight_delay"]


def declared(name: str) -> Project:
    return load_declaration(bundled_projects()[name]).project


def test_five_projects_ship_with_podium() -> None:
    assert {"adult_income", "bike_demand", "disk_failure", "flight_delay", "sms_spam"} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_project_is_named_after_its_folder_and_says_what_it_predicts(name: str) -> None:
    project = declared(name)
    assert project.name == name
    assert project.description.endswith(".")


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_a_project_says_whose_its_data_are_and_where_people_get_them(name: str) -> None:
    data = declared(name).data
    assert data.licence
    assert data.owner
    assert data.home.startswith("https://")
    assert data.source not in BUNDLED
    assert not Path(data.source).is_absolute()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_explains_the_project_and_its_commands(name: str) -> None:
    folder = bundled_projects()[name]
    text = (folder / "README.md").read_text()
    for said in (f"# {name}", "**Rows**", "**Target**", "**Features**", "**Leaks**", "**Split**"):
        assert said in text
    assert "**Decision**" in text
    assert f"podium train --project {name}" in text
    assert f"mlflow run . -e train -P project={name}" in text
    assert len(text.splitlines()) < 80


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_a_page_says_where_the_data_come_from(name: str) -> None:
    text = (bundled_projects()[name] / "README.md").read_text()
    data = declared(name).data
    assert data.home in text
    assert f"projects/{name}/raw" in text
    assert f"-P data=PATH --env-manager local --experiment-name {name}" in text
    if data.licence.startswith("CC BY"):
        assert data.licence in text


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_every_column_that_is_named_is_in_the_table_of_the_published_files(
    name: str, tmp_path: Path
) -> None:
    project, folder = declared(name), bundled_projects()[name]
    write_sample(name, tmp_path / project.data.source)
    source = declared_source(project.data, base=tmp_path, folder=folder)
    named = {*project.forbidden, *project.gate.judged_columns, project.target.column}
    named |= {project.data.time, project.data.group} - {None}  # type: ignore[arg-type]
    named |= {*project.features.columns} if project.features else set()
    assert named <= set(source.column_names())
    assert set(source.column_names()) == set(source.read(None).columns)


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_the_columns_that_training_reads_can_be_read(name: str, tmp_path: Path) -> None:
    project, folder = declared(name), bundled_projects()[name]
    write_sample(name, tmp_path / project.data.source)
    table = read_table(project, declared_source(project.data, base=tmp_path, folder=folder))
    assert len(table) > 1


def test_the_gap_between_drives_parts_is_the_horizon_of_their_label() -> None:
    project = declared("disk_failure")
    assert project.split.gap == timedelta(days=project.data.options["horizon_days"])


def test_what_is_known_only_after_the_fact_is_forbidden() -> None:
    assert set(declared("bike_demand").forbidden) == {"casual", "registered", "instant"}
    assert set(declared("disk_failure").forbidden) == {"failure"}


def test_a_lost_drive_costs_thirty_looks_at_a_sound_one() -> None:
    threshold = declared("disk_failure").decision.threshold
    assert (threshold.minimise, threshold.fp, threshold.fn) == ("cost", 1, 30)


def test_what_a_model_must_not_decide_by_is_no_feature() -> None:
    project = declared("adult_income")
    assert project.features is not None
    assert set(project.gate.sensitive) == {"sex", "race"}
    hidden = {"sex", "race", "native_country", "fnlwgt"}
    assert hidden.isdisjoint(project.features.columns)
