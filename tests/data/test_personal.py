"""Columns that look like personal data, and those that must not."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podium.data import BUNDLED, resolve_source
from podium.data.nycflights import package_folder
from podium.data.personal import personal_columns
from podium.data.personal_values import BY_VALUE
from tests.real_data import real_data

ROWS = 60
CARDS = ["4539 1488 0343 6467", "6011000990139424", "3782-822463-10005", "5555555555554444"]
IBANS = ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606"]


def kinds(frame: pd.DataFrame) -> dict[str, str]:
    return {found.column: found.kind for found in personal_columns(frame)}


def by_value(values: list[object]) -> str | None:
    """What a column of these values is taken for, whose name says nothing."""
    repeated = (values * ROWS)[:ROWS]
    return kinds(pd.DataFrame({"field_7": repeated})).get("field_7")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["ann@example.com", "b.o.b@mail.example.org", "c+d@x.io"], "e-mail"),
        (["please write to ann@example.com", "I am zed@x.org", "ok a_b@c.de."], "e-mail"),
        (["+49 30 1234567", "+1-202-555-0143", "+442079460958"], "phone"),
        (["(202) 555-0143", "202-555-0199", "1-202-555-0101 x12"], "phone"),
        (["030 1234567", "0171/1234567", "020 7946 0958"], "phone"),
        (list(CARDS), "card number"),
        ([4539148803436467, 6011000990139424, 5555555555554444], "card number"),
        ([4539148803436467.0, 6011000990139424.0, float("nan"), 5555555555554444.0], "card number"),
        (list(IBANS), "account number"),
        (["123-45-6789", "001-01-0001", "772-12-3456"], "national id"),
        (["12 High Street", "4b Long Acre Road, Leeds", "700 W. 5th Ave"], "address"),
        (["Hauptstraße 12", "Am Markt-Platz 3a", "Lindenstr. 7, Berlin"], "address"),
        (["Anna Schmidt", "Peter O'Neil", "Fatima Al-Sayed", "Li Wei"], "name"),
        (["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina", "Futrelle, Mrs. Lily May"], "name"),
    ],
)
def test_values_tell_where_the_name_does_not(values: list[object], kind: str) -> None:
    assert by_value(values) == kind


class _Document(str):
    """A text that must not be gone through a character at a time."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a long text was gone through")


@pytest.mark.parametrize("what", [each[0] for each in BY_VALUE])
def test_long_documents_are_not_gone_through(what: str) -> None:
    (looks_like,) = [each[1] for each in BY_VALUE if each[0] == what]
    assert not looks_like(_Document("A report of 12 pages. " * 2_000))


def test_an_address_far_into_a_document_is_left_alone() -> None:
    assert by_value([f"{'words ' * 300} u{i}@example.com" for i in range(5)]) == "e-mail"
    assert by_value([f"{'words ' * 400} u{i}@example.com" for i in range(5)]) is None


