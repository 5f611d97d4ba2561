from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError, SpecError
from tests.training.made import mixed, project_of, table_of


def test_only_the_columns_that_the_project_uses_are_kept() -> None:
    project = project_of(
        features={"numeric": ["number"]},
        data={"source": "made", "time": "order"},
        gate={"slices": ["kind"]},
    )
    table = table_of(project, mixed("binary"))
    assert list(table.raw.columns) == ["number", "order", "kind", "y"]
    assert list(table.features.columns) == ["number"]
    assert len(table) == 400


def test_every_column_that_is_not_there_is_named_with_a_near_one() -> None:
    project = project_of(
        features={"numeric": ["numbr"], "datetime": {"wen": ["hour"]}},
        target={"column": "z"},
        data={"source": "made", "time": "ordr", "group": "knd"},
        gate={"slices": ["kinds"]},
    )
    with pytest.raises(SpecError) as refused:
        table_of(project, mixed("binary"))
    said = str(refused.value)
    for key, near in [
        ("features.numeric: there is no column 'numbr'", "'number'"),
        ("features.datetime: there is no column 'wen'", "'when'"),
        ("target.column: there is no column 'z'", "Known: "),
        ("data.time: there is no column 'ordr'", "'order'"),
        ("data.group: there is no column 'knd'", "'kind'"),
        ("gate.slices: there is no column 'kinds'", "'kind'"),
    ]:
        assert key in said
        assert near in said.split(key)[1].split(";")[0]


def test_a_misspelt_forbidden_column_is_refused_where_features_are_inferred() -> None:
    with pytest.raises(SpecError, match=r"forbidden: there is no column 'numbr'\. Did you mean"):
        table_of(project_of(forbidden=["numbr"]), mixed("binary"))
    declared = project_of(forbidden=["gone"], features={"numeric": ["number"]})
    assert len(table_of(declared, mixed("binary"))) == 400


def test_a_time_that_cannot_be_read_is_refused_with_its_row() -> None:
    frame = mixed("binary").astype({"order": str})
    frame.loc[7, "order"] = "next week"
    project = project_of(features={"numeric": ["number"]}, data={"source": "m", "time": "order"})
    with pytest.raises(
        DataError, match=r"1 values of 'order' are not times; .*'next week' in row 7"
    ):
        table_of(project, frame)
    frame.loc[7, "order"] = None
    with pytest.raises(DataError, match="in row 7"):
        table_of(project, frame)


def junked(share: float) -> pd.DataFrame:
    frame = mixed("binary").assign(number=np.arange(400).astype(str))
    frame.loc[: int(400 * share) - 1, "number"] = "n/a"
    return frame


def test_a_few_values_that_are_no_numbers_are_taken_as_missing_and_noted() -> None:
    table = table_of(project_of(features={"numeric": ["number"]}), junked(0.05))
    assert table.invalid == {"number": 20}
    assert table.features["number"].isna().sum() == 20
    assert table.notes == ("20 values of 'number' could not be read and are taken as missing",)


def test_many_values_that_are_no_numbers_are_refused_with_examples() -> None:
    with pytest.raises(DataError, match=r"60 of 400 values of the numeric column.*example 'n/a'\."):
        table_of(project_of(features={"numeric": ["number"]}), junked(0.15))


def test_examples_are_found_wherever_in_the_table_they_are() -> None:
    numbers = np.arange(10_000).astype(str).astype(object)
    numbers[8_500:] = ["n/a", "none", "?"] * 500
    frame = pd.DataFrame({"number": numbers, "y": [0, 1] * 5_000})
    with pytest.raises(DataError) as refused:
        table_of(project_of(features={"numeric": ["number"]}), frame)
    assert all(example in str(refused.value) for example in ("'n/a'", "'none'", "'?'"))


def test_lists_in_a_categorical_column_are_the_examples_and_not_its_good_values() -> None:
    frame = mixed("binary").astype({"kind": object})
    frame["kind"] = [["x"] if row % 2 else "red" for row in range(400)]
    with pytest.raises(DataError, match=r"200 of 400 .* for example \['x'\]\."):
        table_of(project_of(features={"categorical": ["kind"]}), frame)


@pytest.mark.parametrize("rows", [10, 7, 399])
def test_a_limit_of_rows_is_spread_over_the_whole_table(rows: int) -> None:
    frame = mixed("binary").assign(number=np.arange(400.0))
    numbers = table_of(project_of(features={"numeric": ["number"]}), frame, rows).features["number"]
    assert (len(numbers), numbers.iloc[0], numbers.iloc[-1]) == (rows, 0.0, 399.0)
    assert numbers.diff().dropna().between(399 // (rows - 1), 399 // (rows - 1) + 1).all()


def test_a_limit_above_the_rows_there_are_changes_nothing() -> None:
    project = project_of(features={"numeric": ["number"]})
    assert len(table_of(project, mixed("binary"), 1_000)) == 400
    assert table_of(project, mixed("binary")).digest == table_of(project, mixed("binary")).digest


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="made has no rows"):
        table_of(project_of(features={"numeric": ["number"]}), mixed("binary").iloc[:0])


def test_a_part_of_a_datetime_may_not_have_the_name_of_a_column() -> None:
    frame = mixed("binary").assign(when_hour=1.0)
    features = {"numeric": ["when_hour"], "datetime": {"when": ["hour"]}}
    with pytest.raises(SpecError, match="'when_hour' is both a column and a part"):
        table_of(project_of(features=features), frame)


def test_features_are_inferred_by_type_and_content() -> None:
    frame = mixed("binary").assign(
        id=np.arange(400),
        code=[f"x{row}" for row in range(400)],
        phone=[f"{row + 100_000_000}" for row in range(400)],
        nothing=None,
        same="a",
        flag=np.arange(400) % 2 == 0,
        zip=["007", "10115"] * 200,
        words=[f"word {row} of {row % 7} many" for row in range(400)],
    )
    table = table_of(project_of(forbidden=["number"]), frame)
    kinds = {column.name: column.kind for column in table.canonicaliser.columns}
    assert kinds == {
        "flag": "numeric",
        "kind": "categorical",
        "zip": "categorical",
        "when": "datetime",
        "order": "datetime",
        "words": "text",
    }
    notes = "\n".join(table.notes)
    assert "features were inferred: numeric flag; categorical kind, zip; text words" in notes
    for note in (
        "'id' is not used: it looks like an id",
        "'code' is not used: it looks like an id",
        "'phone' is not used: it looks like an id",
        "'nothing' is not used: it is empty",
        "'same' is not used: it is constant",
    ):
        assert note in notes


def test_a_table_of_nothing_to_predict_from_is_refused_with_the_reasons() -> None:
    frame = pd.DataFrame({"y": [0, 1] * 100, "id": np.arange(200), "same": 1})
    with pytest.raises(DataError, match=r"No column is left.*'id' is not used.*'same' is not used"):
        table_of(project_of(), frame)


def test_columns_of_lists_are_left_out_of_the_inference() -> None:
    frame = mixed("binary").assign(many=[[row] for row in range(400)])
    assert "'many' is not used: it holds lists or objects" in table_of(project_of(), frame).notes
