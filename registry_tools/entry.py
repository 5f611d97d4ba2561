"""One entry of the ledger: its fields, its canonical JSON, its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, Literal, get_args

from pydantic import ValidationError

from registry_tools.policy import Policy

SCHEMA = 1
FIRST_HASH = "0" * 64
MOST_CHARACTERS = 90_000  # MLflow's limit for the value of a tag is 100,000

Action = Literal[
    "adopt",
    "policy",
    "evaluate",
    "approve",
    "reject",
    "promote",
    "rollback",
    "traffic",
    "judge",
    "retrain",
    "retire",
    "restart",
]
Stage = Literal["staging", "production"]
Mode = Literal["off", "shadow", "canary", "ab"]
STAGES: tuple[Stage, ...] = get_args(Stage)
ACTIONS: tuple[Action, ...] = get_args(Action)
_ABOUT_A_VERSION = {"adopt", "evaluate", "approve", "reject", "promote", "rollback"} | {
    "judge",
    "retire",
}
_ABOUT_A_STAGE = {"adopt", "promote", "rollback"}
_VERDICTS = {"evaluate": ("pass", "fail", "inconclusive"), "judge": ("better", "worse", "hold")}
_LEAST = {"seq": 1, "parent": 0, "version": 1, "replaced": 1}
_TRAFFIC = {"mode", "share", "key", "champion", "challenger"}


class UnreadableEntry(ValueError):
    """What stands in the place of an entry is none: the message says why."""


@dataclass(frozen=True)
class Evidence:
    """What an entry rests on.

    verdict: pass, fail or inconclusive (evaluate); better, worse or hold (judge). report_sha256:
    of the report's file. use: how often the same holdout has judged this model, from 1. files:
    SHA-256 by path, of a version whose files carry no manifest of their own.
    """

    run_id: str | None = None
    verdict: str | None = None
    report_sha256: str | None = None
    data_digest: str | None = None
    use: int | None = None
    files: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Draft:
    """What somebody wants to enter, before it has a place in the ledger.

    replaced: the version that held the stage before; of an evaluation, the champion that the
    candidate was compared with; None where there was none.
    """

    action: Action
    version: int | None = None
    stage: Stage | None = None
    replaced: int | None = None
    reason: str | None = None
    forced: bool = False
    policy: Mapping[str, Any] | None = None
    traffic: Mapping[str, Any] | None = None
    evidence: Evidence = Evidence()
    model_digest: str | None = None


@dataclass(frozen=True)
class Entry:
    """One entry. `seq` counts from 1; `parent` is the number, in the registry, of the entry that
    it was written on top of, 0 for the first; `at` is UTC, ISO 8601 with microseconds.
    """

    schema: int
    entry_id: str
    seq: int
    parent: int
    action: Action
    model: str
    version: int | None
    stage: Stage | None
    replaced: int | None
    actor: str
    at: str
    reason: str | None
    forced: bool
    policy: Mapping[str, Any] | None
    traffic: Mapping[str, Any] | None
    evidence: Evidence
    model_digest: str | None
    prev_hash: str
    hash: str

    def text(self) -> str:
        """The entry as canonical JSON: keys sorted, no spaces, ASCII only."""
        return _canonical(asdict(self))


_TYPES: dict[str, tuple[type, ...]] = {
    "schema": (int,),
    "entry_id": (str,),
    "seq": (int,),
    "parent": (int,),
    "action": (str,),
    "model": (str,),
    "version": (int, NoneType),
    "stage": (str, NoneType),
    "replaced": (int, NoneType),
    "actor": (str,),
    "at": (str,),
    "reason": (str, NoneType),
    "forced": (bool,),
    "policy": (dict, NoneType),
    "traffic": (dict, NoneType),
    "evidence": (dict,),
    "model_digest": (str, NoneType),
    "prev_hash": (str,),
    "hash": (str,),
}
_EVIDENCE_TYPES: dict[str, tuple[type, ...]] = {
    "run_id": (str, NoneType),
    "verdict": (str, NoneType),
    "report_sha256": (str, NoneType),
    "data_digest": (str, NoneType),
    "use": (int, NoneType),
    "files": (dict, NoneType),
}


@dataclass(frozen=True)
class Place:
    """Where an entry goes: who writes it when, and on top of what."""

    model: str
    entry_id: str
    actor: str
    at: str
    seq: int
    parent: int
    prev_hash: str


def make_entry(draft: Draft, place: Place) -> Entry:
    """The entry that puts `draft` in its place, with its hash.

    Raises UnreadableEntry for one that nobody could read: once written, it would break the ledger.
    """
    given = {field.name: getattr(draft, field.name) for field in fields(draft)}
    where = {field.name: getattr(place, field.name) for field in fields(place)}
    unhashed = Entry(schema=SCHEMA, hash="", **given, **where)
    try:
        return read_entry(replace(unhashed, hash=hash_of(asdict(unhashed))).text())
    except (TypeError, RecursionError) as error:
        raise UnreadableEntry(f"cannot be written as JSON: {error}") from error


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of the canonical JSON of everything but the hash itself."""
    content = {key: value for key, value in document.items() if key != "hash"}
    return hashlib.sha256(_canonical(content).encode("ascii")).hexdigest()


