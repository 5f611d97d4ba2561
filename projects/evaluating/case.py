"""What is to be judged: which versions, on which rows, by which rules; nothing is scored yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from podium.data import TableSource, content_digest, declared_source
from podium.errors import UsageError
from podium.evaluation.gate import GateCheck, Rules
from podium.progress import Progress
from podium.spec import Declaration, Project
from podium.spec.parts import Gate
from projects.evaluating.overlap import Overlap, find_seen, settle
from projects.evaluating.rows import Labelled, holdout_of, read_labelled, wanted_columns
from projects.evaluating.sides import Side
from projects.training.deciding import costs_of
from registry_tools.signature import incompatible

Part = Literal["holdout", "all rows"]
UseOf = Callable[[str, str, int | None], int]


@dataclass(frozen=True)
class Asked:
    """What was asked for, where it is not the default.

    data: another source than the project's, all of whose rows judge. seed, rows: of the split, as
    in training; None for those of the candidate's training.
    """

    data: str | None = None
    rows: int | None = None
    seed: int | None = None
    overlap: Overlap = "refuse"


@dataclass(frozen=True, eq=False)
class Contest:
    """Who is compared, for which project, by which gate. champion: None for a baseline."""

    declaration: Declaration
    gate: Gate
    candidate: Side
    champion: Side | None

    @property
    def project(self) -> Project:
        """The declared project."""
        return self.declaration.project

    @property
    def sides(self) -> tuple[Side, ...]:
        """The candidate, and the champion where there is one."""
        return (self.candidate,) if self.champion is None else (self.candidate, self.champion)


@dataclass(frozen=True, eq=False)
class Case:
    """A contest with the rows that judge it.

    digest: of the rows before any were left out; content_digest: of those that judge, with every
    column. facts: what was found out without asking the models. notes: sentences for people.
    """

    contest: Contest
    source: TableSource
    part: Part
    rows: Labelled
    left_out: int
    digest: str
    content_digest: str
    rules: Rules
    facts: tuple[GateCheck, ...]
    notes: tuple[str, ...]


def make_case(contest: Contest, asked: Asked, use_of: UseOf, progress: Progress) -> Case:
    """Read the rows, see which were trained on, and say by which rules is judged.

    use_of: which use it is of the rows of a digest, to judge the files of a digest against a
    version. Raises DataError for rows that cannot be used, and for those that the candidate was
    trained on.
    """
    source = _source(contest, asked)
    with progress.stage("read", f"Reading {source.source}"):
        everything = _read(contest, source, asked)
        part, rows = _part(contest, everything, asked)
        digest = rows.digest
    with progress.stage("identify", f"Looking for training rows among {len(rows):,}"):
        first, *others = [find_seen(side, rows, everything) for side in contest.sides]
        settled = settle(first, others, asked.overlap)
    kept = rows.take(settled.kept)
    against = None if contest.champion is None else contest.champion.version.number
    return Case(
        contest,
        source,
        part,
        kept,
        len(rows) - len(kept),
        digest,
        content_digest(kept.raw),
        rules_of(contest, use=use_of(digest, contest.candidate.files.digest, against)),
        (settled.fact, *known_beforehand(contest, source.column_names())),
        (*settled.notes, *_other_gate(contest)),
    )


def _other_gate(contest: Contest) -> Iterator[str]:
    """An edited project.yaml changes no policy; whoever edited it may think so."""
    policy, project, name = contest.gate, contest.project, contest.candidate.version.name
    if project.gate.model_copy(update={"metric": policy.metric}) != policy:
        yield (
            f"project.yaml declares another gate than the policy in force, which decides: podium "
            f"policy {name} shows it, podium policy {name} --file project.yaml sets the other."
        )


def _source(contest: Contest, asked: Asked) -> TableSource:
    """The project's own table, or the one asked for, read in the same way."""
    data, folder = contest.project.data, contest.declaration.folder
    if asked.data is None:
        return declared_source(data, base=folder, folder=folder)
    other = data.model_copy(update={"source": asked.data})
    return declared_source(other, base=Path.cwd(), folder=folder)


