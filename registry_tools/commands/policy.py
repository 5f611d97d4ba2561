"""`podium policy`: what a candidate must show, and who must agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.errors import SpecError, UsageError, did_you_mean
from registry_tools.commands.acts import quoted, report
from registry_tools.commands.common import dry_run_option, open_registrar, reason_option, wanted
from registry_tools.words import printable

if TYPE_CHECKING:
    from registry_tools.policy import Policy
    from registry_tools.state import State

_SECTIONS = ("gate", "promotion")


@podium_command(
    "policy",
    examples="""
    podium policy flight_delay
    podium policy flight_delay > policy.yaml
    podium policy flight_delay --file policy.yaml --reason "two people agree from now on"
    podium policy flight_delay --file projects/flight_delay/project.yaml --dry-run
    """,
)
@click.argument("name")
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML with the keys gate and promotion; a project.yaml will do. What it leaves out stays "
    "as it is.  [default: show the policy in force]",
)
@reason_option(required=False)
@dry_run_option()
def command(name: str, file: Path | None, reason: str | None, dry_run: bool) -> Result:
    """Show or set what a candidate must show, and who must agree.

    The policy in force is the last one that was entered. At a model's first promotion it is the
    one that the project of the candidate declares; later candidates change nothing in it, however
    lax their own is.
    """
    if file is None:
        return _shown(open_registrar(name).state)
    given = _read(file, name)
    registrar = open_registrar(name)
    before = registrar.state
    policy = _completed(given, before, str(file))
    outcome = registrar.set_policy(policy, wanted(reason, dry_run=dry_run))
    following = (f"podium policy {quoted(name)}",)
    return report(outcome, before, following=following, notes=list(_changes(before, policy)))


def _shown(state: State) -> Result:
    policy, by = state.policy.to_json(), state.policy_by
    if by is None:
        origin = "nobody set one yet: these are the defaults"
    else:
        why = f": {by.reason}" if by.reason else ""
        origin = printable(f"entry {by.seq}, by {by.actor} at {by.at}{why}")
    lines = [f"# The policy of {state.model} ({' '.join(origin.split())})"]
    for section in _SECTIONS:
        lines += [f"{section}:", *(f"  {k}: {_value(v)}" for k, v in policy[section].items())]
    by_document = None if by is None else asdict(by)
    document = {"model": state.model, "policy": policy, "by": by_document}
    return Result("\n".join(lines), document)


def _value(value: Any) -> str:
    """As JSON, which is YAML that means the same to every reader."""
    return json.dumps(value, ensure_ascii=False)


def _completed(given: Mapping[str, Any], before: State, where: str) -> Policy:
    """What is given, and the policy in force for the rest."""
    from registry_tools.policy import read_policy

    whole = before.policy.to_json()
    for section in _SECTIONS:
        if isinstance(given.get(section), Mapping):
            whole[section] |= given[section]
        elif given.get(section) is not None:
            whole[section] = given[section]  # refused as a wrong type
    return read_policy(whole, where)


def _read(file: Path, name: str) -> Mapping[str, Any]:
    """The keys in `file`, which may be the project.yaml of the model `name`."""
    from podium.spec.yaml_file import read_yaml
    from registry_tools.policy import read_policy

    raw = read_yaml(file)
    if "name" in raw:
        _check_project(raw, file, name)
    else:
        _check_keys(raw, file, _SECTIONS)
        if not raw:
            raise UsageError(
                f"{file} holds no keys.", remedy=f"podium policy {quoted(name)} shows them all."
            )
    read_policy(raw, str(file))  # what is wrong is wrong before a registry is asked
    return raw


def _check_project(raw: Mapping[str, Any], file: Path, name: str) -> None:
    from podium.spec.project import Project

    if raw["name"] != name:
        raise UsageError(
            f"{file} declares the project {raw['name']!r}, not {name!r}.",
            remedy="Give the project.yaml of this model, or a file with gate and promotion alone.",
        )
    _check_keys(raw, file, tuple(Project.model_fields))


def _check_keys(raw: Mapping[str, Any], file: Path, known: tuple[str, ...]) -> None:
    for key in raw:
        if key not in known:
            raise SpecError(f"{file}: {key}: unknown key.", remedy=did_you_mean(key, known))


def _changes(before: State, policy: Policy) -> Iterator[str]:
    """What the new policy changes, key by key."""
    old, new = before.policy.to_json(), policy.to_json()
    for section in _SECTIONS:
        for key, value in new[section].items():
            if old[section][key] != value:
                yield f"{section}.{key}: {_value(old[section][key])} becomes {_value(value)}."
