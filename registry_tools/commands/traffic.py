"""`podium traffic`: how requests are shared between champion and challenger."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from podium.command import Choice, Result, Unset
from podium.command import command as podium_command
from podium.errors import UsageError
from registry_tools.commands.acts import quoted, report, traffic_document
from registry_tools.commands.common import dry_run_option, open_registrar, reason_option, wanted
from registry_tools.words import printable

if TYPE_CHECKING:
    from registry_tools.state import Mode, State

_KEY = re.compile(r"header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|column:.*\S.*")
_NOBODY = "No server shares requests yet: podium serve answers all of them with the champion."
_EXAMPLE = "podium traffic flight_delay canary --share 0.1"


class _Share(Unset):
    """A share of the requests, above 0 and below 1."""

    name = "share"

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """`value` as a number."""
        try:
            share = float(value)
        except ValueError:
            share = float("nan")
        if not 0 < share < 1:
            self.fail(f"{value!r} is no share between 0 and 1; write one like 0.1.", param, ctx)
        return share


class _Key(Unset):
    """What decides for a request: a header, or a column of the rows."""

    name = "key"

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`value` where it has the form of a key."""
        if not _KEY.fullmatch(value):
            self.fail(
                f"{value!r} is no key; write one like header:X-User or column:customer_id.",
                param,
                ctx,
            )
        return value


@podium_command(
    "traffic",
    examples=f"""
    podium traffic flight_delay
    podium traffic flight_delay shadow
    {_EXAMPLE} --key header:X-User
    podium traffic flight_delay ab --share 0.5 --key column:customer_id
    podium traffic flight_delay off
    """,
)
@click.argument("name")
@click.argument(
    "mode",
    required=False,
    type=Choice("off", "shadow", "canary", "ab"),
    metavar="[off|shadow|canary|ab]",
)
@click.option(
    "--share",
    type=_Share(),
    metavar="NUMBER",
    help="The challenger's share of requests, between 0 and 1. canary and ab need one; shadow "
    "looks at all of them without.  [optional]",
)
@click.option(
    "--key",
    type=_Key(),
    metavar="header:NAME|column:NAME",
    help="Requests with the same key go to the same version.  [default: each request for itself]",
)
@reason_option(required=False)
@dry_run_option()
def command(
    name: str,
    mode: Mode | None,
    share: float | None,
    key: str | None,
    reason: str | None,
    dry_run: bool,
) -> Result:
    """Show or set how requests are shared between champion and challenger.

    The champion is the version in production, the challenger the one in staging; both are pinned,
    and traffic is off as soon as either changes. shadow: the challenger scores too, and its answer
    goes to the log only. canary and ab: it answers its share; a canary is watched for harm, ab
    compares the two.

    The ledger keeps this for a scoring server that follows it. No server shares requests yet:
    `podium serve` answers all of them with the champion. Without a MODE it is shown.
    """
    _check(mode, share, key)
    registrar = open_registrar(name)
    before = registrar.state
    if mode is None:
        return _shown(before)
    from registry_tools.state import Traffic

    shared = Traffic(mode, share=share, key=key)
    outcome = registrar.share_traffic(shared, wanted(reason, dry_run=dry_run))
    model = quoted(name)
    stop = () if mode == "off" else (f"podium traffic {model} off",)
    notes = (_NOBODY,) if outcome.entries and mode != "off" else ()
    return report(outcome, before, following=(f"podium traffic {model}", *stop), notes=notes)


def _check(mode: Mode | None, share: float | None, key: str | None) -> None:
    if mode is None and (share, key) != (None, None):
        raise UsageError("--share and --key need a mode.", remedy=f"As in: {_EXAMPLE}")
    if mode == "off" and (share, key) != (None, None):
        raise UsageError("off takes neither --share nor --key.", remedy="Leave them out.")
    if mode in ("canary", "ab") and share is None:
        raise UsageError(
            f"{mode} needs --share, the challenger's share.", remedy=f"As in: {_EXAMPLE}"
        )


def _shown(state: State) -> Result:
    traffic, by = state.traffic, state.traffic.by
    document = {
        "model": state.model,
        "traffic": traffic_document(traffic),
        "by": None if by is None else asdict(by),
    }
    since = "" if by is None else f"\nSince entry {by.seq}, by {printable(by.actor)} at {by.at}."
    return Result(f"{_sentence(state)}{since}", document)


def _sentence(state: State) -> str:
    traffic = state.traffic
    if traffic.mode == "off":
        return f"Traffic of {state.model} is off: the champion answers all requests."
    share = "" if traffic.share is None else f", share {traffic.share:g}"
    key = "" if traffic.key is None else f", by {traffic.key}"
    verdict = "" if traffic.verdict is None else f"\nThe judge says: {traffic.verdict}."
    return (
        f"Traffic of {state.model} is {traffic.mode}: version {traffic.challenger} beside champion "
        f"{traffic.champion}{share}{key}.{verdict}"
    )
