"""Which data versions a project's trainings used, from the tags of runs and of model versions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from podium.errors import NotFound, UsageError

TRAININGS = ("train", "tune")
SHOWN = 12  # characters of a digest
_RUN, _DIGEST = re.compile(r"(?:runs:/)?([0-9a-f]{32})"), re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True)
class Use:
    """A training that used a data version. at: when it began, UTC, ISO 8601.

    What older runs do not say, and what was cleared, is None. span: first and last time. snapshot:
    its URI without a password, empty where none was kept; problem: why not, if that was not asked
    for.
    """

    run_id: str
    name: str
    project: str
    job: str
    at: str
    digest: str
    rows: int | None = None
    columns: int | None = None
    span: tuple[str, str] | None = None
    snapshot: str | None = None
    bytes: int | None = None
    problem: str = ""

    @classmethod
    def of(cls, run_id: str, name: str, began_ms: int, tags: Mapping[str, str]) -> Use | None:
        """From a run's tags; None where they are not those of a training that has read its data."""
        digest, job = tags.get("podium.data_digest"), tags.get("podium.job", "")
        if not digest or job not in TRAININGS:
            return None
        first, between, last = tags.get("podium.data_span", "").partition("/")
        began = datetime.fromtimestamp(began_ms / 1000, UTC)
        return cls(
            run_id=run_id,
            name=name,
            project=tags.get("podium.project", ""),
            job=job,
            at=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            digest=digest,
            rows=_whole(tags.get("podium.data_rows")),
            columns=_whole(tags.get("podium.data_columns")),
            span=(first, last) if between else None,
            snapshot=tags.get("podium.snapshot"),
            bytes=_whole(tags.get("podium.snapshot_bytes")),
            problem=tags.get("podium.snapshot_problem", ""),
        )


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


@dataclass(frozen=True)
class ModelVersion:
    """A model version that used a data version. stages: production, staging, or nothing."""

    number: int
    digest: str
    run_id: str | None = None
    stages: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([str(self.number), *(f"@{stage}" for stage in self.stages)])


@dataclass(frozen=True)
class DataVersion:
    """A content that trainings used. uses: the latest first; empty where their runs were deleted
    and a model version still says so. models: the latest first.
    """

    digest: str
    uses: tuple[Use, ...] = ()
    models: tuple[ModelVersion, ...] = field(default=())

    @property
    def latest(self) -> Use | None:
        """The training that used it last, which says most of it."""
        return self.uses[0] if self.uses else None

    @property
    def kept(self) -> Use | None:
        """The latest training that a snapshot was kept for."""
        return next((use for use in self.uses if use.snapshot), None)

    @property
    def said_none(self) -> bool:
        """Whether all runs that used it are there and say that they kept no snapshot. Deleted ones
        may have left one all the same.
        """
        return bool(self.uses) and all(use.snapshot == "" for use in self.uses)


def versions_of(
    uses: Sequence[Use], models: Sequence[ModelVersion] = ()
) -> tuple[DataVersion, ...]:
    """The data versions, that which was used last first; those without a run come last."""
    ordered = sorted(uses, key=lambda use: (use.at, use.run_id), reverse=True)
    newest = sorted(models, key=lambda model: model.number, reverse=True)
    digests = dict.fromkeys([*(u.digest for u in ordered), *(m.digest for m in newest)])
    return tuple(
        DataVersion(
            digest,
            tuple(use for use in ordered if use.digest == digest),
            tuple(model for model in newest if model.digest == digest),
        )
        for digest in digests
    )


def run_named(word: str) -> str | None:
    """The id of the run that `word` names; None where it names something else."""
    found = _RUN.fullmatch(word)
    return found[1] if found else None


def is_digest(word: str) -> bool:
    """Whether `word` can be a digest or the beginning of one: four digits and letters or more."""
    return _DIGEST.fullmatch(word) is not None


def by_digest(versions: Sequence[DataVersion], word: str) -> DataVersion:
    """The version whose digest begins so.

    Raises NotFound where there is none, UsageError where it is not the only one.
    """
    found = [version for version in versions if version.digest.startswith(word)]
    if not found:
        known = ", ".join(version.digest[:SHOWN] for version in versions[:5])
        deleted = "Deleted runs do not count; with the project's name, its model versions do."
        raise NotFound(
            f"No training that is still recorded used data {word!r}.",
            remedy=f"Known: {known}." if known else deleted,
        )
    if len(found) > 1:
        several = ", ".join(version.digest[: max(SHOWN, len(word) + 4)] for version in found)
        raise UsageError(f"Data {word!r} may be {several}.", remedy="Write more of the digest.")
    return found[0]


def by_model(versions: Sequence[DataVersion], number: int, model: str) -> DataVersion:
    """The data that version `number` of `model` was trained on. Raises NotFound."""
    for version in versions:
        if any(used.number == number for used in version.models):
            return version
    raise NotFound(
        f"Version {number} of {model} does not say which data it was trained on.",
        remedy="Only what podium train or podium tune registered does.",
    )


def by_run(versions: Sequence[DataVersion], run_id: str) -> DataVersion | None:
    """The data that the run used; None where it is none of these trainings."""
    for version in versions:
        if any(use.run_id == run_id for use in version.uses):
            return version
    return None
