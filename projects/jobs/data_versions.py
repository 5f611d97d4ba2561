"""What `podium data` finds out: the versions of a project's data, one of them, or two compared."""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from podium.command import Result
from podium.data.facts import About, ColumnFacts, ContentKind, facts_of
from podium.errors import NotFound, PodiumError, UsageError, did_you_mean
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from podium.spec.names import model_name_problem
from podium.where import without_password
from projects.data_versions import listing
from projects.data_versions.difference import columns_of, rows_by_content, rows_by_key
from projects.data_versions.difference_text import Difference
from projects.data_versions.keys import chosen_key, found_key
from projects.data_versions.listing import DataVersion, ModelVersion, Use
from projects.data_versions.listing_text import (
    list_text,
    size_words,
    uses_text,
    version_document,
)
from projects.data_versions.snapshot import CARD, CARD_DOCUMENT, Snapshot, read_rows
from projects.jobs import snapshots, tracking
from registry_tools.errors import LedgerBroken
from registry_tools.port import Registry
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from registry_tools.which_version import resolve

_NO_CARD = f"The run that used it last has no {CARD}: an older version of Podium made it."
_MOST_ASKED = 10  # runs, for the place where a copy may be left
_STAGES = ("production", "staging")
_NUMBER, _ALIAS = re.compile(r"[1-9][0-9]{0,8}"), re.compile(r"@[^@\s]+")


def listed(project: str) -> Result:
    """All data versions of `project`."""
    registry = MlflowRegistry()
    versions = _versions(registry, project)
    document = {"project": project, "versions": [version_document(each) for each in versions]}
    following = ["Next:", f"  podium data {shlex.quote(project)} {versions[0].digest[:12]}"]
    if len(versions) > 1:
        pair = f"{versions[1].digest[:12]} {versions[0].digest[:12]}"
        following.append(f"  podium data diff {pair}")
    title = f"Data of {project} at {registry.place}"
    return Result("\n\n".join([title, list_text(versions), "\n".join(following)]), document)


def shown(project: str, which: str) -> Result:
    """One data version of `project`: its card, who used it, and whether a copy is there."""
    registry = MlflowRegistry()
    version = _resolved(registry, project, which, _versions(registry, project))
    card, page = _card(registry, version)
    copy, state = _copy(version)
    blocks = [(page or _NO_CARD).rstrip()] if version.latest else []
    text = "\n\n".join([*blocks, uses_text(version), copy])
    document = {"project": project, **version_document(version), "card": card, "copy": state}
    return Result(text, document)


def compared(project: str | None, words: tuple[str, str], key: Sequence[str], show: int) -> Result:
    """The two data versions side by side, from the copies that are kept of them."""
    registry, progress = MlflowRegistry(), Progress(sys.stderr)
    first, second = (_named(registry, project, word) for word in words)
    if first.digest == second.digest:
        raise UsageError(
            f"{words[0]} and {words[1]} are the same data, {first.digest[:12]}.",
            remedy="Name two versions; podium data NAME lists them.",
        )
    with terminated_like_interrupted(), tempfile.TemporaryDirectory(prefix="podium-data-") as kept:
        loaded = [_loaded(v, Path(kept, str(i)), progress) for i, v in enumerate((first, second))]
    with progress.stage("compare", "Comparing"):
        found = _difference((first, second), loaded, key, show)
    return Result(found.text(), found.document())


def _versions(registry: Registry, project: str) -> tuple[DataVersion, ...]:
    """The data versions of a project that was trained. Raises NotFound where there is none."""
    problem = model_name_problem(project)
    if problem:
        raise UsageError(f"The name {project!r} {problem}.", remedy="No project is called so.")
    with tracking.in_our_words(""):
        uses: list[Use] = []
        for job in listing.TRAININGS:
            of_project = f"tags.`podium.project` = '{project}'"
            uses += snapshots.trainings_where(f"{of_project} AND tags.`podium.job` = '{job}'")
    versions = listing.versions_of(uses, _models(registry, project))
    if not versions:
        near = did_you_mean(project, registry.models())
        raise NotFound(
            f"No training of {project!r} is recorded at {registry.place}.",
            remedy=near or "podium train --project NAME trains one.",
        )
    return versions


def _models(registry: Registry, project: str) -> list[ModelVersion]:
    """The registered versions that say which data they used, with the stages that they are in."""
    try:
        found = Registrar(registry, project)
    except NotFound:
        return []
    stages: dict[int, tuple[str, ...]] = {}
    for stage in _STAGES:
        try:
            number = resolve(found, f"@{stage}")
        except (NotFound, LedgerBroken):
            continue
        stages[number] = (*stages.get(number, ()), stage)
    return [
        ModelVersion(v.number, digest, v.run_id, stages.get(v.number, ()))
        for v in registry.versions(project)
        if (digest := v.tags.get("podium.data_digest"))
    ]


def _resolved(
    registry: Registry, project: str, word: str, versions: Sequence[DataVersion]
) -> DataVersion:
    """The data version of `project` that a word names."""
    run_id = listing.run_named(word)
    by_run = listing.by_run(versions, run_id) if run_id else None
    if by_run is not None:
        return by_run
    if _NUMBER.fullmatch(word) and not _only_a_digest(word, versions):
        return listing.by_model(versions, int(word), project)
    if _ALIAS.fullmatch(word):
        return listing.by_model(versions, resolve(Registrar(registry, project), word), project)
    _check_digest(word)
    return listing.by_digest(versions, word)


def _only_a_digest(word: str, versions: Sequence[DataVersion]) -> bool:
    """Whether the digits of `word` begin a digest, and are no model version's number."""
    numbers = {model.number for version in versions for model in version.models}
    begins = any(version.digest.startswith(word) for version in versions)
    return listing.is_digest(word) and begins and int(word) not in numbers


