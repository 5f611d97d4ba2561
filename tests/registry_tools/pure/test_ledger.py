from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from podium.errors import NotFound, PodiumError, Unreachable, UsageError
from registry_tools.chain import Counted, Head, Record
from registry_tools.entry import MOST_CHARACTERS, Draft, make_entry, read_entry
from registry_tools.errors import LedgerBroken, LedgerConflict, OutcomeUnknown
from registry_tools.fold import fold
from registry_tools.ledger import Ledger, Surroundings
from tests.registry_tools.pure.made import MODEL, place, record
from tests.registry_tools.pure.memory import Fault, MemoryRegistry

POLICY = Draft("policy", policy={"promotion": {"approvals": 1}})
RETRAIN = Draft("retrain", reason="drift")


class Clock:
    """Goes on by a second whenever it is asked; pauses are noted and not made."""

    made = itertools.count()

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.ids = 1_000 * next(self.made)
        self.paused: list[float] = []

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def new_id(self) -> uuid.UUID:
        self.ids += 1
        return uuid.UUID(int=self.ids)

    @property
    def around(self) -> Surroundings:
        return Surroundings(self.now, self.new_id, self.paused.append)


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry(MODEL)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(registry: MemoryRegistry, clock: Clock) -> Ledger:
    return _opened(registry, clock)


def _opened(registry: MemoryRegistry, clock: Clock | None = None) -> Ledger:
    made = Ledger(registry, MODEL, (clock or Clock()).around)
    made.refresh()
    return made


def _write(ledger: Ledger, draft: Draft = RETRAIN, actor: str = "ann") -> Counted:
    return ledger.append(ledger.entry(draft, actor))


def _filled(registry: MemoryRegistry, length: int) -> Ledger:
    ledger = _opened(registry)
    for _ in range(length):
        _write(ledger)
    return ledger


def _others(registry: MemoryRegistry, draft: Draft = POLICY, actor: str = "bob") -> None:
    _write(_opened(registry), draft, actor)


def _numbers(ledger: Ledger) -> list[int]:
    return [counted.number for counted in ledger.chain.counted]


def _break_of(ledger: Ledger, noted: str | None = None) -> str:
    with pytest.raises(LedgerBroken) as broken:
        ledger.refresh(noted)
    assert "--restart" in broken.value.remedy
    return broken.value.what


def test_a_ledger_that_is_not_there_is_empty(ledger: Ledger) -> None:
    assert (ledger.entries, ledger.chain.head) == ([], Head())
    assert ledger.state == fold(MODEL, [])


def test_what_is_appended_counts_and_is_folded_and_described(
    registry: MemoryRegistry, ledger: Ledger
) -> None:
    first, second = _write(ledger, POLICY), _write(ledger)
    assert (first.number, second.number, second.entry.parent) == (1, 2, 1)
    assert ledger.state.policy.promotion.approvals == 1
    assert registry.sentences == ["ann set the policy", "ann started a new training: drift"]
    assert _opened(registry).entries == ledger.entries
    assert _opened(registry).state == ledger.state == fold(MODEL, ledger.entries)


def test_an_entry_is_made_without_being_written(registry: MemoryRegistry, ledger: Ledger) -> None:
    ledger.entry(POLICY, "ann")
    assert "append" not in registry.calls


def test_times_never_go_back_whatever_the_clock_does(ledger: Ledger, clock: Clock) -> None:
    first = _write(ledger)
    clock.time -= timedelta(days=2)
    assert _write(ledger).entry.at == first.entry.at
    clock.time += timedelta(days=4)
    assert _write(ledger).entry.at > first.entry.at


def test_times_of_another_zone_are_not_written(registry: MemoryRegistry) -> None:
    """They would not sort as text."""
    elsewhere = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    ledger = Ledger(registry, MODEL, Surroundings(now=lambda: elsewhere))
    with pytest.raises(ValueError, match="has a time that is none"):
        ledger.entry(RETRAIN, "ann")


def test_an_entry_that_the_registry_cannot_take_is_refused_first(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match=f"the registry takes {MOST_CHARACTERS:,}"):
        ledger.entry(Draft("retrain", reason="é" * 20_000), "ann")


