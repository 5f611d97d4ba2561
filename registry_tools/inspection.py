"""What is wrong with a ledger, and with what hangs on it: pure functions to lists of findings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from registry_tools.chain import Chain, Record
from registry_tools.entry import SCHEMA, STAGES
from registry_tools.examine import Files
from registry_tools.port import Model, Version
from registry_tools.projection import Difference, differences
from registry_tools.state import Holder, State

Weight = Literal["broken", "wrong", "note"]
_FOREIGN, _RENAMED, NEWER = "somebody else's model", "renamed model", "newer schema"


@dataclass(frozen=True)
class Finding:
    """One thing that was found, by the name of its `kind`.

    weight: broken, where the ledger cannot be followed any further; wrong, where something does
    not say what the ledger says; note, where nothing is to be done. numbers: of the ledger's
    records, or of versions.
    """

    kind: str
    weight: Weight
    what: str
    numbers: tuple[int, ...] = ()
    remedy: str = ""


def chain_findings(chain: Chain, records: Sequence[Record]) -> list[Finding]:
    """What is wrong with the chain that `records`, from number 1, add up to."""
    found = [*_gaps(chain, records), *_faults(chain, records)]
    named = {number for finding in found for number in finding.numbers}
    if chain.broken is not None and chain.broken.number not in named:
        gone = chain.broken.number > max((r.number for r in records), default=0)
        kind = "deleted tail" if gone else "changed entry"
        found.append(_broken(chain, kind, (chain.broken.number,), chain.broken.reason))
    found.sort(key=lambda finding: finding.numbers)
    lost = tuple(sorted(set(chain.lost) - named))
    return [*found, *_notes(chain, lost)]


def registry_findings(
    state: State, model: Model, versions: Sequence[Version], *, head: str
) -> list[Finding]:
    """Where aliases, tags and the noted head do not say what the ledger says."""
    there = {version.number: version for version in versions}
    found = [_deleted(model.name, holder) for holder in _holders(state, there, gone=True)]
    found += [_alias(model.name, difference) for difference in differences(model, state)]
    found += _tags(state, there)
    if state.seq and model.head != head:
        what = f"the head noted beside {model.name} is {_shown(model.head)}, not {_shown(head)}"
        found.append(Finding("noted head", "note", what, remedy=_repair(model.name)))
    return found


def file_findings(state: State, examined: Mapping[int, Files]) -> list[Finding]:
    """Holders whose files are not those that the ledger pinned."""
    found = []
    for number, files in examined.items():
        problem = files.problem or _changed_files(state, number, files)
        if not files.digest:
            what = f"the files of version {number} cannot be read: {problem.rstrip('.')}"
            remedy = "Check that the artifact store is there, and may be read."
            found.append(Finding("unreadable files", "wrong", what, (number,), remedy))
        elif problem:
            what = f"the files of version {number} are not what was registered: {problem}"
            remedy = f"podium rollback {state.model} --reason … goes back to the version before."
            found.append(Finding("changed files", "wrong", what, (number,), remedy))
    return found


def holders_there(state: State, versions: Sequence[Version]) -> list[int]:
    """The versions in the stages that are in the registry."""
    there = {version.number: version for version in versions}
    return [holder.version for holder in _holders(state, there, gone=False)]


def wrong_tags(state: State, versions: Sequence[Version]) -> dict[int, str]:
    """The digest that the ledger pinned, by version, where the tag does not say so."""
    wrong = {}
    for version in versions:
        pinned = state.of(version.number).digest
        ours = version.digest is not None or "podium.project" in version.tags
        if pinned is not None and ours and version.digest != pinned:
            wrong[version.number] = pinned
    return wrong


def _gaps(chain: Chain, records: Sequence[Record]) -> Iterator[Finding]:
    there = {record.number for record in records}
    missing = [n for n in range(1, max(there, default=0)) if n not in there]
    for _, run in groupby(enumerate(missing), key=lambda pair: pair[1] - pair[0]):
        numbers = tuple(number for _, number in run)
        yield _broken(chain, "gap", numbers, f"somebody deleted {_records(numbers)}")


def _faults(chain: Chain, records: Sequence[Record]) -> Iterator[Finding]:
    faulty = [(_kind(record, chain), record) for record in records if _fault(record, chain)]
    for kind, group in groupby(faulty, key=lambda pair: pair[0]):
        run = [record for _, record in group]
        if kind in (_FOREIGN, _RENAMED, NEWER):  # one cause, however many entries
            numbers = tuple(record.number for record in run)
            yield _broken(chain, kind, numbers, _cause(kind, run[0], chain))
        else:
            for record in run:
                yield _broken(chain, kind, (record.number,), _fault(record, chain))


def _fault(record: Record, chain: Chain) -> str:
    """Why a record, taken alone, is no entry of this ledger; empty where it is one."""
    alone = Chain(chain.model)
    alone.seen = record.number - 1
    alone.extend([record], whole=True)
    return "" if alone.broken is None else alone.broken.reason.replace("entry", "record", 1)


def _kind(record: Record, chain: Chain) -> str:
    if record.entry is None:
        return "foreign entry" if chain.counted else _FOREIGN
    document = _object(record.entry)
    if document is None or "hash" not in document:
        return "unreadable entry"
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        return NEWER
    about_another = isinstance(document.get("model"), str) and document["model"] != chain.model
    return _RENAMED if about_another else "changed entry"


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _cause(kind: str, record: Record, chain: Chain) -> str:
    """What is wrong with all records of a run; for renamed models, what to rename back."""
    fault, model = _fault(record, chain), chain.model
    old = (_object(record.entry or "") or {}).get("model")
    if kind == _FOREIGN:
        return f"the registered model {model}.ledger is not Podium's: {fault}"
    if kind == _RENAMED:
        return (
            f"{fault}; rename {model}.ledger back to {old}.ledger in MLflow, and {model} back to "
            f"{old} if it was renamed too"
        )
    return fault


def _broken(chain: Chain, kind: str, numbers: tuple[int, ...], what: str) -> Finding:
    """A break; only a note where a restart goes on behind it."""
    if any(counted.number > numbers[0] for counted in chain.counted):
        return Finding(kind, "note", f"{what}; a restart goes on behind it", numbers)
    return Finding(kind, "broken", what, numbers, _remedy(chain.model, kind))


def _remedy(model: str, kind: str) -> str:
    remedies = {
        _FOREIGN: f"Rename that registered model: {model}.ledger is the name of Podium's ledger.",
        _RENAMED: "Once it is named as before, the ledger is whole again.",
        NEWER: "Update Podium here: somebody writes with a newer one.",
    }
    again = f"podium verify {model} --restart --reason … begins anew from the last good entry."
    return remedies.get(kind, again)


def _notes(chain: Chain, lost: tuple[int, ...]) -> Iterator[Finding]:
    if chain.void:
        what = f"{_records(chain.void)} lost against somebody who wrote first, and never counted"
        yield Finding("void entries", "note", what, tuple(chain.void))
    if lost:
        what = f"{_records(lost)} came after a break: not counted"
        yield Finding("lost entries", "note", what, lost)


def _tags(state: State, there: Mapping[int, Version]) -> Iterator[Finding]:
    for number, pinned in wrong_tags(state, list(there.values())).items():
        tag, ledger = _shown(there[number].digest), _shown(pinned)
        what = f"the tag podium.digest of version {number} is {tag}; the ledger pinned {ledger}"
        yield Finding("digest tag", "wrong", what, (number,), _repair(state.model))


def _alias(name: str, difference: Difference) -> Finding:
    remedy = f"{_repair(name)} podium adopt {name} --reason … takes it over."
    return Finding("alias", "wrong", str(difference), remedy=remedy)


def _deleted(name: str, holder: Holder) -> Finding:
    what = f"version {holder.version}, which holds a stage, was deleted from the registry"
    remedy = f"podium retire {name} {holder.version} --reason deleted"
    return Finding("deleted version", "wrong", what, (holder.version,), remedy)


def _holders(state: State, there: Mapping[int, Version], *, gone: bool) -> list[Holder]:
    holders = [holder for stage in reversed(STAGES) if (holder := state.holder(stage)) is not None]
    return [holder for holder in holders if (holder.version not in there) == gone]


def _changed_files(state: State, number: int, files: Files) -> str:
    known = state.of(number)
    if known.digest in (None, files.digest):
        return ""
    before, now = known.files or {}, files.listed or {}
    if before and now:
        differing = sorted(p for p in {*before, *now} if before.get(p) != now.get(p))
        return f"{', '.join(differing[:5])} differ from the day of entry"
    return f"their digest is {_shown(files.digest)}, the ledger pinned {_shown(known.digest)}"


def _repair(name: str) -> str:
    return f"podium verify {name} --repair sets it to what the ledger says."


def _records(numbers: Sequence[int]) -> str:
    listed = ", ".join(str(number) for number in numbers[:10])
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return f"record{'' if len(numbers) == 1 else 's'} {listed}{more}"


def _shown(text: str | None) -> str:
    """A digest or a noted head, short; two that differ never look the same in practice."""
    number, colon, digest = ("" if text is None else text).rpartition(":")
    return "not set" if text is None else f"{number}{colon}{digest[:12]}"
