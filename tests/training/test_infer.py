"""What is inferred where project.yaml declares no features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from podium.spec import Project
from projects.training.infer import infer_features, kind_of
from tests.training.made import project_of


def inferred(**columns: list[object]) -> tuple[dict[str, tuple[str, ...]], str]:
    features, notes = infer_features(declared(), pd.DataFrame({"y": [0, 1] * 50, **columns}))
    return dict(features.datetime), "\n".join(notes)


def declared() -> Project:
    return project_of(features=None, target={"column": "y", "positive": 1}, data={"source": "m"})


def test_one_bad_date_does_not_make_a_category_of_a_column_of_dates() -> None:
    days = [f"2024-03-{1 + k % 28:02d}" for k in range(99)]
    datetime, notes = inferred(signup=[*days, "not a date"])
    assert datetime == {"signup": ("month", "weekday")}
    assert "declare data.time: signup for a split by time" in notes
    assert "signup (month, weekday)" in notes


def test_the_hour_is_taken_only_where_there_are_times() -> None:
    times = [f"2024-03-{1 + k % 28:02d}T{k % 24:02d}:00:00Z" for k in range(100)]
    assert inferred(at=times)[0] == {"at": ("month", "weekday", "hour")}


def test_a_category_with_very_many_values_is_noted_with_the_spelling_of_dates() -> None:
    frame = pd.DataFrame({"y": [0, 1] * 300, "when": [f"{k % 150}/03/24" for k in range(600)]})
    features, notes = infer_features(declared(), frame)
    assert features.categorical == ("when",)
    assert any("150 different values" in note and "YYYY-MM-DD" in note for note in notes)


def test_lists_and_infinities_are_looked_at_without_a_warning() -> None:
    lists = pd.Series([np.array([1, 2]), np.array([3])] * 100)
    wild = pd.Series([np.inf, *range(199)], dtype="float64")
    assert kind_of(lists) == ("", "it holds lists or objects")
    assert kind_of(wild)[0] == ""
