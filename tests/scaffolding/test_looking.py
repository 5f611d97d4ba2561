"""What is made of the columns of a table."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError, UsageError
from projects.scaffolding.missing_words import missing_words
from projects.scaffolding.order import order_note
from tests.scaffolding.made import customers, looked

DAYS = pd.date_range("2020-01-01", periods=300, freq="D").to_series(index=range(300))


def test_each_column_gets_its_kind_or_a_reason() -> None:
    found = looked(customers(), "left")
    assert found.features.numeric == ("age",)
    assert found.features.categorical == ("plan",)
    assert {left.column: left.why for left in found.left_out} == {
        "customer": "it looks like an id: a different string in nearly every row",
        "country": "it is constant",
    }
    assert (found.rows, found.columns) == (300, 5)
    assert (found.split.value, found.metric.value) == ("random", "roc_auc")


def test_rare_positives_are_judged_by_average_precision() -> None:
    frame = customers(1000)
    frame["left"] = np.where(np.arange(1000) % 40 == 0, "yes", "no")
    found = looked(frame, "left")
    assert found.metric.value == "average_precision"
    assert "2.50%" in found.metric.why
    assert any("97.5% of the rows are 'no'" in note for note in found.notes)


def test_classes_with_few_rows_are_named() -> None:
    frame = customers()
    frame["plan"] = ["rare"] * 12 + frame.plan.tolist()[12:]
    (note,) = looked(frame, "plan").notes
    assert note == "classes with few rows, about which little can be said: rare (12)"


def test_text_columns_are_text_and_words_alone_go_to_a_linear_model() -> None:
    frame = customers()
    frame["remark"] = [f"the customer number {n} said nothing of note" for n in range(300)]
    found = looked(frame, "left")
    assert found.features.text == ("remark",)
    assert found.estimator.value == "xgboost"
    assert looked(frame[["remark", "left"]], "left").estimator.value == "linear"


def test_a_time_column_makes_a_time_split_and_gives_what_recurs() -> None:
    found = looked(customers().assign(day=DAYS), "left")
    assert (found.time, found.split.value) == ("day", "time")
    assert found.features.datetime == {"day": ("weekday",)}  # training sees not every month


def test_time_none_makes_it_a_feature() -> None:
    found = looked(customers().assign(day=DAYS), "left", time="none")
    assert (found.time, found.split.value) == (None, "random")
    assert found.features.datetime == {"day": ("month", "weekday")}


def test_months_are_a_feature_where_training_sees_some_years() -> None:
    days = pd.date_range("2010-01-01", periods=300, freq="W")
    found = looked(customers().assign(day=days), "left")
    assert found.features.datetime == {"day": ("month", "weekday")}


def test_parts_of_times_that_are_columns_already_are_left_out() -> None:
    frame = customers().assign(day=DAYS, day_weekday=DAYS.dt.day_of_week)
    assert looked(frame, "left").features.datetime == {}


def test_a_group_makes_a_group_split_and_is_no_feature() -> None:
    found = looked(customers(), "left", group="plan")
    assert (found.group, found.split.value) == ("plan", "group")
    assert found.features.columns == ("age",)


@pytest.mark.parametrize("option", ["group", "time"])
def test_a_misspelt_column_gets_a_suggestion(option: str) -> None:
    with pytest.raises(UsageError, match=f"--{option}: there is no column 'plam'") as refusal:
        looked(customers(), "left", **{option: "plam"})
    assert "plan" in refusal.value.remedy


def test_columns_called_like_ids_that_repeat_are_suggested_as_groups() -> None:
    frame = customers().assign(store_id=np.arange(300) % 60 + 1000)
    (note,) = looked(frame, "left").notes
    assert "--group store_id" in note


def test_personal_data_is_named() -> None:
    frame = customers().assign(email=[f"person{n % 150}@example.org" for n in range(300)])
    frame["birth_date"] = DAYS - pd.Timedelta(days=9000)
    found = looked(frame, "left")
    assert [(p.column, p.kind) for p in found.personal] == [
        ("email", "e-mail"),
        ("birth_date", "birth date"),
    ]
    assert "email" not in found.features.columns  # says who somebody is
    assert "birth_date" in found.features.columns


def test_a_table_of_ids_is_refused() -> None:
    with pytest.raises(DataError, match="No column is left") as refusal:
        looked(customers()[["customer", "left"]], "left")
    assert "'customer': it looks like an id" in refusal.value.remedy


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1", "?", "2", "?"], {"?": 2}),
        (["1", " NA", "2.5", "n/a"], {" NA": 1, "n/a": 1}),
        (["1", "-", "3"], {"-": 1}),
        (["a", "?", "b"], {"?": 1}),
        (["a", "NA", "b"], {}),
        (["NA", "none"], {}),
        (["1", "many", "?"], {"?": 1}),
        ([1.0, 2.0], {}),
    ],
)
def test_words_for_missing_are_found_among_numbers(
    values: list[object], words: dict[str, int]
) -> None:
    assert missing_words(pd.Series(values, dtype="str" if words or values[0] != 1.0 else None)) == (
        words
    )


def test_strings_that_are_nearly_all_numbers_are_numbers() -> None:
    frame = customers()
    frame["fare"] = [f" {n % 40 / 4}" for n in range(300)]
    frame.loc[7, "fare"] = "free"
    found = looked(frame, "left")
    assert "fare" in found.features.numeric
    assert "'fare' is no number in 1 of 300 rows, such as 'free'" in found.notes[0]


def test_codes_with_leading_zeros_stay_categories() -> None:
    frame = customers().assign(area=[f"0{n % 9}10" for n in range(300)])
    assert "area" in looked(frame, "left").features.categorical


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (DAYS.dt.strftime("%d/%m/%Y"), "YYYY-MM-DD"),
        (DAYS.dt.strftime("%d.%m.%y %H:%M"), "YYYY-MM-DD"),
        ([f"{n % 90},{n % 10}" for n in range(300)], "like 1234.5 ('"),
        ([f"${n % 90},{n % 900 + 100}.50" for n in range(300)], "like 1234.5 ('"),
        ([f"{n % 90} %" for n in range(300)], "like 1234.5 ('"),
    ],
)
def test_dates_and_numbers_of_another_spelling_are_left_out(values: object, said: str) -> None:
    frame = customers().assign(odd=values)
    assert said in {e.column: e.why for e in looked(frame, "left").left_out}["odd"]


def test_a_column_without_a_name_is_left_out() -> None:
    frame = customers().rename(columns={"plan": ""})
    assert "it has no name" in {e.column: e.why for e in looked(frame, "left").left_out}[""]


def test_targets_that_go_along_with_the_rows_are_noted() -> None:
    draw = np.random.default_rng(5)
    slow = (draw.random(4000) < np.linspace(0.1, 0.9, 4000)).astype(np.int64)
    assert "like that of the row before" in order_note("binary", slow)
    assert "like that" in order_note("regression", slow + draw.normal(size=4000) / 10)
    assert "like that" in order_note("multiclass", slow)
    assert order_note("binary", draw.permutation(slow)) == ""
    assert order_note("binary", np.sort(slow)) == ""  # sorted by the class
    assert order_note("binary", slow[:500]) == ""


def test_objects_that_no_feature_takes_are_left_out() -> None:
    frame = customers()
    frame["tags"] = [["a", "b"][: n % 3] for n in range(300)]
    frame["array"] = [np.arange(n % 4) for n in range(300)]
    frame["more"] = [{"n": n} for n in range(300)]
    frame["raw"] = [b"\xff" if n % 2 else None for n in range(300)]
    frame["took"] = pd.to_timedelta(range(300), unit="h")
    frame["beyond"] = np.where(np.arange(300) % 2, 1e300, 1.0)
    found = looked(frame, "left")
    left = {each.column for each in found.left_out if "lists, bytes" in each.why}
    assert left == {"tags", "array", "more", "raw", "took"}
    assert any(each.column == "beyond" for each in found.left_out)
    for column in sorted(left):
        with pytest.raises(DataError, match="lists, bytes"):
            looked(frame, column)


def test_every_kind_of_plain_value_is_taken() -> None:
    frame = customers()
    frame["exact"] = [decimal.Decimal(n % 13) / 4 for n in range(300)]
    frame["flag"] = [None if n % 9 == 0 else bool(n % 2) for n in range(300)]
    frame["clock"] = [dt.time(n % 24) for n in range(300)]
    frame["size"] = pd.Categorical(["S", "M", "L"] * 100)
    frame["small"] = pd.array([n % 50 for n in range(300)], dtype="UInt8")
    frame["far"] = np.where(np.arange(300) % 50 == 0, np.inf, np.arange(300) / 7)
    found = looked(frame, "left")
    assert set(found.features.numeric) == {"age", "exact", "small", "far"}
    assert set(found.features.categorical) == {"plan", "flag", "clock", "size"}


@pytest.mark.parametrize(
    "name",
    ["customer_id", "userId", "ID", "serialnumber", "invoice", "order_no", "Invoice Number", "id"],
)
@pytest.mark.parametrize(("rows", "each"), [(300, 1), (300, 4), (60, 1)])
def test_whole_numbers_that_are_called_like_ids_are_no_features(
    name: str, rows: int, each: int
) -> None:
    ids = np.random.default_rng(7).permutation(np.arange(rows) // each * 17 + 5)
    found = looked(customers(rows).assign(**{name: ids}), "left")
    why = {left.column: left.why for left in found.left_out}
    assert "it is called like an id" in why[name]
    assert any(f"--group {name}" in note for note in found.notes) == (each > 1)


@pytest.mark.parametrize("name", ["education-num", "number", "paid", "humid", "visits"])
def test_other_names_are_no_ids(name: str) -> None:
    frame = customers().assign(**{name: np.arange(300) // 4})
    assert name in looked(frame, "left").features.columns


def test_a_code_of_few_values_that_is_called_like_an_id_stays() -> None:
    frame = customers().assign(shop_id=np.arange(300) % 7)
    assert "shop_id" in looked(frame, "left").features.columns


def test_other_texts_in_every_row_of_a_small_table_are_noted() -> None:
    assert any("another value in every row" in n for n in looked(customers(60), "left").notes)


def test_rows_that_are_there_twice_are_noted() -> None:
    frame = customers()
    frame = pd.concat([frame, frame.head(3)], ignore_index=True)
    assert any("3 of 303 rows are exact copies" in note for note in looked(frame, "left").notes)


@pytest.mark.parametrize("other", ["Yes", " yes", "yes."])
def test_labels_that_differ_only_in_their_spelling_are_noted(other: str) -> None:
    frame = customers()
    frame.loc[frame.index % 3 == 0, "left"] = other
    notes = looked(frame, "left").notes
    assert sum("differ only in their spelling" in note for note in notes) == 1


@pytest.mark.parametrize(("beyond", "left_out"), [(30, False), (31, True)])
def test_a_column_with_more_than_a_tenth_beyond_what_models_take_is_left_out(
    beyond: int, left_out: bool
) -> None:
    far = np.where(np.arange(300) < beyond, np.inf, np.arange(300) / 7)
    found = looked(customers().assign(far=far), "left")
    assert ("far" in {each.column for each in found.left_out}) == left_out


@pytest.mark.parametrize(("distinct", "suggested"), [(150, True), (151, False)])
def test_a_group_has_two_rows_on_average(distinct: int, suggested: bool) -> None:
    frame = customers().assign(store_id=[f"s{n % distinct}" for n in range(300)])
    notes = looked(frame, "left").notes
    assert any("--group store_id" in note for note in notes) == suggested
