"""What a version must show before it comes to a stage: pure functions to lists of checks."""

from __future__ import annotations

from dataclasses import dataclass

from registry_tools.entry import Stage
from registry_tools.state import Evaluation, State, VersionState


@dataclass(frozen=True)
class Check:
    """One question that a gate asks: what was found, and what is needed.

    inconclusive: not passed, but for lack of evidence rather than because of it. excluded: of
    approvals, whose own does not count, in words; `excluded_actors`, one by one.
    """

    name: str
    passed: bool
    found: str
    needed: str
    inconclusive: bool = False
    excluded: str | None = None
    excluded_actors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """What was found out about the version that is to be promoted, apart from the ledger.

    digest: of its files, as they are now. registered_digest: the one in its tag, if any. problem:
    why its files are not intact, do not load or do not answer their example; empty where they do,
    and `answered` says what was tried. incompatible: what its signature breaks for callers of the
    champion, and `compared` what it was compared with. author: who trained it, where that is
    known; `author_is_certain` where its tag says so, and not only the run, whose names may be
    other ones than those of the ledger.
    """

    version: int
    digest: str
    registered_digest: str | None = None
    problem: str = ""
    answered: str = "loads and answers its example"
    incompatible: tuple[str, ...] = ()
    compared: str = "compatible"
    author: str | None = None
    author_is_certain: bool = False


def checks_for(stage: Stage, state: State, candidate: Candidate) -> list[Check]:
    """Everything that is asked of `candidate` before it comes to `stage`, in order."""
    known = state.of(candidate.version)
    evaluated = [
        _evaluated(known.evaluation),
        *_verdict(state, known.evaluation),
        *_same_files(candidate, known.evaluation),
        *_against_the_champion(state, known.evaluation),
        *_by_the_present_gate(state, known.evaluation),
    ]
    common = [*evaluated, _not_barred(known), _intact(candidate, known), _signature(candidate)]
    if stage == "staging":
        return common
    return [
        _staged(state, candidate.version),
        *common,
        approvals(state, candidate.version, candidate.author, candidate.author_is_certain),
    ]


def approvals(state: State, version: int, author: str | None, certain: bool = False) -> Check:
    """Whether enough people agree that `version` goes to production.

    author: who trained it. Where that is not `certain`, whoever brought it to staging may be the
    author under another name, and does not count either.
    """
    promotion, known = state.policy.promotion, state.of(version)
    needed, without = str(promotion.approvals), tuple[str, ...]()
    if promotion.exclude_author and promotion.approvals:
        without = _authors(known, author, certain=certain)
        needed += f", not counting the author {_which(without, author)}"
    people = sorted({a.actor for a in known.approvals if a.actor not in without})
    found = f"{len(people)} ({', '.join(people)})" if people else "0"
    enough = len(people) >= promotion.approvals
    excluded = " or ".join(without) or None
    return Check("approvals", enough, found, needed, excluded=excluded, excluded_actors=without)


def _authors(known: VersionState, author: str | None, *, certain: bool) -> tuple[str, ...]:
    """Everybody who may have trained it."""
    staged = None if known.staged is None else known.staged.actor
    if certain and author:
        return (author,)
    return tuple(dict.fromkeys(actor for actor in (author, staged) if actor))


def _which(authors: tuple[str, ...], author: str | None) -> str:
    if len(authors) > 1:
        return f"{authors[0]} (by its run) or {authors[1]} (staged it)"
    if not authors:
        return "(unknown)"
    return authors[0] if author else f"{authors[0]} (staged it)"


def evaluated_again(known: VersionState) -> bool:
    """Whether it was evaluated after it was rejected, rolled back or retired."""
    if known.barred is None or known.evaluation is None:
        return False
    return known.evaluation.by.seq > known.barred.seq


def lost(state: State, version: int) -> bool:
    """Whether the last verdict on `version` keeps it from going any further."""
    return any(not check.passed for check in _verdict(state, state.of(version).evaluation))


def inconclusive(checks: list[Check]) -> bool:
    """Whether nothing speaks against the candidate but a lack of evidence."""
    failed = [check for check in checks if not check.passed]
    return bool(failed) and all(check.inconclusive for check in failed)


def _evaluated(evaluation: Evaluation | None) -> Check:
    found = "never evaluated" if evaluation is None else f"entry {evaluation.by.seq}"
    return Check("evaluated", evaluation is not None, found, "a verdict in the ledger")


def _verdict(state: State, evaluation: Evaluation | None) -> list[Check]:
    if evaluation is None:
        return []
    lenient = state.policy.gate.on_inconclusive == "pass"
    needed = "pass or inconclusive" if lenient else "pass"
    open_question = evaluation.verdict == "inconclusive"
    passed = evaluation.verdict == "pass" or (open_question and lenient)
    found = evaluation.verdict
    if evaluation.failed is not None and found != "fail":
        found += f", after a fail in entry {evaluation.failed}"  # by other rows, or another gate
    return [Check("verdict", passed, found, needed, open_question and not passed)]


def _same_files(candidate: Candidate, evaluation: Evaluation | None) -> list[Check]:
    if evaluation is None:
        return []
    same = evaluation.digest == candidate.digest
    found = _short(evaluation.digest)
    return [Check("evaluated these files", same, found, _short(candidate.digest))]


def _against_the_champion(state: State, evaluation: Evaluation | None) -> list[Check]:
    if evaluation is None:
        return []
    same = evaluation.champion == state.champion
    found, needed = _against(evaluation.champion), _against(state.champion)
    return [Check("compared with the present champion", same, found, needed)]


def _by_the_present_gate(state: State, evaluation: Evaluation | None) -> list[Check]:
    """A verdict that was reached before the gate changed says nothing about the present one."""
    if evaluation is None or state.gate_by is None:
        return []
    since = evaluation.by.seq >= state.gate_by.seq  # equal where both are only supposed so far
    found, needed = f"entry {evaluation.by.seq}", f"after entry {state.gate_by.seq}"
    return [Check("judged by the gate in force", since, found, needed)]


def _not_barred(known: VersionState) -> Check:
    """Rejected, rolled back or retired: only a later evaluation brings it back."""
    name, needed = "not turned down since", "no rejection, rollback or retirement"
    if known.barred is None:
        return Check(name, True, "none", needed)
    found = f"{known.barred_as} by {known.barred.actor} (entry {known.barred.seq})"
    again = evaluated_again(known)
    return Check(name, again, f"{found}, evaluated again" if again else found, needed)


def _intact(candidate: Candidate, known: VersionState) -> Check:
    needed = "the files that were registered, loading and answering"
    if candidate.problem:
        return Check("model files", False, candidate.problem, needed)
    for digest, where in ((candidate.registered_digest, "tag"), (known.digest, "ledger")):
        if digest not in (None, candidate.digest):
            found = f"files {_short(candidate.digest)}, {where} {_short(digest)}"
            return Check("model files", False, found, needed)
    return Check("model files", True, candidate.answered, needed)


def _signature(candidate: Candidate) -> Check:
    found = "; ".join(candidate.incompatible) or candidate.compared
    needed = "callers of the champion can go on"
    return Check("signature", not candidate.incompatible, found, needed)


def _staged(state: State, version: int) -> Check:
    holder = state.staging
    found = "nothing in staging" if holder is None else f"version {holder.version} in staging"
    there = holder is not None and holder.version == version
    return Check("in staging", there, found, f"version {version} in staging")


def _against(version: int | None) -> str:
    return "the baseline (no champion)" if version is None else f"version {version}"


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:12]
