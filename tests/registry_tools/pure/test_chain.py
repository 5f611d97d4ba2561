from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_tools.chain import Chain, Head, Record, RestartSeen
from registry_tools.entry import Draft, Entry, make_entry, read_entry
from tests.registry_tools.pure.made import (
    MODEL,
    MODERATE,
    instant,
    place,
    read_all,
    read_in_batches,
    record,
    seen_of,
)

# (who writes, whether they read before): one who does not writes on top of the head they saw.
ACTS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=25)
SIZES = st.lists(st.integers(1, 6), max_size=25)
Acts = list[tuple[int, bool]]
POLICY = {"promotion": {"approvals": 1}}


def _on(head: Head, number: int, draft: Draft | None = None, **changed: object) -> Record:
    draft = draft or Draft("policy", policy=POLICY)
    return record(number, make_entry(draft, place(head, f"id{number}", **changed)))


def _restart(head: Head, number: int, **changed: object) -> Record:
    return _on(head, number, Draft("restart", reason="an entry was deleted"), **changed)


def _interleaved(acts: Acts) -> list[Record]:
    """What writers leave behind who each know the ledger up to when they last read it."""
    records: list[Record] = []
    known = [Chain(MODEL) for _ in range(4)]
    for writer, reads in acts:
        chain = known[writer]
        if reads:
            chain.extend(records[chain.seen :], whole=True)
        records.append(_on(chain.head, len(records) + 1, actor=f"writer {writer}"))
    return records


def _straight(length: int) -> list[Record]:
    return _interleaved([(0, True)] * length)


def _entry(given: Record) -> Entry:
    assert given.entry is not None
    return read_entry(given.entry)


@MODERATE
@given(ACTS)
def test_of_many_writers_at_once_exactly_one_chain_counts(acts: Acts) -> None:
    records, last, expected = _interleaved(acts), 0, []
    for number, (given_record, _) in enumerate(zip(records, acts, strict=True), start=1):
        if given_record.parent == str(last):
            expected.append(number)
            last = number
    chain = read_all(records)
    assert [c.number for c in chain.counted] == expected
    assert sorted([*expected, *chain.void]) == list(range(1, len(records) + 1))
    assert (chain.broken, chain.lost, chain.seen) == (None, [], len(records))
    assert [c.entry.seq for c in chain.counted] == list(range(1, len(expected) + 1))
    hashes = [Head().hash, *(c.entry.hash for c in chain.counted)]
    assert [c.entry.prev_hash for c in chain.counted] == hashes[:-1]


@MODERATE
@given(ACTS)
def test_who_read_right_before_writing_is_always_counted(acts: Acts) -> None:
    counted = {c.number for c in read_all(_interleaved(acts)).counted}
    assert counted >= {number for number, (_, reads) in enumerate(acts, start=1) if reads}


def _not_ours(given_record: Record) -> Record:
    return replace(given_record, entry=None, parent=None)


def _noise(given_record: Record) -> Record:
    return replace(given_record, entry="{}")


def _edited(given_record: Record) -> Record:
    assert given_record.entry is not None
    return replace(given_record, entry=given_record.entry.replace("writer", "waiter"))


def _respelt(given_record: Record) -> Record:
    assert given_record.entry is not None
    return replace(given_record, entry=json.dumps(json.loads(given_record.entry), sort_keys=True))


def _other_parent_tag(given_record: Record) -> Record:
    return replace(given_record, parent="99")


def _no_parent_tag(given_record: Record) -> Record:
    return replace(given_record, parent=None)


def _padded_parent_tag(given_record: Record) -> Record:
    return replace(given_record, parent=f"0{given_record.parent}")


def _of_another_model(given_record: Record) -> Record:
    draft = Draft("policy", policy=POLICY)
    return record(given_record.number, make_entry(draft, place(model="another")))


def _from_the_future(given_record: Record) -> Record:
    return _on(Head(number=given_record.number), given_record.number)


DAMAGES = [
    _not_ours,
    _noise,
    _edited,
    _respelt,
    _other_parent_tag,
    _no_parent_tag,
    _padded_parent_tag,
    _of_another_model,
    _from_the_future,
]


@MODERATE
@given(ACTS, st.data(), st.sampled_from(DAMAGES))
def test_a_damaged_record_breaks_the_chain_exactly_there(
    acts: Acts, data: st.DataObject, damage: Callable[[Record], Record]
) -> None:
    records = _interleaved(acts)
    at = data.draw(st.integers(1, len(records)))
    damaged = [damage(r) if r.number == at else r for r in records]
    chain, whole = read_all(damaged), read_all(records)
    assert chain.broken is not None
    assert chain.broken.number == at
    assert str(at) in chain.broken.reason
    assert chain.counted == [c for c in whole.counted if c.number < at]
    assert chain.void == [number for number in whole.void if number < at]
    assert chain.lost == list(range(at, len(records) + 1))
    assert seen_of(read_in_batches(damaged, data.draw(SIZES))) == seen_of(chain)


