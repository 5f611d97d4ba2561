"""XGBoost's binned form of rows, kept from one fit to the next on the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Those of an estimator's parameters that its matrices depend on.
_SETTINGS = (
    "booster",
    "device",
    "enable_categorical",
    "feature_types",
    "feature_weights",
    "max_bin",
    "missing",
    "tree_method",
)


class Binned:
    """Matrices by the rows that they were made of, the latest of each.

    Making them is much of a small fit. A fit with kept ones gives the same model.
    """

    def __init__(self) -> None:
        # By id of the features: they are kept as well, so that no others get that id.
        self._latest: dict[int, tuple[Any, Any, Any]] = {}

    @contextmanager
    def used_by(self, model: Any, *features: Any) -> Iterator[None]:
        """Within, `model` (XGBoost's) takes what is kept of these features, and else keeps it.

        XGBoost has no public way to give its estimators a matrix; where a version of it lacks
        this place, each fit makes its own.
        """
        make = getattr(model, "_create_dmatrix", None)
        if make is None:
            yield
            return
        settings = repr([(name, getattr(model, name, None)) for name in _SETTINGS])

        def kept(ref: Any, **given: Any) -> Any:
            data = given["data"]
            if not any(data is one for one in features):
                return make(ref, **given)
            key = (settings, *(id(given.get(name)) for name in ("label", "weight")))
            found = self._latest.get(id(data))
            if found is None or found[0] != key:
                found = self._latest[id(data)] = (key, make(ref, **given), given)
            return found[1]

        model._create_dmatrix = kept
        try:
            yield
        finally:
            del model._create_dmatrix  # a method that belongs to it would keep it from being freed
