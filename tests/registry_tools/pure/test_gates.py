from __future__ import annotations

from typing import Any

import pytest

from registry_tools.entry import Draft, Evidence
from registry_tools.gates import Check, approvals, checks_for, inconclusive, lost
from tests.registry_tools.pure.made import Book, candidate, digest_of

STAGING = [
    "evaluated",
    "verdict",
    "evaluated these files",
    "compared with the present champion",
    "not turned down since",
    "model files",
    "signature",
]


def _failed(book: Book, version: int = 2, stage: str = "staging", **changed: object) -> list[str]:
    return [check.name for check in _checks(book, version, stage, **changed) if not check.passed]


def _checks(book: Book, version: int = 2, stage: str = "staging", **changed: object) -> list[Check]:
    return checks_for(stage, book.state, candidate(version, **changed))  # type: ignore[arg-type]


def _check(name: str, book: Book, stage: str = "staging", **changed: object) -> Check:
    return next(check for check in _checks(book, 2, stage, **changed) if check.name == name)


@pytest.fixture
def book() -> Book:
    """Version 1 is champion, version 2 passed against it."""
    made = Book()
    made.stage(1)
    made.put(1)
    made.evaluate(2)
    return made


@pytest.fixture
def staged(book: Book) -> Book:
    book.put(2, "staging")
    return book


def test_what_is_asked_before_staging_and_before_production(staged: Book) -> None:
    assert set(STAGING) <= {check.name for check in _checks(staged)}
    before_production = [check.name for check in _checks(staged, stage="production")]
    assert before_production[0] == "in staging"
    assert before_production[-1] == "approvals"
    assert set(STAGING) < set(before_production)


def test_who_passed_against_the_champion_with_the_same_files_comes_through(staged: Book) -> None:
    assert _failed(staged) == []
    assert _failed(staged, stage="production") == []


def test_a_version_that_was_never_evaluated_is_refused(book: Book) -> None:
    assert _failed(book, 3) == ["evaluated"]
    assert _checks(book, 3)[0].found == "never evaluated"


def test_nothing_is_known_without_a_ledger() -> None:
    assert _failed(Book()) == ["evaluated"]
    assert _failed(Book(), stage="production") == ["in staging", "evaluated"]


def test_the_first_version_is_compared_with_the_baseline() -> None:
    book = Book()
    book.evaluate(2)
    assert _failed(book) == []
    found = _check("compared with the present champion", book)
    assert (found.found, found.needed) == ("the baseline (no champion)",) * 2


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_a_failed_verdict_is_refused(staged: Book, stage: str) -> None:
    staged.evaluate(2, "fail")
    assert _failed(staged, stage=stage) == ["verdict"]
    assert not inconclusive(_checks(staged, stage=stage))


def test_the_last_verdict_is_the_one_that_counts(book: Book) -> None:
    book.evaluate(2, "fail")
    assert _failed(book) == ["verdict"]
    book.evaluate(2, "pass")
    assert _failed(book) == []


def test_an_inconclusive_verdict_is_refused_as_such(book: Book) -> None:
    book.evaluate(2, "inconclusive")
    assert _failed(book) == ["verdict"]
    assert inconclusive(_checks(book))
    assert not inconclusive(_checks(book, problem="does not load"))
    assert not inconclusive(_checks(book, digest=digest_of(2, "b")))


def test_an_inconclusive_verdict_passes_where_the_policy_says_so(book: Book) -> None:
    book.policy({"on_inconclusive": "pass"})
    book.evaluate(2, "inconclusive")
    assert _failed(book) == []
    assert not inconclusive(_checks(book))
    book.evaluate(2, "fail")
    assert _failed(book) == ["verdict"]


def test_the_policy_that_is_asked_is_the_last_one_in_the_ledger(book: Book) -> None:
    book.policy({"on_inconclusive": "pass"})
    book.evaluate(2, "inconclusive")
    assert _failed(book) == []
    book.policy({"on_inconclusive": "refuse"})
    assert _failed(book) == ["verdict"]


def test_a_verdict_on_other_files_does_not_count(book: Book) -> None:
    assert _failed(book, digest=digest_of(2, "b")) == ["evaluated these files", "model files"]


def test_a_verdict_against_an_earlier_champion_does_not_count(staged: Book) -> None:
    staged.stage(3)
    staged.put(3)
    assert _failed(staged) == ["compared with the present champion"]
    found = _check("compared with the present champion", staged)
    assert (found.found, found.needed) == ("version 1", "version 3")
    staged.evaluate(2)
    assert _failed(staged) == []