@MODERATE
@given(ACTS, st.data())
def test_a_gap_breaks_the_chain_where_it_begins(acts: Acts, data: st.DataObject) -> None:
    records = _interleaved([*acts, (0, True)])
    first = data.draw(st.integers(1, len(records) - 1))
    last = data.draw(st.integers(first, len(records) - 1))
    left = [r for r in records if not first <= r.number <= last]
    chain = read_all(left)
    assert chain.broken is not None
    assert chain.broken.number == first
    assert "deleted" in chain.broken.reason
    assert chain.counted == [c for c in read_all(records).counted if c.number < first]
    assert chain.lost == list(range(first, len(records) + 1))
    assert seen_of(read_in_batches(left, data.draw(SIZES))) == seen_of(chain)


@MODERATE
@given(st.integers(2, 12), st.data())
def test_an_entry_rewritten_with_a_hash_of_its_own_breaks_the_chain_at_the_next(
    length: int, data: st.DataObject
) -> None:
    records = _straight(length)
    at = data.draw(st.integers(1, length - 1))
    old = _entry(records[at - 1])
    given_place = place(
        Head(at - 1, at - 1, old.prev_hash), old.entry_id, at=old.at, actor="somebody else"
    )
    records[at - 1] = record(at, make_entry(Draft("policy", policy=POLICY), given_place))
    chain = read_all(records)
    assert chain.broken is not None
    assert (chain.broken.number, len(chain.counted)) == (at + 1, at)
    assert chain.lost == list(range(at + 1, length + 1))


@MODERATE
@given(ACTS, SIZES)
def test_reading_at_once_one_by_one_and_in_batches_say_the_same(
    acts: Acts, sizes: list[int]
) -> None:
    records = _interleaved(acts)
    at_once = seen_of(read_all(records))
    assert seen_of(read_in_batches(records, [1] * len(records))) == at_once
    assert seen_of(read_in_batches(records, sizes)) == at_once
    assert seen_of(read_all(records)) == at_once


def test_extend_gives_what_counts_of_what_it_was_given() -> None:
    records = [*_straight(3), _on(Head(), 4)]
    chain = Chain(MODEL)
    assert [c.number for c in chain.extend(records[:2])] == [1, 2]
    assert [c.number for c in chain.extend(records[2:])] == [3]
    assert list(chain.extend([])) == []


def test_the_head_of_an_empty_ledger_is_number_0_with_the_first_hash() -> None:
    assert Chain(MODEL).head == Head(0, 0, "0" * 64, "")
    assert Chain(MODEL).head.text() == f"0:{'0' * 64}"


def test_what_counts_is_found_by_its_id_and_by_what_it_follows() -> None:
    chain = read_all([*_straight(3), _on(Head(), 4)])
    found, after = chain.find("id2"), chain.after(1)
    assert found is not None
    assert found == after
    assert found.number == 2
    assert (chain.find("id4"), chain.after(3)) == (None, None)


def test_a_renamed_registered_model_says_so() -> None:
    chain = Chain("renamed")
    chain.extend(_straight(2))
    assert chain.broken is not None
    assert "is about the model 'flights': the registered model was renamed" in chain.broken.reason
    assert chain.counted == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_restart_goes_on_from_the_last_good_entry(damage: Callable[[Record], Record]) -> None:
    records = _straight(5)
    records[3] = damage(records[3])
    head = read_all(records).head
    assert head.number == 3
    records += [_restart(head, 6)]
    chain = read_all(records)
    assert [c.number for c in chain.counted] == [1, 2, 3, 6]
    assert (chain.broken, chain.lost) == (None, [4, 5])
    assert [mended.number for mended in chain.mended] == [4]
    records.append(_on(chain.head, 7))
    assert [c.entry.seq for c in read_all(records).counted] == [1, 2, 3, 4, 5]


def test_the_second_restart_on_the_same_parent_is_void() -> None:
    records = [*_straight(3), Record(4, None, None)]
    head = read_all(records).head
    records += [_restart(head, 5), _restart(head, 6, actor="bob")]
    chain = read_all(records)
    assert [c.number for c in chain.counted] == [1, 2, 3, 5]
    assert (chain.void, chain.broken) == ([6], None)
    for sizes in ([1] * 6, [5, 1], [2, 3, 1]):
        assert seen_of(read_in_batches(records, sizes)) == seen_of(chain)


def test_an_entry_written_before_the_break_was_seen_stays_lost_after_the_restart() -> None:
    records = [*_straight(3), Record(4, None, None)]
    head = read_all(records).head
    records += [_on(head, 5), _restart(head, 6), _on(head, 7)]
    chain = read_all(records)
    assert [c.number for c in chain.counted] == [1, 2, 3, 6]
    assert (chain.lost, chain.void) == ([4, 5], [7])


@pytest.mark.parametrize(
    "changed",
    [
        {"prev_hash": "f" * 64},
        {"seq": 9},
        {"parent": 2},
        {"parent": 0, "seq": 1, "prev_hash": Head().hash},
    ],
)
def test_a_restart_that_cites_anything_but_the_last_good_entry_mends_nothing(
    changed: dict[str, object],
) -> None:
    records = [*_straight(3), Record(4, None, None)]
    records.append(_restart(read_all(records).head, 5, **changed))
    chain = read_all(records)
    assert chain.broken is not None
    assert (chain.broken.number, len(chain.counted), chain.lost) == (4, 3, [4, 5])


