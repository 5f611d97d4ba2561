from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from podium.errors import PodiumError, Unreachable
from registry_tools.entry import Draft
from registry_tools.errors import LedgerConflict, OutcomeUnknown
from registry_tools.ledger import Ledger
from registry_tools.notices import NoNotices
from registry_tools.outcome import Wanted
from registry_tools.writer import Writer
from tests.registry_tools.pure.made import MODEL, digest_of
from tests.registry_tools.pure.memory import MemoryRegistry

WANTED = Wanted("ann", "because")


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry(MODEL)


def _writer(registry: MemoryRegistry) -> Writer:
    ledger = Ledger(registry, MODEL)
    model = registry.model(MODEL)
    ledger.refresh(model.head)
    return Writer(ledger, NoNotices(), model)


def _promotion(version: int) -> Draft:
    return Draft("promote", version=version, stage="production", model_digest=digest_of(version))


def _head(registry: MemoryRegistry) -> str:
    return _writer(registry).ledger.chain.head.text()


def test_what_is_entered_is_noted_and_shown_by_the_alias(registry: MemoryRegistry) -> None:
    outcome = _writer(registry).enter([_promotion(1)], WANTED)
    assert [entry.seq for entry in outcome.entries] == [1]
    assert registry.known[MODEL].aliases == {"production": 1}
    assert registry.known[MODEL].head == _head(registry)


def test_a_dry_run_numbers_its_entries_in_a_row_and_writes_nothing(
    registry: MemoryRegistry,
) -> None:
    wanted = Wanted("ann", dry_run=True)
    outcome = _writer(registry).enter([_promotion(1), _promotion(2)], wanted)
    assert [entry.seq for entry in outcome.entries] == [1, 2]
    assert outcome.entries[1].prev_hash == outcome.entries[0].hash
    assert outcome.state.champion == 2
    assert registry.rows == {}
    assert registry.known[MODEL].head is None


def test_a_writer_who_comes_late_does_not_note_an_older_head(registry: MemoryRegistry) -> None:
    late = _writer(registry)

    def somebody_else() -> None:
        _writer(registry).enter([_promotion(2)], WANTED)

    registry.hooks["set_alias"] = [somebody_else]
    late.enter([_promotion(1)], WANTED)
    assert registry.known[MODEL].head == _head(registry)
    assert registry.known[MODEL].aliases == {"production": 2}


def test_a_head_that_a_crash_left_unnoted_is_noted_by_the_next_act(
    registry: MemoryRegistry,
) -> None:
    writer = _writer(registry)
    writer.ledger.append(writer.ledger.entry(Draft("policy", policy={}), "ann"))
    assert registry.known[MODEL].head is None
    _writer(registry).done((), WANTED)
    assert registry.known[MODEL].head == _head(registry)


def test_of_several_entries_the_rest_is_not_written_once_somebody_else_wrote(
    registry: MemoryRegistry,
) -> None:
    writer, other = _writer(registry), _writer(registry)
    other.ledger.registry.create_ledger(MODEL)

    def somebody_else() -> None:
        other.ledger.refresh()
        other.ledger.append(other.ledger.entry(Draft("retrain"), "bob"))

    registry.hooks["append"] = [lambda: None, somebody_else]
    with pytest.raises(LedgerConflict, match="this was entered: ann promoted version 1"):
        writer.enter([_promotion(1), _promotion(2)], WANTED)
    assert _writer(registry).ledger.state.champion == 1


def test_an_entry_counts_also_where_the_aliases_cannot_be_set(registry: MemoryRegistry) -> None:
    def away() -> None:
        raise Unreachable("It went away.")

    registry.hooks["set_alias"] = [away]
    outcome = _writer(registry).enter([_promotion(1)], WANTED)
    assert outcome.state.champion == 1
    assert isinstance(outcome.unprojected, Unreachable)
    assert "the aliases were NOT set" in outcome.unprojected.what
    assert "podium verify flights --repair" in outcome.unprojected.remedy
    assert registry.known[MODEL].head == _head(registry)  # a deleted tail is noticed all the same
    mended = _writer(registry).done((), WANTED).mended
    assert [str(difference) for difference in mended] == [
        "the alias @production is not set; the ledger says version 1"
    ]
    assert registry.known[MODEL].aliases == {"production": 1}


def test_a_head_that_cannot_be_noted_does_not_keep_the_aliases_from_being_set(
    registry: MemoryRegistry,
) -> None:
    registry.hooks["note_head"] = [_away]
    outcome = _writer(registry).enter([_promotion(1)], WANTED)
    assert (outcome.unprojected, registry.known[MODEL].aliases) == (None, {"production": 1})
    assert registry.known[MODEL].head == _head(registry)  # noted once more at the end
    registry.hooks["note_head"] = [_away, _away]
    outcome = _writer(registry).enter([_promotion(2)], WANTED)
    assert "could not be noted (It went away.)" in outcome.notes[0]
    assert registry.known[MODEL].aliases == {"production": 2}


def test_an_older_head_that_somebody_noted_meanwhile_is_overwritten(
    registry: MemoryRegistry,
) -> None:
    writer = _writer(registry)

    def noted_by_somebody_who_was_held_up() -> None:
        registry.known[MODEL] = replace(registry.known[MODEL], head=f"0:{'0' * 64}")

    registry.hooks["set_alias"] = [noted_by_somebody_who_was_held_up]
    writer.enter([_promotion(1)], WANTED)
    assert registry.known[MODEL].head == _head(registry)


@pytest.mark.parametrize(
    ("faults", "expected", "said"),
    [
        ([None, "refused"], PodiumError, "Not entered: promote 2"),
        ([None, *["request lost"] * 4], OutcomeUnknown, "In doubt: promote 2"),
    ],
)
def test_whatever_goes_wrong_after_the_first_of_several_entries_says_what_was_entered(
    registry: MemoryRegistry, faults: list[Any], expected: type[PodiumError], said: str
) -> None:
    writer = _writer(registry)
    writer.ledger.around = replace(writer.ledger.around, pause=lambda _: None)
    registry.faults = faults
    with pytest.raises(PodiumError) as failed:
        writer.enter([_promotion(1), _promotion(2)], WANTED)
    assert type(failed.value) is expected
    assert "this was entered: ann promoted version 1" in failed.value.what
    assert said in failed.value.what
    assert "podium history flights" in failed.value.remedy
    assert registry.known[MODEL].head == _head(registry)


def test_a_command_is_incomplete_as_long_as_aliases_or_the_head_do_not_follow(
    registry: MemoryRegistry,
) -> None:
    writer = _writer(registry)
    writer.ledger.append(writer.ledger.entry(_promotion(1), "ann"))
    left = _writer(registry).incomplete("promote", Wanted("ann"))
    assert left is not None
    assert left.version == 1
    assert _writer(registry).incomplete("promote", Wanted("bob")) is None
    assert _writer(registry).incomplete("rollback", Wanted("ann")) is None
    registry.set_alias(MODEL, "production", 1)
    assert _writer(registry).incomplete("promote", Wanted("ann")) is not None
    _writer(registry).done((), WANTED)
    assert _writer(registry).incomplete("promote", Wanted("ann")) is None


def _away() -> None:
    raise Unreachable("It went away.")
