"""A ledger written entry by entry, without downloads, as promotions would write it."""

from __future__ import annotations

from collections.abc import Sequence

from registry_tools.entry import Draft, Evidence, Stage
from registry_tools.ledger import Ledger
from registry_tools.projection import project
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.commands.acting import Acting
from tests.registry_tools.models import artifact_digest


def enter(flights: Acting, drafts: Sequence[Draft], by: str = "ada") -> None:
    """Enter `drafts`, set the aliases, and note the head."""
    registry = MlflowRegistry()
    ledger = Ledger(registry, flights.name)
    registry.create_ledger(flights.name)
    ledger.refresh()
    for draft in drafts:
        ledger.append(ledger.entry(draft, by))
    project(registry, ledger)
    registry.note_head(flights.name, ledger.chain.head.text())


def champion_and_challenger(flights: Acting) -> None:
    """Version 1 in production, version 2 in staging: five entries."""
    digest = artifact_digest(flights.backend)
    passed = Evidence(verdict="pass")

    def promoted(version: int, stage: Stage) -> Draft:
        return Draft("promote", version, stage, model_digest=digest)

    drafts = [
        Draft("evaluate", 1, evidence=passed, model_digest=digest),
        promoted(1, "staging"),
        promoted(1, "production"),
        Draft("evaluate", 2, replaced=1, evidence=passed, model_digest=digest),
        promoted(2, "staging"),
    ]
    enter(flights, drafts)