def test_a_restart_in_a_healthy_ledger_cannot_go_back_behind_what_counts() -> None:
    records = _straight(4)
    records.append(_restart(read_all(records[:2]).head, 5))
    chain = read_all(records)
    assert [c.number for c in chain.counted] == [1, 2, 3, 4]
    assert chain.broken is not None
    assert (chain.broken.number, chain.lost) == (5, [5])
    assert seen_of(read_in_batches(records, [4, 1])) == seen_of(chain)


def test_an_edited_entry_that_is_put_back_after_a_restart_does_not_undo_the_restart() -> None:
    records = _straight(4)
    edited = [records[0], replace(records[1], entry=str(records[1].entry)[:-1]), *records[2:]]
    edited.append(_restart(read_all(edited).head, 5))
    edited.append(_on(read_all(edited).head, 6))
    assert [c.number for c in read_all(edited).counted] == [1, 5, 6]
    chain = read_all([edited[0], records[1], *edited[2:]])
    assert [c.number for c in chain.counted] == [1, 2, 3, 4]
    assert chain.broken is not None
    assert chain.broken.number == 5
    assert "put it back" in chain.broken.reason


def test_of_two_restarts_at_the_same_time_the_second_is_void() -> None:
    records = [*_straight(3), Record(4, None, None)]
    head = read_all(records).head
    records += [_restart(head, 5), _restart(head, 6)]
    chain = read_all(records)
    assert ([c.number for c in chain.counted], chain.void) == ([1, 2, 3, 5], [6])
    assert chain.broken is None


def test_a_restart_of_a_ledger_without_a_good_entry_begins_at_the_beginning() -> None:
    records = [Record(1, None, None), *(_on(Head(), number) for number in (2, 3))]
    records.append(_restart(Head(), 4))
    chain = read_all(records)
    assert ([c.number for c in chain.counted], chain.lost) == ([4], [1, 2, 3])
    records.append(_on(chain.head, 5))
    assert read_all(records).broken is None


def test_a_restart_may_cite_what_is_lost_where_nothing_good_is_left() -> None:
    records = [Record(1, None, None)]
    records.append(_restart(Head(), 2, seq=9, prev_hash="f" * 64))
    chain = read_all(records)
    assert ([c.number for c in chain.counted], chain.broken) == ([2], None)
    records.append(_on(chain.head, 3))
    assert [c.entry.seq for c in read_all(records).counted] == [9, 10]


@pytest.mark.parametrize("changed", [{"seq": 9}, {"prev_hash": "f" * 64}])
def test_an_entry_that_does_not_continue_the_one_before_breaks_the_chain(
    changed: dict[str, object],
) -> None:
    records = _straight(3)
    records.append(_on(read_all(records).head, 4, **changed))
    chain = read_all(records)
    assert chain.broken is not None
    assert chain.broken.reason == "entry 4 does not continue entry 3"
    assert (len(chain.counted), chain.lost) == (3, [4])


def test_a_follower_is_told_of_a_restart_behind_what_it_had_counted() -> None:
    read_before = _straight(4)
    follower = Chain(MODEL)
    follower.extend(read_before)
    now = [*read_before[:2], Record(3, None, None), read_before[3]]
    now.append(_restart(read_all(now).head, 5))
    with pytest.raises(RestartSeen):
        follower.extend(now[4:])
    assert [c.number for c in read_all(now).counted] == [1, 2, 5]


@MODERATE
@given(
    st.lists(
        st.tuples(st.sampled_from(["write", "stale", "foreign", "skip", "restart"]), SIZES),
        max_size=20,
    )
)
def test_with_breaks_and_restarts_all_ways_of_reading_say_the_same(
    steps: list[tuple[str, list[int]]],
) -> None:
    records: list[Record] = []
    for number, (step, sizes) in enumerate(steps, start=1):
        chain = read_all(records)
        if step == "write":
            records.append(_on(chain.head, number))
        elif step == "stale":
            behind = read_all(records[: len(records) // 2]).head
            records.append(_on(behind, number))
        elif step == "restart":
            records.append(_restart(chain.head, number))
        elif step == "foreign":
            records.append(Record(number, None, None))
        whole = read_all(records)
        assert whole.counted[: len(chain.counted)] == chain.counted
        assert seen_of(read_in_batches(records, sizes)) == seen_of(whole)
        everything = [*(c.number for c in whole.counted), *whole.void, *whole.lost]
        assert sorted(everything) == list(range(1, whole.seen + 1))
        if step in ("write", "restart") and (step == "restart" or chain.broken is None):
            skipped = number - 1 > chain.seen and step == "write"
            assert (whole.broken is None) is not skipped


def test_times_sort_as_text() -> None:
    assert sorted([instant(9.5), instant(10), instant(100)]) == [
        instant(9.5),
        instant(10),
        instant(100),
    ]
