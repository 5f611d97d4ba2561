"""What `podium verify` looks at, and how it says what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from podium.command import Result
from podium.errors import NotFound, PodiumError
from podium.progress import Progress
from registry_tools.commands._reading import Opened, check_name, open_model
from registry_tools.commands._whereabouts import left_behind, where_it_went
from registry_tools.commands.acts import quoted
from registry_tools.errors import LedgerBroken
from registry_tools.examine import Files, examine_files
from registry_tools.inspection import (
    Finding,
    chain_findings,
    file_findings,
    holders_there,
    registry_findings,
)
from registry_tools.port import Registry, Version
from registry_tools.times import to_second

_MARKS = {"broken": "BROKEN", "wrong": "WRONG", "note": "note"}


@dataclass(frozen=True)
class Verified:
    """A model and all that was found. examined: the files of the versions in the stages."""

    opened: Opened
    findings: tuple[Finding, ...]
    versions: Sequence[Version] = ()
    examined: Mapping[int, Files] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 where all is well, 1 where something is wrong, 7 where the ledger is broken."""
        if self.opened.broken is not None:
            return LedgerBroken.exit_code
        return int(any(finding.weight == "wrong" for finding in self.findings))


def verify(registry: Registry, name: str, progress: Progress | None) -> Verified:
    """Look at everything; at files only where there is a `progress` to tell."""
    opened = open_or_explain(registry, name)
    if opened.broken is not None:
        return _broken(opened)
    versions = registry.versions(name)
    examined = {} if progress is None else _examined(opened, versions, progress)
    return _whole(opened, versions, examined)


def again(verified: Verified) -> Verified:
    """The same, with the ledger and all but the files read once more."""
    opened = open_model(verified.opened.registry, verified.opened.name)
    if opened.broken is not None:
        return _broken(opened)
    return _whole(opened, opened.registry.versions(opened.name), verified.examined)


def open_or_explain(registry: Registry, name: str) -> Opened:
    """Like `open_model`; where the model is gone and its ledger is not, says so."""
    check_name(name)
    try:
        return open_model(registry, name)
    except NotFound as error:
        said = left_behind(registry, name)
        if said is None:
            raise
        raise LedgerBroken(said.what, remedy=said.remedy) from error


def report(verified: Verified, notes: Sequence[str] = (), **more: Any) -> Result:
    """All findings, the gravest first, and what to do; `notes` come before them."""
    opened, findings = verified.opened, sorted(verified.findings, key=_gravity)
    lines = [*notes, *([""] if notes else []), *_checked(verified), ""]
    lines += [line for finding in findings for line in _lines(finding)]
    lines += [*([""] if findings else []), "Next:", f"  {_next(verified, findings)}"]
    document = {
        "model": opened.name,
        "place": opened.registry.place,
        "ledger": opened.condition,
        "seq": opened.state.seq,
        "ok": not verified.exit_code,
        "files_checked": sorted(verified.examined),
        "findings": [asdict(finding) for finding in findings],
        **more,
    }
    return Result("\n".join(lines), document, verified.exit_code)


def _broken(opened: Opened) -> Verified:
    return Verified(opened, (*_of_the_chain(opened), *_elsewhere(opened)))


def _whole(opened: Opened, versions: Sequence[Version], examined: Mapping[int, Files]) -> Verified:
    head = opened.ledger.chain.head.text()
    findings = [
        *_of_the_chain(opened),
        *registry_findings(opened.state, opened.model, versions, head=head),
        *file_findings(opened.state, examined),
        *_beginnings(opened),
    ]
    return Verified(opened, tuple(findings), versions, examined)


def _of_the_chain(opened: Opened) -> list[Finding]:
    chain = opened.ledger.chain
    odd = chain.broken is not None or chain.lost or chain.mended
    return chain_findings(chain, opened.registry.records(opened.name, 0) if odd else [])


def _elsewhere(opened: Opened) -> list[Finding]:
    """Where the entries of a ledger that is gone seem to be."""
    said = None if opened.ledger.chain.seen else where_it_went(opened.registry, opened.model)
    return [Finding("renamed model", "broken", said.what, (), said.remedy)] if said else []


def _beginnings(opened: Opened) -> list[Finding]:
    name = quoted(opened.name)
    if opened.before_podium:
        there = ", ".join(f"@{stage} on version {v}" for stage, v in opened.before_podium)
        what = f"no entry speaks of them: {there}"
        return [Finding("aliases from before Podium", "note", what, (), f"podium adopt {name}")]
    if opened.empty:
        return [Finding("no ledger", "note", "nothing was ever entered for this model")]
    return []


def _examined(opened: Opened, versions: Sequence[Version], progress: Progress) -> dict[int, Files]:
    examined = {}
    for number in holders_there(opened.state, versions):
        with progress.stage("files", f"Comparing the files of {opened.name} {number}"):
            examined[number] = _files(opened, number)
    return examined


def _files(opened: Opened, number: int) -> Files:
    try:
        with opened.registry.files(opened.name, number) as folder:
            return examine_files(folder, answering=False)
    except PodiumError as error:  # the registry answered: these files are what is lacking
        return Files("", None, error.what, "", None)


def _checked(verified: Verified) -> list[str]:
    opened = verified.opened
    where = f"{opened.name} at {opened.registry.place}"
    if opened.broken is not None:
        return [f"{where}: THE LEDGER IS BROKEN after {opened.state.seq} good entries."]
    files = ", ".join(f"version {number}" for number in sorted(verified.examined))
    looked = f"files of {files}" if files else "no files"
    counted = opened.ledger.entries
    last = f", the last {to_second(counted[-1].at)} by {counted[-1].actor}" if counted else ""
    good = "All is well. " if not verified.exit_code else ""
    return [
        f"{where}: {len(counted) or 'no'} entr{'y' if len(counted) == 1 else 'ies'}{last}.",
        f"{good}Checked: every entry, aliases, digests of {len(verified.versions)} versions, "
        f"{looked}.",
    ]


def _lines(finding: Finding) -> list[str]:
    lines = [f"  {_MARKS[finding.weight]:6}  {finding.kind}: {finding.what}."]
    return [*lines, f"          {finding.remedy}"] if finding.remedy else lines


def _gravity(finding: Finding) -> int:
    return list(_MARKS).index(finding.weight)


def _next(verified: Verified, findings: Sequence[Finding]) -> str:
    name, kinds = quoted(verified.opened.name), {f.kind for f in findings if f.weight != "note"}
    if verified.opened.broken is not None:
        lasting = kinds & {"renamed model", "somebody else's model", "newer schema"}
        return (
            f"podium verify {name}" if lasting else f'podium verify {name} --restart --reason "…"'
        )
    deleted = next((f.numbers[0] for f in findings if f.kind == "deleted version"), None)
    if deleted is not None:
        return f"podium retire {name} {deleted} --reason deleted"
    if kinds & {"alias", "digest tag"}:
        return f"podium verify {name} --repair"
    if "changed files" in kinds:
        return f'podium rollback {name} --reason "its files were changed"'
    return f"podium adopt {name}" if verified.opened.before_podium else f"podium status {name}"
