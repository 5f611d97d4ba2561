from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_tools.entry import (
    ACTIONS,
    FIRST_HASH,
    SCHEMA,
    STAGES,
    Draft,
    Entry,
    Evidence,
    UnreadableEntry,
    hash_of,
    make_entry,
    read_entry,
)
from tests.registry_tools.pure.made import MODERATE, instant, place

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=12)
MAYBE = st.one_of(st.none(), TEXT)
VERDICTS = {"evaluate": ["pass", "fail", "inconclusive"], "judge": ["better", "worse", "hold"]}


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    action = draw(st.sampled_from(ACTIONS))
    stage = None
    if action in ("adopt", "promote", "rollback"):
        stage = "production" if action == "rollback" else draw(st.sampled_from(STAGES))
    files = draw(st.one_of(st.none(), st.dictionaries(TEXT, TEXT, max_size=2)))
    verdict = draw(st.sampled_from(VERDICTS[action])) if action in VERDICTS else draw(MAYBE)
    use = draw(st.one_of(st.none(), st.integers(1, 9)))
    traffic = {"mode": "canary", "share": draw(st.floats(0.001, 1)), "champion": 1, "challenger": 2}
    policy = {"gate": {"margin": draw(st.floats(0, 1))}, "promotion": {"approvals": 2}}
    return Draft(
        action,
        version=draw(st.integers(1, 10**9)),
        stage=stage,  # type: ignore[arg-type]
        replaced=draw(st.one_of(st.none(), st.integers(1, 9))),
        reason=draw(MAYBE),
        forced=draw(st.booleans()),
        policy=policy if action == "policy" else None,
        traffic=traffic if action == "traffic" else None,
        evidence=Evidence(draw(MAYBE), verdict, draw(MAYBE), draw(MAYBE), use, files),
        model_digest=draw(MAYBE),
    )


def _entry(**changed: Any) -> Entry:
    draft = Draft("promote", version=3, stage="staging", replaced=2, reason="née", model_digest="d")
    return make_entry(replace(draft, **changed), place())


def _written(**changed: Any) -> str:
    """What somebody would write who knows how hashes are made."""
    document = {**asdict(_entry()), **changed}
    document["hash"] = _sealed(document)
    return _spelt(document)


def _sealed(document: dict[str, Any]) -> str:
    content = {key: value for key, value in document.items() if key != "hash"}
    return hashlib.sha256(_spelt(content).encode()).hexdigest()


def _spelt(document: Any) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def test_an_entry_is_spelt_with_sorted_keys_in_ascii_and_without_spaces() -> None:
    text = _entry().text()
    assert text.isascii()
    assert " " not in text
    assert "n\\u00e9e" in text
    keys = list(json.loads(text))
    assert keys == sorted(keys)
    assert text == _spelt(json.loads(text))


def test_the_hash_of_a_known_entry_stays_as_it_is() -> None:
    assert _entry().hash == _sealed(asdict(_entry()))
    assert _entry().prev_hash == FIRST_HASH
    assert _entry().schema == SCHEMA == 1


@MODERATE
@given(drafts(), TEXT, TEXT)
def test_what_is_written_is_read_as_it_was(draft: Draft, actor: str, entry_id: str) -> None:
    entry = make_entry(draft, place(entry_id=entry_id, actor=actor))
    assert read_entry(entry.text()) == entry
    assert read_entry(entry.text()).text() == entry.text()
    assert hash_of(json.loads(entry.text())) == entry.hash


OTHER: dict[str, Any] = {
    "entry_id": "other",
    "seq": 2,
    "parent": 1,
    "action": "adopt",
    "model": "other",
    "version": 4,
    "stage": "production",
    "replaced": None,
    "actor": "bob",
    "at": instant(1),
    "reason": None,
    "forced": True,
    "policy": {},
    "traffic": {},
    "model_digest": None,
    "prev_hash": "1" * 64,
    "schema": 2,
}


@pytest.mark.parametrize("field", sorted(OTHER))
def test_the_hash_changes_with_every_field(field: str) -> None:
    document = asdict(_entry())
    assert hash_of({**document, field: OTHER[field]}) != document["hash"]


