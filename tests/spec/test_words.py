from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.spec import LEDGER_SUFFIX, label_text, model_name_problem
from podium.spec.durations import format_duration, parse_duration


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_500)))
def test_a_length_of_time_is_read_as_it_was_written(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length


@given(st.integers(0, 10_000), st.sampled_from("smhdw"))
def test_units_are_what_they_say(count: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit]
    assert parse_duration(f"{count}{unit}") == timedelta(seconds=count * seconds)
    assert parse_duration(f" {count} {unit} ") == timedelta(seconds=count * seconds)


@pytest.mark.parametrize(
    ("written", "again"), [("14d", "2w"), ("36h", "36h"), ("1.5h", "90m"), ("0d", "0s")]
)
def test_the_largest_unit_that_divides_a_length_is_written(written: str, again: str) -> None:
    assert format_duration(parse_duration(written)) == again


@pytest.mark.parametrize(
    "value", ["", "7", "d", "-7d", "7D", "1d2h", "7 days", 7, True, None, [], timedelta(-1)]
)
def test_what_is_no_length_of_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a length of time"):
        parse_duration(value)


@given(st.text(alphabet="abc._- 0é", min_size=1, max_size=249))
def test_plain_names_are_allowed_unless_they_are_those_of_ledgers(name: str) -> None:
    refused = name != name.strip() or name in {".", ".."} or name.endswith(LEDGER_SUFFIX)
    assert bool(model_name_problem(name)) == refused


@given(st.text(min_size=1), st.sampled_from(["/", ":", "'", '"', "`", "\n", "\r", "\x00"]))
def test_no_name_may_hold_what_breaks_the_registry(name: str, character: str) -> None:
    assert model_name_problem(f"a{name}{character}b")


def test_a_name_that_leaves_room_for_the_ledger_is_allowed() -> None:
    assert model_name_problem("a" * 249) == ""
    assert model_name_problem("ledger") == ""


@pytest.mark.parametrize(
    ("label", "text"),
    [(True, "true"), (False, "false"), (1, "1"), (1.0, "1"), (0.5, "0.5"), ("yes", "yes")],
)
def test_labels_are_written_one_way(label: bool | int | float | str, text: str) -> None:
    assert label_text(label) == text
