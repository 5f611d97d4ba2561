"""From the ledger's entries to the state. Pure; never refuses: what counts has happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from registry_tools.entry import Entry, Stage
from registry_tools.policy import Policy
from registry_tools.state import Evaluation, Event, Holder, Reign, State, Traffic, VersionState


def fold(model: str, entries: Iterable[Entry]) -> State:
    """The state that all `entries`, in order, add up to."""
    state = State(model)
    for entry in entries:
        state = advance(state, entry)
    return state


def advance(state: State, entry: Entry) -> State:
    """The state after one more entry. Pure; never refuses: what counts has happened."""
    stepped = _ACTIONS[entry.action](replace(state, seq=entry.seq), entry)
    stepped = _without_stale_approvals(_first_heard_of(stepped, entry), state.staging)
    return _without_stale_traffic(stepped, entry)


def _first_heard_of(state: State, entry: Entry) -> State:
    """Keep the first entry about a version with what is known of it."""
    known = None if entry.version is None else state.versions.get(entry.version)
    if entry.version is None or known is None or known.known_since is not None:
        return state
    return _with_version(state, entry.version, replace(known, known_since=Event.of(entry)))


def _adopt(state: State, entry: Entry) -> State:
    """Taken over as it stood, without a gate: the version holds its stage, whoever was there."""
    replaced = state.champion if entry.stage == "production" else None
    return _install(state, entry, replaced=replaced)


def _promote(state: State, entry: Entry) -> State:
    state = _install(state, entry, replaced=entry.replaced)
    return replace(state, staging=None) if entry.stage == "production" else state


def _install(state: State, entry: Entry, replaced: int | None) -> State:
    version = _version(entry)
    known = _known(state.of(version), entry)
    event = Event.of(entry)
    changed: dict[str, Any] = {"approvals": (), "forced": event if entry.forced else None}
    if entry.stage == "production":
        changed |= {"was_champion": True, "barred": None, "barred_as": None}
        changed |= {} if replaced == version else {"replaced": replaced}
        state = _reigning(state, version)
    else:
        changed |= {"staged": event}
    state = _with_version(state, version, replace(known, **changed))
    return _hold(state, entry, version)


def _reigning(state: State, version: int) -> State:
    """`version` comes to production anew."""
    if state.champion == version:
        return state
    reigns = (*state.reigns, Reign(version, state.reign))
    return replace(state, reigns=reigns, reign=len(reigns) - 1)


def _reigning_again(state: State, version: int) -> State:
    """`version` is back in production: in its reign that led to the present one, else its last."""
    place = state.reign
    while place is not None and state.reigns[place].version != version:
        place = state.reigns[place].before
    if place is None:
        places = [p for p, reign in enumerate(state.reigns) if reign.version == version]
        if not places:
            return _reigning(state, version)
        place = places[-1]
    return replace(state, reign=place)


def _rollback(state: State, entry: Entry) -> State:
    if entry.replaced is not None:
        state = _bar(state, entry, entry.replaced, "rolled back")
    version = _version(entry)
    known = replace(
        _known(state.of(version), entry), barred=None, barred_as=None, was_champion=True
    )
    state = _reigning_again(_with_version(state, version, known), version)
    return _hold(state, entry, version)


def _hold(state: State, entry: Entry, version: int) -> State:
    """The champion does not go to staging: production is emptied by a retirement only."""
    if entry.stage == "staging" and state.champion == version:
        return state
    known = state.of(version)
    holder = Holder(version, known.digest, Event.of(entry), known.forced)
    if entry.stage == "production":
        return _leave(replace(state, production=holder), "staging", version)
    return replace(state, staging=holder)


def _leave(state: State, stage: Stage, version: int) -> State:
    """`version` no longer holds `stage`, if it did."""
    holder = state.holder(stage)
    if holder is None or holder.version != version:
        return state
    if stage == "production":
        return replace(state, production=None)
    return replace(state, staging=None)


def _evaluate(state: State, entry: Entry) -> State:
    version, digest = _version(entry), entry.model_digest
    verdict = entry.evidence.verdict or "inconclusive"
    known = state.of(version)
    failed = _failed_before(known.evaluation, entry)
    made = Evaluation(verdict, digest, entry.replaced, entry.evidence, Event.of(entry), failed)
    if not known.digest:
        known = _known(known, entry)
    return _with_version(state, version, replace(known, evaluation=made, approvals=()))


def _failed_before(last: Evaluation | None, entry: Entry) -> int | None:
    """The entry in which these files failed against this champion before, if any."""
    if last is None or (last.digest, last.champion) != (entry.model_digest, entry.replaced):
        return None
    return last.by.seq if last.verdict == "fail" else last.failed


def _approve(state: State, entry: Entry) -> State:
    version = _version(entry)
    known = state.of(version)
    others = tuple(a for a in known.approvals if a.actor != entry.actor)
    return _with_version(state, version, replace(known, approvals=(*others, Event.of(entry))))


def _reject(state: State, entry: Entry) -> State:
    version = _version(entry)
    return _leave(_bar(state, entry, version, "rejected"), "staging", version)


def _retire(state: State, entry: Entry) -> State:
    version = _version(entry)
    state = _bar(state, entry, version, "retired")
    return _leave(_leave(state, "staging", version), "production", version)


def _bar(
    state: State, entry: Entry, version: int, how: Literal["rejected", "rolled back", "retired"]
) -> State:
    known = replace(state.of(version), barred=Event.of(entry), barred_as=how, approvals=())
    return _with_version(state, version, known)


def _policy(state: State, entry: Entry) -> State:
    policy, event = Policy.model_validate(entry.policy or {}), Event.of(entry)
    same = _reaches_verdicts_like(policy, state.policy)
    gate_by = state.gate_by if same else event
    return replace(state, policy=policy, policy_by=event, gate_by=gate_by)


def _reaches_verdicts_like(policy: Policy, other: Policy) -> bool:
    """Whether both gates judge alike; what becomes of an inconclusive verdict is asked later."""
    apart = {"on_inconclusive"}
    return policy.gate.model_dump(exclude=apart) == other.gate.model_dump(exclude=apart)


def _traffic(state: State, entry: Entry) -> State:
    return replace(state, traffic=Traffic(**(entry.traffic or {}), by=Event.of(entry)))


def _judge(state: State, entry: Entry) -> State:
    """It is about the challenger; whoever is none any more, or champion by now, is left alone."""
    verdict, traffic = entry.evidence.verdict, state.traffic
    if traffic.mode == "off" or entry.version != traffic.challenger:
        return state
    state = replace(state, traffic=replace(traffic, verdict=verdict))
    return _reject(state, entry) if verdict == "worse" else state


def _without_stale_approvals(state: State, staged: Holder | None) -> State:
    """Approvals are of the version in staging; they end when another one takes its place."""
    now = None if state.staging is None else state.staging.version
    if staged is None or staged.version == now or not state.of(staged.version).approvals:
        return state
    known = replace(state.of(staged.version), approvals=())
    return _with_version(state, staged.version, known)


def _without_stale_traffic(state: State, entry: Entry) -> State:
    """Traffic pins both versions; when either no longer holds its stage, it is off."""
    pinned = (state.traffic.champion, state.traffic.challenger)
    staged = None if state.staging is None else state.staging.version
    if state.traffic.mode == "off" or pinned == (state.champion, staged):
        return state
    return replace(state, traffic=Traffic(by=Event.of(entry)))


def _retrain(state: State, entry: Entry) -> State:
    return replace(state, retrained=Event.of(entry))


def _restart(state: State, entry: Entry) -> State:
    return replace(state, restarted=Event.of(entry))


def _known(known: VersionState, entry: Entry) -> VersionState:
    """`known`, with the digest and the files that `entry` pins."""
    files = known.files if entry.evidence.files is None else entry.evidence.files
    return replace(known, digest=entry.model_digest or known.digest, files=files)


def _with_version(state: State, version: int, known: VersionState) -> State:
    return replace(state, versions={**state.versions, version: known})


def _version(entry: Entry) -> int:
    if entry.version is None:
        raise ValueError(f"entry {entry.seq} ({entry.action}) is about no version")
    return entry.version


_ACTIONS = {
    "adopt": _adopt,
    "policy": _policy,
    "evaluate": _evaluate,
    "approve": _approve,
    "reject": _reject,
    "promote": _promote,
    "rollback": _rollback,
    "traffic": _traffic,
    "judge": _judge,
    "retrain": _retrain,
    "retire": _retire,
    "restart": _restart,
}
