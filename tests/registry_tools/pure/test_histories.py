"""Random histories of everything that can be decided, and what holds after each step."""

from __future__ import annotations

from operator import itemgetter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from registry_tools import decide
from registry_tools.entry import STAGES, Draft, Entry, Evidence, Stage
from registry_tools.errors import Refused
from registry_tools.fold import fold
from registry_tools.gates import checks_for
from registry_tools.policy import Policy
from registry_tools.state import State, Traffic
from tests.registry_tools.pure.made import MODEL, Book, candidate, digest_of

VERSION = st.integers(1, 5)
PERSON = st.sampled_from(["ann", "bob", "cid"])
STAGE = st.sampled_from(STAGES)
VARIANT = st.sampled_from(["a", "a", "a", "b"])
TURNS_DOWN = ("reject", "retire")


class Histories(RuleBasedStateMachine):
    """One writer after the other; what holds is recomputed from the entries, not from the fold."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.earned: set[int] = set()  # promotions, by seq, that the gates let through

    @rule(
        version=VERSION,
        verdict=st.sampled_from(["pass", "pass", "pass", "fail", "inconclusive"]),
        variant=VARIANT,
        actor=PERSON,
    )
    def evaluate(self, version: int, verdict: str, variant: str, actor: str) -> None:
        evidence = Evidence(verdict=verdict)
        digest = digest_of(version, variant)
        draft = decide.evaluation(
            version, digest, evidence, against=self.book.state.champion, reason=None
        )
        self.book.add(draft, actor)
        known = self.book.state.of(version)
        assert known.approvals == ()
        assert known.evaluation is not None
        assert known.evaluation.champion == self.book.state.champion

    @rule(
        version=VERSION,
        stage=STAGE,
        variant=VARIANT,
        forced=st.integers(0, 9).map(lambda n: n == 0),
        author=st.tuples(st.one_of(st.none(), PERSON), st.booleans()),
        actor=PERSON,
    )
    def promote(
        self,
        version: int,
        stage: Stage,
        variant: str,
        forced: bool,
        author: tuple[str | None, bool],
        actor: str,
    ) -> None:
        state = self.book.state
        if state.champion == version or (
            stage == "staging" and state.staging and state.staging.version == version
        ):
            return
        digest, (name, certain) = digest_of(version, variant), author
        wanted = candidate(version, digest=digest, author=name, author_is_certain=certain)
        failed = [check for check in checks_for(stage, state, wanted) if not check.passed]
        if failed and not forced:
            return
        if not failed:
            self._check_it_was_earned(version, stage, wanted.digest, author)
        draft = decide.promotion(state, wanted, stage, reason="why", forced=bool(failed))
        entered = self.book.add(draft, actor)
        if entered is not None and not failed:
            self.earned.add(entered.seq)
        after = self.book.state
        holder = after.holder(stage)
        assert holder is not None
        assert (holder.version, holder.digest) == (version, wanted.digest)
        assert after.of(version).approvals == ()
        if stage == "production":
            assert after.staging is None

    def _check_it_was_earned(
        self, version: int, stage: Stage, digest: str, author: tuple[str | None, bool]
    ) -> None:
        entries, policy = self.book.entries, self.book.state.policy
        about = [e for e in entries if e.version == version]
        verdict = [e for e in about if e.action == "evaluate"][-1]
        allowed = {"pass", "inconclusive" if policy.gate.on_inconclusive == "pass" else "pass"}
        assert verdict.evidence.verdict in allowed
        assert verdict.model_digest == digest
        assert verdict.replaced == self.book.state.champion
        if stage == "staging":
            assert not any(_turns_down(e, version) for e in entries if e.seq > verdict.seq)
            return
        staged = [e for e in about if e.action in ("promote", "adopt") and e.stage == "staging"][-1]
        since = max(verdict.seq, staged.seq)
        assert not any(_turns_down(e, version) for e in entries if e.seq > since)
        agreed = {e.actor for e in about if e.action == "approve" and e.seq > since}
        if policy.promotion.exclude_author:
            name, certain = author
            agreed -= {name} if certain and name else {name or staged.actor, staged.actor}
        assert len(agreed) >= policy.promotion.approvals

    @rule(version=VERSION, actor=PERSON)
    def approve(self, version: int, actor: str) -> None:
        staging = self.book.state.staging
        try:
            draft = decide.approval(self.book.state, version, actor, reason=None)
        except Refused:
            assert staging is None or staging.version != version
            return
        self.book.add(draft, actor)
        assert actor in {given.actor for given in self.book.state.of(version).approvals}
        assert decide.approval(self.book.state, version, actor, reason=None) is None

    @rule(version=VERSION, actor=PERSON)
    def reject(self, version: int, actor: str) -> None:
        if version == self.book.state.champion:
            return
        self.book.add(decide.rejection(self.book.state, version, reason="bad"), actor)
        self._check_it_is_out(version)
        assert decide.rejection(self.book.state, version, reason="bad") is None

    @rule(version=VERSION, actor=PERSON)
    def retire(self, version: int, actor: str) -> None:
        self.book.add(decide.retirement(self.book.state, version, reason="old"), actor)
        self._check_it_is_out(version)
        assert self.book.state.champion != version
        assert decide.retirement(self.book.state, version, reason="old") is None

    def _check_it_is_out(self, version: int) -> None:
        state = self.book.state
        assert state.staging is None or state.staging.version != version
        assert state.of(version).approvals == ()
        for stage in STAGES:
            checks = checks_for(stage, state, candidate(version))
            assert not all(check.passed for check in checks)

    @rule(to=st.one_of(st.none(), st.none(), VERSION), actor=PERSON)
    def roll_back(self, to: int | None, actor: str) -> None:
        state = self.book.state
        try:
            draft = decide.rollback(state, to, reason="worse")
        except Refused:
            return
        target = draft.version
        assert target is not None
        assert target not in (None, state.champion)
        assert draft.replaced == state.champion
        about = [e for e in self.book.entries if e.version == target]
        assert any(e.stage == "production" for e in about)
        back = [e for e in about if e.stage is not None or e.action in TURNS_DOWN]
        assert back[-1].action not in TURNS_DOWN
        self.book.add(draft, actor)
        assert self.book.state.champion == target
        if state.champion is not None:
            assert self.book.state.of(state.champion).barred_as == "rolled back"

    @initialize(
        before=st.lists(
            st.tuples(VERSION, STAGE), max_size=2, unique_by=(itemgetter(0), itemgetter(1))
        )
    )
    def adopt_what_came_before(self, before: list[tuple[int, Stage]]) -> None:
        """Most models have no aliases yet; of those that have, all are taken over at once."""
        aliases = {stage: version for version, stage in before}
        for version, stage in sorted(before, key=itemgetter(1)):
            assert (stage, version) in decide.before_podium(State(MODEL), aliases)
            self._adopt(State(MODEL), aliases, version, stage, "ann")

    @rule(version=VERSION, stage=STAGE, aliased=st.booleans(), actor=PERSON)
    def adopt(self, version: int, stage: Stage, aliased: bool, actor: str) -> None:
        """aliased: the alias points at it by now, whatever the ledger says."""
        if self.book.state.champion != version:
            aliases = {stage: version} if aliased else {}
            self._adopt(self.book.state, aliases, version, stage, actor)

    def _adopt(
        self, seen: State, aliases: dict[Stage, int], version: int, stage: Stage, actor: str
    ) -> None:
        forced = decide.goes_past_the_gates(seen, aliases, stage, version, reason="by hand")
        draft = decide.adoption(
            *(self.book.state, version, stage, digest_of(version), Evidence()),
            reason="by hand",
            forced=forced,
        )
        self.book.add(draft, actor)
        holder = self.book.state.holder(stage)
        assert holder is not None
        assert holder.version == version
        assert (holder.forced is not None) == forced

    @invariant()
    def who_is_in_production_passed_a_gate_or_is_marked(self) -> None:
        """Also after rollbacks: then it is how the version came to a stage that counts."""
        holder = self.book.state.production
        if holder is None or holder.forced is not None:
            return
        came = ("promote", "adopt")
        entries = [e for e in self.book.entries if e.action in came]
        last = [e for e in entries if e.version == holder.version][-1]
        first_of_all = all(e.action == "adopt" for e in entries[: entries.index(last)])
        assert not last.forced
        assert last.seq in self.earned or (last.action == "adopt" and first_of_all)

    @rule(
        mode=st.sampled_from(["off", "shadow", "canary", "ab"]),
        share=st.sampled_from([0.1, 0.5]),
        actor=PERSON,
    )
    def share(self, mode: str, share: float, actor: str) -> None:
        wanted = Traffic(mode, share=share)  # type: ignore[arg-type]
        try:
            draft = decide.sharing(self.book.state, wanted, reason=None)
        except Refused:
            assert self.book.state.staging is None or self.book.state.production is None
            return
        self.book.add(draft, actor)
        assert self.book.state.traffic.mode == mode
        assert decide.sharing(self.book.state, wanted, reason=None) is None

    @rule(
        version=st.one_of(st.none(), VERSION),
        verdict=st.sampled_from(["better", "worse", "hold"]),
    )
    def judge(self, version: int | None, verdict: str) -> None:
        """Of the challenger, or of one that is none any more: then nothing comes of it."""
        before = self.book.state
        about = version or before.traffic.challenger
        if about is None:
            return
        draft = Draft("judge", version=about, evidence=Evidence(verdict=verdict))
        self.book.add(draft, "judge")
        after = self.book.state
        assert after.production == before.production
        if about != before.traffic.challenger:
            assert (after.staging, after.versions) == (before.staging, before.versions)
        elif verdict == "worse":
            assert (after.staging, after.traffic.mode) == (None, "off")
            self._check_it_is_out(about)
        else:
            assert after.traffic.verdict == verdict

    @rule(
        approvals=st.integers(0, 2),
        exclude=st.booleans(),
        lenient=st.booleans(),
        margin=st.sampled_from([0.0, 0.0, 0.01]),
        actor=PERSON,
    )
    def set_policy(
        self, approvals: int, exclude: bool, lenient: bool, margin: float, actor: str
    ) -> None:
        gate = {"on_inconclusive": "pass" if lenient else "refuse", "margin": margin}
        policy = Policy.model_validate(
            {"gate": gate, "promotion": {"approvals": approvals, "exclude_author": exclude}}
        )
        self.book.add(decide.new_policy(self.book.state, policy, reason=None), actor)
        assert self.book.state.policy == policy
        assert decide.new_policy(self.book.state, policy, reason=None) is None

    @rule()
    def retrain(self) -> None:
        before = self.book.state
        self.book.add(Draft("retrain", reason="drift"))
        assert self.book.state.versions == before.versions

    @invariant()
    def no_version_holds_both_stages(self) -> None:
        state = self.book.state
        if state.production is not None and state.staging is not None:
            assert state.production.version != state.staging.version

    @invariant()
    def traffic_is_off_or_pins_the_present_holders(self) -> None:
        state = self.book.state
        if state.traffic.mode != "off":
            assert state.production is not None
            assert state.staging is not None
            pinned = (state.traffic.champion, state.traffic.challenger)
            assert pinned == (state.production.version, state.staging.version)

    @invariant()
    def the_champion_is_not_turned_down_and_holders_are_pinned(self) -> None:
        for holder in (self.book.state.production, self.book.state.staging):
            if holder is not None:
                known = self.book.state.of(holder.version)
                assert known.digest == holder.digest
        assert self.book.state.of(self.book.state.champion or 0).barred is None

    @invariant()
    def the_champion_leads_the_champions(self) -> None:
        state = self.book.state
        if state.champion is not None:
            assert state.champions[0] == state.champion
        assert all(state.of(version).was_champion for version in state.champions)

    @invariant()
    def only_a_version_in_staging_has_approvals(self) -> None:
        staged = self.book.state.staging
        for version, known in self.book.state.versions.items():
            if staged is None or staged.version != version:
                assert known.approvals == ()
                checks = checks_for("production", self.book.state, candidate(version))
                assert not checks[0].passed, known

    def teardown(self) -> None:
        """The state at any time is the fold of the entries up to then, and of nothing else."""
        book = self.book
        for length, state in enumerate(book.states):
            assert fold(MODEL, book.entries[:length]) == state
            assert state.seq == length


def _turns_down(entry: Entry, version: int) -> bool:
    if entry.action in TURNS_DOWN and entry.version == version:
        return True
    return entry.action == "rollback" and entry.replaced == version


TestHistories = Histories.TestCase
TestHistories.settings = settings(deadline=None, max_examples=150, stateful_step_count=40)