def test_a_verdict_against_a_champion_that_is_gone_does_not_count(book: Book) -> None:
    book.add(Draft("retire", version=1, reason="broken"))
    assert _failed(book) == ["compared with the present champion"]


@pytest.mark.parametrize(("action", "said"), [("reject", "rejected"), ("retire", "retired")])
def test_who_was_turned_down_needs_another_evaluation(book: Book, action: str, said: str) -> None:
    book.add(Draft(action, version=2, reason="bad"), actor="bob")  # type: ignore[arg-type]
    assert _failed(book) == ["not turned down since"]
    assert _check("not turned down since", book).found.startswith(f"{said} by bob (entry ")
    book.evaluate(2)
    assert _failed(book) == []
    assert _check("not turned down since", book).found.endswith("evaluated again")
    book.add(Draft(action, version=2, reason="still"))  # type: ignore[arg-type]
    assert _failed(book) == ["not turned down since"]


def test_force_into_staging_does_not_wipe_out_a_rejection(book: Book) -> None:
    """Else the way to production is free without force, and nobody sees that it was rejected."""
    book.add(Draft("reject", version=2, reason="bad"), actor="bob")
    book.put(2, "staging", forced=True, reason="now")
    assert _failed(book, stage="production") == ["not turned down since"]
    book.evaluate(2)
    assert _failed(book, stage="production") == []


def test_who_was_rolled_back_needs_another_evaluation(staged: Book) -> None:
    staged.put(2)
    staged.add(Draft("rollback", version=1, stage="production", replaced=2, reason="slow"))
    assert _failed(staged) == ["not turned down since"]
    staged.evaluate(2)
    assert _failed(staged) == []


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_files_that_do_not_load_are_refused(staged: Book, stage: str) -> None:
    assert _failed(staged, stage=stage, problem="does not load") == ["model files"]
    assert _check("model files", staged, problem="does not load").found == "does not load"


def test_files_that_are_not_those_of_the_tag_are_refused(book: Book) -> None:
    assert _failed(book, registered_digest=digest_of(2)) == []
    assert _failed(book, registered_digest=digest_of(2, "b")) == ["model files"]
    assert "tag" in _check("model files", book, registered_digest=digest_of(2, "b")).found


def test_files_that_were_changed_and_evaluated_again_are_still_not_those_of_the_ledger(
    book: Book,
) -> None:
    """A version's files do not change: a second evaluation does not launder them."""
    book.evaluate(2, digest=digest_of(2, "b"))
    assert _failed(book, digest=digest_of(2, "b")) == ["model files"]
    assert "ledger" in _check("model files", book, digest=digest_of(2, "b")).found
    assert _failed(book) == ["evaluated these files"]


def test_a_signature_that_breaks_callers_is_refused_and_says_where(book: Book) -> None:
    assert _failed(book, incompatible=("input 'a' was removed",)) == ["signature"]
    said = ("input 'a' was removed", "output 'b' was removed")
    assert _check("signature", book, incompatible=said).found == "; ".join(said)


def test_only_what_is_in_staging_comes_to_production(staged: Book) -> None:
    staged.evaluate(3)
    assert _failed(staged, 3, "production") == ["in staging"]
    staged.put(3, "staging")
    assert _failed(staged, 2, "production") == ["in staging"]
    assert _failed(staged, 3, "production") == []


def _approve(book: Book, *people: str) -> None:
    for person in people:
        book.add(Draft("approve", version=2), person)


@pytest.mark.parametrize(
    ("people", "enough"),
    [([], False), (["bob"], False), (["bob", "bob"], False), (["bob", "cid"], True)],
)
def test_approvals_are_counted_by_person(staged: Book, people: list[str], enough: bool) -> None:
    staged.policy(approvals=2)
    _approve(staged, *people)
    assert _failed(staged, stage="production") == ([] if enough else ["approvals"])
    assert _check("approvals", staged, "production").found.startswith(str(len(set(people))))


def test_the_author_approves_like_anybody_where_the_policy_does_not_mind(staged: Book) -> None:
    staged.policy(approvals=1)
    _approve(staged, "ann")
    assert _failed(staged, stage="production", author="ann") == []


