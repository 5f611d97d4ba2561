"""What came of training again, as a document and as words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from podium.reports.text import NOTHING, markdown_table, text_table
from projects.reproducing.comparing import TOLERANCE, Difference, Numbers, Predictions
from projects.reproducing.past import Past

_SHOWN = 20
_HEADERS = ("", "then", "now")


@dataclass(frozen=True)
class Outcome:
    """A training compared with the one that a run logged.

    rows: how many were trained and measured on. source: where they came from. model_uri: the model
    of then, None where it is no longer there, and `predictions` with it.
    """

    past: Past
    rows: int
    source: str
    environment: tuple[Difference, ...]
    params: tuple[Difference, ...]
    metrics: Numbers
    predictions: Predictions | None
    model_uri: str | None

    @property
    def equal(self) -> bool:
        """Whether everything that could be compared is equal within the tolerance."""
        return not self.metrics.differing and (self.predictions is None or self.predictions.equal)

    @property
    def verdict(self) -> str:
        """The outcome in a few words."""
        if not self.equal:
            return "different"
        what = "metrics" if self.predictions is None else "metrics and predictions"
        return f"equal within {TOLERANCE:g}: {what}"


def document(outcome: Outcome) -> dict[str, Any]:
    """The same for machines."""
    predictions = outcome.predictions
    return {
        "schema": 1,
        "run_id": outcome.past.run.run_id,
        "project": outcome.past.project.name,
        "equal": outcome.equal,
        "tolerance": TOLERANCE,
        "data": {"digest": outcome.past.digest, "rows": outcome.rows, "source": outcome.source},
        "environment": [asdict(each) for each in outcome.environment],
        "params": [asdict(each) for each in outcome.params],
        "metrics": {
            "compared": outcome.metrics.compared,
            "differing": [asdict(each) for each in outcome.metrics.differing],
        },
        "predictions": None if predictions is None else asdict(predictions),
        "model_uri": outcome.model_uri,
    }


def text(outcome: Outcome) -> str:
    """The outcome for a terminal, the verdict last."""
    return "\n\n".join(_blocks(outcome, text_table))


def markdown(outcome: Outcome) -> str:
    """The outcome as the run's description."""
    return "\n\n".join(_blocks(outcome, markdown_table)) + "\n"


def _blocks(outcome: Outcome, table: Any) -> Iterator[str]:
    past = outcome.past
    yield (
        f"{past.project.name}: run {past.run.run_id} trained again, {past.project.estimator[0]} "
        f"with seed {past.seed} on {outcome.rows:,} rows of {outcome.source} "
        f"(content {past.digest[:12]})"
    )
    yield from _part("What it ran under", outcome.environment, table, "is the same now")
    if outcome.params:
        yield from _part("Parameters", outcome.params, table, "")
    metrics = outcome.metrics
    same = f"{metrics.compared:,} of {metrics.compared:,} are equal within {TOLERANCE:g}"
    yield from _part("Metrics", metrics.differing, table, same)
    yield _about(outcome.predictions)
    yield f"{outcome.verdict[:1].upper()}{outcome.verdict[1:]}."


def _part(title: str, differing: Sequence[Difference], table: Any, same: str) -> Iterator[str]:
    if not differing:
        yield f"{title}: {same}."
        return
    rows = [(each.name, _shown(each.then), _shown(each.now)) for each in differing[:_SHOWN]]
    more = len(differing) - _SHOWN
    rest = f"\n… and {more:,} more, all of them in reproduction.json" if more > 0 else ""
    yield f"{title}, {len(differing):,} differ:\n\n{table(_HEADERS, rows).rstrip()}{rest}"


def _about(predictions: Predictions | None) -> str:
    if predictions is None:
        return "Predictions: the model that the run logged is no longer there to compare with."
    if predictions.equal:
        return (
            f"Predictions: {predictions.rows:,} of {predictions.rows:,} rows are equal within "
            f"{TOLERANCE:g} (largest difference {predictions.largest:.3g})."
        )
    return (
        f"Predictions: {predictions.differing:,} of {predictions.rows:,} rows differ, by "
        f"{predictions.largest:.3g} at most; {predictions.decided:,} are decided otherwise."
    )


def _shown(value: str | float | None) -> str:
    """Numbers with all their digits: it is about the last of them."""
    if value is None:
        return NOTHING
    return repr(value) if isinstance(value, float) else str(value)