RANDOM = np.random.default_rng(0)
HARMLESS: dict[str, list[object]] = {
    "epoch seconds": [1_700_000_000 + 3_600 * i for i in range(ROWS)],
    "epoch seconds as text": [str(1_700_000_000 + 3_600 * i) for i in range(ROWS)],
    "epoch milliseconds": [1_700_000_000_000 + 977 * i for i in range(ROWS)],
    "epoch nanoseconds": [1_700_000_000_000_000_000 + 97_700_000_001 * i for i in range(ROWS)],
    "prices": ["$1,299.00", "$9.99", "€12.50"],
    "ids": [10_000_000 + 7 * i for i in range(ROWS)],
    "random ids of 16 digits": [int(x) for x in RANDOM.integers(2 * 10**15, 7 * 10**15, ROWS)],
    "coordinates": [f"+{x:.6f}" for x in RANDOM.uniform(1, 90, ROWS)],
    "pairs of coordinates": ["40.7128, -74.0060", "51.5074, -0.1278", "48.1351, 11.5820"],
    "serial numbers": ["MJ0351YNG9Z0XA", "WD-WCAPZ1027712", "Z300GYP3"],
    "signed pairs of coordinates": ["+40.7128 -74.0060", "+51.5074-000.1278/", "-48.1351 +11.5820"],
    "part numbers that begin with zeros": ["0001-23456", "0002-34567", "0003-45678"],
    "short numbers with a blank": ["01 12345", "02 23456", "03 34567"],
    "part numbers": ["4711-0815", "0001-2345", "12-3456-78"],
    "dates": ["2013-04-10", "2013-04-11", "2013-05-19"],
    "dates by day": ["01/02/2013", "28/02/2013", "09.11.2013"],
    "times": ["2013-01-01T10:00:00Z", "2013-01-01 05:00:00+01:00", "10:15:30"],
    "UUIDs": [
        "3f2b8c1e-58d1-4a53-b5b0-0a31a9f0c001",
        "0" * 8 + "-0000-4000-8000-000000000001",
        "x",
    ],
    "IP numbers and versions": ["10.0.0.1", "192.168.100.200", "3.11.4"],
    "months": ["January", "April", "May", "June", "August"],
    "cities": ["New York", "San Diego", "St. Louis", "Boston"],
    "airports": ["John F Kennedy Intl", "Newark Liberty Intl", "La Guardia", "Logan", "O Hare"],
    "jobs": ["Adm-clerical", "Exec-managerial", "Craft-repair"],
    "truth": [True, False, True],
    "nothing": [None, None, None],
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_only_has_many_digits_or_capitals_is_not_suspected(what: str) -> None:
    assert by_value(HARMLESS[what]) is None


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("last_name", ["Kowalski"], "name"),
        ("last_name", ["Kowalski", "Nguyen"], "name"),
        ("birth", ["1980-01-31", "1975-12-01", "2001-06-15"], "birth date"),
        ("born", [1980, 1975, 2001], "birth date"),
        ("cc", ["4539 1488 0343 6467"], "card number"),
        ("contact", ["01511234567", "01729876543"], "phone"),
        ("patient", ["Kowalski", "Nguyen", "van Dyk", "O'Hara", "Ilić"], "name"),
        ("ip", ["192.168.0.17", "10.1.2.3"], "address"),
        ("client_ip", ["2001:db8::1", "10.1.2.3"], "address"),
    ],
)
def test_few_values_are_enough_where_the_name_says_so(
    column: str, values: list[object], kind: str
) -> None:
    frame = pd.DataFrame({column: (values * ROWS)[:ROWS]})
    assert kinds(frame) == {column: kind}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("surname", ["yes", "no"]),
        ("last_name", ["0", "1"]),
        ("birth", ["London", "Paris", "Rome"]),
        ("birth", [12.7, 9.3, 10.0]),
        ("born", ["Yes", "No"]),
        ("cc", [1500, 1998, 2993]),
        ("cc", ["DE", "US", "FR"]),
        ("contact", ["cellular", "telephone"]),
        ("last_contact", ["2020-01-01", "2020-02-01"]),
        ("patient", ["P001", "P002", "P003"]),
        ("patient", ["Inpatient", "Outpatient"]),
        ("patient", ["in", "out", "day", "night"]),
        ("ip", [200.1, 199.2, 58.0]),
        ("ip", ["200.1", "199.2", "58.0"]),
    ],
)
def test_short_names_do_not_count_against_the_values(column: str, values: list[object]) -> None:
    assert kinds(pd.DataFrame({column: (values * ROWS)[:ROWS]})) == {}


def test_values_can_speak_against_a_name() -> None:
    frame = pd.DataFrame(
        {
            "phone": [0, 1] * 30,
            "email": ["yes", "no"] * 30,
            "address": range(60),
            "credit_card": [True, False] * 30,
            "passport": ["valid", "expired", "none"] * 20,
            "account_number": [1.5, 2.5] * 30,
            "street": [None] * 60,
            "mail": ["opened", "clicked", "none"] * 20,
            "home_address": ["U", "R", "S"] * 20,
        }
    )
    assert kinds(frame) == {}


