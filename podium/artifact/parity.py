"""The proof that a compiled form answers like its reference, on real rows and on probes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.compiling import NotCompilable, compile_pipeline
from podium.artifact.example import example_of
from podium.artifact.scoring import Decision, InvalidValue, Scorer
from podium.artifact.scoring.any_scorer import Form
from podium.artifact.scoring.compiled import BULK_ROWS, CompiledScorer
from podium.artifact.scoring.probes import probe_rows
from podium.artifact.scoring.proof import TOLERANCE, Parity, differences

Row = Mapping[str, Any]
_SENT_ROWS, _SINGLE_ROWS = 1000, 200
_CLEARLY = 0.8  # times as long, so that chance does not decide


NOT_TRIED = Parity(reason="it was not tried")


class Disagreement(Exception):
    """The compiled form answered otherwise. The message says where and by how much."""


@dataclass(frozen=True)
class RealRows:
    """Rows to compare on: their canonical features, and the raw values of some of them.

    `sent`: what callers would send, for the rows of `features` at `places`.
    """

    features: pd.DataFrame
    places: np.ndarray
    sent: Sequence[Row]

    @classmethod
    def of(cls, scorer: Scorer, features: pd.DataFrame, raw: pd.DataFrame) -> RealRows:
        """From the features and the raw values of the same rows."""
        places = np.linspace(0, len(raw) - 1, min(len(raw), _SENT_ROWS)).astype(int)
        sent = example_of(scorer, raw.iloc[places]).astype(object)
        records: list[Any] = sent.where(sent.notna(), None).to_dict("records")
        return cls(features, places, records)


def prove(scorer: Scorer, rows: RealRows) -> Parity:
    """Compile `scorer` and compare. What goes wrong is the result's reason, never an error."""
    try:
        compiled = compile_pipeline(scorer)
        return compare(scorer, compiled.model, rows, compiled.boundaries)
    except (NotCompilable, Disagreement) as error:
        return Parity(reason=str(error))
    except Exception as error:  # noqa: BLE001 - a model without a compiled form is a model
        first_line = str(error).partition("\n")[0]  # XGBoost adds a trace with this machine's paths
        return Parity(reason=f"the conversion failed: {type(error).__name__}: {first_line}")


def compare(
    scorer: Scorer,
    model: bytes,
    rows: RealRows,
    edges: Mapping[str, np.ndarray] | None = None,
) -> Parity:
    """Compare `model` with `scorer`. Raises Disagreement."""
    import onnxruntime

    compiled = CompiledScorer.load(scorer, model)
    expected = scorer.scores(rows.features)
    if not np.isfinite(expected).all():
        raise Disagreement("the pipeline itself answers real rows with what is no finite number")
    judge = Judge(scorer.decision, _scale(scorer, expected))
    found = compiled.bulk_scores(rows.features)
    largest = judge.agree(found, expected, "real rows")
    close = int(compiled.undecided(found).sum())
    judge.decide_alike(compiled.settled(found, lambda places: expected[places]), expected)
    sent, sent_scores = rows.sent, expected[rows.places]
    judge.agree(_batch(compiled, sent), sent_scores, "real rows as sent")
    singles = sent[:_SINGLE_ROWS]
    judge.agree(_one_by_one(compiled, singles), sent_scores[:_SINGLE_ROWS], "single real rows")
    probes = probe_rows(compiled.encoder, singles, edges)
    _probe(judge, scorer, compiled, probes)
    return Parity(
        rows=len(rows.features),
        probes=len(probes),
        rows_to_reference=close,
        largest_difference=largest,
        scale=judge.scale,
        bulk_form=_faster_in_bulk(compiled, rows.features),
        onnxruntime=onnxruntime.__version__,
        model=model,
    )


def _scale(scorer: Scorer, expected: np.ndarray) -> float:
    """What numbers of a regression that are smaller than this are compared by: 1, or how far the
    predictions spread where that is less.
    """
    spread = float(expected.std()) or float(np.abs(expected).max(initial=0.0))
    return min(1.0, spread or 1.0) if scorer.decision.task == "regression" else 1.0


def _faster_in_bulk(compiled: CompiledScorer, features: pd.DataFrame) -> Form:
    table = features.iloc[np.resize(np.arange(len(features)), BULK_ROWS)]
    reference = _seconds(lambda: compiled.reference.scores(table))
    is_slower = _CLEARLY * _seconds(lambda: compiled.scores(table)) > reference
    return "reference" if is_slower else "compiled"


def _seconds(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _probe(judge: Judge, scorer: Scorer, compiled: CompiledScorer, probes: Sequence[Row]) -> None:
    """Refused alike, or else scored alike: by the compiled form one by one and all at once."""
    canonical = scorer.canonicaliser.transform
    refusals = [_refusal(compiled.encoder.encode_row, row) for row in probes]
    taken = [row for row, refusal in zip(probes, refusals, strict=True) if refusal is None]
    table = pd.DataFrame(taken, dtype=object)
    _same_refusal(_refusal(canonical, table), None)
    _same_refusal(_refusal(_batch, compiled, taken), None)
    for row, refusal in zip(probes, refusals, strict=True):
        if refusal is not None:
            _same_refusal(_refusal(canonical, pd.DataFrame([row], dtype=object)), refusal)
            after = [*taken[:2], row]  # in another row, whose number both must name
            expected = _refusal(canonical, pd.DataFrame(after, dtype=object))
            _same_refusal(_refusal(_batch, compiled, after), expected)
    features = canonical(table)
    scores = scorer.scores(features)
    judge.agree(_one_by_one(compiled, taken), scores, "single probes")
    judge.agree(_batch(compiled, taken), scores, "probes")
    judge.agree(compiled.bulk_scores(features), scores, "probes as a table")


def _refusal(take: Callable[..., Any], *given: Any) -> str | None:
    try:
        take(*given)
    except InvalidValue as error:
        return str(error)
    return None


def _same_refusal(found: str | None, expected: str | None) -> None:
    if found != expected:
        raise Disagreement(f"the forms refuse differently: {found!r} and {expected!r}")


def _batch(compiled: CompiledScorer, rows: Sequence[Row]) -> np.ndarray:
    pieces = compiled.encoder.pieces(compiled.by_column(rows), len(rows))
    return np.concatenate([compiled.run(arrays) for arrays in pieces])


def _one_by_one(compiled: CompiledScorer, rows: Sequence[Row]) -> np.ndarray:
    return np.concatenate([compiled.run(compiled.encoder.encode_row(row)) for row in rows])


@dataclass(frozen=True)
class Judge:
    """Says whether scores agree. `scale`: as in `Parity`."""

    decision: Decision
    scale: float

    def agree(self, found: np.ndarray, expected: np.ndarray, where: str) -> float:
        """The largest difference. Raises Disagreement where it is beyond the tolerance."""
        apart = differences(self.decision.task, found, expected, self.scale)
        by_row = apart.reshape(len(apart), -1).max(axis=1, initial=0.0)
        if (by_row > TOLERANCE).any():
            row = int(np.argmax(by_row > TOLERANCE))
            raise Disagreement(
                f"it differs on {where} by up to {by_row.max():.3g} (tolerance {TOLERANCE:g}), "
                f"first in row {row}"
            )
        return float(by_row.max(initial=0.0))

    def decide_alike(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Raises Disagreement where another class is decided on."""
        if self.decision.task == "regression":
            return
        if (self.decision.decide(found) != self.decision.decide(expected)).any():
            raise Disagreement("it decides otherwise")
