"""Acts on one model: each looks, decides, enters, and then sets the aliases to match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from podium.errors import NotFound, UsageError
from podium.spec.names import model_name_problem
from registry_tools import decide
from registry_tools.entry import STAGES, Draft, Entry, Evidence, Stage
from registry_tools.errors import Refused
from registry_tools.examine import Examined, examine
from registry_tools.gates import checks_for
from registry_tools.ledger import Ledger, Surroundings
from registry_tools.notices import NoNotices, Notices
from registry_tools.outcome import Outcome, Wanted
from registry_tools.policy import Policy, read_policy
from registry_tools.port import Model, Registry, Version
from registry_tools.projection import Difference
from registry_tools.state import State, Traffic
from registry_tools.writer import Writer

_DECLARATION = "project.json"


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
        self._check_forced(forced, wanted)
        self._check_adopted()
        version = self.registry.version(self.name, number)
        holder = self.state.holder(stage)
        if holder is not None and holder.version == number:
            there = f"Version {number} is in {stage} already."
            return self._already(number, verdict, wanted, there)
        if self.state.champion == number:
            raise Refused(f"Version {number} of {self.name} is in production already.")
        examined = self._examine(version)
        told = (self._policy_of(version), self._verdict(examined, verdict, wanted))
        drafts = [draft for draft in told if draft is not None]
        state = self.writer.supposed(drafts, wanted)
        checks = tuple(checks_for(stage, state, examined.candidate))
        failed = any(not check.passed for check in checks)
        refused = failed and not forced
        if not refused:
            drafts.append(self._promotion(state, examined, stage, wanted, forced=failed))
        return replace(self.writer.enter(drafts, wanted), checks=checks, refused=refused)

    def evaluate(self, number: int, evidence: Evidence, wanted: Wanted) -> Outcome:
        """Enter a verdict on version `number`, compared with the present champion."""
        self._check_adopted()
        version = self.registry.version(self.name, number)
        examined = self._examine(version)
        drafts = [self._policy_of(version), self._verdict(examined, evidence, wanted)]
        return self.writer.enter([draft for draft in drafts if draft], wanted)

    def approve(self, number: int, wanted: Wanted) -> Outcome:
        """Agree that version `number`, which is in staging, goes to production."""
        self._check_adopted()
        draft = decide.approval(self.state, number, wanted.actor, reason=wanted.reason)
        return self._one(draft, wanted, f"{wanted.actor} approved version {number} already.")

    def reject(self, number: int, wanted: Wanted) -> Outcome:
        """Turn version `number` down; it needs a new evaluation to come back."""
        self._check_adopted()
        self.registry.version(self.name, number)
        draft = decide.rejection(self.state, number, reason=_reason(wanted))
        return self._one(draft, wanted, f"Version {number} is rejected already.")

    def retire(self, number: int, wanted: Wanted) -> Outcome:
        """Take version `number` out of its stage for good, even where that leaves it empty."""
        self._check_adopted()
        if number not in self.state.versions:
            self.registry.version(self.name, number)  # a deleted one may still hold a stage
        draft = decide.retirement(self.state, number, reason=_reason(wanted))
        return self._one(draft, wanted, f"Version {number} is retired already.")

    def rollback(self, to: int | None, wanted: Wanted) -> Outcome:
        """Go back to the version before the champion, or to the earlier champion `to`."""
        self._check_adopted()
        last = self._same_rollback(to, wanted)
        if last is not None:
            note = (
                f"Version {last.version} came back by entry {last.seq} already, by {last.actor} "
                "for this reason; --to goes further back."
            )
            return self.writer.done((), wanted, notes=(note,))
        draft = decide.rollback(self.state, to, reason=_reason(wanted))
        if draft.version is not None:
            self._check_there(draft.version, "would come back")
        return self.writer.enter([draft], wanted)

    def _same_rollback(self, to: int | None, wanted: Wanted) -> Entry | None:
        """The last entry, where it is what is wanted: its command may have been killed after it."""
        if not self.ledger.chain.counted:
            return None
        last = self.ledger.chain.counted[-1].entry
        same = (last.action, last.actor, last.reason) == ("rollback", wanted.actor, wanted.reason)
        return last if same and to in (None, last.version) else None

    def adopt(self, holders: Sequence[tuple[Stage, int]], wanted: Wanted) -> Outcome:
        """Take over versions that are in their stages without an entry.

        Raises Refused for a stage of which the ledger says otherwise, unless there is a reason, and
        where one version would hold both stages.
        """
        self._check_one_stage_each(dict(holders))
        adopted: list[tuple[Draft, str]] = []
        for stage, number in sorted(holders):  # production first
            present = self.state.holder(stage)
            if present is not None and present.version == number:
                continue
            if present is not None and not wanted.reason:
                raise Refused(
                    f"The ledger of {self.name} says that version {present.version} is in {stage}, "
                    f"by {present.by.actor} at {present.by.at}; adopting version {number} goes "
                    "past every gate.",
                    remedy=f"podium verify {self.name} --repair sets the alias back; with --reason "
                    "it is adopted, and stays visible as forced.",
                )
            adopted.append(self._adoption(stage, number, wanted))
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
        self._check_adopted()
        draft = decide.sharing(self.state, traffic, reason=wanted.reason)
        return self._one(draft, wanted, "Traffic is shared like this already.")

    def differences(self) -> tuple[Difference, ...]:
        """Aliases that did not say what the ledger says when this was opened."""
        return self.writer.found_wrong

    def before_podium(self) -> tuple[tuple[Stage, int], ...]:
        """Stages that have an alias, and nothing in the ledger: they came before Podium."""
        if self.state.ever_held:
            return ()
        return tuple(
            (stage, self.model.aliases[stage]) for stage in STAGES if stage in self.model.aliases
        )

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

    def _policy_of(self, version: Version) -> Draft | None:
        """The policy that the project of `version` declares, where none is in force yet."""
        if self.state.policy_by is not None or version.run_id is None:
            return None
        declared = self.registry.run_json(version.run_id, _DECLARATION)
        if not isinstance(declared, dict):
            return None
        policy = read_policy(declared, f"{_DECLARATION} of run {version.run_id}")
        reason = f"declared by the project of version {version.number}"
        return decide.new_policy(self.state, policy, reason=reason)

    def _verdict(
        self, examined: Examined, evidence: Evidence | None, wanted: Wanted
    ) -> Draft | None:
        if evidence is None:
            return None
        candidate = examined.candidate
        kept = replace(evidence, files=examined.files.evidence.files)
        return decide.evaluation(
            self.state, candidate.version, candidate.digest, kept, reason=wanted.reason
        )

    def _promotion(
        self, state: State, examined: Examined, stage: Stage, wanted: Wanted, *, forced: bool
    ) -> Draft:
        draft = decide.promotion(
            state, examined.candidate, stage, reason=wanted.reason, forced=forced
        )
        return replace(draft, evidence=examined.files.evidence)

    def _adoption(self, stage: Stage, number: int, wanted: Wanted) -> tuple[Draft, str]:
        """What is entered, and a note where the version's files are not in order."""
        version = self.registry.version(self.name, number)
        files = self._examine(version).files
        problem = f"Version {number} would pass no gate: {files.problem}." if files.problem else ""
        draft = decide.adoption(
            self.state, number, stage, files.digest, files.evidence, reason=wanted.reason
        )
        return draft, problem

    def _examine(self, version: Version) -> Examined:
        champion = self.state.champion
        if champion is not None and champion != version.number:
            self._check_there(champion, "is in production")
        return examine(self.registry, version, self.state)

    def _check_adopted(self) -> None:
        stages = self.before_podium()
        if stages:
            there = " and ".join(f"@{stage} on version {number}" for stage, number in stages)
            raise Refused(
                f"{self.name} has {there}, which the ledger knows nothing of.",
                remedy=f"podium adopt {self.name} takes it over; then repeat this.",
            )

    def _check_one_stage_each(self, wanted: Mapping[Stage, int]) -> None:
        production = wanted.get("production", self.state.champion)
        if production is not None and wanted.get("staging") == production:
            raise Refused(
                f"Version {production} of {self.name} would be in production and in staging.",
                remedy="A version holds one stage; adopt it into production alone.",
            )

    def _check_there(self, number: int, what: str) -> None:
        try:
            self.registry.version(self.name, number)
        except NotFound as error:
            raise Refused(
                f"Version {number} of {self.name}, which {what}, was deleted.",
                remedy=f"podium retire {self.name} {number} --reason deleted says so to the "
                "ledger; then repeat this.",
            ) from error

    @staticmethod
    def _check_forced(forced: bool, wanted: Wanted) -> None:
        if forced and not (wanted.reason or "").strip():
            raise UsageError("--force needs a reason.", remedy="Say why with --reason.")


def _reason(wanted: Wanted) -> str:
    if not wanted.reason or not wanted.reason.strip():
        raise UsageError("This needs a reason.", remedy="Say why with --reason.")
    return wanted.reason
