"""parity.json: what the proof of the compiled form found, or why there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from .any_scorer import Form
from .output import Task

TOLERANCE = 1e-5  # largest difference of a probability; of a number, relative to its size
_VERSION = re.compile(r"[0-9]+(\.[0-9A-Za-z]+)*(\+[0-9A-Za-z.]+)?")
_REASON_LENGTH, _VERSION_LENGTH = 4000, 50


@dataclass(frozen=True)
class Parity:
    """`reason` is empty where the proof holds; `model` is the compiled form then.

    `rows`: real rows compared; `probes`: made ones; `rows_to_reference`: real rows so close to
    another decision that the reference takes them; `largest_difference`: of a score of a real
    row, in the unit of the tolerance; `scale`: numbers of a regression may differ by the tolerance
    times their size, or times this where they are smaller; `bulk_form`: which form was the faster
    one for a large table; `onnxruntime`: the version that it was proved with.
    """

    reason: str = ""
    rows: int = 0
    probes: int = 0
    rows_to_reference: int = 0
    largest_difference: float = 0.0
    scale: float = 1.0
    bulk_form: Form = "compiled"
    onnxruntime: str = "0"
    model: bytes = b""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Parity:
        """Read what `to_json` wrote, without the model. Raises ValueError for everything else."""
        if type(document["schema"]) is not int or document["schema"] != 1:
            raise ValueError("its schema is not 1, which this code reads")
        if document["compiled"] is False:
            return cls(reason=_text(document["reason"], _REASON_LENGTH))
        if document["compiled"] is not True or document["tolerance"] != TOLERANCE:
            raise ValueError("it proves nothing that this code relies on")
        if document["bulk_form"] not in get_args(Form):
            raise ValueError("its bulk_form is neither form")
        version = _text(document["onnxruntime"], _VERSION_LENGTH)
        if not _VERSION.fullmatch(version):
            raise ValueError("its onnxruntime is no version")
        return cls(
            rows=_count(document["rows"]),
            probes=_count(document["probes"]),
            rows_to_reference=_count(document["rows_to_reference"]),
            largest_difference=_size(document["largest_difference"]),
            scale=_size(document["scale"]),
            bulk_form=document["bulk_form"],
            onnxruntime=version,
        )

    def to_json(self) -> dict[str, Any]:
        """The document; without the model."""
        if self.reason:
            return {"schema": 1, "compiled": False, "reason": self.reason[:_REASON_LENGTH]}
        return {
            "schema": 1,
            "compiled": True,
            "tolerance": TOLERANCE,
            "rows": self.rows,
            "probes": self.probes,
            "rows_to_reference": self.rows_to_reference,
            "largest_difference": self.largest_difference,
            "scale": self.scale,
            "bulk_form": self.bulk_form,
            "onnxruntime": self.onnxruntime,
        }

    def __str__(self) -> str:
        if self.reason:
            return f"not compiled: {self.reason}"
        return f"compiled: parity proved on {self.rows:,} rows and {self.probes:,} probes"


def differences(
    task: Task, found: np.ndarray, expected: np.ndarray, scale: float = 1.0
) -> np.ndarray:
    """How far scores are apart, in the unit of the tolerance: probabilities as they are, numbers
    of a regression relative to their size, or to `scale` where that is larger. NaN and infinities
    are 0 apart from themselves, and infinitely far from everything else.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        apart = np.abs(found - expected)
        if task == "regression":
            apart = apart / np.maximum(np.abs(expected), scale)
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    return np.asarray(np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf)))


def _text(value: Any, length: int) -> str:
    if not isinstance(value, str) or not value or len(value) > length:
        raise ValueError("it holds something else where a text should be")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("it holds something else where a number of rows should be")
    return value


def _size(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < math.inf:
        raise ValueError("it holds something else where a difference should be")
    return float(value)
