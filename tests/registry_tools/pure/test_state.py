"""What the fold makes of entries one by one, also of those that no decision would have made."""

from __future__ import annotations

import pytest

from registry_tools import decide
from registry_tools.entry import Draft, Evidence
from registry_tools.fold import fold
from registry_tools.state import State, Traffic
from tests.registry_tools.pure.made import MODEL, Book, digest_of

CANARY = {"mode": "canary", "share": 0.1, "key": None, "champion": 1, "challenger": 2}


@pytest.fixture
def both() -> Book:
    """Version 1 is champion, version 2 in staging, and gets a tenth of the traffic."""
    book = Book()
    book.put(1)
    book.stage(2)
    book.add(Draft("traffic", version=2, traffic=CANARY))
    assert book.state.traffic.mode == "canary"
    return book


def test_no_entries_are_no_holders_no_traffic_and_the_default_policy() -> None:
    state = fold(MODEL, [])
    assert state == State(MODEL)
    assert (state.champion, state.staging, state.traffic, state.champions) == (
        None,
        None,
        Traffic(),
        (),
    )
    assert (state.ever_held, state.policy_by) == (False, None)
    assert state.policy.gate.on_inconclusive == "refuse"


def test_approvals_end_when_another_version_takes_the_place_in_staging(both: Book) -> None:
    both.add(Draft("approve", version=2), "bob")
    assert [given.actor for given in both.state.of(2).approvals] == ["bob"]
    both.stage(3)
    assert both.state.of(2).approvals == ()


def test_a_promotion_to_production_empties_staging_whoever_is_there(both: Book) -> None:
    both.put(3, forced=True, reason="now")
    assert (both.state.champion, both.state.staging) == (3, None)
    assert both.state.traffic.mode == "off"


@pytest.mark.parametrize("action", ["adopt", "promote"])
def test_an_entry_that_puts_the_champion_into_staging_does_not_empty_production(
    both: Book, action: str
) -> None:
    draft = Draft(action, version=1, stage="staging", model_digest="x")  # type: ignore[arg-type]
    both.add(draft)
    assert both.state.champion == 1
    assert both.state.staging is not None
    assert both.state.staging.version == 2


def test_an_adoption_takes_the_stage_from_whoever_was_there(both: Book) -> None:
    both.add(Draft("adopt", version=2, stage="production", replaced=1, model_digest="x"))
    assert (both.state.champion, both.state.staging) == (2, None)
    assert both.state.champions == (2, 1)


@pytest.mark.parametrize(
    "draft",
    [
        Draft("reject", version=2, reason="bad"),
        Draft("retire", version=2, reason="bad"),
        Draft("retire", version=1, reason="bad"),
        Draft("promote", version=2, stage="production", replaced=1),
        Draft("promote", version=3, stage="staging", replaced=2),
        Draft("rollback", version=5, stage="production", replaced=1),
        Draft("adopt", version=3, stage="staging"),
        Draft("judge", version=2, evidence=Evidence(verdict="worse")),
        Draft("traffic", traffic={"mode": "off"}),
    ],
)
def test_traffic_goes_off_with_either_holder(both: Book, draft: Draft) -> None:
    both.add(draft)
    assert both.state.traffic == Traffic(by=both.state.traffic.by)
    assert both.state.traffic.by is not None
    assert both.state.traffic.by.seq == both.state.seq


@pytest.mark.parametrize(
    "draft",
    [
        Draft("evaluate", version=2, evidence=Evidence(verdict="pass")),
        Draft("approve", version=2),
        Draft("reject", version=7, reason="bad"),
        Draft("judge", version=2, evidence=Evidence(verdict="hold")),
        Draft("policy", policy={}),
        Draft("retrain"),
    ],
)
def test_traffic_stays_on_while_both_hold(both: Book, draft: Draft) -> None:
    both.add(draft)
    assert (both.state.traffic.mode, both.state.traffic.share) == ("canary", 0.1)


def test_traffic_for_versions_that_do_not_hold_the_stages_is_off_from_the_start(both: Book) -> None:
    both.add(Draft("traffic", version=2, traffic={**CANARY, "champion": 2, "challenger": 1}))
    assert both.state.traffic.mode == "off"


@pytest.mark.parametrize("verdict", ["better", "hold", "worse"])
@pytest.mark.parametrize("version", [1, 3])
def test_a_judgement_of_anybody_but_the_challenger_changes_nothing(
    both: Book, version: int, verdict: str
) -> None:
    before = both.state
    both.add(Draft("judge", version=version, evidence=Evidence(verdict=verdict)))
    assert both.state == fold(MODEL, both.entries)
    assert (both.state.production, both.state.staging) == (before.production, before.staging)
    assert (both.state.traffic, both.state.versions) == (before.traffic, before.versions)


def test_a_judgement_that_comes_after_the_challenger_was_promoted_changes_nothing(
    both: Book,
) -> None:
    both.put(2)
    both.add(Draft("judge", version=2, evidence=Evidence(verdict="worse")))
    assert both.state.champion == 2
    assert both.state.of(2).barred is None


def test_worse_turns_traffic_off_and_rejects_the_challenger(both: Book) -> None:
    both.add(Draft("judge", version=2, evidence=Evidence(verdict="worse")), "judge")
    assert (both.state.champion, both.state.staging) == (1, None)
    assert both.state.of(2).barred_as == "rejected"