def test_the_author_does_not_count_where_the_policy_says_so(staged: Book) -> None:
    staged.policy(approvals=1, exclude_author=True)
    _approve(staged, "cid")
    certain: dict[str, Any] = {"author": "cid", "author_is_certain": True}
    assert _failed(staged, stage="production", **certain) == ["approvals"]
    check = _check("approvals", staged, "production", **certain)
    assert check.needed == "1, not counting the author cid"
    assert (check.excluded, check.excluded_actors) == ("cid", ("cid",))
    _approve(staged, "ann")
    assert _failed(staged, stage="production", **certain) == []


def test_where_the_author_is_only_guessed_whoever_staged_it_does_not_count_either(
    staged: Book,
) -> None:
    """The run says `cid-on-the-cluster`, and the ledger `ann`: they may be one person."""
    staged.policy(approvals=1, exclude_author=True)
    _approve(staged, "ann", "cid-on-the-cluster")
    guessed: dict[str, Any] = {"author": "cid-on-the-cluster"}
    assert _failed(staged, stage="production", **guessed) == ["approvals"]
    check = _check("approvals", staged, "production", **guessed)
    assert check.excluded_actors == ("cid-on-the-cluster", "ann")
    assert check.needed == (
        "1, not counting the author cid-on-the-cluster (by its run) or ann (staged it)"
    )
    assert approvals(staged.state, 2, "cid-on-the-cluster") == check
    assert approvals(staged.state, 2, "cid-on-the-cluster", True).passed
    _approve(staged, "bob")
    assert _failed(staged, stage="production", **guessed) == []


@pytest.mark.parametrize(
    ("verdict", "lenient", "loses"),
    [
        ("pass", False, False),
        ("fail", True, True),
        ("inconclusive", False, True),
        ("inconclusive", True, False),
    ],
)
def test_a_version_lost_where_its_last_verdict_lets_it_go_no_further(
    book: Book, verdict: str, lenient: bool, loses: bool
) -> None:
    book.policy({"on_inconclusive": "pass" if lenient else "refuse"})
    book.evaluate(2, verdict)
    assert lost(book.state, 2) is loses
    assert not lost(book.state, 9)


def test_where_the_author_is_not_known_whoever_staged_it_counts_as_such(staged: Book) -> None:
    staged.policy(approvals=1, exclude_author=True)
    _approve(staged, "ann")
    assert _failed(staged, stage="production") == ["approvals"]
    bob: dict[str, Any] = {"author": "bob", "author_is_certain": True}
    assert _failed(staged, stage="production", **bob) == []
    _approve(staged, "bob")
    assert _failed(staged, stage="production") == []


@pytest.mark.parametrize("what", ["evaluate", "reject", "stage again", "another takes its place"])
def test_approvals_do_not_outlive_what_they_were_given_for(staged: Book, what: str) -> None:
    staged.policy(approvals=1)
    _approve(staged, "bob")
    assert _failed(staged, stage="production") == []
    if what == "evaluate":
        staged.evaluate(2)
    elif what == "reject":
        staged.add(Draft("reject", version=2, reason="bad"))
        staged.stage(2)
    elif what == "stage again":
        staged.put(2, "staging")
    else:
        staged.stage(3)
        staged.put(2, "staging")
    assert _failed(staged, stage="production") == ["approvals"]


def test_approvals_of_one_version_are_none_of_another(staged: Book) -> None:
    staged.policy(approvals=1)
    _approve(staged, "bob")
    staged.stage(3)
    assert _failed(staged, 3, "production") == ["approvals"]


def test_a_stricter_policy_asks_for_more_approvals_at_once(staged: Book) -> None:
    assert _failed(staged, stage="production") == []
    staged.policy(approvals=1)
    assert _failed(staged, stage="production") == ["approvals"]


def test_a_judge_who_found_it_worse_turns_the_challenger_down(staged: Book) -> None:
    traffic = {"mode": "canary", "share": 0.1, "champion": 1, "challenger": 2}
    staged.add(Draft("traffic", version=2, traffic=traffic))
    staged.add(Draft("judge", version=2, evidence=Evidence(verdict="worse")), "judge")
    assert _failed(staged) == ["not turned down since"]
    assert _failed(staged, stage="production") == ["in staging", "not turned down since"]


def test_nothing_failed_is_not_inconclusive() -> None:
    assert not inconclusive([])
    assert not inconclusive([Check("a", True, "", "")])


def test_a_verdict_reached_under_another_gate_does_not_count(book: Book) -> None:
    """Else a version that passed a lax gate goes through a strict one."""
    book.policy({"margin": 0.05})
    assert _failed(book) != []
    book.evaluate(2)
    assert _failed(book) == []
    book.policy({"margin": 0.05}, approvals=1)
    assert _failed(book) == []
