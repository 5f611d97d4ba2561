"""A whole scorer as one ONNX model, with all that its callers must know in the metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from podium.artifact.compiling.calibration import calibrate, frozen_pipeline
from podium.artifact.compiling.estimators import Response, respond
from podium.artifact.compiling.features import features_of
from podium.artifact.compiling.graph import Graph, NotCompilable
from podium.artifact.compiling.text import TextInput, vectorizer_of
from podium.artifact.scoring import Scorer
from podium.artifact.scoring.encode import DECISION, FEATURES, INPUTS, Encoder
from podium.artifact.scoring.pipeline_inputs import encoder_of


@dataclass(frozen=True)
class Compiled:
    """The ONNX model, and values at which its trees decide (by feature), for the proof."""

    model: bytes
    boundaries: dict[str, np.ndarray]


def compile_pipeline(scorer: Scorer) -> Compiled:
    """The compiled form of `scorer`. Whether it agrees is for the proof to say.

    Raises NotCompilable, with the reason, where there is no rule for a part of the pipeline.
    """
    pipeline, calibration = scorer.pipeline, None
    if type(pipeline).__name__ == "CalibratedClassifierCV":
        pipeline, calibration = frozen_pipeline(pipeline)
    if [name for name, _ in getattr(pipeline, "steps", ())] != ["features", "model"]:
        raise NotCompilable(f"it is a {type(pipeline).__name__} without the steps features, model")
    transformer, model = pipeline.named_steps["features"], pipeline.named_steps["model"]
    encoder = _encoder(scorer, transformer)
    graph = Graph()
    steep = calibration is not None
    response = _response(graph, transformer, model, encoder, steep)
    scores = response.scores
    if calibration is not None:
        scores = calibrate(graph, response.decision_or_scores, calibration)
    decision = json.dumps(scorer.decision.to_json())
    metadata = {INPUTS: json.dumps(encoder.to_json()), DECISION: decision}
    return Compiled(
        graph.model(scores, response.targets, metadata), _boundaries(transformer, response)
    )


def _response(
    graph: Graph, transformer: Any, model: Any, encoder: Encoder, steep: bool
) -> Response:
    inputs: dict[str, Any] = {}
    if encoder.width:
        graph.input(FEATURES, "double", encoder.width)
    for column in encoder.columns:
        if column.terms is None:
            inputs |= {name: column.place + i for i, name in enumerate(column.features)}
            continue
        terms, counts = column.text_inputs
        length = f"{terms}_length"
        graph.input(terms, "int64", length)
        graph.input(counts, "double", length)
        inputs[column.name] = TextInput(terms, counts)
    return respond(graph, model, features_of(transformer, FEATURES, inputs), to_the_bit=steep)


def _encoder(scorer: Scorer, transformer: Any) -> Encoder:
    if type(transformer).__name__ != "ColumnTransformer":
        raise NotCompilable(f"it begins with {type(transformer).__name__}")
    for name, step, _ in transformer.transformers_:
        if name.startswith("text_"):
            vectorizer_of(step)  # raises where it is another one than the encoder takes
    try:
        return encoder_of(scorer.canonicaliser, scorer.pipeline)
    except ValueError as error:
        raise NotCompilable(str(error)) from error


def _boundaries(transformer: Any, response: Response) -> dict[str, np.ndarray]:
    """By number, the thresholds of the trees that split on it."""
    if response.ensemble is None:
        return {}
    features = np.concatenate([tree.feature[~tree.is_leaf] for tree in response.ensemble.trees])
    values = np.concatenate([tree.threshold[~tree.is_leaf] for tree in response.ensemble.trees])
    found: dict[str, np.ndarray] = {}
    for name, step, columns in transformer.transformers_:
        if name == "numeric" and type(step).__name__ in ("str", "FunctionTransformer"):  # as it is
            start = transformer.output_indices_[name].start
            for offset, column in enumerate(columns):
                found[column] = np.unique(values[features == start + offset].astype(np.float64))
    return found
