from __future__ import annotations

from typing import Any

import pytest

from registry_tools import decide
from registry_tools.entry import Draft, Evidence
from registry_tools.errors import Refused
from registry_tools.policy import Policy
from registry_tools.state import Traffic
from tests.registry_tools.pure.made import Book, candidate, digest_of


def _champions(*versions: int) -> Book:
    """Each of `versions` came to production, one after the other."""
    book = Book()
    for version in versions:
        book.put(version)
    return book


def _roll_back(book: Book, to: int | None = None) -> int | None:
    book.add(decide.rollback(book.state, to, reason="worse"))
    return book.state.champion


def _refusal(book: Book, to: int | None = None) -> str:
    with pytest.raises(Refused) as refused:
        decide.rollback(book.state, to, reason="worse")
    return str(refused.value)


def test_a_rollback_goes_to_the_version_that_the_champion_replaced() -> None:
    book = _champions(1, 2, 3)
    draft = decide.rollback(book.state, None, reason="worse")
    assert (draft.version, draft.replaced, draft.stage) == (2, 3, "production")
    assert (draft.reason, draft.model_digest) == ("worse", digest_of(2))


def test_rolling_back_again_goes_further_back_and_not_forth() -> None:
    book = _champions(1, 2, 3)
    assert [_roll_back(book), _roll_back(book)] == [2, 1]
    assert "no champion before version 1" in _refusal(book)


def test_there_is_nothing_to_go_back_to_before_the_first_champion() -> None:
    assert "Nothing of flights is in production" in _refusal(Book())
    said = _refusal(_champions(1))
    assert "nothing to roll back to" in said
    assert "podium retire flights 1" in said


@pytest.mark.parametrize(("action", "said"), [("reject", "rejected"), ("retire", "retired")])
def test_a_rollback_skips_who_was_turned_down(action: Any, said: str) -> None:
    book = _champions(1, 2, 3)
    book.add(Draft(action, version=2, reason="bad"))
    assert _roll_back(book) == 1
    book = _champions(1, 2)
    book.add(Draft(action, version=1, reason="bad"))
    assert f"version 1 was {said}" in _refusal(book)


def test_a_rollback_skips_who_was_rolled_back_before() -> None:
    book = _champions(1, 2, 3)
    _roll_back(book)
    book.put(4)
    assert [_roll_back(book), _roll_back(book)] == [2, 1]


def test_a_version_that_came_back_after_a_rollback_can_be_gone_back_to() -> None:
    book = _champions(1, 2)
    _roll_back(book)
    book.put(2)
    book.put(3)
    assert [_roll_back(book), _roll_back(book)] == [2, 1]


def test_two_versions_that_took_turns_lead_back_to_the_one_before_them() -> None:
    book = _champions(5, 1, 2, 1, 2)
    assert _roll_back(book) == 1
    assert _roll_back(book) == 5


def test_a_cycle_without_a_beginning_ends() -> None:
    book = _champions(1, 2, 1, 2)
    assert _roll_back(book) == 1
    assert "version 2 was rolled back" in _refusal(book)
    assert _roll_back(book, to=2) == 2
    assert "version 1 was rolled back" in _refusal(book)


def test_a_retired_champion_is_not_in_the_way_back() -> None:
    book = _champions(1, 2)
    book.add(decide.retirement(book.state, 2, reason="broken"))
    book.put(3)
    assert _roll_back(book) == 1


def test_a_rollback_keeps_to_the_digest_that_served_then() -> None:
    """An evaluation of changed files in between does not bring those to production."""
    book = _champions(1, 2)
    book.evaluate(1, "fail", digest=digest_of(1, "b"))
    _roll_back(book)
    assert book.state.production is not None
    assert book.state.production.digest == digest_of(1)


def test_who_came_to_staging_after_a_rejection_does_not_reach_production_by_a_rollback() -> None:
    """That would spare it the approvals."""
    book = _champions(1, 2)
    book.policy(approvals=1)
    book.add(decide.rejection(book.state, 1, reason="bad"))
    book.stage(1)
    assert "rejected" in _refusal(book)
    assert "rejected" in _refusal(book, to=1)


def test_a_rollback_to_goes_to_any_earlier_champion() -> None:
    book = _champions(1, 2, 3, 4)
    assert _roll_back(book, to=1) == 1
    assert _roll_back(book, to=4) == 4
    assert _roll_back(book) == 3


def test_a_rollback_to_may_undo_a_rollback() -> None:
    book = _champions(1, 2)
    assert [_roll_back(book), _roll_back(book, to=2)] == [1, 2]


def test_a_rollback_to_refuses_who_never_was_champion_or_is_or_was_turned_down() -> None:
    book = _champions(1, 2, 3)
    book.put(4, "staging")
    assert "is in production already" in _refusal(book, to=3)
    assert "never was in production" in _refusal(book, to=4)
    assert "never was in production" in _refusal(book, to=99)
    book.add(Draft("retire", version=1, reason="old"))
    assert "was retired by ann" in _refusal(book, to=1)
    book.add(Draft("reject", version=2, reason="bad"))
    assert "was rejected by ann" in _refusal(book, to=2)