@pytest.mark.parametrize(
    ("faults", "written", "counted"),
    [
        (["reply lost"], 1, 1),
        (["request lost"], 1, 1),
        (["request lost", "request lost", "request lost"], 1, 1),
        (["request lost", "reply lost"], 1, 1),
        (["repeated"], 2, 1),
        (["late", None], 1, 1),
        (["refused but done"], 1, 1),
    ],
)
def test_whatever_the_network_does_one_entry_counts_and_the_writer_knows(
    registry: MemoryRegistry, ledger: Ledger, faults: list[Fault | None], written: int, counted: int
) -> None:
    registry.faults = faults
    mine = _write(ledger)
    assert mine.number == 1
    assert len(registry.rows[MODEL]) == written
    registry.deliver()
    fresh = _opened(registry)
    assert [c.entry for c in fresh.chain.counted] == [mine.entry]
    assert len(fresh.chain.counted) == counted
    assert _write(ledger).entry.parent == 1


def test_pauses_grow_and_end(registry: MemoryRegistry, ledger: Ledger, clock: Clock) -> None:
    registry.faults = ["request lost"] * 9
    with pytest.raises(OutcomeUnknown) as unknown:
        _write(ledger)
    assert clock.paused == sorted(clock.paused)
    assert 0 < sum(clock.paused) < 10
    assert str(uuid.UUID(int=clock.ids)) in unknown.value.remedy
    assert registry.calls.count("append") == len(clock.paused) + 1


def test_an_entry_that_comes_in_after_its_writer_gave_up_counts(
    registry: MemoryRegistry, ledger: Ledger
) -> None:
    registry.faults = ["late"] * 9
    entry = ledger.entry(POLICY, "ann")
    with pytest.raises(OutcomeUnknown):
        ledger.append(entry)
    registry.deliver()
    ledger.refresh()
    assert ledger.entries == [entry]
    assert len(ledger.chain.void) == 3


def test_a_late_entry_after_which_another_came_first_is_void(
    registry: MemoryRegistry, ledger: Ledger
) -> None:
    registry.faults = ["late"] * 4
    with pytest.raises(OutcomeUnknown):
        _write(ledger, POLICY)
    _others(registry, RETRAIN)
    registry.deliver()
    ledger.refresh()
    assert ([e.actor for e in ledger.entries], len(ledger.chain.void)) == (["bob"], 4)


def test_when_it_cannot_be_read_the_outcome_is_unknown_and_the_id_is_named(
    registry: MemoryRegistry, ledger: Ledger, clock: Clock
) -> None:
    registry.faults = ["reply lost"]
    registry.hooks["records"] = [lambda: setattr(registry, "down", True)]
    with pytest.raises(OutcomeUnknown) as unknown:
        _write(ledger)
    assert str(uuid.UUID(int=clock.ids)) in unknown.value.remedy
    registry.down = False
    assert len(_opened(registry).entries) == 1


def test_a_refusal_is_passed_on_and_not_repeated(registry: MemoryRegistry, ledger: Ledger) -> None:
    registry.faults = ["refused"]
    with pytest.raises(PodiumError, match="The registry refused"):
        _write(ledger)
    assert registry.calls.count("append") == 1
    assert ledger.entries == []


@pytest.mark.parametrize("faults", [[], ["reply lost"], ["repeated"], ["request lost"]])
def test_who_came_second_is_told_who_won(
    registry: MemoryRegistry, ledger: Ledger, faults: list[Fault | None]
) -> None:
    entry = ledger.entry(RETRAIN, "ann")
    _others(registry, POLICY, "bob")
    registry.faults = faults
    with pytest.raises(LedgerConflict, match=r"bob set the policy \(entry 1, 2026-"):
        ledger.append(entry)
    assert [e.actor for e in _opened(registry).entries] == ["bob"]
    assert ledger.state == _opened(registry).state
    assert _write(ledger).entry.parent == 1


def test_somebody_coming_in_between_two_tries_is_a_conflict(
    registry: MemoryRegistry, ledger: Ledger
) -> None:
    registry.faults = ["request lost"]
    registry.hooks["append"] = [lambda: None, lambda: _others(registry)]
    with pytest.raises(LedgerConflict, match="bob set the policy"):
        _write(ledger)


def test_somebody_coming_right_after_is_no_conflict(
    registry: MemoryRegistry, ledger: Ledger
) -> None:
    registry.hooks["records"] = [lambda: _others(registry)]
    assert _write(ledger).number == 1
    assert [e.actor for e in ledger.entries] == ["ann", "bob"]


