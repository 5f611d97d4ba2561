from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import SpecError
from registry_tools.entry import ACTIONS, Draft, Evidence, make_entry
from registry_tools.ids import uuid7
from registry_tools.policy import Policy, read_policy
from registry_tools.words import sentence
from tests.registry_tools.pure.made import MODERATE, place

CANARY = {"mode": "canary", "share": 0.125, "key": "carrier", "champion": 1, "challenger": 2}
SENTENCES: list[tuple[Draft, str]] = [
    (
        Draft("adopt", version=3, stage="production", replaced=2, forced=True, reason="it serves"),
        "ann adopted version 3 as it stood in production instead of version 2 by force: it serves",
    ),
    (Draft("policy", policy={}), "ann set the policy"),
    (
        Draft("evaluate", version=3, evidence=Evidence(verdict="inconclusive")),
        "ann evaluated version 3: inconclusive",
    ),
    (
        Draft("evaluate", version=3, replaced=2, evidence=Evidence(verdict="pass")),
        "ann evaluated version 3 against version 2: pass",
    ),
    (Draft("approve", version=3), "ann approved version 3"),
    (Draft("reject", version=3, reason="slow"), "ann rejected version 3: slow"),
    (Draft("promote", version=3, stage="staging"), "ann promoted version 3 to staging"),
    (
        Draft("promote", version=3, stage="production", replaced=2, forced=True, reason="now"),
        "ann promoted version 3 to production instead of version 2 by force: now",
    ),
    (
        Draft("rollback", version=2, stage="production", replaced=3, reason="slow"),
        "ann rolled back from version 3 to version 2: slow",
    ),
    (Draft("rollback", version=2, stage="production"), "ann rolled back to version 2"),
    (Draft("traffic", traffic={"mode": "off"}), "ann set traffic off"),
    (
        Draft("traffic", traffic=CANARY),
        "ann set traffic to canary: version 2 beside version 1 with a share of 0.125 by carrier",
    ),
    (
        Draft("traffic", traffic={"mode": "shadow", "champion": 1, "challenger": 2}),
        "ann set traffic to shadow: version 2 beside version 1",
    ),
    (
        Draft("judge", version=2, evidence=Evidence(verdict="worse")),
        "ann judged version 2: worse",
    ),
    (Draft("retrain", reason="drift"), "ann started a new training: drift"),
    (Draft("retire", version=1, reason="old"), "ann retired version 1: old"),
    (Draft("restart", reason="a gap"), "ann began the ledger anew: a gap"),
]


@pytest.mark.parametrize(("draft", "said"), SENTENCES)
def test_every_entry_is_a_sentence(draft: Draft, said: str) -> None:
    assert sentence(make_entry(draft, place())) == said


def test_every_action_has_a_sentence() -> None:
    assert {draft.action for draft, _ in SENTENCES} == set(ACTIONS)


@MODERATE
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=30))
def test_a_sentence_is_one_line_that_prints_whatever_the_reason_is(reason: str) -> None:
    entry = make_entry(Draft("retire", version=1, reason=reason), place(actor=f"ann{reason}"))
    said = sentence(entry)
    assert said.isprintable()
    assert said.encode("utf-8").decode("utf-8") == said
    assert len(said.splitlines()) == 1


def test_a_reason_cannot_look_like_another_entry() -> None:
    reason = "old\nbob approved version 9\x1b[2K\ud800"
    said = sentence(make_entry(Draft("retire", version=1, reason=reason), place()))
    assert said == "ann retired version 1: old bob approved version 9\\x1b[2K\\ud800"


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after
    assert str(made)[14] == "7"
    assert str(made)[19] in "89ab"


def test_ids_sort_by_time_and_do_not_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 1, 10**12, 1_800_000_000_000, 2**48 - 1]
    ids = []
    for milliseconds in moments:
        monkeypatch.setattr(time, "time_ns", lambda ms=milliseconds: ms * 1_000_000)
        ids.append(uuid7())
    assert [str(made) for made in ids] == sorted(str(made) for made in ids)
    assert [made.int >> 80 for made in ids] == moments
    assert len({uuid7() for _ in range(1_000)}) == 1_000


def test_every_random_bit_of_an_id_is_used() -> None:
    ones = zeros = 0
    for _ in range(200):
        ones, zeros = ones | uuid7().int, zeros | ~uuid7().int
    random = (2**12 - 1) << 64 | (2**62 - 1)
    assert ones & random == zeros & random == random


def test_a_policy_is_what_the_two_sections_of_a_project_declare() -> None:
    raw = {
        "name": "flights",
        "gate": {"margin": 0.01, "slices": ["carrier"], "on_inconclusive": "pass"},
        "promotion": {"approvals": 2, "exclude_author": True},
    }
    policy = read_policy(raw, "project.yaml")
    assert (policy.gate.margin, policy.gate.slices) == (0.01, ("carrier",))
    assert (policy.promotion.approvals, policy.promotion.exclude_author) == (2, True)
    assert read_policy(policy.to_json(), "the ledger") == policy


@pytest.mark.parametrize("raw", [{}, {"gate": None}, {"gate": {}, "promotion": {}}, {"name": "x"}])
def test_what_is_not_declared_is_the_default(raw: dict[str, Any]) -> None:
    assert read_policy(raw, "project.yaml") == Policy()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"gate": {"margn": 1}}, "gate.margn: unknown key. Did you mean 'margin'?"),
        ({"gate": {"margin": -1}}, "gate.margin"),
        ({"gate": {"alpha": 0.7}}, "gate.alpha"),
        ({"gate": {"margin": float("nan")}}, "gate.margin"),
        ({"gate": 3}, "gate"),
        ({"gate": {"on_inconclusive": "pas"}}, "'pas' is not known. Did you mean 'pass'?"),
        ({"promotion": {"approvals": True}}, "promotion.approvals: True"),
        ({"promotion": {"approvals": "2"}}, "promotion.approvals: '2'"),
        ({"promotion": {"approvals": -1}}, "promotion.approvals: -1"),
        ({"promotion": {"aprovals": 1}}, "promotion.aprovals: unknown key."),
    ],
)
def test_a_policy_that_is_wrong_is_refused_with_its_place(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        read_policy(raw, "project.yaml of run 7")
    assert str(refused.value).startswith("project.yaml of run 7: ")
    assert said in str(refused.value)


@MODERATE
@given(
    st.floats(0, 1),
    st.floats(0.001, 0.49),
    st.lists(st.text(max_size=5), max_size=3),
    st.integers(0, 9),
)
def test_a_policy_comes_back_from_the_ledger_as_it_went_in(
    margin: float, alpha: float, slices: list[str], approvals: int
) -> None:
    gate = {"margin": margin, "alpha": alpha, "slices": slices}
    policy = Policy.model_validate({"gate": gate, "promotion": {"approvals": approvals}})
    entry = make_entry(Draft("policy", policy=policy.to_json()), place())
    assert Policy.model_validate(entry.policy) == policy