def test_better_is_noted_and_forgotten_when_traffic_is_set_anew(both: Book) -> None:
    both.add(Draft("judge", version=2, evidence=Evidence(verdict="better")))
    assert both.state.traffic.verdict == "better"
    both.add(Draft("traffic", version=2, traffic={**CANARY, "share": 0.2}))
    assert both.state.traffic.verdict is None


def test_the_first_digest_stays_pinned_until_another_is_put_into_a_stage(both: Book) -> None:
    both.evaluate(2, digest=digest_of(2, "b"))
    known = both.state.of(2)
    assert known.digest == digest_of(2)
    assert known.evaluation is not None
    assert known.evaluation.digest == digest_of(2, "b")
    both.put(2, forced=True, reason="now", model_digest=digest_of(2, "b"))
    assert both.state.of(2).digest == digest_of(2, "b")
    assert both.state.production is not None
    assert both.state.production.digest == digest_of(2, "b")


def test_files_are_pinned_with_the_digest_they_belong_to() -> None:
    book = Book()
    for variant in ("a", "b"):
        evidence = Evidence(verdict="pass", files={"MLmodel": variant})
        draft = Draft("evaluate", version=1, model_digest=variant, evidence=evidence)
        book.add(draft)
    assert (book.state.of(1).digest, book.state.of(1).files) == ("a", {"MLmodel": "a"})


def test_force_stays_to_be_seen_after_a_rollback_brought_the_version_back() -> None:
    book = Book()
    book.put(1, forced=True, reason="no time")
    book.put(2)
    book.add(Draft("rollback", version=1, stage="production", replaced=2, reason="slow"))
    forced = book.state.of(1).forced
    assert forced is not None
    assert (forced.seq, forced.reason) == (1, "no time")
    assert book.state.of(2).forced is None
    book.put(1)
    assert book.state.of(1).forced is None


def test_the_gate_is_another_since_it_changed_what_a_verdict_means() -> None:
    book = Book()
    book.policy()
    assert book.state.gate_by is None
    book.policy({"margin": 0.01})
    assert book.state.gate_by is not None
    changed = book.state.gate_by.seq
    book.policy({"margin": 0.01, "on_inconclusive": "pass"}, approvals=2)
    assert book.state.gate_by.seq == changed
    book.policy({"margin": 0.02})
    assert book.state.gate_by.seq > changed


def test_the_champions_lead_back_over_rollbacks_and_an_empty_production() -> None:
    book = Book()
    for version in (1, 2, 3):
        book.put(version)
    assert book.state.champions == (3, 2, 1)
    book.add(Draft("rollback", version=2, stage="production", replaced=3, reason="r"))
    assert book.state.champions == (2, 1)
    book.put(4)
    assert book.state.champions == (4, 2, 1)
    book.add(Draft("rollback", version=3, stage="production", replaced=4, reason="r"))
    assert book.state.champions == (3, 2, 1)
    book.add(Draft("retire", version=3, reason="r"))
    assert (book.state.champion, book.state.champions) == (None, (3, 2, 1))
    book.put(5)
    assert book.state.champions == (5, 3, 2, 1)
    book.put(5)
    assert book.state.champions == (5, 3, 2, 1)


def test_retraining_and_a_restart_are_noted() -> None:
    book = Book()
    book.add(Draft("retrain", reason="drift"))
    book.add(Draft("restart", reason="a gap"), "bob")
    assert book.state.retrained is not None
    assert book.state.restarted is not None
    assert (book.state.retrained.reason, book.state.restarted.actor) == ("drift", "bob")
    assert not book.state.ever_held


def test_what_was_folded_before_is_not_changed_by_what_comes_after(both: Book) -> None:
    before = both.states[3]
    copy = fold(MODEL, both.entries[:3])
    both.add(Draft("retire", version=1, reason="old"))
    assert before == copy


def test_who_approves_twice_is_kept_once_with_the_last_reason(both: Book) -> None:
    both.add(Draft("approve", version=2, reason="first"), "bob")
    both.add(Draft("approve", version=2, reason="second"), "bob")
    both.add(Draft("approve", version=2), "cid")
    given = both.state.of(2).approvals
    assert [(each.actor, each.reason) for each in given] == [("bob", "second"), ("cid", None)]


def test_force_stays_visible_when_a_rollback_brings_the_version_back() -> None:
    book = Book()
    draft = Draft("promote", version=1, stage="production", forced=True, reason="outage")
    book.add(draft)
    book.put(2)
    assert book.state.production is not None
    assert book.state.production.forced is None
    book.add(decide.rollback(book.state, None, reason="worse"))
    assert book.state.production.version == 1
    assert book.state.production.by.forced is False
    assert book.state.production.forced is not None
    assert book.state.production.forced.reason == "outage"


def test_since_when_a_version_is_known_is_the_first_entry_about_it() -> None:
    book = Book()
    book.policy()
    book.stage(1)
    book.put(1)
    book.add(Draft("reject", version=2, reason="leak"))
    book.evaluate(2)
    since = {version: known.known_since for version, known in book.state.versions.items()}
    assert {version: event and event.seq for version, event in since.items()} == {1: 2, 2: 5}
    assert since[1] is not None
    assert since[1].at == book.entries[1].at
