"""How a version is named on the command line: a number, an @alias, or the word latest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from podium.command import Unset
from podium.errors import NotFound, did_you_mean
from registry_tools.commands.acts import quoted

if TYPE_CHECKING:
    from registry_tools.commands._reading import Opened
    from registry_tools.port import Model
    from registry_tools.registrar import Registrar

LATEST = "latest"
_KEPT_BY_THE_LEDGER = ("staging", "production")
_NUMBER, _ALIAS = re.compile(r"[1-9][0-9]{0,8}"), re.compile(r"@[^@\s]+")


class VersionName(Unset):
    """A number from 1, an @alias, or latest. An int, or the text as it was given."""

    name = "version"

    def read(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """`value` where it can name a version."""
        if _NUMBER.fullmatch(value):
            return int(value)
        if value != LATEST and not _ALIAS.fullmatch(value):
            self.fail(
                f"{value!r} is no version. Write a number, like 3, an alias, like @staging, or "
                f"{LATEST}.",
                param,
                ctx,
            )
        return value


WHICH = VersionName()


def resolve(found: Registrar | Opened, named: int | str) -> int:
    """The number of the version. @staging and @production are what the ledger says.

    Raises NotFound where nothing bears that name, LedgerBroken where only the ledger could tell.
    """
    if isinstance(named, int):
        return named
    alias = named.removeprefix("@")
    if named == LATEST:
        return _latest(found)
    if alias not in _KEPT_BY_THE_LEDGER or found.before_podium:
        return pointed_at(found.model, alias)
    state = found.ledger.whole()
    holder = state.production if alias == "production" else state.staging
    if holder is None:
        raise NotFound(
            f"Nothing of {found.name} is in {alias}.",
            remedy=f"podium status {quoted(found.name)} shows what is where.",
        )
    return holder.version


def pointed_at(model: Model, alias: str) -> int:
    """The version that an alias in MLflow points at. Raises NotFound where there is none."""
    if alias not in model.aliases:
        near = did_you_mean(alias, model.aliases) or "It has no aliases; give a number."
        raise NotFound(f"{model.name} has no alias @{alias}.", remedy=near)
    return model.aliases[alias]


def _latest(found: Registrar | Opened) -> int:
    versions = found.registry.versions(found.name)
    if not versions:
        raise NotFound(f"{found.name} has no versions.", remedy="podium train registers one.")
    return max(version.number for version in versions)
