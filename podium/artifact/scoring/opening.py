"""From an artifact's folder to the scorer that answers for it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from .any_scorer import AnyScorer
from .compiled import CompiledScorer, NotLoadable
from .errors import BrokenArtifact, InvalidValue
from .manifest import CheckedFiles
from .probes import probe_rows
from .proof import TOLERANCE, Parity, differences
from .scorer import JSON_LIMIT_BYTES, Scorer
from .strict_json import read_json

MODEL, PARITY = "model.onnx", "parity.json"
MODEL_LIMIT_BYTES = 2 << 30  # of any protobuf message
_CHECKED_ROWS = 64
_log = logging.getLogger(__name__)


def open_scorer(folder: str | Path, *, imported: bool = False) -> AnyScorer:
    """Check the files of an artifact's folder against its manifest, and load them.

    The compiled form answers where it was proved, ONNX Runtime is installed, and it agrees with
    the reference on some probes here too; else the reference does, and a warning is logged.
    `imported`: as in `CheckedFiles.open`. Raises BrokenArtifact where a file is not the one that
    was logged, or cannot be read.
    """
    return open_checked(CheckedFiles.open(Path(folder), imported=imported))


def open_checked(files: CheckedFiles) -> AnyScorer:
    """The scorer of an artifact whose files were checked already; otherwise like `open_scorer`."""
    reference = Scorer.read(files)
    parity = parity_in(files)
    if parity.reason:
        return reference
    try:
        compiled = _compiled(files, reference, parity)
    except ImportError as error:
        _log.warning("scoring without the compiled form: %s", error)
        return reference
    if compiled is None or not _agrees_here(compiled, parity.scale):
        _log.warning("scoring without the compiled form: on this machine it answers otherwise")
        return reference
    return compiled


def parity_in(files: CheckedFiles) -> Parity:
    """What parity.json says. Raises BrokenArtifact where that cannot be understood."""
    if PARITY not in files:
        return Parity(reason="it was logged before Podium compiled models")
    document = read_json(files.read(PARITY, JSON_LIMIT_BYTES), PARITY)
    try:
        return Parity.from_json(document)
    except (ValueError, LookupError, TypeError) as error:
        raise BrokenArtifact(f"{PARITY} cannot be read: {error}") from None


def _compiled(files: CheckedFiles, reference: Scorer, parity: Parity) -> CompiledScorer | None:
    """The compiled form; None where another ONNX Runtime than the proof's does not load it."""
    import onnxruntime

    model = files.read(MODEL, MODEL_LIMIT_BYTES)
    try:
        return CompiledScorer.load(reference, model, parity.bulk_form)
    except NotLoadable:
        if onnxruntime.__version__ == parity.onnxruntime:
            raise
        return None


def _agrees_here(compiled: CompiledScorer, scale: float) -> bool:
    """Whether it agrees with the reference on this processor, with these versions."""
    rows = [row for row in probe_rows(compiled.encoder, ()) if _is_taken(compiled, row)]
    places = np.linspace(0, len(rows) - 1, min(len(rows), _CHECKED_ROWS)).astype(int)
    values = compiled.by_column([rows[place] for place in places])
    expected = compiled.reference.scores_of(values, len(places))
    try:
        found = compiled.run(compiled.encoder.encode(values, len(places)))
    except Exception as error:  # onnxruntime raises some ten kinds of its own
        raise BrokenArtifact(f"{MODEL} cannot be run: {error}") from error
    apart = differences(compiled.decision.task, found, expected, scale)
    return bool((apart <= TOLERANCE).all())


def _is_taken(compiled: CompiledScorer, row: dict[str, Any]) -> bool:
    try:
        compiled.encoder.encode_row(row)
    except InvalidValue:
        return False
    return True
