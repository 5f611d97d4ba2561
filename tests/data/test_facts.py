"""The facts of a data version, and its card: what is told, and what is kept back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from podium.data import content_digest
from podium.data.facts import SCHEMA, About, ContentKind, DataFacts, facts_of
from podium.documents import to_json
from podium.reports.data_card import data_card
from projects.training import content

ABOUT = About(
    project="shop",
    task="binary",
    target="bought",
    kinds={
        "amount": "number",
        "bought": "label",
        "email": "category",
        "note": "text",
        "region": "category",
        "shop": "category",
        "when": "time",
    },
    time="when",
    group="shop",
    source="raw/*.csv",
    licence="CC BY 4.0",
    owner="ACME | Co",
    home="https://example.com/data",
)


def shop(rows: int = 200) -> pd.DataFrame:
    """A canonical table with all kinds of columns. One region is rare, one amount is missing."""
    place = np.arange(rows)
    amount = place.astype(float)
    amount[1], amount[2] = np.nan, np.inf
    region = pd.Series(np.where(place % 4 == 0, "north", "south")).astype("str")
    region[:9] = "atoll"
    region[199] = None
    return pd.DataFrame(
        {
            "amount": amount,
            "bought": place % 5 == 0,
            "email": pd.Series([f"u{i % 20}@example.com" for i in place], dtype="str"),
            "note": pd.Series(["the same note"] * rows, dtype="str"),
            "region": region,
            "shop": pd.Series([f"s{i % 4}" for i in place], dtype="str"),
            "when": pd.date_range("2026-01-01", periods=rows, freq="h", tz="UTC", unit="us"),
        }
    )


def facts() -> DataFacts:
    frame = shop()
    return facts_of(frame, content_digest(frame), ABOUT)


def column(name: str, found: DataFacts | None = None) -> dict[str, object]:
    document = json.loads(to_json((found or facts()).to_json()))
    (one,) = (each for each in document["columns"] if each["name"] == name)
    return dict(one)


def test_the_words_for_kinds_of_columns_are_those_of_the_content() -> None:
    assert get_args(ContentKind) == get_args(content.ContentKind)


def test_numbers_are_described_by_what_is_finite() -> None:
    amount = column("amount")
    values = np.r_[0.0, np.arange(3.0, 200.0)]
    assert amount["numbers"] == {
        "min": 0.0,
        "mean": pytest.approx(values.mean()),
        "median": pytest.approx(np.median(values)),
        "max": 199.0,
        "std": pytest.approx(values.std(ddof=1)),
    }
    assert (amount["missing"], amount["missing_share"], amount["distinct"]) == (1, 0.005, 199)


def test_categories_tell_their_most_frequent_values_and_no_rare_one() -> None:
    region = column("region")
    assert region["frequent"] == [
        {"value": "south", "rows": 143, "share": 0.715},
        {"value": "north", "rows": 47, "share": 0.235},
    ]
    assert region["distinct"] == 3


@pytest.mark.parametrize("name", ["email", "note", "shop"])
def test_personal_columns_texts_and_groups_tell_no_values(name: str) -> None:
    told = column(name)
    assert told["frequent"] == []
    assert told["personal"] == ("e-mail" if name == "email" else None)


def test_personal_numbers_and_dates_tell_no_statistics() -> None:
    frame = pd.DataFrame(
        {
            "bought": [True, False] * 30,
            "dob": pd.date_range("1980-01-01", periods=60, tz="UTC", unit="us"),
            "phone": 2025550100.0 + np.arange(60),
        }
    )
    about = replace(ABOUT, kinds={"bought": "label", "dob": "time", "phone": "number"}, time="dob")
    found = facts_of(frame, "0" * 64, about)
    for name in ("dob", "phone"):
        told = column(name, found)
        assert (told["numbers"], told["first"], told["last"]) == (None, None, None)
    assert found.span is None
    assert "1980" not in data_card(found.to_json())


def test_a_column_of_mostly_different_values_tells_none() -> None:
    values = [f"w{i}" for i in range(120)] + ["often"] * 80
    frame = pd.DataFrame({"bought": [True, False] * 100, "word": pd.Series(values, dtype="str")})
    about = replace(ABOUT, kinds={"bought": "label", "word": "category"})
    assert column("word", facts_of(frame, "0" * 64, about))["frequent"] == []


def test_time_gives_the_span_and_the_target_its_classes() -> None:
    found = facts()
    assert found.span == ("2026-01-01T00:00:00Z", "2026-01-09T07:00:00Z")
    assert [(c.value, c.rows, c.share) for c in found.classes] == [
        ("False", 160, 0.8),
        ("True", 40, 0.2),
    ]


def test_rare_classes_are_counted_and_not_named() -> None:
    names = ["Huntington of Jane Roe"] * 9 + ["Fabry of Max Roe"] * 2 + ["none"] * 100
    names += [f"type {number:02}" for number in range(21) for _ in range(20)]
    frame = pd.DataFrame({"illness": pd.Series(names, dtype="str")})
    about = replace(ABOUT, task="multiclass", target="illness", kinds={"illness": "label"})
    found = facts_of(frame, "0" * 64, about)
    assert [c.value for c in found.classes] == ["none", *(f"type {n:02}" for n in range(19))]
    assert found.other_classes == 9 + 2 + 2 * 20
    card = data_card(found.to_json())
    assert "| others, not shown | 51 | 9.6% |" in card
    assert "Roe" not in to_json(found.to_json()) + card


def test_a_group_of_numbers_or_times_tells_no_statistics() -> None:
    frame = pd.DataFrame(
        {
            "bought": [True, False] * 30,
            "cust": 700_000.0 + np.arange(60),
            "joined": pd.date_range("1980-01-01", periods=60, tz="UTC", unit="us"),
        }
    )
    about = replace(ABOUT, kinds={"bought": "label", "cust": "number", "joined": "time"})
    for group in ("cust", "joined"):
        found = facts_of(frame, "0" * 64, replace(about, time=None, group=group))
        told = column(group, found)
        assert (told["numbers"], told["first"], told["last"]) == (None, None, None)
        assert told["distinct"] == 60
    card = data_card(facts_of(frame, "0" * 64, replace(about, time=None, group="cust")).to_json())
    assert "700" not in card
    assert "may be those of one row" in card


def test_passwords_in_addresses_are_not_told() -> None:
    about = replace(ABOUT, source="ftp://bob:hush@host/x.csv", home="https://bob:hush@example.com/")
    document = facts_of(shop(), "0" * 64, about).to_json()
    assert document["home"] == "https://bob:***@example.com/"
    assert "hush" not in to_json(document) + data_card(document)


def test_a_regression_has_no_classes() -> None:
    frame = shop()[["amount"]]
    about = replace(ABOUT, task="regression", target="amount", kinds={"amount": "number"})
    found = facts_of(frame, "0" * 64, about)
    assert found.classes == ()
    assert column("amount", found)["role"] == "target"


def test_columns_of_nothing_but_missing_values_and_single_rows_have_facts() -> None:
    frame = pd.DataFrame(
        {
            "bought": [True],
            "number": [np.nan],
            "when": pd.Series([pd.NaT]).dt.tz_localize("UTC").dt.as_unit("us"),
            "word": pd.Series([None], dtype="str"),
            "one": [2.5],
        }
    )
    about = replace(
        ABOUT,
        kinds={
            "bought": "label",
            "number": "number",
            "when": "time",
            "word": "category",
            "one": "number",
        },
    )
    found = facts_of(frame, "0" * 64, about)
    for name in ("number", "when", "word"):
        told = column(name, found)
        assert (told["missing_share"], told["numbers"], told["first"]) == (1.0, None, None)
    assert column("one", found)["numbers"] == {
        "min": 2.5, "mean": 2.5, "median": 2.5, "max": 2.5, "std": None,
    }  # fmt: skip
    assert found.span is None
    assert "1 row and 5 columns" in data_card(found.to_json())


def test_the_document_is_strict_json_and_the_same_every_time() -> None:
    text = to_json(facts().to_json())
    assert text == to_json(facts().to_json())
    document = json.loads(text)
    assert document["schema"] == SCHEMA
    assert (document["licence"], document["rows"]) == ("CC BY 4.0", 200)
    assert [each["column"] for each in document["personal"]] == ["email"]


def test_the_card_says_what_is_declared_and_keeps_values_back() -> None:
    card = data_card(json.loads(to_json(facts().to_json())))
    digest = content_digest(shop())
    assert card.startswith(f"# Data of shop, version {digest[:12]}\n")
    assert "200 rows and 7 columns, from 2026-01-01T00:00:00Z to 2026-01-09T07:00:00Z." in card
    assert "| licence | CC BY 4.0 |" in card
    assert r"| owner | ACME \| Co |" in card
    assert "| email | e-mail | 100% of the values look like one, and so does" in card
    assert "| region | 0.5% | 3 | category | south 71.5%, north 23.5% |" in card
    assert "| shop (group) | 0% | 4 | category | – |" in card
    for kept_back in ("@", "atoll", "the same note", "s1"):
        assert kept_back not in card


def test_a_card_says_that_nothing_looked_personal_and_nothing_was_declared() -> None:
    frame = shop().drop(columns="email")
    kinds = {name: kind for name, kind in ABOUT.kinds.items() if name != "email"}
    about = replace(ABOUT, kinds=kinds, licence="", home="", owner="")
    card = data_card(facts_of(frame, "0" * 64, about).to_json())
    assert "No column looks like personal data" in card
    assert card.count("not declared") == 3