def test_who_was_rolled_back_and_then_rejected_is_not_gone_back_to() -> None:
    book = _champions(1, 2)
    _roll_back(book)
    book.add(decide.rejection(book.state, 2, reason="bad"))
    assert "was rejected" in _refusal(book, to=2)


def test_a_promotion_names_whom_it_replaces_and_pins_the_digest() -> None:
    book = _champions(1)
    draft = decide.promotion(book.state, candidate(2), "production", reason=None, forced=False)
    assert (draft.version, draft.replaced, draft.model_digest) == (2, 1, digest_of(2))
    draft = decide.promotion(book.state, candidate(2), "staging", reason="r", forced=True)
    assert (draft.replaced, draft.forced, draft.reason) == (None, True, "r")


def test_an_evaluation_names_the_champion_it_was_compared_with() -> None:
    evidence = Evidence(verdict="pass")
    first = decide.evaluation(1, "d", evidence, against=None, reason=None)
    later = decide.evaluation(8, "d", evidence, against=7, reason=None)
    assert (first.replaced, later.replaced) == (None, 7)


@pytest.mark.parametrize("forced", [True, False])
def test_an_adoption_is_forced_as_it_is_told_and_then_needs_a_reason(forced: bool) -> None:
    state, made = _champions(1).state, Evidence()
    draft = decide.adoption(state, 2, "staging", "d", made, reason="r", forced=forced)
    assert (draft.forced, draft.replaced, draft.model_digest) == (forced, None, "d")
    if forced:
        with pytest.raises(Refused, match="past every gate"):
            decide.adoption(state, 2, "staging", "d", made, reason=" ", forced=True)


def _forced(book: Book, stage: Any, version: int, **aliases: int) -> bool:
    """With a reason; without one it is refused wherever it is by force."""
    forced = decide.goes_past_the_gates(book.state, aliases, stage, version, reason="why")
    if forced:
        with pytest.raises(Refused, match="past every gate") as refused:
            decide.goes_past_the_gates(book.state, aliases, stage, version, reason=None)
        assert "with --reason" in refused.value.remedy
    return forced


def test_adopting_is_free_only_for_what_an_alias_pointed_at_before_podium() -> None:
    book = Book()
    assert not _forced(book, "production", 1, production=1)
    assert not _forced(book, "staging", 2, production=1, staging=2)
    assert _forced(book, "production", 2, production=1)
    assert _forced(book, "production", 1, champion=1)
    book.evaluate(1)
    assert not _forced(book, "production", 1, production=1)
    book.add(decide.rejection(book.state, 1, reason="leak"))
    assert _forced(book, "production", 1, production=1)


def test_adopting_into_a_stage_that_is_empty_now_is_by_force() -> None:
    """Staging is empty after every promotion, production after a retirement."""
    book = _champions(1)
    assert _forced(book, "staging", 2, staging=2)
    assert _forced(book, "production", 2, production=2)
    book.add(decide.retirement(book.state, 1, reason="leak"))
    assert _forced(book, "production", 1, production=1)
    assert _forced(book, "production", 2, production=2)


def test_a_rollback_passes_over_versions_that_were_deleted() -> None:
    book = _champions(1, 2, 3)
    assert decide.rollback(book.state, None, reason="worse", deleted=[2]).version == 1
    with pytest.raises(Refused, match="version 2 was deleted from the registry; version 1 was del"):
        decide.rollback(book.state, None, reason="worse", deleted=[2, 1])


def test_going_back_to_the_champion_itself_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match="in production already") as refused:
        decide.rollback(_champions(1, 2).state, 2, reason="worse")
    assert "Without --to it goes back to the one before" in refused.value.remedy


def test_an_approval_is_given_once_and_only_to_what_is_in_staging() -> None:
    book = _champions(1)
    with pytest.raises(Refused, match=r"Version 2 of flights is not in staging; nothing is"):
        decide.approval(book.state, 2, "bob", reason=None)
    book.stage(2)
    draft = decide.approval(book.state, 2, "bob", reason="fine")
    assert draft is not None
    assert (draft.action, draft.version, draft.model_digest) == ("approve", 2, digest_of(2))
    book.add(draft, "bob")
    assert decide.approval(book.state, 2, "bob", reason=None) is None
    assert decide.approval(book.state, 2, "cid", reason=None) is not None
    with pytest.raises(Refused, match="version 2 is"):
        decide.approval(book.state, 1, "bob", reason=None)


def test_the_champion_is_not_rejected() -> None:
    with pytest.raises(Refused, match="podium rollback flights --reason"):
        decide.rejection(_champions(1).state, 1, reason="bad")


