"""Two tables side by side, against a plain slow comparison."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.data.facts import About, ContentKind, facts_of
from podium.errors import UsageError
from projects.data_versions.difference import Rows, columns_of, rows_by_content, rows_by_key
from projects.data_versions.difference_text import Difference
from projects.data_versions.keys import chosen_key, found_key

NAMES = ("aaa", "bbb")


def table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """A canonical table: a whole number, a number, a word, a time and a truth a row."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    times = pd.to_datetime(pd.Series(columns[3], dtype="float64"), unit="s", utc=True)
    return pd.DataFrame(
        {
            "id": pd.Series(columns[0], dtype="float64"),
            "number": pd.Series(columns[1], dtype="float64"),
            "word": pd.Series(columns[2], dtype="str"),
            "time": times.dt.as_unit("us"),
            "truth": pd.Series(columns[4], dtype="bool"),
        }
    )


def plain(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Each row as Python values, missing ones as None."""
    return [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame.itertuples(index=False)
    ]


def slow_by_key(one: pd.DataFrame, other: pd.DataFrame) -> tuple[list[int], list[int], list[Any]]:
    """Removed, added and changed places, by a key that is the first column."""
    first = {row[0]: (place, row) for place, row in enumerate(plain(one))}
    second = {row[0]: (place, row) for place, row in enumerate(plain(other))}
    changed = [
        (first[key][0], place)
        for key, (place, row) in second.items()
        if key in first and first[key][1] != row
    ]
    removed = [place for key, (place, _) in first.items() if key not in second]
    return removed, [place for key, (place, _) in second.items() if key not in first], changed


ROWS = st.tuples(
    st.integers(0, 12),
    st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf")]),
    st.sampled_from([None, "", "a", "ä", "NaN"]),
    st.sampled_from([None, 0.0, 1.0, 1_700_000_000.0]),
    st.booleans(),
)
TABLES = st.lists(ROWS, max_size=12).map(table)
KEYED = st.lists(ROWS, max_size=12, unique_by=lambda row: row[0]).map(table)


@given(KEYED, KEYED)
@settings(max_examples=80, deadline=None)
def test_matched_by_a_key_it_finds_what_a_plain_comparison_finds(
    one: pd.DataFrame, other: pd.DataFrame
) -> None:
    found = rows_by_key(one, other, columns_of(one, other), ("id",))
    removed, added, changed = slow_by_key(one, other)
    assert found.removed.tolist() == removed
    assert found.added.tolist() == added
    assert list(zip(*map(np.ndarray.tolist, found.changed), strict=True)) == changed
    assert found.unchanged == len(one) - len(removed) - len(changed)
    cells = Counter(
        name
        for i, j in changed
        for name, x, y in zip(one.columns, plain(one)[i], plain(other)[j], strict=True)
        if x != y
    )
    assert {name: n for name, n in found.cells.items() if n} == dict(cells)
    common = [key for key in other["id"] if key in set(one["id"])]
    assert found.same_order == (common == [key for key in one["id"] if key in set(common)])


@given(TABLES, TABLES)
@settings(max_examples=80, deadline=None)
def test_without_a_key_rows_are_counted_by_what_they_hold(
    one: pd.DataFrame, other: pd.DataFrame
) -> None:
    found = rows_by_content(one, other, columns_of(one, other))
    before, after = Counter(plain(one)), Counter(plain(other))
    assert Counter(plain(one.iloc[found.removed])) == before - after
    assert Counter(plain(other.iloc[found.added])) == after - before
    assert found.unchanged == (before & after).total()
    left, right = plain(one), plain(other)
    if before != after:
        left = [row for row in left if before[row] == after[row] == 1]
        right = [row for row in right if before[row] == after[row] == 1]
    assert found.same_order == (left == right)


def counts(found: Rows) -> tuple[int, int, int, int]:
    return len(found.removed), len(found.added), len(found.changed[0]), found.unchanged


def test_columns_that_came_went_and_changed_their_type_do_not_make_rows_differ() -> None:
    one = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "old": [0.0, 0.0]})
    other = pd.DataFrame({"a": [1.0, 2.0], "b": [7.0, 8.0], "new": ["p", "q"]})
    columns = columns_of(one, other)
    assert (columns.added, columns.removed, columns.shared) == (("new",), ("old",), ("a",))
    assert [(c.name, c.before, c.after) for c in columns.retyped] == [("b", "str", "float64")]
    assert counts(rows_by_content(one, other, columns)) == (0, 0, 0, 2)
    assert counts(rows_by_key(one, other, columns, ("a",))) == (0, 0, 0, 2)


def test_the_same_rows_in_another_order_are_not_changed() -> None:
    one = table([(i, 1.0, "a", None, True) for i in range(5)])
    other = one.iloc[::-1].reset_index(drop=True)
    for found in (
        rows_by_key(one, other, columns_of(one, other), ("id",)),
        rows_by_content(one, other, columns_of(one, other)),
    ):
        assert counts(found) == (0, 0, 0, 5)
        assert not found.same_order


def test_leaving_out_one_of_equal_rows_changes_no_order() -> None:
    one = table([(i, 0.0, "a", None, True) for i in (1, 2, 1, 3)])
    found = rows_by_content(one, one.iloc[1:], columns_of(one, one))
    assert counts(found) == (1, 0, 0, 3)
    assert found.same_order


def test_group_and_time_are_the_key_where_they_are_unique() -> None:
    frame = table([(1, 0.0, w, t, True) for w in "ab" for t in (0.0, 1.0)])
    assert found_key(frame, frame, "time", "word") == ("word", "time")
    one_group = frame[frame["word"] == "a"]
    assert found_key(one_group, one_group, "time", None) == ("time",)


def test_else_the_group_is_the_key_and_else_a_column_that_is_unique_in_both() -> None:
    frame = table([(i, i / 7, f"w{i}", 0.0, True) for i in range(4)])
    frame["also"] = pd.Series(["d", "c", "b", "a"], dtype="str")
    assert found_key(frame, frame, None, "word") == ("word",)
    assert found_key(frame, frame, "time", None) == ("word",)
    assert found_key(frame, frame, None, None, "word") == ("also",)
    assert found_key(frame, pd.concat([frame, frame]), "time", "word") is None


def test_a_number_that_happens_to_be_unique_is_no_key() -> None:
    orders = pd.DataFrame(
        {"amount": np.arange(200) / 7, "order_id": [f"o{i}" for i in range(200)], "whole": 1.0}
    )
    orders["whole"] = np.arange(200.0)
    other = orders.assign(amount=orders["amount"] + np.where(np.arange(200) < 11, 1000, 0))
    key = found_key(orders, other, None, "order_id")
    assert key == ("order_id",)
    found = rows_by_key(orders, other, columns_of(orders, other), key)
    assert counts(found) == (0, 0, 11, 189)
    numbers = orders[["amount", "whole"]]
    assert found_key(numbers, numbers, None, None) is None


def test_a_column_with_missing_values_in_either_table_is_no_key() -> None:
    whole = pd.DataFrame({"word": pd.Series(["a", "b"], dtype="str")})
    with_one = pd.DataFrame({"word": pd.Series(["a", None], dtype="str")})
    assert found_key(whole, whole, None, None) == ("word",)
    assert found_key(whole, with_one, None, None) is None
    assert found_key(with_one, whole, None, None) is None


def test_a_named_key_that_is_not_in_both_is_refused() -> None:
    one = pd.DataFrame({"serial": ["a", "b"], "day": [1.0, 1.0]})
    with pytest.raises(UsageError, match="data bbb has no column 'serial'"):
        chosen_key(one, one.drop(columns="serial"), NAMES, ["serial"])
    with pytest.raises(UsageError, match="Did you mean 'serial'"):
        chosen_key(one, one, NAMES, ["seral"])
    with pytest.raises(UsageError, match="'day' is float64 in data aaa and str in bbb"):
        chosen_key(one, one.astype({"day": str}), NAMES, ["day"])


def test_a_named_key_that_two_rows_share_is_refused_with_an_example() -> None:
    one = pd.DataFrame({"serial": ["a", "b", "b"], "day": [1.0, 2.0, 2.0]})
    with pytest.raises(UsageError) as caught:
        chosen_key(one.iloc[:2], one, NAMES, ["serial", "day"])
    assert caught.value.what == "--key: serial = b, day = 2.0 is in 2 rows of data bbb."
    assert chosen_key(one.iloc[:2], one.iloc[:2], NAMES, ["serial", "serial"]) == ("serial",)


def compared(one: pd.DataFrame, other: pd.DataFrame, key: tuple[str, ...] | None) -> str:
    """The difference in words."""
    columns = columns_of(one, other)
    rows = rows_by_key(one, other, columns, key) if key else rows_by_content(one, other, columns)
    kinds: dict[str, ContentKind] = dict.fromkeys(columns.shared, "number")
    kinds |= {"word": "category"}
    about = About("", "regression", "", kinds)
    facts = [{c.name: c for c in facts_of(t, "", about).columns} for t in (one, other)]
    return Difference(
        ("a" * 64, "b" * 64), (one, other), (facts[0], facts[1]), columns, rows
    ).text()


@pytest.mark.parametrize("key", [("id",), None])
def test_columns_are_not_called_equal_where_only_their_means_look_alike(
    key: tuple[str, ...] | None,
) -> None:
    one = pd.DataFrame({"id": np.arange(12.0), "number": 1e6 + np.arange(12.0)})
    assert compared(one, one.iloc[::-1], key).endswith("No column that both have differs.")
    other = one.assign(number=one["number"].where(one["id"] != 3, 1e6 + 3.001))
    for before, after in [(one, other), (one, pd.concat([one, one.iloc[5:6].assign(id=5.5)]))]:
        said = compared(before, after, key)
        assert "No column that both have differs" not in said
    said = compared(one, other, None)
    assert "differ as shown; rows do, as counted above" in said