def _named(registry: Registry, project: str | None, word: str) -> DataVersion:
    """The data version that a word names, of `project` or, without one, of any."""
    if project is not None:
        return _resolved(registry, project, word, _versions(registry, project))
    number = _NUMBER.fullmatch(word) and not listing.is_digest(word)
    if number or _ALIAS.fullmatch(word):
        raise UsageError(
            f"{word!r} is a version of a model, and the model is not named.",
            remedy="podium data diff NAME WHICH WHICH, or give digests.",
        )
    _check_digest(word)
    run_id = listing.run_named(word)
    with tracking.in_our_words(""):
        if run_id is not None:
            of_run = snapshots.trainings_where(f"attributes.run_id = '{run_id}'")
            if of_run:
                return listing.versions_of(of_run)[0]
        uses = snapshots.trainings_where(f"tags.`podium.data_digest` LIKE '{word}%'")
    return listing.by_digest(listing.versions_of(uses), word)


def _check_digest(word: str) -> None:
    if not listing.is_digest(word) and listing.run_named(word) is None:
        raise UsageError(
            f"{word!r} names no data version.",
            remedy="Write a digest or at least its first four characters, a run's id, a model "
            "version's number, @production or @staging.",
        )


def _card(registry: Registry, version: DataVersion) -> tuple[Any, str | None]:
    """The card of the training that used it last, as a document and as a page."""
    if version.latest is None:
        return None, None
    run_id = version.latest.run_id
    return registry.run_json(run_id, CARD_DOCUMENT), registry.run_text(run_id, CARD)


def _copy(version: DataVersion) -> tuple[str, str]:
    """A sentence on the copy, and a word for it: there, gone, unknown or none."""
    try:
        place, described = _found(version)
    except PodiumError as error:
        if not version.said_none:
            return f"Whether a copy is there is not known: {error.what}", "unknown"
        place, described = "", None
    shown = without_password(place)
    if described is not None:
        return f"Copy of the rows: {size_words(described.bytes)} at {shown}", "there"
    if version.kept is not None:
        return f"The copy at {shown} is gone, or not whole.", "gone"
    if version.said_none:
        why = next((use.problem for use in version.uses if use.problem), "")
        said = f": {why}" if why else "; data.snapshot: true keeps one."
        return f"No copy of the rows is kept{said}", "none"
    why = "do not say" if version.uses else "were deleted"
    left = f"<the experiment's artifacts>/{snapshots.FOLDER}/{version.digest}"
    where = f"there is none at {shown}" if shown else f"a copy may be left at {left}"
    told = f"Whether a copy of the rows is kept is not known: the runs that used it {why}; {where}."
    return told, "unknown"


def _found(version: DataVersion) -> tuple[str, Snapshot | None]:
    """Where the copy is by the runs' tags, or else where one may be left, and what is there.

    The place is empty where MLflow has no run that would tell it. Raises PodiumError.
    """
    if version.kept is not None and version.kept.snapshot:
        return version.kept.snapshot, snapshots.described_at(version.kept.snapshot)
    used = [use.run_id for use in version.uses] + [m.run_id for m in version.models if m.run_id]
    with tracking.in_our_words(""):
        places = snapshots.places_left(dict.fromkeys(used[:_MOST_ASKED]), version.digest)
    for place in places:
        described = snapshots.described_at(place)
        if described is not None:
            return place, described
    return (places[0] if places else ""), None


def _loaded(
    version: DataVersion, folder: Path, progress: Progress
) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """The rows of a data version, and its card."""
    kept = version.kept
    uri, described = (kept.snapshot, None) if kept is not None else _found(version)
    if not uri or (kept is None and described is None):
        known = "kept" if version.said_none else "known of"
        raise NotFound(
            f"No copy of data {version.digest[:12]} is {known}, so that its rows cannot be "
            "compared.",
            remedy="Train on it once more with data.snapshot: true.",
        )
    folder.mkdir()
    with progress.stage("fetch", f"Fetching data {version.digest[:12]}"):
        rows = read_rows(snapshots.fetch(uri, version.digest, folder))
        return rows, snapshots.card_at(uri, folder)


def _difference(
    versions: tuple[DataVersion, DataVersion],
    loaded: Sequence[tuple[pd.DataFrame, Mapping[str, Any]]],
    wanted: Sequence[str],
    show: int,
) -> Difference:
    (first, _), (second, card) = loaded
    names = versions[0].digest[:12], versions[1].digest[:12]
    columns = columns_of(first, second)
    if wanted:
        key: tuple[str, ...] | None = chosen_key(first, second, names, wanted)
    else:
        key = found_key(first, second, *(card.get(role) for role in ("time", "group", "target")))
    if key is None:
        rows = rows_by_content(first, second, columns)
    else:
        rows = rows_by_key(first, second, columns, key)
    one, other = (_facts(frame, card) for frame, card in loaded)
    digests = versions[0].digest, versions[1].digest
    return Difference(digests, (first, second), (one, other), columns, rows, show)


def _facts(frame: pd.DataFrame, card: Mapping[str, Any]) -> dict[str, ColumnFacts]:
    """The facts of each column, of the kinds that the card says, or else by their types."""
    said = {each["name"]: each["kind"] for each in card.get("columns", [])}
    kinds = {str(n): said.get(n) or _kind(str(d)) for n, d in frame.dtypes.items()}
    about = About("", "regression", "", kinds, card.get("time"), card.get("group"))
    return {column.name: column for column in facts_of(frame, "", about).columns}


def _kind(dtype: str) -> ContentKind:
    if dtype.startswith("datetime"):
        return "time"
    return "text" if dtype == "str" else "number"
