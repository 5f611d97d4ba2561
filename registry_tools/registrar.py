"""Acts on one model: each looks, decides, enters, and then sets the aliases to match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from podium.errors import NotFound, UsageError
from podium.spec.names import model_name_problem
from registry_tools import decide
from registry_tools.declared import declared_policy
from registry_tools.entry import Draft, Evidence, Stage
from registry_tools.errors import Refused
from registry_tools.examine import Examined, examine
from registry_tools.gates import checks_for
from registry_tools.ledger import Ledger, Surroundings
from registry_tools.notices import NoNotices, Notices
from registry_tools.outcome import Outcome, Wanted
from registry_tools.policy import Policy
from registry_tools.port import Model, Registry, Version
from registry_tools.projection import Difference, wrong_tag
from registry_tools.state import State, Traffic
from registry_tools.writer import Writer


class Registrar:
    """Does what the commands ask of the model `name` in `registry`.

    Opening reads the ledger. Raises UsageError for a name that Podium cannot keep a ledger of,
    NotFound, Unreachable, and LedgerBroken.
    """

    def __init__(
        self,
        registry: Registry,
        name: str,
        *,
        notices: Notices | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        problem = model_name_problem(name)
        if problem:
            raise UsageError(
                f"The name {name!r} {problem}.", remedy="Podium keeps no ledger of it."
            )
        self.registry = registry
        self.name = name
        self.ledger = Ledger(registry, name, surroundings)
        self.model: Model = registry.model(name)
        self.ledger.refresh(self.model.head)
        self.writer = Writer(self.ledger, notices or NoNotices(), self.model)
        self.writer.notices.settle(self.ledger)

    @property
    def state(self) -> State:
        """What the ledger says."""
        return self.ledger.state

    def promote(
        self,
        number: int,
        stage: Stage,
        wanted: Wanted,
        *,
        forced: bool = False,
        verdict: Evidence | None = None,
    ) -> Outcome:
        """Bring version `number` to `stage`, if the gates let it.

        verdict: an evaluation that was made elsewhere; it is entered first. forced: whatever the
        gates say; needs a reason, and is entered only where a gate was in the way. Raises Refused
        where it makes no sense in the present state.
        """
        if forced:
            wanted.needed_reason("--force")
        self.check_adopted()
        version = self.registry.version(self.name, number)
        holder = self.state.holder(stage)
        if holder is not None and holder.version == number:
            there = f"Version {number} is in {stage} already."
            return self._already(number, verdict, wanted, there)
        if self.state.champion == number:
            raise Refused(
                f"Version {number} of {self.name} is in production already.",
                remedy="A version holds one stage; podium rollback or podium retire takes it out.",
            )
        examined = self._examine(version)
        drafts = [*self._undeclared(version)]
        if verdict is not None:
            drafts.append(_verdict(examined, verdict, wanted, against=self.state.champion))
        state = self.writer.supposed(drafts, wanted)
        checks = tuple(checks_for(stage, state, examined.candidate))
        failed = any(not check.passed for check in checks)
        refused = failed and not forced
        if not refused:
            drafts.append(self._promotion(state, examined, stage, wanted, forced=failed))
        elif verdict is None:
            drafts = []  # a refusal enters nothing of itself
        return replace(self.writer.enter(drafts, wanted), checks=checks, refused=refused)

    def evaluate(
        self,
        number: int,
        evidence: Evidence,
        wanted: Wanted,
        *,
        against: int | Literal["champion"] | None = "champion",
        digest: str | None = None,
    ) -> Outcome:
        """Enter a verdict on version `number`.

        against: the version that it was compared with, None for a baseline; only a comparison with
        the champion opens the gate. digest: of the files that were evaluated. Raises Refused where
        they are others by now.
        """
        self.check_adopted()
        version = self.registry.version(self.name, number)
        examined = self._examine(version)
        if digest is not None and examined.candidate.digest != digest:
            raise Refused(
                f"The files of version {number} of {self.name} changed while it was evaluated.",
                remedy="Find out who changes them; then evaluate it again.",
            )
        compared = self.state.champion if against == "champion" else against
        verdict = _verdict(examined, evidence, wanted, against=compared)
        return self.writer.enter([*self._undeclared(version), verdict], wanted)

    def policy_for(self, number: int) -> Policy:
        """The policy that a verdict on version `number` is reached by: the one in force; where
        there is none yet, the one that the project of that version declares.
        """
        version = self.registry.version(self.name, number)
        return declared_policy(self.registry, self.state, version) or self.state.policy

    def approve(self, number: int, wanted: Wanted) -> Outcome:
        """Agree that version `number`, which is in staging, goes to production."""
        self.check_adopted()
        draft = decide.approval(self.state, number, wanted.actor, reason=wanted.reason)
        return self._one(draft, wanted, f"{wanted.actor} approved version {number} already.")

    def reject(self, number: int, wanted: Wanted) -> Outcome:
        """Turn version `number` down; it needs a new evaluation to come back."""
        self.check_adopted()
        self.registry.version(self.name, number)
        draft = decide.rejection(self.state, number, reason=wanted.needed_reason())
        return self._one(draft, wanted, f"Version {number} is rejected already.")

    def retire(self, number: int, wanted: Wanted) -> Outcome:
        """Take version `number` out of its stage for good, even where that leaves it empty."""
        self.check_adopted()
        if number not in self.state.versions:
            self.registry.version(self.name, number)  # a deleted one may still hold a stage
        draft = decide.retirement(self.state, number, reason=wanted.needed_reason())
        return self._one(draft, wanted, f"Version {number} is retired already.")

    def rollback(self, to: int | None, wanted: Wanted) -> Outcome:
        """Go back to the version before the champion, or to the earlier champion `to`."""
        self.check_adopted()
        last = self.writer.incomplete("rollback", wanted)
        if last is not None and to in (None, last.version):
            note = (
                f"Version {last.version} came back by entry {last.seq} already, by {last.actor} "
                "for this reason, and was not completed. --to goes further back; so does the same "
                "once more, when the aliases are set."
            )
            return self.writer.done((), wanted, notes=(note,))
        target, draft, notes = self._target(to, wanted)
        if draft.model_digest and target.digest not in (None, draft.model_digest):
            notes.append(wrong_tag(target, draft.model_digest))
        outcome = self.writer.enter([draft], wanted)
        return replace(outcome, notes=tuple(dict.fromkeys((*notes, *outcome.notes))))

    def _target(self, to: int | None, wanted: Wanted) -> tuple[Version, Draft, list[str]]:
        """The version to go back to, what is entered, and notes on those that were deleted."""
        deleted: list[int] = []
        while True:
            draft = decide.rollback(self.state, to, reason=wanted.needed_reason(), deleted=deleted)
            number = draft.version or 0
            try:
                version = self.there(number, "would come back")
                return version, draft, [_passed_over(self.name, gone) for gone in deleted]
            except Refused:
                if to is not None:
                    raise
                deleted.append(number)

    def adopt(self, holders: Sequence[tuple[Stage, int]], wanted: Wanted) -> Outcome:
        """Take over versions that are in their stages without an entry; no gate is asked.

        Raises Refused for whatever did not come before Podium, unless there is a reason, and where
        one version would hold both stages.
        """
        decide.check_one_stage_each(self.state, dict(holders))
        adopted = [
            self._adoption(stage, number, wanted)
            for stage, number in sorted(holders)  # production first
            if (present := self.state.holder(stage)) is None or present.version != number
        ]
        if not adopted:
            return self.writer.done((), wanted, notes=("The ledger says all of this already.",))
        outcome = self.writer.enter([draft for draft, _ in adopted], wanted)
        return replace(outcome, notes=(*outcome.notes, *(note for _, note in adopted if note)))

    def set_policy(self, policy: Policy, wanted: Wanted) -> Outcome:
        """Put `policy` in force."""
        draft = decide.new_policy(self.state, policy, reason=wanted.reason)
        return self._one(draft, wanted, "This policy is in force already.")

    def share_traffic(self, traffic: Traffic, wanted: Wanted) -> Outcome:
        """Share traffic between the holders of the two stages, or no longer."""
        self.check_adopted()
        draft = decide.sharing(self.state, traffic, reason=wanted.reason)
        return self._one(draft, wanted, "Traffic is shared like this already.")

    def differences(self) -> tuple[Difference, ...]:
        """Aliases that did not say what the ledger says when this was opened."""
        return self.writer.found_wrong

    @property
    def before_podium(self) -> tuple[tuple[Stage, int], ...]:
        """Stages that have an alias, and nothing in the ledger: they came before Podium."""
        return decide.before_podium(self.state, self.model.aliases)

    def _already(
        self, number: int, verdict: Evidence | None, wanted: Wanted, there: str
    ) -> Outcome:
        """Version `number` stays where it is; a verdict on it is entered all the same."""
        if verdict is None:
            return self.writer.done((), wanted, notes=(there,))
        outcome = self.evaluate(number, verdict, wanted)
        return replace(outcome, notes=(there, *outcome.notes))

    def _one(self, draft: Draft | None, wanted: Wanted, otherwise: str) -> Outcome:
        if draft is None:
            return self.writer.done((), wanted, notes=(otherwise,))
        return self.writer.enter([draft], wanted)

    def _undeclared(self, version: Version) -> list[Draft]:
        """The policy that has to be entered before anything about `version` is, if any."""
        policy = declared_policy(self.registry, self.state, version)
        if policy is None:
            return []
        reason = f"declared by the project of version {version.number}"
        draft = decide.new_policy(self.state, policy, reason=reason)
        return [] if draft is None else [draft]

    def _promotion(
        self, state: State, examined: Examined, stage: Stage, wanted: Wanted, *, forced: bool
    ) -> Draft:
        draft = decide.promotion(
            state, examined.candidate, stage, reason=wanted.reason, forced=forced
        )
        return replace(draft, evidence=examined.files.evidence)

    def _adoption(self, stage: Stage, number: int, wanted: Wanted) -> tuple[Draft, str]:
        """What is entered, and a note where the version's files are not in order."""
        state, aliases, reason = self.state, self.model.aliases, wanted.reason
        version = self.registry.version(self.name, number)
        forced = decide.goes_past_the_gates(state, aliases, stage, number, reason=reason)
        files = examine(self.registry, version, state, answering=False).files
        problem = f"Version {number} would pass no gate: {files.problem}." if files.problem else ""
        draft = decide.adoption(
            state, number, stage, files.digest, files.evidence, reason=reason, forced=forced
        )
        return draft, problem

    def _examine(self, version: Version) -> Examined:
        champion = self.state.champion
        if champion is not None and champion != version.number:
            self.there(champion, "is in production")
        return examine(self.registry, version, self.state)

    def check_adopted(self) -> None:
        stages = self.before_podium
        if stages:
            there = " and ".join(f"@{stage} on version {number}" for stage, number in stages)
            raise Refused(
                f"{self.name} has {there}, which the ledger knows nothing of.",
                remedy=f"podium adopt {self.name} takes it over; then repeat this.",
            )

    def there(self, number: int, what: str) -> Version:
        """Version `number`, which `what`. Raises Refused, with the way out, if it was deleted."""
        try:
            return self.registry.version(self.name, number)
        except NotFound as error:
            raise Refused(
                f"Version {number} of {self.name}, which {what}, was deleted.",
                remedy=f"podium retire {self.name} {number} --reason deleted says so to the "
                "ledger; then repeat this.",
            ) from error


def _verdict(
    examined: Examined, evidence: Evidence, wanted: Wanted, *, against: int | None
) -> Draft:
    candidate = examined.candidate
    kept = replace(evidence, files=examined.files.evidence.files)
    return decide.evaluation(
        candidate.version, candidate.digest, kept, against=against, reason=wanted.reason
    )


def _passed_over(name: str, number: int) -> str:
    return (
        f"Version {number} was deleted from the registry, so it was passed over; podium retire "
        f"{name} {number} --reason deleted says so to the ledger."
    )
