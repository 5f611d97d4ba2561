from __future__ import annotations

from registry_tools.entry import Draft, Evidence
from registry_tools.gates import checks_for
from registry_tools.uses import use_of
from tests.registry_tools.pure.made import Book, candidate


def _judged(*asked: tuple[str, str, int | None]) -> Book:
    """One verdict for each of (data, model, champion)."""
    book = Book()
    for version, (data, model, against) in enumerate(asked, 1):
        evidence = Evidence(run_id="r", verdict="fail", data_digest=data)
        book.add(
            Draft(
                "evaluate",
                version=version,
                replaced=against,
                evidence=evidence,
                model_digest=model,
            )
        )
    return book


def test_the_first_question_to_some_rows_is_their_first_use() -> None:
    assert use_of([], "rows", "files", None) == 1


def test_every_other_question_to_the_same_rows_is_one_more_use() -> None:
    entries = _judged(("rows", "a", None), ("rows", "b", 1), ("rows", "c", 1)).entries
    assert use_of(entries, "rows", "d", 1) == 4


def test_questions_to_other_rows_do_not_count() -> None:
    entries = _judged(("rows", "a", None), ("others", "b", 1)).entries
    assert use_of(entries, "newer", "c", 1) == 1
    assert use_of(entries, "others", "c", 1) == 2


def test_to_ask_the_same_again_is_no_other_use() -> None:
    entries = _judged(("rows", "a", None), ("rows", "b", 1), ("rows", "b", 1)).entries
    assert use_of(entries, "rows", "a", None) == 1
    assert use_of(entries, "rows", "b", 1) == 2
    assert use_of(entries, "rows", "c", 1) == 3


def test_the_same_files_against_another_champion_are_another_question() -> None:
    entries = _judged(("rows", "a", 1)).entries
    assert use_of(entries, "rows", "a", 2) == 2


def test_verdicts_that_name_no_rows_do_not_count() -> None:
    book = Book()
    book.evaluate(1)
    assert use_of(book.entries, "rows", "a", None) == 1


def test_a_pass_does_not_hide_that_the_same_files_failed_before() -> None:
    book = Book()
    for verdict in ("fail", "inconclusive", "pass"):
        book.evaluate(1, verdict)
    evaluation = book.state.of(1).evaluation
    assert evaluation is not None
    assert (evaluation.verdict, evaluation.failed) == ("pass", 1)
    (check,) = [c for c in checks_for("staging", book.state, candidate(1)) if c.name == "verdict"]
    assert (check.passed, check.found) == (True, "pass, after a fail in entry 1")
    book.evaluate(1, "pass", digest="f" * 64)
    other_files = book.state.of(1).evaluation
    assert other_files is not None
    assert other_files.failed is None