@pytest.mark.parametrize("field", ["run_id", "verdict", "report_sha256", "data_digest", "use"])
def test_the_hash_changes_with_the_evidence(field: str) -> None:
    document = asdict(_entry())
    evidence = {**document["evidence"], field: 1}
    assert hash_of({**document, "evidence": evidence}) != document["hash"]


@pytest.mark.parametrize("field", sorted(OTHER))
def test_a_field_that_was_edited_is_noticed(field: str) -> None:
    text = _spelt({**asdict(_entry()), field: OTHER[field]})
    with pytest.raises(UnreadableEntry, match=r"it was changed|has schema 2"):
        read_entry(text)


def _without(field: str) -> str:
    document = asdict(_entry())
    del document[field]
    return _spelt(document)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("no JSON", "is no JSON"),
        ("[]", "is no JSON object"),
        ("null", "is no JSON object"),
        ("\ufeff{}", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('{"seq": ' + "9" * 10_000 + "}", "is no JSON"),
        ("{}", "has the wrong fields"),
        (_without("reason"), "has the wrong fields: 'reason'"),
        (_written(more=1), "has the wrong fields: 'more'"),
        (_written(evidence={}), "has the wrong fields"),
        (_written(evidence=None), "has a evidence that is NoneType"),
        (_written(version=True), "has a version that is bool"),
        (_written(version=3.0), "has a version that is float"),
        (_written(version="3"), "has a version that is str"),
        (_written(forced=1), "has a forced that is int"),
        (_written(seq=True), "has a seq that is bool"),
        (_written(actor=None), "has a actor that is NoneType"),
        (_written(policy=[]), "has a policy that is list"),
        (_written(schema=True), "has a schema that is bool"),
        (_written(schema=0), "has schema 0"),
        (_written(action="demote"), "an action that is not known: 'demote'"),
        (_written(action="demote" * 2), "an action that is not known"),
        (_written(stage="Production"), "a stage that is not known: 'Production'"),
        (_written(version=None), "is about no version"),
        (_written(stage=None), "is about no stage"),
        (_written(action="rollback"), "rolls back a stage that is not production"),
        (_written(version=0), "has the version 0"),
        (_written(replaced=-1), "has the replaced -1"),
        (_written(seq=0), "has the seq 0"),
        (_written(parent=-1), "has the parent -1"),
        (_written(at="yesterday"), "has a time that is none"),
        (_written(at="2026-01-02T03:04:05+00:00"), "has a time that is none"),
        (_written(at="2026-01-02T03:04:05.000000"), "has a time that is none"),
        (_written(at="2026-01-02T03:04:05.000000+01:00"), "has a time that is none"),
        (_written(hash="0" * 64).replace(_entry().hash, "0" * 64), "it was changed"),
    ],
)
def test_what_is_no_entry_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(UnreadableEntry) as refused:
        read_entry(text)
    assert said in str(refused.value)


def test_a_newer_schema_is_refused_by_its_number_whatever_else_it_has() -> None:
    with pytest.raises(UnreadableEntry, match="schema 7; this Podium reads up to 1: update it"):
        read_entry('{"schema": 7, "who": "knows"}')


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_refused(number: str) -> None:
    text = _written(policy={"gate": 1}).replace('"gate":1', f'"gate":{number}')
    with pytest.raises(UnreadableEntry, match="cannot be spelt as JSON"):
        read_entry(text)


