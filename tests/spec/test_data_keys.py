"""The keys of `data` that say how files are read, and whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.written import BINARY, declared, refusal


def with_data(words: str) -> str:
    return BINARY.replace("{source: flights.csv}", "{source: raw, " + words + "}")


def test_all_keys_are_read_as_they_are_written(tmp_path: Path) -> None:
    text = with_data(
        'header: [a, y], missing: ["?", NA], snapshot: false, licence: CC BY 4.0, '
        "owner: data team, home: 'https://data.example/'"
    )
    data = declared(tmp_path, text).project.data
    assert data.header == ("a", "y")
    assert data.missing == ("?", "NA")
    assert not data.snapshot
    assert (data.licence, data.owner) == ("CC BY 4.0", "data team")
    assert data.home == "https://data.example/"


def test_a_copy_is_kept_unless_it_is_declared_otherwise(tmp_path: Path) -> None:
    assert declared(tmp_path, BINARY).project.data.snapshot


def test_a_loader_has_options(tmp_path: Path) -> None:
    text = with_data("loader: 'loader:rows', options: {horizon_days: 7}")
    data = declared(tmp_path, text).project.data
    assert data.loader == "loader:rows"
    assert data.options == {"horizon_days": 7}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("license: MIT", "data.license: unknown key. Did you mean 'licence'?"),
        ("header: [a, b, a]", "data.header: ['a', 'b', 'a']: names 'a' more than once"),
        ("loader: loader", "is not module:function"),
        ("loader: 'a:b', header: [a]", "has a loader, which reads the files itself"),
        ("loader: 'a:b', missing: ['?']", "has a loader, which reads the files itself"),
        ("options: {a: 1}", "has options, which are those of a loader, and no loader"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(tmp_path: Path, words: str, said: str) -> None:
    assert said in refusal(tmp_path, with_data(words))
