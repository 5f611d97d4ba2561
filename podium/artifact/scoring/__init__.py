"""The few lines that a scoring artifact needs to score.

This package is copied into every artifact under a name made from its own content hash, so it
imports nothing of Podium, only its own modules, relatively.
"""

from typing import Any

from .any_scorer import AnyScorer
from .canonical import Canonicaliser, InputColumn
from .errors import BrokenArtifact, InvalidTable, InvalidValue
from .opening import open_scorer
from .output import Decision
from .scorer import Scorer

__all__ = [
    "AnyScorer",
    "BrokenArtifact",
    "Canonicaliser",
    "Decision",
    "InputColumn",
    "InvalidTable",
    "InvalidValue",
    "Scorer",
    "open_scorer",
]


def _load_pyfunc(path: str) -> Any:
    """MLflow calls this with the folder of the model, after it imported this code from there."""
    return open_scorer(path, imported=True)
