"""Rows that a model was trained on do not judge it: they are found, and refused or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from podium.errors import DataError
from podium.evaluation.gate import GateCheck
from projects.evaluating.rows import Labelled
from projects.evaluating.seen import seen_rows
from projects.evaluating.sides import Side
from projects.training.identity import row_hashes

Overlap = Literal["refuse", "drop", "keep"]
OVERLAPS: tuple[Overlap, ...] = ("refuse", "drop", "keep")
_NEEDED = "no row that either model was trained on"


@dataclass(frozen=True, eq=False)
class Seen:
    """Which rows (n,) the version `label` was trained on; all False where that is not `known`."""

    label: str
    rows: np.ndarray
    known: bool

    @property
    def count(self) -> int:
        """How many."""
        return int(self.rows.sum())


@dataclass(frozen=True, eq=False)
class Settled:
    """Which rows (n,) are judged by, and what was found."""

    kept: np.ndarray
    fact: GateCheck
    notes: tuple[str, ...]


def find_seen(side: Side, rows: Labelled, everything: Labelled) -> Seen:
    """Which of `rows`, cut from `everything`, `side` was trained on."""
    stored = side.trained_on
    if stored is None:
        return Seen(side.label, np.zeros(len(rows), dtype=bool), known=False)
    evaluated, source = (row_hashes(table.raw, stored.columns) for table in (rows, everything))
    return Seen(side.label, seen_rows(evaluated, source, stored.hashes), known=True)


def settle(candidate: Seen, others: Sequence[Seen], overlap: Overlap) -> Settled:
    """What becomes of rows that were trained on.

    refuse: DataError where the candidate was; the champion's make the verdict inconclusive. drop:
    they are left out. keep: they judge all the same, and the verdict
    is inconclusive at best. Raises DataError where none is left.
    """
    every = (candidate, *others)
    trained_on = np.logical_or.reduce([seen.rows for seen in every])
    notes = [_unknown(seen) for seen in every if not seen.known]
    kept = np.ones(len(trained_on), dtype=bool)
    if overlap == "drop":
        kept = ~trained_on
        _refuse_nothing_left(kept)
    elif overlap == "refuse":
        _refuse_own(candidate)
    elif trained_on.any():
        notes += [
            f"{_many(seen)}; they are judged by all the same." for seen in every if seen.count
        ]
    return Settled(kept, _fact(every, int((~kept).sum())), tuple(notes))


def _fact(every: Sequence[Seen], left_out: int) -> GateCheck:
    name, rows = "rows new to both", len(every[0].rows)
    if len(every) == 1:
        name = "rows new to the candidate"
    found = [_many(seen) for seen in every if seen.count]
    if left_out:
        said = f"{left_out:,} of {rows:,} were trained on, and are left out"
        return GateCheck(name, "pass", said, _NEEDED)
    if found:
        return GateCheck(name, "inconclusive", "; ".join(found), _NEEDED)
    unknown = [seen.label for seen in every if not seen.known]
    if len(unknown) == len(every):
        return GateCheck(name, "pass", "not known: no version kept its training rows", _NEEDED)
    but = f" (not known of {unknown[0]})" if unknown else ""
    return GateCheck(name, "pass", f"none of {rows:,} was trained on{but}", _NEEDED)


def _refuse_own(candidate: Seen) -> None:
    if not candidate.count:
        return
    raise DataError(
        f"{_many(candidate)}: it would be judged by what it was shown.",
        remedy=f"--overlap drop judges by the {len(candidate.rows) - candidate.count:,} others; "
        "--data gives rows of their own; --overlap keep takes them all the same, for looking.",
    )


def _refuse_nothing_left(kept: np.ndarray) -> None:
    if not kept.any():
        raise DataError(
            f"All {len(kept):,} rows were trained on; none is left to judge by.",
            remedy="Give newer labelled rows with --data.",
        )


def _many(seen: Seen) -> str:
    return f"{seen.label} was trained on {seen.count:,} of the {len(seen.rows):,} rows"


def _unknown(seen: Seen) -> str:
    return (
        f"It is not known which rows {seen.label} was trained on: its run kept none. If some of "
        "them are among those that judge, it looks better than it is."
    )
