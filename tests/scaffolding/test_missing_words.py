"""Which words stand for missing, and which are labels or categories all the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from projects.scaffolding.missing_words import words_for_missing
from tests.scaffolding.made import customers, made


def table(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns).astype("str")


def test_a_label_of_the_target_is_never_missing() -> None:
    frame = table(age=["1", "none", "3", "4"], y=["none", "none", "some", "some"])
    found = words_for_missing(frame, "y")
    assert found.words == ()
    assert "'none' is not declared as missing" in found.why[1]
    assert "it is a label of the target" in found.why[1]


def test_a_category_is_not_declared_for_the_sake_of_numbers() -> None:
    frame = table(
        age=["1", "none", "3", "4"] * 50, roof=["none", "tin", "tile", "tin"] * 50, y=["a"] * 200
    )
    found = words_for_missing(frame, "y")
    assert found.words == ()
    assert "seems so in age: it is a category of 'roof'" in found.why[0]
    rare = frame.assign(roof=["none", *["tin", "tile"] * 99, "tin"])
    assert words_for_missing(rare, "y").words == ("none",)


def test_a_question_mark_is_missing_in_any_column_and_all_columns_are_named() -> None:
    frame = table(**{f"c{n}": ["a", "?", "b"] for n in range(9)}, y=["a", "b", "a"])
    found = words_for_missing(frame, "y")
    assert found.words == ("?",)
    assert all(f"c{n} (1)" in found.why[0] for n in range(9))


@pytest.mark.parametrize("label", ["?", "NA"])
def test_labels_that_look_like_missing_are_noted(label: str) -> None:
    frame = table(y=["a", label, "b"])
    assert f"look like missing values: {label!r} (1)" in words_for_missing(frame, "y").why[0]


def test_a_table_with_labels_called_none_is_written_and_read_with_all_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = customers().astype({"age": object})
    frame["left"] = frame.left.replace({"no": "none"})
    frame.loc[::10, "age"] = "none"
    frame.to_csv("t.csv", index=False)
    said = made("m", "--data", "t.csv", "--target", "left")
    assert said["read"]["missing"] == []
    assert {each["label"] for each in said["target"]["classes"]} == {"none", "yes"}
