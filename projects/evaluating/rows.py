"""The labelled rows that candidate and champion are judged by: read, split, identified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from podium.data import Columns, TableSource
from podium.errors import DataError, did_you_mean
from podium.spec import Project
from podium.spec.parts import Gate, Label
from projects.training.identity import ColumnKind, row_hashes
from projects.training.split import split_rows
from projects.training.table import groups_of, limited, sliceable, times_of
from projects.training.target import Target, known_target, ordered_labels, read_target
from registry_tools.signature import Column, Signature

_NUMBERS = {"double", "float", "long", "integer"}


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with their targets, in the order of the source; every array has one entry a row.

    text: the columns that were read as text. source_digest: of all the rows that these were cut
    from.
    """

    project: Project
    raw: pd.DataFrame
    target: Target
    time: np.ndarray | None
    group: np.ndarray | None
    text: frozenset[str]
    source_digest: str = ""

    def __len__(self) -> int:
        return len(self.raw)

    def take(self, rows: np.ndarray) -> Labelled:
        """The same of some rows: positions, or a mask."""
        return Labelled(
            self.project,
            self.raw.iloc[rows].reset_index(drop=True),
            Target(self.target.y[rows], self.target.labels),
            None if self.time is None else self.time[rows],
            None if self.group is None else self.group[rows],
            self.text,
            self.source_digest,
        )

    @property
    def digest(self) -> str:
        """What tells one source of verdicts from another: however it is cut, sorted or limited, and
        whatever features are made of it, all that is cut from one table is one source.
        """
        return self.source_digest or digest_of(self.project, self.raw)

    @property
    def span(self) -> str:
        """First and last day; empty without a time column."""
        if self.time is None or not len(self.time):
            return ""
        first, last = (
            moment.astype("datetime64[D]") for moment in (self.time.min(), self.time.max())
        )
        return f"{first} to {last}"

    def clusters(self) -> np.ndarray | None:
        """(n,) the number of each row's group; None where rows stand alone."""
        return None if self.group is None else pd.factorize(self.group)[0].astype(np.int64)

    def columns(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Columns to be cut into slices."""
        return {name: sliceable(self.raw[name], number=name not in self.text) for name in names}


def read_labelled(
    project: Project,
    source: TableSource,
    wanted: Columns | None,
    *,
    rows: int | None,
    labels: tuple[Label, ...] | None,
) -> Labelled:
    """Read `wanted` (None: every column), at most `rows` rows spread over the source.

    labels: those of the model, in its order; None where only the rows can tell. Raises DataError
    for contents that cannot be used.
    """
    everything = source.read(wanted)
    raw = limited(everything, rows)
    if not len(raw):
        raise DataError(f"{source.source} has no rows.", remedy="There is nothing to judge by.")
    column = raw[project.target.column]
    target = (
        read_target(project, column)
        if labels is None
        else known_target(project, column, ordered_labels(project, labels))
    )
    time, group = times_of(project.data.time, raw), groups_of(project.data.group, raw)
    text = frozenset(wanted.text if wanted is not None else ())
    digest = digest_of(project, everything)
    return Labelled(project, raw, target, time, group, text, digest)


def digest_of(project: Project, raw: pd.DataFrame) -> str:
    """SHA-256, in hex, of target, time and group of all rows, in whatever order they come."""
    target: ColumnKind = "number" if project.task == "regression" else "category"
    named: list[tuple[str | None, ColumnKind]] = [(project.target.column, target)]
    named += [(project.data.time, "time"), (project.data.group, "category")]
    columns = tuple((name, kind) for name, kind in named if name is not None)
    return hashlib.sha256(np.sort(row_hashes(raw, columns)).astype("<u8").tobytes()).hexdigest()


def holdout_of(labelled: Labelled, seed: int) -> np.ndarray:
    """Positions of the holdout, as the project's split cuts it with `seed`."""
    return split_rows(labelled.project, labelled, seed).holdout


def wanted_columns(
    project: Project,
    gate: Gate,
    present: tuple[str, ...],
    signatures: Iterable[Signature | None],
    also: Iterable[tuple[str, str]],
) -> Columns | None:
    """What to read of a source with the columns `present`; None, for all, where a model does not
    say what it takes.

    also: further columns, with their kind as in `projects.training.identity`. A column that one
    model takes as text is read as text. Raises DataError where the gate or the project names one
    that is not there; what only a model takes may be absent.
    """
    _check_there(project, gate, present)
    known = list(signatures)
    kinds = list(also)
    for signature in known:
        if signature is None:
            return None
        kinds += [(name, _kind(column)) for name, column in signature.inputs.items()]
    times_and_groups = (project.data.time, project.data.group)
    text = {name for name in times_and_groups if name is not None}
    text |= {name for name, kind in kinds if kind in ("category", "time")}
    numbers = {name for name, kind in kinds if kind == "number"} - text
    names = dict.fromkeys((*(name for name, _ in kinds), *sorted(text), *gate.judged_columns))
    features = [name for name in names if name in present and name != project.target.column]
    return Columns(
        numeric=tuple(name for name in features if name in numbers),
        text=tuple(name for name in features if name in text),
        other=(*(n for n in features if n not in numbers | text), project.target.column),
    )


def _kind(column: Column) -> str:
    """How a model's input is read: only what is text there must not look like a number here."""
    if column.type in _NUMBERS:
        return "number"
    return "category" if column.type == "string" else "other"


def _check_there(project: Project, gate: Gate, present: tuple[str, ...]) -> None:
    wanted = [("target.column", project.target.column)]
    wanted += [("data.time", project.data.time)] if project.data.time else []
    wanted += [("data.group", project.data.group)] if project.data.group else []
    wanted += [("gate.slices", name) for name in gate.slices]
    wanted += [("gate.sensitive", name) for name in gate.sensitive]
    problems = [
        f"{key}: there is no column {name!r}. {did_you_mean(name, present)}".strip()
        for key, name in wanted
        if name not in present
    ]
    if problems:
        raise DataError(
            "; ".join(problems),
            remedy="The data has to have what the project and the policy in force name: see "
            f"podium policy {project.name}.",
        )