def _read(contest: Contest, source: TableSource, asked: Asked) -> Labelled:
    signatures = [side.files.signature for side in contest.sides]
    stored = [side.trained_on for side in contest.sides if side.trained_on is not None]
    also = [column for rows in stored for column in rows.columns]
    wanted = wanted_columns(contest.project, contest.gate, source.column_names(), signatures, also)
    rows, labels = asked.rows, contest.candidate.labels
    if asked.data is None:  # the same table as the candidate's training, and so the same holdout
        rows = _of_training(contest.candidate, "podium.rows_limit") if rows is None else rows
        labels = None
    return read_labelled(contest.project, source, wanted, rows=rows, labels=labels)


def _part(contest: Contest, everything: Labelled, asked: Asked) -> tuple[Part, Labelled]:
    if asked.data is not None:
        return "all rows", everything
    seed = _of_training(contest.candidate, "podium.seed") if asked.seed is None else asked.seed
    return "holdout", everything.take(holdout_of(everything, seed or 0))


def _of_training(candidate: Side, param: str) -> int | None:
    """A parameter of the run that trained the candidate; None where it is not known."""
    text = "" if candidate.run is None else candidate.run.params.get(param, "")
    return int(text) if text.isdecimal() else None


def rules_of(contest: Contest, *, use: int) -> Rules:
    """The gate as the rules of one verdict, the `use`-th by its rows. Raises UsageError."""
    project, gate = contest.project, contest.gate
    _check_metrics(project, gate)
    metric = gate.metric or project.metric
    others = tuple(name for name in project.all_metrics if name != metric)
    return Rules(
        metric=metric,
        metrics=others,
        margin=gate.margin,
        alpha=gate.alpha,
        use=use,
        slice_margin=gate.slice_margin,
        min_slice_rows=gate.min_slice_rows,
        fairness_margin=gate.fairness_margin,
        minimums=gate.minimums,
        latency_p95_ms=gate.latency_p95_ms,
        costs=costs_of(project),
    )


def _check_metrics(project: Project, gate: Gate) -> None:
    """The policy in force may be another project's by now."""
    from podium.evaluation import get_metric

    for name in filter(None, (gate.metric, *gate.minimums)):
        try:
            get_metric(project.task, name)
        except UsageError as error:
            raise UsageError(
                f"The gate of the policy in force: {error.what}",
                remedy=f"podium policy {project.name} shows it, and sets another one.",
            ) from error


def known_beforehand(contest: Contest, present: Iterable[str]) -> tuple[GateCheck, ...]:
    """What the files of the models say, the data having the columns `present`."""
    return (*_absent(contest, set(present)), *_signature(contest))


def _absent(contest: Contest, present: set[str]) -> Iterator[GateCheck]:
    """Columns that a model takes and the data does not have: it would be judged without them."""
    for side in contest.sides:
        inputs = {} if side.files.signature is None else side.files.signature.inputs
        lacking = [name for name in inputs if name not in present and not name.startswith("[")]
        if lacking:
            yield GateCheck(
                f"columns of {side.label}",
                "fail" if side is contest.candidate else "inconclusive",
                f"the data has no {', '.join(map(repr, lacking[:5]))}"
                + f" and {len(lacking) - 5} more" * (len(lacking) > 5),
                "every column that it takes",
            )


def _signature(contest: Contest) -> Iterator[GateCheck]:
    """Whether callers of the champion can go on; the same that `podium promote` asks."""
    if contest.champion is None or contest.champion.files.signature is None:
        return
    broken = incompatible(contest.champion.files.signature, contest.candidate.files.signature)
    yield GateCheck(
        "signature",
        "fail" if broken else "pass",
        "; ".join(broken) or "compatible",
        f"callers of {contest.champion.label} can go on",
    )
