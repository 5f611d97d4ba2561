"""What is found wrong with a ledger, by name, and with what hangs on it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_tools.chain import Chain, Record
from registry_tools.entry import Draft, hash_of, make_entry
from registry_tools.examine import Files
from registry_tools.inspection import (
    Finding,
    chain_findings,
    file_findings,
    holders_there,
    registry_findings,
    wrong_tags,
)
from registry_tools.port import Model, Version
from registry_tools.state import State
from tests.registry_tools.pure.made import MODEL, MODERATE, Book, digest_of, place, read_all, record


def ledger() -> Book:
    """Six entries: version 1 in production, version 2 in staging."""
    book = Book()
    book.policy()
    book.stage(1)
    book.put(1)
    book.stage(2)
    return book


def records_of(book: Book) -> list[Record]:
    return [record(number, entry) for number, entry in enumerate(book.entries, 1)]


def found(records: list[Record], model: str = MODEL) -> list[Finding]:
    chain = Chain(model)
    chain.extend(records, whole=True)
    return chain_findings(chain, records)


def shown(findings: list[Finding]) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(finding.kind, finding.weight, finding.numbers) for finding in findings]


def with_entry(records: list[Record], number: int, **changed: object) -> list[Record]:
    """The record `number` with other fields, and whatever hash it had."""
    text = next(record.entry for record in records if record.number == number)
    document = {**json.loads(text or ""), **changed}
    return swapped(records, number, json.dumps(document))


def swapped(records: list[Record], number: int, text: str | None) -> list[Record]:
    return [replace(r, entry=text) if r.number == number else r for r in records]


def restarted(records: list[Record]) -> list[Record]:
    """With a restart behind everything that is there."""
    head = read_all(records).head
    return [*records, record(records[-1].number + 1, make_entry(Draft("restart"), place(head)))]


def test_nothing_is_found_in_a_whole_ledger() -> None:
    assert found(records_of(ledger())) == []
    assert found([]) == []


def test_each_gap_is_named_with_its_numbers() -> None:
    records = [r for r in records_of(ledger()) if r.number not in (2, 3, 5)]
    assert shown(found(records)) == [
        ("gap", "broken", (2, 3)),
        ("gap", "broken", (5,)),
        ("lost entries", "note", (4, 6)),
    ]


def test_a_changed_entry_is_named() -> None:
    records = with_entry(records_of(ledger()), 3, reason="another one")
    assert shown(found(records))[0] == ("changed entry", "broken", (3,))


def test_an_entry_with_a_new_hash_does_not_fit_in() -> None:
    records = records_of(ledger())
    changed = replace(ledger().entries[2], reason="another one")
    text = replace(changed, hash=hash_of(asdict(changed))).text()
    assert shown(found(swapped(records, 3, text)))[0] == ("changed entry", "broken", (4,))


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"schema": 1}', "[" * 100_000])
def test_an_unreadable_entry_is_named(text: str) -> None:
    records = swapped(records_of(ledger()), 3, text)
    assert shown(found(records))[0] == ("unreadable entry", "broken", (3,))


def test_entries_of_a_newer_podium_ask_for_an_update() -> None:
    records = records_of(ledger())
    for number in (5, 6):
        records = with_entry(records, number, schema=2)
    newer = found(records)[0]
    assert shown([newer]) == [("newer schema", "broken", (5, 6))]
    assert "Update Podium" in newer.remedy


def test_a_model_of_somebody_else_is_one_finding() -> None:
    records = [Record(number, None, None) for number in (1, 2, 3)]
    foreign = found(records)
    assert shown(foreign) == [("somebody else's model", "broken", (1, 2, 3))]
    assert "Rename that registered model" in foreign[0].remedy


def test_one_foreign_version_in_a_ledger_of_ours_is_told_from_that() -> None:
    records = [*records_of(ledger()), Record(7, None, None)]
    assert shown(found(records)) == [("foreign entry", "broken", (7,))]


def test_a_renamed_model_is_one_finding_that_says_what_to_rename_back() -> None:
    renamed = found(records_of(ledger()), model="trains")
    assert shown(renamed) == [("renamed model", "broken", (1, 2, 3, 4, 5, 6))]
    assert "rename trains.ledger back to flights.ledger" in renamed[0].what


def test_a_deleted_tail_is_told_from_a_gap() -> None:
    records = records_of(ledger())[:4]
    chain = read_all(records)
    chain.break_at(5, "it reached up to entry 6 once, and ends with entry 4 now")
    assert shown(chain_findings(chain, records)) == [("deleted tail", "broken", (5,))]


def test_what_a_restart_ended_is_only_a_note() -> None:
    records = restarted([r for r in records_of(ledger()) if r.number != 3])
    assert shown(found(records)) == [
        ("gap", "note", (3,)),
        ("lost entries", "note", (4, 5, 6)),
    ]


def test_new_damage_behind_a_restart_is_broken_again() -> None:
    records = restarted([r for r in records_of(ledger()) if r.number != 3])
    records = [*records, Record(8, "{}", "7")]
    assert shown(found(records))[:2] == [
        ("gap", "note", (3,)),
        ("unreadable entry", "broken", (8,)),
    ]


def test_void_entries_are_only_a_note() -> None:
    records = records_of(ledger())
    late = make_entry(Draft("retrain"), place(read_all(records[:3]).head, "late"))
    assert shown(found([*records, record(7, late)])) == [("void entries", "note", (7,))]


@MODERATE
@given(st.sets(st.integers(1, 5)), st.sets(st.integers(1, 6)))
def test_whatever_is_damaged_is_found_and_a_restart_ends_it(gone: set[int], bad: set[int]) -> None:
    records = [r for r in records_of(ledger()) if r.number not in gone]
    for number in bad - gone:  # the last one is never gone: that would be a deleted tail
        records = with_entry(records, number, actor="eve")
    named = {n for f in found(records) if f.weight == "broken" for n in f.numbers}
    assert named == gone | bad
    assert all(finding.weight == "note" for finding in found(restarted(records)))
    assert read_all(restarted(records)).broken is None


def state() -> State:
    return ledger().state


def version(number: int, digest: str | None = None, **tags: str) -> Version:
    tags = {"podium.project": MODEL, "podium.digest": digest or digest_of(number), **tags}
    return Version(MODEL, number, "2026-01-01T00:00:00+00:00", tags=tags)


MODEL_AS_IT_SHOULD_BE = Model(MODEL, {"production": 1, "staging": 2}, "6:abc")


def about(model: Model, *versions: Version) -> list[Finding]:
    return registry_findings(state(), model, versions, head="6:abc")


def test_nothing_is_found_where_all_say_what_the_ledger_says() -> None:
    assert about(MODEL_AS_IT_SHOULD_BE, version(1), version(2), version(3)) == []


def test_aliases_that_differ_are_found() -> None:
    model = replace(MODEL_AS_IT_SHOULD_BE, aliases={"production": 3})
    wrong = about(model, version(1), version(2))
    assert [(finding.kind, finding.weight) for finding in wrong] == [("alias", "wrong")] * 2


def test_a_deleted_holder_is_found_with_the_way_out() -> None:
    (gone,) = about(MODEL_AS_IT_SHOULD_BE, version(1))
    assert (gone.kind, gone.numbers) == ("deleted version", (2,))
    assert gone.remedy == "podium retire flights 2 --reason deleted"
    assert holders_there(state(), [version(1)]) == [1]


def test_a_digest_that_was_changed_is_found() -> None:
    (wrong,) = about(MODEL_AS_IT_SHOULD_BE, version(1, "f" * 64), version(2))
    assert (wrong.kind, wrong.weight, wrong.numbers) == ("digest tag", "wrong", (1,))
    assert wrong_tags(state(), [version(1, "f" * 64), version(2)]) == {1: digest_of(1)}


def test_a_version_that_never_had_a_digest_is_left_alone_unless_it_is_podiums() -> None:
    foreign = replace(version(1), tags={})
    stripped = replace(version(1), tags={"podium.project": MODEL})
    assert wrong_tags(state(), [foreign]) == {}
    assert wrong_tags(state(), [stripped]) == {1: digest_of(1)}


def test_a_head_that_is_behind_is_only_a_note() -> None:
    (note,) = about(replace(MODEL_AS_IT_SHOULD_BE, head=None), version(1), version(2))
    assert (note.kind, note.weight) == ("noted head", "note")


def test_files_are_compared_with_what_the_ledger_pinned() -> None:
    good = Files(digest_of(1), None, "", "intact", None)
    assert file_findings(state(), {1: good}) == []
    (other,) = file_findings(state(), {1: replace(good, digest=digest_of(1, "b"))})
    assert (other.kind, other.weight, other.numbers) == ("changed files", "wrong", (1,))
    (broken,) = file_findings(state(), {1: replace(good, problem="x is missing")})
    assert "x is missing" in broken.what
    (away,) = file_findings(state(), {1: replace(good, digest="", problem="no such folder.")})
    assert (away.kind, away.weight) == ("unreadable files", "wrong")


def test_files_without_a_manifest_are_named_where_they_differ() -> None:
    before = ledger()
    known = replace(before.state.of(1), files={"MLmodel": "a", "data": "b", "gone": "c"})
    state = replace(before.state, versions={**before.state.versions, 1: known})
    now = Files("another", {"MLmodel": "a", "data": "x", "new": "y"}, "", "there", None)
    (changed,) = file_findings(state, {1: now})
    assert "data, gone, new differ" in changed.what