def test_of_two_who_enter_the_same_only_one_succeeds(
    registry: MemoryRegistry, ledger: Ledger
) -> None:
    other = _opened(registry)
    mine, theirs = ledger.entry(POLICY, "ann"), other.entry(POLICY, "ann")
    assert ledger.append(mine).number == 1
    with pytest.raises(LedgerConflict):
        other.append(theirs)


def test_a_void_record_at_the_end_does_not_hide_later_ones(registry: MemoryRegistry) -> None:
    ledger = _filled(registry, 2)
    registry.write(MODEL, record(0, make_entry(POLICY, place(entry_id="stale"))))
    assert ledger.refresh() is ledger.state
    assert ledger.chain.void == [3]
    assert _write(ledger).number == 4
    assert _opened(registry).chain.void == [3]


def test_a_follower_takes_in_what_is_new(registry: MemoryRegistry) -> None:
    follower = _filled(registry, 3)
    _others(registry)
    assert follower.refresh().policy.promotion.approvals == 1
    assert follower.state == _opened(registry).state
    assert _numbers(follower) == [1, 2, 3, 4]


def _edit_reason(registry: MemoryRegistry, number: int) -> None:
    old = registry.rows[MODEL][number]
    assert old.entry is not None
    registry.edit(MODEL, number, entry=old.entry.replace("drift", "DRIFT"))


def _rewrite(registry: MemoryRegistry, number: int) -> None:
    """As somebody does who knows how hashes are made."""
    old = read_entry(registry.rows[MODEL][number].entry or "")
    head = Head(old.parent, old.seq - 1, old.prev_hash)
    entry = make_entry(POLICY, place(head, old.entry_id, at=old.at))
    registry.edit(MODEL, number, entry=entry.text())


TAMPERING: list[Callable[[MemoryRegistry], object]] = [
    lambda registry: registry.delete(MODEL, 3),
    lambda registry: registry.drop(MODEL),
    lambda registry: _edit_reason(registry, 3),
    lambda registry: _rewrite(registry, 3),
    lambda registry: registry.edit(MODEL, 3, entry=None),
]


@pytest.mark.parametrize("tamper", TAMPERING)
def test_a_follower_notices_that_its_head_is_gone_or_changed_and_keeps_its_state(
    registry: MemoryRegistry, tamper: Callable[[MemoryRegistry], object]
) -> None:
    follower = _filled(registry, 3)
    before, entries = follower.state, follower.entries
    tamper(registry)
    assert "3" in _break_of(follower)
    assert (follower.state, follower.entries) == (before, entries)
    _break_of(follower)
    with pytest.raises(LedgerBroken):
        _write(follower)
    assert (follower.state, follower.entries) == (before, entries)


@pytest.mark.parametrize("tamper", TAMPERING)
def test_a_noted_head_shows_a_new_reader_that_the_end_is_gone_or_changed(
    registry: MemoryRegistry, tamper: Callable[[MemoryRegistry], object]
) -> None:
    noted = _filled(registry, 3).chain.head.text()
    assert _opened(registry).refresh(noted) == _opened(registry).state
    tamper(registry)
    _break_of(Ledger(registry, MODEL), noted)


def test_a_head_that_was_noted_earlier_is_fine(registry: MemoryRegistry) -> None:
    ledger = _filled(registry, 1)
    noted = ledger.chain.head.text()
    _write(ledger)
    assert Ledger(registry, MODEL).refresh(noted) == ledger.state
    assert Ledger(registry, MODEL).refresh(Head().text()) == ledger.state


def test_a_noted_head_that_does_not_count_any_more_is_a_break(registry: MemoryRegistry) -> None:
    """A void record was rewritten so that it counts, and what counted before is void."""
    ledger = _filled(registry, 1)
    stale = make_entry(POLICY, place(entry_id="stale"))
    registry.write(MODEL, record(0, stale))
    _write(ledger)
    noted = ledger.chain.head.text()
    assert noted.startswith("3:")
    first = ledger.chain.counted[0]
    head = Head(1, 1, first.entry.hash)
    registry.edit(MODEL, 2, entry=make_entry(POLICY, place(head)).text(), parent="1")
    _break_of(Ledger(registry, MODEL), noted)


