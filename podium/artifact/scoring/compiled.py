"""The compiled scorer: the same answers by ONNX Runtime, where that was proved."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .any_scorer import AnyScorer, Form
from .canonical import Canonicaliser
from .encode import DECISION, FEATURES, INPUTS, Arrays, Encoder
from .errors import BrokenArtifact
from .onnx_file import check_model
from .output import Decision
from .pipeline_inputs import encoder_of
from .proof import TOLERANCE
from .scorer import JSON_LIMIT_BYTES, Scorer
from .strict_json import read_json

BULK_ROWS = 20_000  # of tables from which on the form that was measured to be faster answers
_ROWS_A_THREAD, _MOST_THREADS = 8192, 4
_EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"


class NotLoadable(BrokenArtifact):
    """This version of ONNX Runtime cannot load the model, for whatever reason."""


@dataclass(frozen=True)
class CompiledScorer(AnyScorer):
    """Scores raw values by column or row, and raw tables, like the reference that it is made of.

    Rows that lie within the tolerance of another decision take the reference. So do all rows of
    tables of 20,000 rows or more where `bulk_form` says that it is the faster one for these.
    """

    canonicaliser: Canonicaliser
    decision: Decision
    reference: Scorer
    encoder: Encoder
    session: Any
    bulk_form: Form = "compiled"

    @classmethod
    def load(cls, reference: Scorer, model: bytes, bulk_form: Form = "compiled") -> CompiledScorer:
        """Open a compiled form.

        Raises ImportError without onnxruntime, NotLoadable where it cannot load the model, and
        BrokenArtifact for a model that was not made from `reference`.
        """
        try:
            check_model(model)
        except ValueError as error:
            raise BrokenArtifact(f"model.onnx cannot be read: {error}") from None
        session = _session(model)
        try:
            encoder = encoder_of(reference.canonicaliser, reference.pipeline)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise BrokenArtifact(f"model.onnx was made from another pipeline: {error!r}") from None
        _check_metadata(session, encoder, reference.decision)
        return cls(
            reference.canonicaliser, reference.decision, reference, encoder, session, bulk_form
        )

    @property
    def form(self) -> Form:
        return "compiled"

    def scores(self, features: pd.DataFrame) -> np.ndarray:
        """Like the reference's, with the compiled form's numbers where decisions are clear."""
        if self.bulk_form == "reference" and len(features) >= BULK_ROWS:
            return self.reference.scores(features)
        scores = self.bulk_scores(features)
        return self.settled(scores, lambda rows: self.reference.scores(features.iloc[rows]))

    def scores_of(self, values: Mapping[str, Sequence[Any]], rows: int) -> np.ndarray:
        def again(close: list[int]) -> np.ndarray:
            chosen = {name: [column[row] for row in close] for name, column in values.items()}
            return self.reference.scores_of(chosen, len(close))

        return self.settled(self._run_all(self.encoder.pieces(values, rows)), again)

    def settled(self, scores: np.ndarray, again: Callable[[list[int]], np.ndarray]) -> np.ndarray:
        """`scores`, those that are close to another decision replaced by the reference's own.

        `again`: what the reference says of the rows with these numbers.
        """
        close = np.flatnonzero(self.undecided(scores)).tolist()
        if close:
            scores[close] = again(close)
        return scores

    def score_row(self, row: Mapping[str, Any]) -> dict[str, list[Any]]:
        """The output table of one row, in as few steps as can be."""
        answered = self.session.run(None, self.encoder.encode_row(row))[0]
        if self.decision.task != "binary":
            scores = self._shaped(answered)
            close = self.undecided(scores).any()
            return self.reference.score_row(row) if close else self.decision.columns(scores)
        probability = answered.item()
        above = probability - self.decision.least_probability
        if -TOLERANCE <= above <= TOLERANCE:
            return self.reference.score_row(row)
        return {"prediction": [self.decision.labels[above >= 0]], "probability": [probability]}

    def run(self, arrays: Arrays) -> np.ndarray:
        """What the model alone says, shaped like the reference's scores."""
        return self._shaped(self.session.run(None, arrays)[0])

    def _shaped(self, answered: np.ndarray) -> np.ndarray:
        return answered if self.decision.task == "multiclass" else answered[:, 0]

    def undecided(self, scores: np.ndarray) -> np.ndarray:
        """Which rows lie so close to another decision that the tolerance could change it."""
        task = self.decision.task
        if task == "binary":
            return np.asarray(np.abs(scores - self.decision.least_probability) <= TOLERANCE)
        if task == "multiclass":
            highest = np.partition(scores, -2, axis=1)[:, -2:]
            return np.asarray(highest[:, 1] - highest[:, 0] <= 2 * TOLERANCE)
        return np.zeros(len(scores), dtype=bool)

    def bulk_scores(self, features: pd.DataFrame) -> np.ndarray:
        """What the model alone says of canonical features; of many by some threads at once."""
        starts = range(0, len(features), _ROWS_A_THREAD)
        if len(starts) <= 1:
            return self._part_scores(features)
        parts = (features.iloc[start : start + _ROWS_A_THREAD] for start in starts)
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
            return np.concatenate(list(threads.map(self._part_scores, parts)))

    def _part_scores(self, features: pd.DataFrame) -> np.ndarray:
        return self._run_all(self.encoder.pieces_of_features(features))

    def _run_all(self, pieces: Any) -> np.ndarray:
        scores = [self.run(arrays) for arrays in pieces]
        return np.concatenate(scores) if scores else self.decision.no_scores()


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.use_deterministic_compute = True
    # else a model could name files of the working directory, which no manifest lists
    options.add_session_config_entry(_EXTERNAL_FOLDER, os.devnull)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises some ten kinds of its own
        raise NotLoadable(f"model.onnx cannot be read: {error}") from error


def _check_metadata(session: Any, encoder: Encoder, decision: Decision) -> None:
    """Raises BrokenArtifact where the model does not take what the encoder makes, does not give
    what is decided on, or says otherwise of itself than the artifact's other files.
    """
    inputs = {FEATURES} if encoder.width else set()
    for column in encoder.columns:
        inputs |= set(column.text_inputs) if column.terms is not None else set()
    if {each.name for each in session.get_inputs()} != inputs:
        raise BrokenArtifact(f"model.onnx does not take {', '.join(sorted(inputs))}")
    scores = len(decision.labels) if decision.task == "multiclass" else 1
    if [each.shape[1:] for each in session.get_outputs()] != [[scores]]:
        raise BrokenArtifact(f"model.onnx does not answer with {scores} scores a row")
    metadata = session.get_modelmeta().custom_metadata_map
    for key, expected in ((INPUTS, encoder.to_json()), (DECISION, decision.to_json())):
        described = metadata.get(key, "").encode()
        if len(described) > JSON_LIMIT_BYTES or read_json(described, "model.onnx") != expected:
            raise BrokenArtifact(f"model.onnx has other {key} than the pipeline beside it")
