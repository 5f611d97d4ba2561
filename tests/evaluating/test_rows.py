"""The labelled rows that judge: which columns are read, what tells them, and how they are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError
from podium.spec.parts import Gate
from projects.evaluating.rows import Labelled, holdout_of, read_labelled, wanted_columns
from projects.training.split import split_rows
from registry_tools.signature import Column, Signature
from tests.training.made import Memory, project_of, table_of

FRAME = pd.DataFrame(
    {
        "number": np.linspace(-1, 1, 60),
        "code": ["007", "8", "x"] * 20,
        "group": [f"g{row // 4}" for row in range(60)],
        "when": pd.date_range("2024-03-01", periods=60, freq="6h").astype(str),
        "y": [0, 1, 0] * 20,
    }
)
BOTH = Signature({"number": Column("double"), "code": Column("string", False)}, {})


def labelled(
    frame: pd.DataFrame = FRAME, *, labels: Any = None, rows: int | None = None, **keys: Any
) -> Labelled:
    source = Memory("made", "function", "made", frame=frame)
    return read_labelled(project_of(**keys), source, None, rows=rows, labels=labels)


def columns_of(gate: Gate, *signatures: Signature | None, also: Any = (), **keys: Any) -> Any:
    return wanted_columns(project_of(**keys), gate, tuple(FRAME.columns), signatures, also)


def test_columns_are_read_as_what_the_models_take_them_for() -> None:
    found = columns_of(Gate(), BOTH)
    assert (found.numeric, found.text, found.other) == (("number",), ("code",), ("y",))


def test_a_column_that_one_model_takes_as_text_is_read_as_text() -> None:
    other = Signature({"number": Column("string")}, {})
    found = columns_of(Gate(), BOTH, other)
    assert (found.numeric, set(found.text)) == ((), {"number", "code"})


def test_columns_of_trainings_of_slices_time_and_group_are_read_too() -> None:
    data = {"source": "made", "time": "when", "group": "group"}
    gate = Gate(slices=("code",))
    found = columns_of(gate, Signature({}, {}), also=[("number", "number")], data=data)
    assert found.numeric == ("number",)
    assert set(found.text) == {"when", "group"}
    assert found.other == ("code", "y")


def test_everything_is_read_for_a_model_that_does_not_say_what_it_takes() -> None:
    assert columns_of(Gate(), BOTH, None) is None


def test_what_only_a_model_takes_may_be_absent() -> None:
    more = Signature({"number": Column("double"), "gone": Column("double")}, {})
    assert columns_of(Gate(), more).numeric == ("number",)


def test_all_columns_that_lack_are_named_with_the_keys_that_ask_for_them() -> None:
    data = {"source": "made", "time": "wen", "group": "unit"}
    with pytest.raises(DataError) as raised:
        columns_of(Gate(slices=("cod",), sensitive=("sex",)), BOTH, data=data)
    for said in (
        "data.time: there is no column 'wen'. Did you mean 'when'",
        "data.group: there is no column 'unit'",
        "gate.slices: there is no column 'cod'. Did you mean 'code'",
        "gate.sensitive: there is no column 'sex'",
    ):
        assert said in raised.value.what


def test_the_holdout_is_the_one_that_training_cut() -> None:
    for keys in ({}, {"data": {"source": "made", "group": "group"}}):
        project = project_of(**keys)
        trained = split_rows(project, table_of(project, FRAME), 3)
        assert holdout_of(labelled(**keys), 3).tolist() == trained.holdout.tolist()


def test_rows_are_told_by_target_time_and_group_and_not_by_features() -> None:
    data = {"source": "made", "time": "when", "group": "group"}
    here = labelled(data=data).digest
    assert labelled(FRAME.assign(number=0.0, more="x"), data=data).digest == here
    assert labelled(FRAME[FRAME.columns[::-1]], data=data).digest == here
    for change in ({"y": [1, 1, 0] * 20}, {"group": "g"}, {"when": FRAME["when"][::-1].to_list()}):
        assert labelled(FRAME.assign(**change), data=data).digest != here
    assert labelled(FRAME[:59], data=data).digest != here


def test_however_a_table_is_sorted_cut_or_limited_it_is_the_same_source_of_verdicts() -> None:
    data = {"source": "made", "time": "when", "group": "group"}
    whole = labelled(data=data)
    assert labelled(FRAME[::-1], data=data).digest == whole.digest
    assert whole.take(np.arange(7)).digest == whole.digest
    assert labelled(data=data, rows=31).digest == whole.digest


def test_rows_are_taken_with_all_that_belongs_to_them() -> None:
    data = {"source": "made", "time": "when", "group": "group"}
    whole = labelled(data=data)
    some = whole.take(np.array([5, 0, 59]))
    assert some.raw["number"].tolist() == FRAME["number"].iloc[[5, 0, 59]].tolist()
    assert some.raw.index.tolist() == [0, 1, 2]
    assert some.target.y.tolist() == [0, 0, 0]
    assert some.target.labels == whole.target.labels
    assert some.clusters().tolist() == [0, 1, 2]  # type: ignore[union-attr]
    assert (whole.span, some.span) == ("2024-03-01 to 2024-03-15", "2024-03-01 to 2024-03-15")
    assert whole.take(np.arange(60) < 4).clusters().tolist() == [0] * 4  # type: ignore[union-attr]


def test_rows_without_group_or_time_stand_alone() -> None:
    assert labelled().clusters() is None
    assert labelled().span == ""


def test_labels_of_the_model_are_kept_where_the_rows_have_one_only() -> None:
    ones = FRAME[FRAME["y"] == 1]
    found = labelled(ones, labels=(0, 1)).target
    assert (found.labels, set(found.y.tolist())) == ((0, 1), {1})
    with pytest.raises(DataError, match="one class only"):
        labelled(ones)
    with pytest.raises(DataError, match="does not know, for example '1'"):
        labelled(ones, labels=("no", "yes"))


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match=r"made has no rows\."):
        labelled(FRAME[:0])


def test_a_limit_spreads_rows_over_the_table() -> None:
    source = Memory("made", "function", "made", frame=FRAME)
    found = read_labelled(project_of(), source, None, rows=20, labels=None)
    assert len(found) == 20
    assert found.raw["number"].iloc[0] < -0.9
    assert found.raw["number"].iloc[-1] > 0.9


def test_columns_that_were_read_as_text_are_cut_as_text() -> None:
    wanted = columns_of(Gate(), Signature({"number": Column("string")}, {}))
    source = Memory("made", "function", "made", frame=FRAME.assign(number=FRAME["code"]))
    found = read_labelled(project_of(), source, wanted, rows=None, labels=None)
    assert set(found.columns(["number"])["number"]) == {"007", "8", "x"}
    assert labelled().columns(["number"])["number"].dtype == np.float64
