"""How a candidate is named: a URI of MLflow's, a version, or the run that trained it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import click

from podium.command import Unset
from podium.errors import NotFound
from registry_tools.port import Registry
from registry_tools.which_version import LATEST, Found, resolve

_URI = re.compile(
    r"models:/(?P<model>.+?)(?:/(?P<number>[1-9][0-9]{0,8}|latest)|(?P<alias>@[^@/]+))"
)
_PLAIN = re.compile(r"(?P<number>[1-9][0-9]{0,8}|latest)|(?P<alias>@[^@/\s]+)")
_RUN = re.compile(r"(?:runs:/)?(?P<run>[0-9a-f]{32})")


@dataclass(frozen=True)
class Named:
    """One version: by number, @alias or latest, or as what the run `run_id` registered.

    model: the registered model; None for the project's own.
    """

    which: int | str = LATEST
    model: str | None = None
    run_id: str | None = None


def named_by(uri: str) -> Named | None:
    """The registered version that models:/NAME/3, models:/NAME@ALIAS or models:/NAME/latest names;
    None for whatever else may be a model's URI.
    """
    found = _URI.fullmatch(uri)
    return None if found is None else _named(found.groupdict())


def _named(parts: dict[str, Any]) -> Named:
    number = parts["number"]
    which = parts["alias"] or (number if number == LATEST else int(number))
    return Named(which, parts.get("model"))


class NamedVersion(Unset):
    """models:/NAME/3, models:/NAME@ALIAS, 3, @ALIAS, latest, or a run's id. A `Named`."""

    name = "version"

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Named:
        """`value` where it can name a version."""
        run, version = _RUN.fullmatch(value), _URI.fullmatch(value) or _PLAIN.fullmatch(value)
        if run is not None:
            return Named(run_id=run["run"])
        if version is None:
            self.fail(
                f"{value!r} names no version. Write models:/NAME/3, models:/NAME@staging, a "
                "number, an @alias, latest, or the id of the run that trained it.",
                param,
                ctx,
            )
        return _named(version.groupdict())


def number_of(named: Named, found: Found) -> int:
    """The number of the version of `found` that is meant.

    Raises NotFound where nothing is called so, or the run registered no version of that model.
    """
    if named.run_id is None:
        return resolve(found, named.which)
    of_run = [v.number for v in found.registry.versions(found.name) if v.run_id == named.run_id]
    if not of_run:
        raise NotFound(
            f"The run {named.run_id} at {found.registry.place} registered no version of "
            f"{found.name}.",
            remedy="podium train registers what it trains, unless --register no says otherwise.",
        )
    return max(of_run)


def model_of_run(registry: Registry, run_id: str) -> str | None:
    """The project, and so the registered model, that the run says it is of."""
    return registry.run(run_id).tags.get("podium.project")
