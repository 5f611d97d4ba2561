"""What to do about a check that failed, and what comes after a promotion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from registry_tools.commands.acts import quoted

if TYPE_CHECKING:
    from registry_tools.entry import Stage
    from registry_tools.gates import Check
    from registry_tools.state import State


@dataclass(frozen=True)
class Step:
    """What to do: in words, and the command that does it, if one does."""

    words: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.words}: {self.command}" if self.command else f"{self.words}."


def remedies(checks: Sequence[Check], name: str, version: int, stage: Stage) -> list[Step]:
    """One step for each check that failed, in their order; what is not in staging goes there
    first.
    """
    failed = [check for check in checks if not check.passed]
    about = f"{quoted(name)} {version}"
    to = "staging" if any(check.name == "in staging" for check in failed) else stage
    bring = f"podium promote {about} --to {to}"
    return [_remedy(check, about, bring, evaluation(name, version)) for check in failed]


def evaluation(name: str, version: int) -> str:
    """The command that gives a verdict on a version."""
    return f"podium evaluate --candidate {quoted(f'models:/{name}/{version}')}"


def commands(steps: Sequence[Step], name: str) -> tuple[str, ...]:
    """The commands of `steps`, each once, a verdict first: nothing is promoted without. Where one
    of them has none, the others are in vain.
    """
    if not all(step.command for step in steps):
        return (f"podium status {quoted(name)}",)
    found = dict.fromkeys(step.command for step in steps)
    return tuple(sorted(found, key=lambda each: not each.startswith("podium evaluate")))


def after_promotion(state: State, version: int, stage: Stage, approved: bool) -> tuple[str, ...]:
    """The commands that make sense once `version` is in `stage`.

    approved: whether it needs no more approvals. What lost is not brought any further.
    """
    from registry_tools.gates import lost

    name = quoted(state.model)
    if stage == "production":
        champion = quoted(f"models:/{state.model}@production")
        back = f'podium rollback {name} --reason "…"  # to go back'
        return (
            f"podium status {name}",
            f"mlflow models serve -m {champion} --env-manager local --port 5001",
            f"podium serve {name}",
            *([back] if len(state.champions) > 1 else []),
        )
    if lost(state, version):
        return (f"podium status {name}", f'podium reject {name} {version} --reason "…"')
    whom = (
        "  # by somebody else: PODIUM_ACTOR=name, or their login"
        if state.policy.promotion.exclude_author
        else ""
    )
    approve = () if approved else (f"podium approve {name} {version}{whom}",)
    return (*approve, f"podium promote {name} {version} --to production")


def _remedy(check: Check, about: str, bring: str, judge: str) -> Step:
    if check.name == "approvals":
        whose = "somebody" if check.excluded is None else f"somebody else than {check.excluded}"
        return Step(f"approvals: {whose} has to agree", f"podium approve {about}")
    if check.name in _AGAIN:
        return Step(f"{check.name}: {_AGAIN[check.name]}", judge)
    if check.inconclusive:
        return Step(f"{check.name}: evaluate it on more rows", f"{judge} --data FILE")
    if check.name == "in staging":
        return Step(f"{check.name}: promote it there first", bring)
    return Step(f"{check.name}: {check.found}. {_OTHERWISE.get(check.name, '')}".rstrip(". "))


_AGAIN = {
    "evaluated": "compare it with the champion",
    "evaluated these files": "the files are others now; evaluate them again",
    "compared with the present champion": "the champion changed since; evaluate again",
    "not turned down since": "only a new evaluation brings it back",
}
_OTHERWISE = {
    "verdict": "It lost: train a better one; --force with --reason goes past this, visibly",
    "model files": "Register the model once more, as a new version",
    "signature": "Keep what callers of the champion send and get, or register it under a new name",
}
