"""Everything that a training found out, before any of it is logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from podium.artifact.parity import RealRows, prove
from podium.artifact.scoring import Scorer
from podium.artifact.scoring.proof import Parity
from podium.data import TableSource, declared_source
from podium.progress import Progress
from podium.spec import Declaration, Project
from projects.training.checks import Finding, find_leaks
from projects.training.estimators import ESTIMATORS, check_search, own_params
from projects.training.fit import Fitted, fit, fit_baseline
from projects.training.measure import Measured, measure_parts
from projects.training.split import PARTS, PartName, Parts, split_notes, split_rows
from projects.training.table import Table, read_table


@dataclass(frozen=True)
class Trained:
    """One training: what it read, how it split, what it fitted and what that reached.

    `seconds` by stage is the progress's own mapping: stages that follow are added to it.
    `rows_limit`: how many rows were asked for at most, if so; the same limit cuts the same parts.
    """

    declaration: Declaration
    source: TableSource
    estimator: str
    seed: int
    table: Table
    parts: Parts
    findings: tuple[Finding, ...]
    fitted: Fitted
    measured: Measured
    parity: Parity
    seconds: Mapping[str, float]
    rows_limit: int | None = None

    @property
    def project(self) -> Project:
        """The declared project."""
        return self.declaration.project

    def span(self, part: PartName) -> str:
        """First and last day of a part's rows; empty without a time column."""
        if self.table.time is None:
            return ""
        times = self.table.time[self.parts.rows(part)]
        return f"{times.min().astype('datetime64[D]')} to {times.max().astype('datetime64[D]')}"

    def rows(self) -> dict[PartName, int]:
        """How many rows each part has."""
        return {part: len(self.parts.rows(part)) for part in PARTS}


@dataclass(frozen=True)
class Case:
    """What a declaration makes of a table, before anything is fitted: read, split, checked.

    `rows_limit`: how many rows were asked for at most, if so. `seed` is that of the split.
    """

    declaration: Declaration
    source: TableSource
    table: Table
    parts: Parts
    findings: tuple[Finding, ...]
    seed: int
    rows_limit: int | None = None

    @property
    def project(self) -> Project:
        """The declared project."""
        return self.declaration.project


def train(
    declaration: Declaration,
    *,
    base: Path,
    rows: int | None,
    seed: int,
    progress: Progress,
) -> Trained:
    """Read, check, split, fit, measure, compile. `base` is where a relative source starts."""
    project = declaration.project
    first = project.estimator[0]
    ESTIMATORS[first].make(project.task, own_params(project, first), seed)  # refuses early
    check_search(project)
    case = read_case(declaration, base=base, rows=rows, seed=seed, progress=progress)
    note = tuple(_takes_the_first(project.estimator))
    _say(progress, note)
    table = replace(case.table, notes=(*case.table.notes, *note))
    return train_case(replace(case, table=table), progress)


def read_case(
    declaration: Declaration,
    *,
    base: Path,
    rows: int | None,
    seed: int,
    progress: Progress,
) -> Case:
    """Read, split, check. `base` is where a relative source starts."""
    project = declaration.project
    with progress.stage("read", f"Reading {project.data.source}"):
        source = declared_source(project.data, base=base, folder=declaration.folder)
        table = read_table(project, source, rows)
    _say(progress, table.notes)
    with progress.stage("check", f"Splitting and checking {len(table):,} rows"):
        parts = split_rows(project, table, seed)
        findings = tuple(find_leaks(project, table, parts))
    notes = tuple(split_notes(project, parts))
    _say(progress, notes)
    table = replace(table, notes=(*table.notes, *notes))
    return Case(declaration, source, table, parts, findings, seed, rows)


def train_case(case: Case, progress: Progress) -> Trained:
    """Fit the first estimator that is declared on what was read; measure, compile."""
    project, table, parts, seed = case.project, case.table, case.parts, case.seed
    estimator = project.estimator[0]
    with progress.stage("fit", f"Fitting {estimator} on {len(parts.train):,} rows"):
        fitted = fit(project, table, parts, estimator=estimator, seed=seed, tick=progress.tick)
    with progress.stage("measure", f"Measuring on {len(parts.holdout):,} holdout rows"):
        baseline = fit_baseline(project, table, parts)
        measured = measure_parts(project, table, parts, fitted.scorer, baseline, seed=seed)
    with progress.stage("compile", "Compiling, and proving that it answers alike"):
        parity = _proved(fitted.scorer, table, parts)
    return Trained(
        declaration=case.declaration,
        source=case.source,
        estimator=estimator,
        seed=seed,
        table=table,
        parts=parts,
        findings=case.findings,
        fitted=fitted,
        measured=measured,
        parity=parity,
        seconds=progress.seconds,
        rows_limit=case.rows_limit,
    )


def _proved(scorer: Scorer, table: Table, parts: Parts) -> Parity:
    holdout = parts.holdout
    real = RealRows.of(scorer, table.features.iloc[holdout], table.raw.iloc[holdout])
    return prove(scorer, real)


def resolved_spec(trained: Trained) -> dict[str, Any]:
    """The declaration with every default and all that was inferred filled in, as JSON values.

    Written as project.yaml in the same folder, it declares the same training.
    """
    project = trained.project
    split = project.split.model_copy(update={"by": project.split_by})
    used = {"features": trained.table.declared, "split": split}
    return project.model_copy(update=used).model_dump(mode="json")


def _say(progress: Progress, notes: tuple[str, ...]) -> None:
    for note in notes:
        progress.say(f"  note: {note}")


def _takes_the_first(estimators: tuple[str, ...]) -> Iterator[str]:
    if len(estimators) > 1:
        yield (
            f"estimator lists {len(estimators)}; training takes the first, {estimators[0]}; "
            "podium tune tries all"
        )
