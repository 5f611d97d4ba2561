from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest
from xgboost import QuantileDMatrix, XGBClassifier

from projects.training.binned import Binned

X = np.random.default_rng(0).normal(size=(80, 3))
Y = (X[:, 0] > 0).astype(int)
WEIGHT = np.linspace(1, 2, 80)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The rows of each matrix that XGBoost makes."""
    rows: list[Any] = []
    init = QuantileDMatrix.__init__

    def counted(self: Any, data: Any, *args: Any, **keys: Any) -> None:
        rows.append(data)
        init(self, data, *args, **keys)

    monkeypatch.setattr(QuantileDMatrix, "__init__", counted)
    return rows


def fitted(binned: Binned, *, data: Any = X, weight: Any = None, **params: Any) -> Any:
    model = XGBClassifier(n_estimators=3, n_jobs=1, **params)
    with binned.used_by(model, X):
        return model.fit(data, Y, sample_weight=weight)


def test_rows_are_binned_once_for_fits_that_differ_in_how_they_learn(made: list[Any]) -> None:
    binned = Binned()
    for params in ({}, {"max_depth": 2}, {"learning_rate": 0.5}, {"subsample": 0.5}):
        kept = fitted(binned, **params).predict_proba(X)
        alone = fitted(Binned(), **params).predict_proba(X)
        np.testing.assert_array_equal(kept, alone)
    assert len(made) == 1 + 4


@pytest.mark.parametrize("other", [{"max_bin": 4}, {"weight": WEIGHT}, {"missing": 0.5}])
def test_rows_are_binned_anew_where_the_bins_would_be_others(
    other: dict[str, Any], made: list[Any]
) -> None:
    binned = Binned()
    for params in ({}, other, other, {}):
        kept = fitted(binned, **params).predict_proba(X)
        np.testing.assert_array_equal(kept, fitted(Binned(), **params).predict_proba(X))
    assert len(made) == 3 + 4


def test_other_rows_are_not_kept(made: list[Any]) -> None:
    binned, other = Binned(), X.copy()
    fitted(binned, data=other)
    fitted(binned, data=other)
    assert len(made) == 2


def test_a_model_is_freed_as_soon_as_nobody_holds_it() -> None:
    binned = Binned()
    model = weakref.ref(fitted(binned))
    booster = weakref.ref(fitted(binned).get_booster())
    assert model() is None
    assert booster() is None


def test_what_is_not_there_is_not_needed() -> None:
    class Other:
        """A model of a library without the place that matrices are made in."""

    with Binned().used_by(Other(), X):
        pass
