"""Columns that tell the target: which are forbidden, and which are only to be looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.scaffolding.sums import exact_sum
from tests.scaffolding.made import customers, looked

DRAW = np.random.default_rng(11)
N = 400


def rides() -> pd.DataFrame:
    frame = pd.DataFrame({name: DRAW.integers(0, 90, N) for name in ("a", "b", "c", "d")})
    frame["temperature"] = DRAW.normal(20, 5, N)
    frame["total"] = frame.a + frame.b
    return frame


def test_columns_that_add_up_to_the_target_are_forbidden() -> None:
    found = looked(rides(), "total")
    assert set(found.forbidden) == {"a", "b"}
    assert found.leaks[0].how == "a + b is 'total' in every row"
    assert found.features.numeric == ("c", "d", "temperature")


def test_differences_are_sums_too() -> None:
    frame = rides()
    frame["left"] = frame.total - frame.c - frame.d
    found = looked(frame[["temperature", "total", "c", "d", "left"]], "left")
    assert set(found.forbidden) == {"total", "c", "d"}


def test_a_weighted_sum_is_to_be_looked_at_only() -> None:
    frame = rides()
    frame["grade"] = 0.25 * frame.a + 0.75 * frame.b
    found = looked(frame.drop(columns="total"), "grade")
    assert found.forbidden == ()
    assert found.suspects[0].columns == ("a", "b")
    assert "0.25 · a + 0.75 · b" in found.suspects[0].how


def test_sums_that_leave_nothing_to_predict_from_are_not_forbidden() -> None:
    found = looked(rides()[["a", "b", "total"]], "total")
    assert found.forbidden == ()
    assert found.features.numeric == ("a", "b")
    assert found.suspects[0].columns == ("a", "b")


def test_one_row_that_does_not_add_up_makes_it_no_sum() -> None:
    frame = rides()
    frame.loc[N - 3, "total"] += 1
    found = looked(frame, "total")
    assert found.forbidden == ()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.sampled_from([1.0, 1e-3, 1e6]))
def test_sums_are_found_whatever_their_size(seed: int, parts: int, scale: float) -> None:
    draw = np.random.default_rng(seed)
    columns = {f"c{k}": draw.integers(0, 50, 200) * scale for k in range(7)}
    wanted = [f"c{k}" for k in draw.choice(7, parts, replace=False)]
    y = np.sum([columns[name] for name in wanted], axis=0)
    assert exact_sum(columns, y) == dict.fromkeys(sorted(wanted), 1.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_noise_never_adds_up(seed: int) -> None:
    draw = np.random.default_rng(seed)
    columns = {f"c{k}": draw.normal(size=200) for k in range(20)}
    assert exact_sum(columns, draw.normal(size=200)) == {}


def test_as_many_columns_as_rows_say_nothing() -> None:
    columns = {f"c{k}": DRAW.normal(size=50) for k in range(50)}
    assert exact_sum(columns, DRAW.normal(size=50)) == {}


def test_copies_of_the_classes_are_forbidden_under_any_names() -> None:
    frame = customers()
    frame["gone"] = np.where(frame.left == "yes", 1, 0)
    frame["status"] = np.where(frame.left == "yes", "closed", "open")
    found = looked(frame, "left")
    assert set(found.forbidden) == {"gone", "status"}
    assert "gone" not in found.features.columns


def test_a_number_that_grows_with_the_target_is_a_copy_of_it() -> None:
    frame = rides()
    frame["noise"] = DRAW.normal(size=N)
    frame["y"] = DRAW.normal(size=N)
    frame["y_in_cents"] = frame.y * 100
    found = looked(frame, "y")
    assert found.forbidden == ("y_in_cents",)


def test_a_strong_column_is_to_be_looked_at_and_kept() -> None:
    frame = customers()
    frame["score"] = (frame.left == "yes") + DRAW.normal(0, 0.1, len(frame))
    found = looked(frame, "left")
    assert found.forbidden == ()
    assert [leak.columns for leak in found.suspects] == [("score",)]
    assert "score" in found.features.numeric


def test_a_strong_category_is_found() -> None:
    frame = customers()
    frame["why"] = np.where(
        frame.left == "yes", DRAW.choice(["price", "moved"], len(frame)), "none"
    )
    assert [leak.columns for leak in looked(frame, "left").suspects] == [("why",)]


@pytest.mark.parametrize("rows", [100, 300])
def test_a_good_table_has_no_leaks(rows: int) -> None:
    assert looked(customers(rows), "left").leaks == ()


def test_a_text_that_tells_the_target_is_no_feature() -> None:
    frame = customers()
    frame["plan"] = [f"remark number {n} of many words" for n in range(300)]
    frame["y"] = [f"class {n}" for n in range(150)] * 2
    frame["said"] = [f"it was said to be {n} in words" for n in range(150)] * 2
    found = looked(frame, "y")
    assert "said" in found.forbidden
    assert "said" not in found.features.columns


def test_a_date_that_only_one_class_has_is_forbidden() -> None:
    frame = customers()
    days = pd.Series(pd.date_range("2020-01-01", periods=300, freq="7h"))
    frame["churn_date"] = days.where(frame.left == "yes")
    found = looked(frame, "left")
    assert found.forbidden == ("churn_date",)
    assert found.leaks[0].how == "whether it is missing tells 'left' one to one"
    assert "churn_date" not in found.features.columns


@pytest.mark.parametrize("kind", ["datetime", "text", "numeric", "categorical"])
def test_being_missing_nearly_always_with_one_class_is_to_be_looked_at(kind: str) -> None:
    frame = customers(600)
    values: dict[str, object] = {
        "datetime": pd.date_range("2020-01-01", periods=600, freq="7h"),
        "text": [f"they said {n} words to us" for n in range(600)],
        "numeric": DRAW.normal(size=600),
        "categorical": DRAW.choice(["by letter", "by phone"], 600),
    }
    frame["ended"] = pd.Series(values[kind]).where(frame.left == "yes")
    frame.loc[frame.index[frame.left == "yes"][0], "ended"] = None
    (leak,) = looked(frame, "left").suspects
    assert leak.columns == ("ended",)
    assert leak.how.startswith("whether it is missing alone tells the classes apart with AUC 0.99")


def test_the_hour_of_a_time_may_tell_the_target() -> None:
    frame = customers()
    day = pd.Timestamp("2020-01-01")
    hours = np.where(frame.left == "yes", 14, 3) + np.arange(300) % 3
    frame["seen"] = [day + pd.Timedelta(days=n % 50, hours=int(hours[n])) for n in range(300)]
    (leak,) = looked(frame, "left", time="none").suspects
    assert leak.how == "its hour alone tells the classes apart with AUC 1.0000"


def test_gaps_by_chance_tell_nothing() -> None:
    frame = customers()
    frame.loc[DRAW.random(300) < 0.5, "age"] = np.nan
    assert looked(frame, "left").leaks == ()


def test_sums_with_gaps_and_a_constant_are_sums() -> None:
    frame = rides()
    frame["total"] = frame.a + frame.b + 2.5
    frame.loc[[7, 90], "a"] = np.nan
    found = looked(frame, "total")
    assert set(found.forbidden) == {"a", "b"}
    assert found.leaks[0].how == "a + b + 2.5 is 'total' in every row that has all of them"


def test_copies_of_forbidden_columns_are_forbidden() -> None:
    frame = rides()
    frame["a_in_cents"] = frame.a * 100 + 3
    found = looked(frame, "total")
    assert len(found.forbidden) == 3
    assert "a_in_cents" in found.forbidden
    assert "b" in found.forbidden
    assert any("which is forbidden" in leak.how for leak in found.leaks)


def test_copies_with_gaps_are_copies() -> None:
    frame = customers()
    frame["gone"] = np.where(frame.left == "yes", 1.0, 0.0)
    frame.loc[[5, 60, 61], "gone"] = np.nan
    assert looked(frame, "left").forbidden == ("gone",)


def test_columns_beyond_those_that_are_compared_are_said() -> None:
    draw = np.random.default_rng(2)
    frame = pd.DataFrame({f"c{n}": draw.normal(size=60) for n in range(305)})
    assert any("first 300 numeric columns" in note for note in looked(frame, "c0").notes)


def test_a_row_that_is_not_among_the_sampled_ones_counts_too() -> None:
    draw = np.random.default_rng(4)
    columns = {name: draw.integers(0, 90, 9_000).astype(np.float64) for name in "abc"}
    y = columns["a"] + columns["b"]
    assert exact_sum(columns, y) == {"a": 1.0, "b": 1.0}
    sampled = set(np.linspace(0, 8_999, 2_000).astype(np.int64).tolist())
    y[next(row for row in range(9_000) if row not in sampled)] += 1
    assert exact_sum(columns, y) == {}


@pytest.mark.parametrize(("rows", "forbidden"), [(19, ()), (20, ("gone",))])
def test_few_rows_agree_by_chance(rows: int, forbidden: tuple[str, ...]) -> None:
    frame = customers(rows).assign(left=["yes", "no"] * (rows // 2) + ["no"] * (rows % 2))
    frame["gone"] = (frame.left == "yes").astype(int)
    assert looked(frame, "left").forbidden == forbidden