@pytest.mark.parametrize("act", [decide.rejection, decide.retirement])
def test_turning_down_twice_is_once_unless_it_was_evaluated_in_between(act: Any) -> None:
    book = Book()
    book.evaluate(1)
    book.add(act(book.state, 1, reason="bad"))
    assert act(book.state, 1, reason="bad") is None
    book.evaluate(1)
    assert act(book.state, 1, reason="bad") is not None
    book.put(1, "staging")
    assert act(book.state, 1, reason="bad") is not None


def test_what_is_in_staging_can_be_rejected_whatever_was_said_of_it_before() -> None:
    book = Book()
    book.add(decide.rejection(book.state, 1, reason="bad"))
    book.put(1, "staging", forced=True, reason="now")
    book.add(decide.rejection(book.state, 1, reason="still bad"))
    assert book.state.staging is None


def test_a_retirement_may_empty_production() -> None:
    book = _champions(1)
    book.add(decide.retirement(book.state, 1, reason="old"))
    assert book.state.production is None


def test_a_policy_is_entered_once_and_the_default_one_too() -> None:
    book = Book()
    default = decide.new_policy(book.state, Policy(), reason=None)
    assert default is not None
    book.add(default)
    assert decide.new_policy(book.state, Policy(), reason=None) is None
    stricter = Policy.model_validate({"promotion": {"approvals": 2}})
    book.add(decide.new_policy(book.state, stricter, reason="two pairs of eyes"))
    assert book.state.policy == stricter
    assert book.state.policy_by is not None
    assert book.state.policy_by.reason == "two pairs of eyes"


@pytest.fixture
def both() -> Book:
    """Version 1 is champion, version 2 in staging."""
    book = _champions(1)
    book.stage(2)
    return book


@pytest.mark.parametrize("mode", ["shadow", "canary", "ab"])
def test_traffic_pins_both_holders(both: Book, mode: Any) -> None:
    wanted = Traffic(mode, share=None if mode == "shadow" else 0.1, key="carrier")
    draft = decide.sharing(both.state, wanted, reason=None)
    assert draft is not None
    assert draft.version == 2
    assert draft.traffic is not None
    assert (draft.traffic["champion"], draft.traffic["challenger"]) == (1, 2)
    both.add(draft)
    assert (both.state.traffic.mode, both.state.traffic.key) == (mode, "carrier")
    assert decide.sharing(both.state, wanted, reason=None) is None
    assert decide.sharing(both.state, Traffic(mode, share=0.2), reason=None) is not None


def test_traffic_needs_both_holders_and_no_others(both: Book) -> None:
    for wanted in (
        Traffic("canary", champion=3, share=0.1),
        Traffic("ab", challenger=1, share=0.5),
    ):
        with pytest.raises(Refused, match="between the holders of the two stages; version"):
            decide.sharing(both.state, wanted, reason=None)
    for book in (Book(), _champions(1)):
        with pytest.raises(Refused, match="nothing of flights is in"):
            decide.sharing(book.state, Traffic("canary", share=0.1), reason=None)


def test_traffic_goes_off_once(both: Book) -> None:
    assert decide.sharing(both.state, Traffic(), reason=None) is None
    both.add(decide.sharing(both.state, Traffic("shadow"), reason=None))
    both.add(decide.sharing(both.state, Traffic(), reason="enough"))
    assert both.state.traffic.mode == "off"
    assert decide.sharing(both.state, Traffic(), reason=None) is None


@pytest.mark.parametrize("share", [None, 0.0, 1.0, 1.5, -0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("mode", ["canary", "ab"])
def test_a_share_that_is_none_is_refused_before_it_is_written(
    both: Book, mode: Any, share: float | None
) -> None:
    with pytest.raises(Refused, match="share"):
        decide.sharing(both.state, Traffic(mode, share=share), reason=None)


def test_the_champion_is_not_put_into_staging() -> None:
    """It would leave production empty."""
    state = _champions(1).state
    with pytest.raises(Refused, match="production"):
        decide.adoption(state, 1, "staging", "d", Evidence(), reason="by hand", forced=True)
    with pytest.raises(Refused, match="production"):
        decide.promotion(state, candidate(1), "staging", reason=None, forced=False)


def test_force_without_a_reason_is_refused() -> None:
    for reason in (None, "", "  "):
        with pytest.raises(Refused, match="reason"):
            decide.promotion(Book().state, candidate(1), "production", reason=reason, forced=True)


def test_where_production_is_empty_a_rollback_goes_to_the_last_that_was_there() -> None:
    book = _champions(1, 2, 3)
    book.add(decide.retirement(book.state, 3, reason="wrong labels"))
    assert book.state.champion is None
    draft = decide.rollback(book.state, None, reason="something has to serve")
    assert (draft.version, draft.replaced) == (2, None)
    assert _roll_back(book) == 2
    assert _roll_back(book) == 1


def test_where_production_is_empty_a_rollback_may_name_an_earlier_champion() -> None:
    book = _champions(1, 2)
    book.add(decide.retirement(book.state, 2, reason="wrong labels"))
    assert _roll_back(book, to=1) == 1
    assert "was retired" in _refusal(book, to=2)
