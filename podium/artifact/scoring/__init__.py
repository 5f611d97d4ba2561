"""The few lines that a scoring artifact needs to score.

This package is copied into every artifact under a name made from its own content hash, so it
imports nothing of Podium, only its own modules, relatively.
"""

from typing import Any

from .canonical import Canonicaliser, InputColumn
from .errors import BrokenArtifact, InvalidValue
from .output import Decision
from .scorer import Scorer

__all__ = [
    "BrokenArtifact",
    "Canonicaliser",
    "Decision",
    "InputColumn",
    "InvalidValue",
    "Scorer",
]


def _load_pyfunc(path: str) -> Any:
    """MLflow calls this with the folder of the model, after it imported this code from there."""
    return Scorer.open(path, compiled=True)
