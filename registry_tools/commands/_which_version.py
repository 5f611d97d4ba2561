"""How a version is named on the command line: a number, an @alias, or the word latest."""

from __future__ import annotations

import re

import click

from podium.command import Unset
from registry_tools.which_version import LATEST

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
