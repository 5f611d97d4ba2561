"""From what was asked for to the two versions that are compared."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from podium.errors import UsageError
from podium.spec import Declaration
from projects.evaluating.case import Contest
from projects.evaluating.named import Named, model_of_run, number_of
from projects.evaluating.sides import Side, open_side
from registry_tools.notices import notices_for
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry


def open_contest(
    declaration: Declaration, candidate: Named, against: Named | None, opened: ExitStack
) -> tuple[Contest, Registrar]:
    """The versions, downloaded for as long as `opened` lasts, and the registrar of their model.

    The registrar is opened before anything is measured: if the ledger moves meanwhile, the verdict
    is not entered. Raises NotFound, Refused where aliases came before Podium, and UsageError for a
    version against itself.
    """
    registry = MlflowRegistry()
    name = candidate.model or declaration.project.name
    if candidate.run_id is not None:
        name = model_of_run(registry, candidate.run_id) or name
    notices = notices_for(os.environ, Path.home(), lambda line: print(line, file=sys.stderr))
    registrar = Registrar(registry, name, notices=notices)
    registrar.check_adopted()
    number, other = number_of(candidate, registrar), _other(against, registrar)
    if number == other:
        raise UsageError(
            f"Version {number} of {name} would be compared with itself.",
            remedy="--candidate names another one; --against what the champion is compared with.",
        )
    first = open_side(registry, name, number, opened)
    _check_project(declaration, first)
    if other is not None and other == registrar.state.champion:
        registrar.there(other, "is in production")
    second = None if other is None else open_side(registry, name, other, opened)
    return Contest(declaration, registrar.policy_for(number).gate, first, second), registrar


def _check_project(declaration: Declaration, candidate: Side) -> None:
    trained_for = candidate.version.tags.get("podium.project")
    if trained_for not in (None, declaration.project.name):
        raise UsageError(
            f"Version {candidate.version.number} of {candidate.version.name} is of the project "
            f"{trained_for!r}; it would be judged by {declaration.project.name!r}.",
            remedy="--project names the folder of its own project.",
        )


def _other(against: Named | None, registrar: Registrar) -> int | None:
    if against is None:
        return registrar.state.champion
    if against.model not in (None, registrar.name):
        raise UsageError(
            f"--against names a version of {against.model}, the candidate is one of "
            f"{registrar.name}.",
            remedy="Compare versions of one registered model.",
        )
    return number_of(against, registrar)
