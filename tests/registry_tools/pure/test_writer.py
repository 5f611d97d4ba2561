from __future__ import annotations

import pytest

from podium.errors import Unreachable
from registry_tools.entry import Draft
from registry_tools.errors import LedgerConflict
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
    assert "the aliases could not be set" in outcome.notes[0]
    mended = _writer(registry).done((), WANTED).mended
    assert [str(difference) for difference in mended] == [
        "the alias @production is not set; the ledger says version 1"
    ]
    assert registry.known[MODEL].aliases == {"production": 1}
