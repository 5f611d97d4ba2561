"""What an artifact needs to score, pinned to the versions that it was made with."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from podium.artifact.scoring.trees import parts_of

_ALWAYS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")


def pinned_requirements(pipeline: Any, *, compiled: bool = False) -> list[str]:
    """`package==version` for every package that `pipeline` needs at scoring time, and
    its compiled form where it has one.
    """
    names = [*_ALWAYS, *["xgboost"] * _holds_xgboost(pipeline), *["onnxruntime"] * compiled]
    return [f"{name}=={version(name)}" for name in sorted(names)]


def _holds_xgboost(pipeline: Any) -> bool:
    return any(type(part).__module__.startswith("xgboost") for part in parts_of(pipeline))