def _hash_within(text: str, digest: str) -> str:
    """What `hash_of` gives for the document that `text` spells canonically, without spelling it
    once more.
    """
    return hashlib.sha256(text.replace(f'"hash":"{digest}",', "", 1).encode()).hexdigest()


def read_entry(text: str) -> Entry:
    """The entry that `text` spells. Raises UnreadableEntry, saying what is wrong with it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableEntry(f"is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise UnreadableEntry("is no JSON object")
    schema = document.get("schema")
    if type(schema) is int and schema > SCHEMA:
        raise UnreadableEntry(f"has schema {schema}; this Podium reads up to {SCHEMA}: update it")
    _check_fields(document, _TYPES)
    _check_fields(document["evidence"], _EVIDENCE_TYPES)
    if _canonical(document) != text:
        raise UnreadableEntry("is not spelt as Podium spells it: it was changed")
    if _hash_within(text, document["hash"]) != document["hash"]:
        raise UnreadableEntry("does not have the hash that it was written with: it was changed")
    _check_sense(document)
    _check_content(document)
    return Entry(**{**document, "evidence": Evidence(**document["evidence"])})


def _check_fields(document: Mapping[str, Any], types: Mapping[str, tuple[type, ...]]) -> None:
    if set(document) != set(types):
        odd = sorted(set(document) ^ set(types))
        raise UnreadableEntry(f"has the wrong fields: {', '.join(map(repr, odd))}")
    for name, allowed in types.items():
        if type(document[name]) not in allowed:
            raise UnreadableEntry(f"has a {name} that is {type(document[name]).__name__}")


def _check_sense(document: Mapping[str, Any]) -> None:
    action, stage = document["action"], document["stage"]
    if document["schema"] != SCHEMA:
        raise UnreadableEntry(f"has schema {document['schema']}")
    if action not in ACTIONS:
        raise UnreadableEntry(f"has an action that is not known: {action!r}")
    if stage is not None and stage not in STAGES:
        raise UnreadableEntry(f"has a stage that is not known: {stage!r}")
    if action in _ABOUT_A_VERSION and document["version"] is None:
        raise UnreadableEntry(f"is about no version, although it is of the action {action}")
    if action in _ABOUT_A_STAGE and stage is None:
        raise UnreadableEntry(f"is about no stage, although it is of the action {action}")
    if action == "rollback" and stage != "production":
        raise UnreadableEntry("rolls back a stage that is not production")
    for name, least in _LEAST.items():
        if document[name] is not None and document[name] < least:
            raise UnreadableEntry(f"has the {name} {document[name]}")
    if not _is_instant(document["at"]):
        raise UnreadableEntry(f"has a time that is none: {document['at']!r}")


def _check_content(document: Mapping[str, Any]) -> None:
    """What the fold takes apart: it never refuses, so nothing else may get there."""
    action, evidence = document["action"], document["evidence"]
    if action in _VERDICTS and evidence["verdict"] not in _VERDICTS[action]:
        raise UnreadableEntry(f"has a verdict that is not known: {evidence['verdict']!r}")
    if any(type(digest) is not str for digest in (evidence["files"] or {}).values()):
        raise UnreadableEntry("has files without a digest")
    if action == "policy":
        _check_policy(document["policy"])
    if action == "traffic":
        _check_traffic(document["traffic"])


def _check_policy(policy: Any) -> None:
    try:
        Policy.model_validate(policy)
    except ValidationError as error:
        keys = ".".join(str(key) for key in error.errors()[0]["loc"]) or "policy"
        raise UnreadableEntry(f"has a policy that this Podium cannot read, at {keys}") from None


def _check_traffic(traffic: Any) -> None:
    if not isinstance(traffic, dict) or not set(traffic) <= _TRAFFIC:
        raise UnreadableEntry("has traffic with the wrong fields")
    mode, share, key = traffic.get("mode"), traffic.get("share"), traffic.get("key")
    pinned = (traffic.get("champion"), traffic.get("challenger"))
    if mode not in get_args(Mode):
        raise UnreadableEntry(f"has a mode of traffic that is not known: {mode!r}")
    if mode != "off" and not all(type(version) is int and version > 0 for version in pinned):
        raise UnreadableEntry("has traffic that does not pin two versions")
    if share is not None and not (type(share) in (int, float) and 0 < share <= 1):
        raise UnreadableEntry(f"has a share of traffic that is none: {share!r}")
    if key is not None and type(key) is not str:
        raise UnreadableEntry(f"has a key of traffic that is none: {key!r}")


def _is_instant(text: str) -> bool:
    """Whether `text` is UTC, ISO 8601 with microseconds, so that times sort as text."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return False
    utc = instant.utcoffset() == timedelta(0)
    return utc and instant.isoformat(timespec="microseconds") == text


def _canonical(document: Any) -> str:
    """Raises UnreadableEntry for what JSON has no spelling for: NaN, or nesting without end."""
    try:
        return json.dumps(
            document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableEntry(f"cannot be spelt as JSON: {error}") from None
