"""What becomes of rows that a model was trained on."""

from __future__ import annotations

import numpy as np
import pytest

from podium.errors import DataError
from projects.evaluating.overlap import Overlap, Seen, settle


def seen(label: str, *rows: int, known: bool = True) -> Seen:
    mask = np.zeros(10, dtype=bool)
    mask[list(rows)] = True
    return Seen(label, mask, known)


NEW, OWN, THEIRS = seen("version 2"), seen("version 2", 0, 1, 2), seen("version 1", 2, 3)


@pytest.mark.parametrize("overlap", ["refuse", "drop", "keep"])
def test_new_rows_judge_all_together_whatever_was_asked(overlap: Overlap) -> None:
    settled = settle(NEW, [seen("version 1")], overlap)
    assert settled.kept.all()
    assert (settled.fact.name, settled.fact.verdict) == ("rows new to both", "pass")
    assert (settled.fact.found, settled.notes) == ("none of 10 was trained on", ())


def test_rows_of_the_candidate_are_refused_with_their_number() -> None:
    with pytest.raises(DataError) as raised:
        settle(OWN, [THEIRS], "refuse")
    assert "version 2 was trained on 3 of the 10 rows" in raised.value.what
    assert "--overlap drop judges by the 7 others" in raised.value.remedy


def test_rows_of_the_champion_leave_it_open() -> None:
    settled = settle(NEW, [THEIRS], "refuse")
    assert settled.kept.all()
    assert settled.fact.verdict == "inconclusive"
    assert settled.fact.found == "version 1 was trained on 2 of the 10 rows"


def test_drop_leaves_out_the_rows_of_either() -> None:
    settled = settle(OWN, [THEIRS], "drop")
    assert np.flatnonzero(settled.kept).tolist() == [4, 5, 6, 7, 8, 9]
    assert settled.fact.verdict == "pass"
    assert settled.fact.found == "4 of 10 were trained on, and are left out"


def test_drop_is_refused_where_no_row_is_left() -> None:
    with pytest.raises(DataError, match="All 10 rows were trained on"):
        settle(seen("version 2", *range(6)), [seen("version 1", *range(4, 10))], "drop")


def test_keep_judges_by_all_and_says_of_whom_they_were() -> None:
    settled = settle(OWN, [THEIRS], "keep")
    assert settled.kept.all()
    assert settled.fact.verdict == "inconclusive"
    assert settled.notes == (
        "version 2 was trained on 3 of the 10 rows; they are judged by all the same.",
        "version 1 was trained on 2 of the 10 rows; they are judged by all the same.",
    )


def test_what_is_not_known_passes_and_is_noted() -> None:
    settled = settle(NEW, [seen("version 1", known=False)], "refuse")
    assert settled.fact.found == "none of 10 was trained on (not known of version 1)"
    assert settled.fact.verdict == "pass"
    (note,) = settled.notes
    assert note.startswith("It is not known which rows version 1 was trained on")
    nobody = settle(seen("version 2", known=False), [seen("version 1", known=False)], "refuse")
    assert nobody.fact.found == "not known: no version kept its training rows"
    assert len(nobody.notes) == 2


def test_against_the_baseline_only_the_candidate_is_asked() -> None:
    assert settle(NEW, [], "refuse").fact.name == "rows new to the candidate"
