"""Entries, records and histories made by hand, without a registry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings

from registry_tools.chain import Chain, Head, Record, RestartSeen
from registry_tools.entry import Draft, Entry, Evidence, Place, make_entry
from registry_tools.fold import advance
from registry_tools.gates import Candidate
from registry_tools.policy import Policy
from registry_tools.state import State

MODEL = "flights"
MODERATE = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def instant(seconds: float = 0) -> str:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds")


def place(head: Head | None = None, entry_id: str = "id", **changed: Any) -> Place:
    head = head or Head()
    given = {"actor": "ann", "at": instant(head.seq), "seq": head.seq + 1, "parent": head.number}
    return Place(
        **{"model": MODEL, "entry_id": entry_id, "prev_hash": head.hash, **given, **changed}
    )


def record(number: int, entry: Entry) -> Record:
    return Record(number, entry.text(), str(entry.parent))


def read_all(records: Iterable[Record]) -> Chain:
    chain = Chain(MODEL)
    chain.extend(records, whole=True)
    return chain


def read_in_batches(records: list[Record], sizes: Iterable[int]) -> Chain:
    """As a follower reads: from the start again where a restart went back behind it."""
    chain, at = Chain(MODEL), 0
    for size in [*sizes, len(records)]:
        batch, at = records[at : at + size], at + size
        try:
            chain.extend(batch, whole=chain.seen == 0)
        except RestartSeen:
            chain = read_all(records[:at])
    return chain


def seen_of(chain: Chain) -> tuple[Any, ...]:
    """Everything that a chain says."""
    return (chain.counted, chain.void, chain.lost, chain.broken, chain.mended, chain.seen)


class Book:
    """A history with one writer: drafts are entered one after the other, and folded."""

    def __init__(self) -> None:
        self.state = State(MODEL)
        self.entries: list[Entry] = []
        self.states = [self.state]

    def add(self, draft: Draft | None, actor: str = "ann") -> Entry | None:
        if draft is None:
            return None
        last = self.entries[-1] if self.entries else None
        head = Head(last.seq, last.seq, last.hash, last.at) if last else Head()
        entry = make_entry(draft, place(head, f"id{head.seq + 1}", actor=actor))
        self.entries.append(entry)
        self.state = advance(self.state, entry)
        self.states.append(self.state)
        return entry

    def evaluate(self, version: int, verdict: str = "pass", digest: str | None = None) -> None:
        champion = self.state.champion
        made = Evidence(run_id="r", verdict=verdict)
        digest = digest or digest_of(version)
        self.add(
            Draft(
                "evaluate", version=version, replaced=champion, evidence=made, model_digest=digest
            )
        )

    def put(self, version: int, stage: str = "production", **changed: Any) -> None:
        """As a promotion does, whatever the gates say."""
        holder = self.state.holder(stage)  # type: ignore[arg-type]
        given = {"replaced": holder.version if holder else None, "model_digest": digest_of(version)}
        self.add(Draft("promote", version=version, stage=stage, **{**given, **changed}))  # type: ignore[arg-type]

    def stage(self, version: int) -> None:
        self.evaluate(version)
        self.put(version, "staging")

    def policy(self, gate: dict[str, Any] | None = None, **promotion: Any) -> None:
        policy = Policy.model_validate({"gate": gate or {}, "promotion": promotion})
        self.add(Draft("policy", policy=policy.to_json()))


def digest_of(version: int, variant: str = "a") -> str:
    return f"{version}{variant}" * 32


def candidate(version: int, **changed: Any) -> Candidate:
    return Candidate(version, **{"digest": digest_of(version), **changed})