@pytest.mark.parametrize("depth", [10, 200, 300, 500, 900, 950, 975, 990, 50_000])
def test_deep_nesting_is_refused_at_every_depth(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    text = _written(action="policy", policy={"gate": 1}).replace('"gate":1', f'"gate":{nested}')
    with pytest.raises(UnreadableEntry):
        read_entry(text)


@pytest.mark.parametrize(
    "respell",
    [
        lambda text: json.dumps(json.loads(text), sort_keys=True),
        lambda text: json.dumps(dict(reversed(json.loads(text).items())), separators=(",", ":")),
        lambda text: json.dumps(json.loads(text), sort_keys=True, indent=1),
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace("\\u00e9", "é"),
        lambda text: text.replace("\\u00e9", "\\u00E9"),
        lambda text: text.replace('"seq":1', '"seq":1,"seq":1'),
        lambda text: text.replace('"seq":1', '"seq":9,"seq":1'),
        lambda text: text.replace('"actor":"ann"', '"actor":"bob","actor":"ann"'),
    ],
)
def test_the_same_entry_in_another_spelling_is_refused(respell: Any) -> None:
    """Else a reader that compares bytes and one that compares values would not agree."""
    text = respell(_entry().text())
    assert text != _entry().text()
    with pytest.raises(UnreadableEntry, match="it was changed"):
        read_entry(text)


def test_lone_surrogates_and_nulls_in_a_reason_survive_as_ascii() -> None:
    entry = _entry(reason="a\ud800b\x00c\udfff")
    assert entry.text().isascii()
    assert read_entry(entry.text()).reason == "a\ud800b\x00c\udfff"


@pytest.mark.parametrize(
    "policy",
    [
        None,
        {"gates": {}},
        {"gate": {"margin": "1"}},
        {"gate": {"alpha": 2}},
        {"promotion": {"approvals": -1}},
        {"promotion": {"approvals": True}},
        {"promotion": {"later": 1}},
    ],
)
def test_a_policy_that_the_fold_could_not_read_is_no_entry(policy: Any) -> None:
    with pytest.raises(UnreadableEntry, match="has a policy that this Podium cannot read, at "):
        read_entry(_written(action="policy", stage=None, policy=policy))


PINNED = {"champion": 1, "challenger": 2}


@pytest.mark.parametrize(
    "traffic",
    [
        None,
        {},
        {"mode": "on"},
        {"mode": "off", "by": None},
        {"mode": "off", "verdict": "better"},
        {"mode": "canary"},
        {"mode": "canary", "champion": 1, "challenger": None},
        {"mode": "canary", "champion": True, "challenger": 2},
        {"mode": "canary", "share": 1.5, **PINNED},
        {"mode": "canary", "share": 0, **PINNED},
        {"mode": "canary", "share": "0.1", **PINNED},
        {"mode": "canary", "share": True, **PINNED},
        {"mode": "ab", "share": 0.5, "key": 7, **PINNED},
        {"mode": ["off"]},
    ],
)
def test_traffic_that_the_fold_could_not_read_is_no_entry(traffic: Any) -> None:
    with pytest.raises(UnreadableEntry, match="traffic"):
        read_entry(_written(action="traffic", stage=None, traffic=traffic))


@pytest.mark.parametrize(
    ("action", "verdict"),
    [("evaluate", None), ("evaluate", "PASS"), ("evaluate", "better"), ("judge", "pass")],
)
def test_a_verdict_of_another_kind_is_no_entry(action: str, verdict: str | None) -> None:
    evidence = {**asdict(Evidence()), "verdict": verdict}
    with pytest.raises(UnreadableEntry, match="has a verdict that is not known"):
        read_entry(_written(action=action, stage=None, evidence=evidence))


def test_files_without_a_digest_are_no_evidence() -> None:
    evidence = {**asdict(Evidence()), "files": {"MLmodel": 1}}
    with pytest.raises(UnreadableEntry, match="has files without a digest"):
        read_entry(_written(evidence=evidence))


@pytest.mark.parametrize(
    "draft",
    [
        Draft("evaluate", version=1),
        Draft("evaluate", version=True, evidence=Evidence(verdict="pass")),
        Draft("promote", version=1),
        Draft("traffic", traffic={"mode": "canary", "share": float("nan"), **PINNED}),
        Draft("policy", policy={"gate": object()}),
        Draft("policy", policy={"gate": {1, 2}}),
        Draft("retire", version=1, reason=b"bytes"),  # type: ignore[arg-type]
    ],
)
def test_an_entry_that_nobody_could_read_is_not_made(draft: Draft) -> None:
    """Written, it would break the ledger for everybody."""
    with pytest.raises(UnreadableEntry):
        make_entry(draft, place())


def test_an_entry_keeps_nothing_of_its_draft_that_may_change_later() -> None:
    policy: dict[str, Any] = {"promotion": {"approvals": 1}}
    entry = make_entry(Draft("policy", policy=policy), place())
    policy["promotion"]["approvals"] = 0
    assert read_entry(entry.text()) == entry