def test_a_hashed_address_is_still_personal() -> None:
    hashes = [f"{place:032x}" for place in range(60)]
    assert kinds(pd.DataFrame({"email_hash": hashes})) == {"email_hash": "e-mail"}


def test_numbers_count_where_the_name_says_what_they_are() -> None:
    frame = pd.DataFrame(
        {
            "phone": [2025550100.0 + i for i in range(60)],
            "account_number": range(88_000_100, 88_000_160),
            "zip": range(10_115, 10_175),
        }
    )
    assert kinds(frame) == {"phone": "phone", "account_number": "account number", "zip": "address"}


def test_it_says_why_and_how_many() -> None:
    values = [f"u{i}@example.com" for i in range(30)] + ["unknown"] * 30
    (found,) = personal_columns(pd.DataFrame({"e_mail": values}))
    assert (found.share, found.why) == (
        0.5,
        "50% of the values look like one, and so does the column's name",
    )
    (found,) = personal_columns(pd.DataFrame({"surname": list("abcdef") * 10}))
    assert (found.share, found.why) == (None, "the column's name says so")


def test_a_column_called_name_is_suspected_where_it_holds_people() -> None:
    people = ["Anna Berg", "Xu Qiang", "Ngozi Okafor", "Tom Baker", "Zlatko Ilic"] * 12
    firms = ["Endeavor Air Inc.", "American Airlines Inc.", "Virgin America", "Envoy Air"] * 15
    assert kinds(pd.DataFrame({"name": people})) == {"name": "name"}
    assert kinds(pd.DataFrame({"name": firms})) == {}


def test_types_of_columns_make_no_difference() -> None:
    mails = pd.Series([f"u{i}@example.com" for i in range(40)])
    times = pd.Series(pd.date_range("1980-01-01", periods=40))
    frame = pd.DataFrame({"a": mails.astype("category"), "b": mails.astype(object), "dob": times})
    frame["made"] = times
    frame["lists"] = [[1]] * 40
    assert kinds(frame) == {"a": "e-mail", "b": "e-mail", "dob": "birth date"}


def test_columns_of_the_same_name_and_empty_tables_are_no_problem() -> None:
    twice = pd.DataFrame([["a@b.de", 1]] * 5, columns=["x", "x"])
    assert kinds(twice) == {}
    assert kinds(pd.DataFrame({"email": []})) == {}


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_tables_hold_nothing_personal(name: str) -> None:
    assert kinds(resolve_source(name, Path()).read(None)) == {}


@pytest.mark.parametrize("name", ["airlines", "airports", "planes"])
def test_tables_beside_the_flights_hold_nothing_personal(name: str) -> None:
    assert kinds(pd.read_csv(package_folder() / f"data/{name}.csv")) == {}


@pytest.mark.parametrize(
    "name",
    [
        "adult_train_raw_noheader.csv.gz",
        "bank_additional_full_ordered.csv.gz",
        "bike_sharing_hour.csv.gz",
        "elec2_nsw_halfhourly.csv.gz",
        "taiwan_credit_default.csv.gz",
        "sms_spam_5574.tsv.gz",
    ],
)
def test_published_tables_hold_nothing_personal(name: str) -> None:
    separator = "\t" if ".tsv" in name else None
    frame = pd.read_csv(real_data(name), sep=separator, quoting=3, engine="python", nrows=5_000)
    assert kinds(frame) == kinds(frame.astype(str)) == {}


def test_days_of_drives_hold_nothing_personal() -> None:
    with tarfile.open(real_data("backblaze_2013q2_40days_raw_csv.tar.gz")) as archive:
        first = next(each for each in archive if each.name.endswith(".csv"))
        frame = pd.read_csv(archive.extractfile(first), low_memory=False)  # type: ignore[arg-type]
    assert kinds(frame) == {}
