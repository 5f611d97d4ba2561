"""What each act enters into the ledger, or why it cannot be done: pure functions of the state."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from registry_tools.entry import STAGES, Draft, Evidence, Stage
from registry_tools.errors import Refused
from registry_tools.gates import Candidate, evaluated_again
from registry_tools.policy import Policy
from registry_tools.state import State, Traffic


def promotion(
    state: State, candidate: Candidate, stage: Stage, *, reason: str | None, forced: bool
) -> Draft:
    """`candidate` comes to `stage`; whoever was there is replaced. The gates come before this.

    Raises Refused for the champion, and for force without a reason.
    """
    _not_the_champion(state, candidate.version)
    if forced and not (reason or "").strip():
        raise Refused("--force needs a reason.", remedy="Say why with --reason.")
    holder = state.holder(stage)
    return Draft(
        "promote",
        version=candidate.version,
        stage=stage,
        replaced=None if holder is None else holder.version,
        reason=reason,
        forced=forced,
        model_digest=candidate.digest,
    )


def _not_the_champion(state: State, version: int) -> None:
    if state.champion == version:
        raise Refused(
            f"Version {version} of {state.model} is in production; a version holds one stage.",
            remedy=f"podium retire {state.model} {version} --reason … leaves production empty.",
        )


def evaluation(
    version: int, digest: str, evidence: Evidence, *, against: int | None, reason: str | None
) -> Draft:
    """A verdict on `version`, compared with the version `against`, None for the baseline."""
    return Draft(
        "evaluate",
        version=version,
        replaced=against,
        reason=reason,
        model_digest=digest,
        evidence=evidence,
    )


def before_podium(state: State, aliases: Mapping[str, int]) -> tuple[tuple[Stage, int], ...]:
    """Stages that have an alias, and nothing in the ledger ever: they came before Podium."""
    if state.ever_held:
        return ()
    return tuple((stage, aliases[stage]) for stage in STAGES if stage in aliases)


def goes_past_the_gates(
    state: State, aliases: Mapping[str, int], stage: Stage, version: int, *, reason: str | None
) -> bool:
    """Whether adopting `version` into `stage` is by force. Raises Refused for that without reason.

    It is not where it came before Podium: the alias itself points at it, the ledger never had
    anything in any stage, and nobody turned it down.
    """
    why = _why_by_force(state, aliases, stage, version)
    if not why or (reason or "").strip():
        return bool(why)
    name = state.model
    instead = f"podium promote {name} {version} --to staging asks the gates"
    if state.ever_held and aliases.get(stage) == version:
        instead = f"podium verify {name} --repair sets the alias back"
    raise Refused(
        f"{why}; adopting version {version} goes past every gate.",
        remedy=f"{instead}; with --reason it is adopted, and stays visible as forced.",
    )


def _why_by_force(state: State, aliases: Mapping[str, int], stage: Stage, version: int) -> str:
    holder, known = state.holder(stage), state.of(version)
    if holder is not None:
        return (
            f"The ledger of {state.model} says that version {holder.version} is in {stage}, by "
            f"{holder.by.actor} at {holder.by.at}"
        )
    if state.ever_held:
        return f"The ledger of {state.model} says that nothing is in {stage}"
    if aliases.get(stage) != version:
        return f"The alias @{stage} of {state.model} does not point at version {version}"
    if known.barred is not None:
        return (
            f"Version {version} of {state.model} was {known.barred_as} by {known.barred.actor} at "
            f"{known.barred.at}"
        )
    return ""


def adoption(
    state: State,
    version: int,
    stage: Stage,
    digest: str,
    evidence: Evidence,
    *,
    reason: str | None,
    forced: bool,
) -> Draft:
    """`version` was put into `stage` before Podium, or by hand; the ledger takes it over.

    forced: no gate was asked, although there were gates by then. Raises Refused for the champion,
    and for force without a reason.
    """
    _not_the_champion(state, version)
    if forced and not (reason or "").strip():
        raise Refused(
            f"Adopting version {version} of {state.model} goes past every gate.",
            remedy="Say why with --reason.",
        )
    holder = state.holder(stage)
    return Draft(
        "adopt",
        version=version,
        stage=stage,
        replaced=None if holder is None else holder.version,
        reason=reason,
        forced=forced,
        model_digest=digest,
        evidence=evidence,
    )


def check_one_stage_each(state: State, wanted: Mapping[Stage, int]) -> None:
    """Raises Refused where adopting `wanted` would put one version into both stages."""
    production = wanted.get("production", state.champion)
    if production is not None and wanted.get("staging") == production:
        raise Refused(
            f"Version {production} of {state.model} would be in production and in staging.",
            remedy="A version holds one stage; adopt it into production alone.",
        )


def approval(state: State, version: int, actor: str, *, reason: str | None) -> Draft | None:
    """`actor` agrees that `version` goes to production; None where that was said already.

    Raises Refused where `version` is not in staging: there is nothing to agree to.
    """
    holder = state.staging
    if holder is None or holder.version != version:
        there = "nothing" if holder is None else f"version {holder.version}"
        raise Refused(
            f"Version {version} of {state.model} is not in staging; {there} is.",
            remedy=f"podium promote {state.model} {version} --to staging comes first.",
        )
    if any(given.actor == actor for given in state.of(version).approvals):
        return None
    return Draft("approve", version=version, reason=reason, model_digest=holder.digest)


def rejection(state: State, version: int, *, reason: str) -> Draft | None:
    """`version` is turned down until it is evaluated again; None where it is already.

    Raises Refused for the champion: that is a rollback or a retirement.
    """
    if state.champion == version:
        raise Refused(
            f"Version {version} of {state.model} is in production.",
            remedy=f"podium rollback {state.model} --reason … goes back to the one before.",
        )
    known = state.of(version)
    staged = state.staging is not None and state.staging.version == version
    if known.barred_as == "rejected" and not staged and not evaluated_again(known):
        return None
    return Draft("reject", version=version, reason=reason, model_digest=known.digest)


def retirement(state: State, version: int, *, reason: str) -> Draft | None:
    """`version` leaves the stages and is not gone back to; None where it is retired already."""
    known = state.of(version)
    holds = [h for h in (state.production, state.staging) if h is not None and h.version == version]
    if known.barred_as == "retired" and not holds and not evaluated_again(known):
        return None
    return Draft("retire", version=version, reason=reason, model_digest=known.digest)


def rollback(state: State, to: int | None, *, reason: str, deleted: Collection[int] = ()) -> Draft:
    """Back to the version that the champion took over from, or to the earlier champion `to`.

    Where production is empty, to the last that was there. deleted: versions that are not in the
    registry any more; they are passed over. Raises Refused where there is nothing to go back to,
    and where `to` never was in production or was rejected or retired since.
    """
    present = state.champion
    target = _predecessor(state, present, deleted) if to is None else _chosen(state, present, to)
    return Draft(
        "rollback",
        version=target,
        stage="production",
        replaced=present,
        reason=reason,
        model_digest=state.of(target).digest,
    )


def _predecessor(state: State, present: int | None, deleted: Collection[int]) -> int:
    """The last champion but `present` that was not rolled back, rejected or retired since."""
    earlier = [v for v in dict.fromkeys(state.champions) if v != present]
    for version in earlier:
        if state.of(version).barred is None and version not in deleted:
            return version
    skipped = "; ".join(
        f"version {v} was {state.of(v).barred_as or 'deleted from the registry'}" for v in earlier
    )
    why = f" ({skipped})" if skipped else ""
    if present is None:
        raise Refused(
            f"Nothing of {state.model} is in production, and no earlier champion is left{why}.",
            remedy=f"podium promote {state.model} VERSION --to staging brings one there.",
        )
    raise Refused(
        f"There is nothing to roll back to: no champion before version {present} of "
        f"{state.model} is left{why}.",
        remedy=f"Name one with --to, or podium retire {state.model} {present} --reason … "
        "leaves production empty.",
    )


def _chosen(state: State, present: int | None, to: int) -> int:
    known, name = state.of(to), state.model
    if to == present:
        raise Refused(
            f"Version {to} of {name} is in production already.",
            remedy=f"Without --to it goes back to the one before; podium history {name} shows the "
            "earlier ones.",
        )
    if not known.was_champion:
        raise Refused(
            f"Version {to} of {name} never was in production.",
            remedy=f"podium promote {name} {to} --to staging brings a new one there.",
        )
    if known.barred is not None and known.barred_as != "rolled back":
        raise Refused(
            f"Version {to} of {name} was {known.barred_as} by {known.barred.actor} at "
            f"{known.barred.at}.",
            remedy="Choose another one; podium history shows them.",
        )
    return to


def new_policy(state: State, policy: Policy, *, reason: str | None) -> Draft | None:
    """`policy` is in force from now on; None where it is already."""
    if state.policy_by is not None and state.policy == policy:
        return None
    return Draft("policy", reason=reason, policy=policy.to_json())


def sharing(state: State, wanted: Traffic, *, reason: str | None) -> Draft | None:
    """Traffic is shared as `wanted` between the holders of the stages; None where it is already.

    Raises Refused where a stage is empty, or its holder is another than `wanted` names.
    """
    if wanted.mode == "off":
        off = {"mode": "off"}
        return None if state.traffic.mode == "off" else Draft("traffic", reason=reason, traffic=off)
    if not _is_share(wanted):
        raise Refused(
            f"The share of {wanted.mode} is {wanted.share}; it is above 0 and below 1.",
            remedy="Give the challenger's share, such as --share 0.1; shadow takes none.",
        )
    staged = None if state.staging is None else state.staging.version
    for stage, holder, named in (
        ("production", state.champion, wanted.champion),
        ("staging", staged, wanted.challenger),
    ):
        if holder is None or named not in (None, holder):
            there = "nothing" if holder is None else f"version {holder}"
            raise Refused(
                f"Traffic is shared between the holders of the two stages; {there} of "
                f"{state.model} is in {stage}.",
                remedy=f"podium promote {state.model} VERSION --to {stage} brings one there.",
            )
    pinned = {"champion": state.champion, "challenger": staged}
    content = {"mode": wanted.mode, "share": wanted.share, "key": wanted.key, **pinned}
    if all(getattr(state.traffic, name) == value for name, value in content.items()):
        return None
    return Draft("traffic", version=staged, reason=reason, traffic=content)


def _is_share(wanted: Traffic) -> bool:
    """Whether the share goes with the mode; NaN is none."""
    if wanted.mode == "shadow" and wanted.share is None:
        return True
    return wanted.share is not None and 0 < wanted.share < 1