def test_a_follower_whose_last_record_is_void_notices_a_change_of_its_head(
    registry: MemoryRegistry,
) -> None:
    follower = _filled(registry, 2)
    registry.write(MODEL, record(0, make_entry(POLICY, place(entry_id="stale"))))
    follower.refresh()
    _rewrite(registry, 2)
    _break_of(follower)


def test_a_renamed_model_is_a_broken_ledger(registry: MemoryRegistry) -> None:
    _filled(registry, 2)
    registry.rows["renamed"] = registry.rows.pop(MODEL)
    assert "was renamed" in _break_of(Ledger(registry, "renamed"))


def _restart(registry: MemoryRegistry) -> Counted:
    ledger = Ledger(registry, MODEL)
    ledger.look()
    return _write(ledger, Draft("restart", reason="an entry was lost"))


@pytest.mark.parametrize(
    ("damage", "good"),
    [
        (lambda registry: registry.delete(MODEL, 2), [1]),
        (lambda registry: registry.edit(MODEL, 4, entry=None), [1, 2, 3]),
        (lambda registry: registry.write(MODEL, Record(0, None, None)), [1, 2, 3, 4]),
        (lambda registry: registry.edit(MODEL, 1, entry=None), []),
    ],
)
def test_after_a_restart_new_readers_and_followers_agree(
    registry: MemoryRegistry, damage: Callable[[MemoryRegistry], object], good: list[int]
) -> None:
    follower = _filled(registry, 4)
    damage(registry)
    _break_of(Ledger(registry, MODEL))
    restarted = _restart(registry)
    assert _numbers(_opened(registry)) == [*good, restarted.number]
    assert follower.refresh() == _opened(registry).state
    assert _numbers(follower) == [*good, restarted.number]
    _others(registry)
    assert follower.refresh() == _opened(registry).state


def test_a_follower_that_saw_the_break_goes_on_after_the_restart(registry: MemoryRegistry) -> None:
    follower = _filled(registry, 4)
    registry.delete(MODEL, 4)
    _break_of(follower)
    registry.write(MODEL, Record(0, None, None))
    _break_of(follower)
    restarted = _restart(registry)
    assert follower.refresh() == _opened(registry).state
    assert _numbers(follower) == [1, 2, 3, restarted.number]


def test_a_follower_goes_on_after_a_restart_in_a_ledger_made_anew(
    registry: MemoryRegistry,
) -> None:
    follower = _filled(registry, 4)
    registry.drop(MODEL)
    _break_of(follower)
    ledger = Ledger(registry, MODEL)
    ledger.look("4:" + "f" * 64)
    _write(ledger, Draft("restart", reason="it was deleted"))
    assert follower.refresh() == _opened(registry).state
    assert len(follower.entries) == 1


def test_of_two_restarts_at_once_one_is_told_that_the_other_won(registry: MemoryRegistry) -> None:
    _filled(registry, 2)
    registry.write(MODEL, Record(0, None, None))
    ledger = Ledger(registry, MODEL)
    ledger.look()
    entry = ledger.entry(Draft("restart", reason="a foreign record"), "ann")
    _restart(registry)
    with pytest.raises(LedgerConflict, match="began the ledger anew"):
        ledger.append(entry)
    assert _numbers(_opened(registry)) == [1, 2, 4]


def test_nothing_is_written_into_a_broken_ledger_that_counts(registry: MemoryRegistry) -> None:
    ledger = _filled(registry, 2)
    registry.write(MODEL, Record(0, None, None))
    with pytest.raises(LedgerBroken):
        _write(ledger)
    assert _numbers(ledger) == [1, 2]
    _restart(registry)
    assert [e.action for e in _opened(registry).entries] == ["retrain", "retrain", "restart"]


def test_an_unreachable_registry_leaves_what_was_read(registry: MemoryRegistry) -> None:
    ledger = _filled(registry, 2)
    before = ledger.state
    registry.down = True
    with pytest.raises(Unreachable):
        ledger.refresh()
    registry.down = False
    assert ledger.state is before
    _others(registry)
    assert ledger.refresh() == _opened(registry).state


def test_the_fake_allots_numbers_like_mlflow(registry: MemoryRegistry) -> None:
    _filled(registry, 3)
    registry.delete(MODEL, 3)
    assert registry.write(MODEL, Record(0, None, None)) == 4
    with pytest.raises(NotFound):
        registry.model("nobody")
