"""What an artifact needs to score, pinned to the versions that it was made with."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

_ALWAYS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")


def pinned_requirements(pipeline: Any) -> list[str]:
    """`package==version` for every package that `pipeline` needs at scoring time."""
    names = [*_ALWAYS, *(["xgboost"] if _holds_xgboost(pipeline) else [])]
    return [f"{name}=={version(name)}" for name in sorted(names)]


def _holds_xgboost(step: Any) -> bool:
    if type(step).__module__.startswith("xgboost"):
        return True
    inner = [getattr(step, "estimator", None), *dict(getattr(step, "steps", ())).values()]
    return any(_holds_xgboost(part) for part in inner if part is not None)
