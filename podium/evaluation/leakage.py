"""How much one column alone tells of the target: a column that tells nearly all is suspect."""

from __future__ import annotations

import numpy as np
from scipy import stats

from podium.evaluation.scores import Array, Floats, Ints, Task


def single_feature_strength(task: Task, values: Array, y: Array) -> float:
    """Strength of a numeric column alone, from nothing (0.5; regression 0) to everything (1).

    values: (n,) float, NaN where missing. y: (n,) class index, or number for regression.
    binary: max(AUC, 1 - AUC) of the values by rank, missing ones tied below all others.
    multiclass: the largest of these, each class against the rest. regression: |Pearson's r| over
    the rows in which both are finite. No rows, a constant column or one class: 0.5, regression 0.
    """
    values = np.asarray(values, dtype=np.float64)
    if task == "regression":
        return abs(_pearson(values, np.asarray(y, dtype=np.float64)))
    aucs = _auc_by_class(_ranks(values), np.asarray(y))
    return float(np.maximum(aucs, 1.0 - aucs).max(initial=0.5))


def category_strength(task: Task, codes: Array, y: Array, *, seed: int = 0) -> float:
    """Strength of a column of categories alone, on the scale of `single_feature_strength`.

    codes: (n,) integers, any; one for missing (such as -1) is a category like others.
    Each category is replaced by its target's mean in the *other* of two seeded folds (the mean
    of all where it does not occur there), so that a column of unique ids tells nothing. An
    association out of fold that points the wrong way is chance, and counts as none.
    """
    codes = np.unique(np.asarray(codes), return_inverse=True)[1].astype(np.int64)
    y = np.asarray(y)
    if len(y) < 2:
        return 0.0 if task == "regression" else 0.5
    fold = _folds(y, seed)
    if task == "regression":
        target = y.astype(np.float64)
        return max(_pearson(_mean_out_of_fold(codes, target, fold), target), 0.0)
    classes = [1] if task == "binary" else np.unique(y).tolist()
    return max((_category_auc(codes, y == c, fold) for c in classes), default=0.5)


def _category_auc(codes: Ints, is_class: Array, fold: Ints) -> float:
    encoded = _mean_out_of_fold(codes, is_class.astype(np.float64), fold)
    aucs = _auc_by_class(stats.rankdata(encoded), is_class.astype(np.int64))
    return max(0.5, float(aucs[-1])) if aucs.size else 0.5


def _folds(y: Array, seed: int) -> Ints:
    """(n,) fold 0 or 1, seeded; neighbours in order of y part, so both folds have its mean."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(y))
    by_target = shuffled[np.argsort(y[shuffled], kind="stable")]
    fold = np.empty(len(y), dtype=np.int64)
    first = rng.integers(0, 2, size=(len(y) + 1) // 2)
    fold[by_target] = np.stack([first, 1 - first], axis=1).ravel()[: len(y)]
    return fold


def _mean_out_of_fold(codes: Ints, target: Floats, fold: Ints) -> Floats:
    """(n,) mean target of each row's category in the other fold."""
    categories = int(codes.max()) + 1
    cell = (1 - fold) * categories + codes
    other = fold * categories + codes
    total = np.bincount(other, weights=target, minlength=2 * categories)
    rows = np.bincount(other, minlength=2 * categories)
    mean = np.full(2 * categories, target.mean())
    np.divide(total, rows, out=mean, where=rows > 0)
    return np.asarray(mean[cell])


def _ranks(values: Floats) -> Floats:
    """(n,) midranks from 1; NaN share the lowest."""
    missing = np.isnan(values)
    count = int(missing.sum())
    ranks = np.full(len(values), (count + 1) / 2)
    ranks[~missing] = stats.rankdata(values[~missing]) + count
    return ranks


def _auc_by_class(ranks: Floats, y: Array) -> Floats:
    """AUC of each class that occurs in y against the rest; empty with fewer than two classes.

    AUC = (sum of the class's ranks - m (m + 1) / 2) / (m (n - m)), Mann & Whitney (1947).
    """
    classes, index = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        return np.empty(0)
    m = np.bincount(index).astype(np.float64)
    total = np.bincount(index, weights=ranks)
    return np.asarray((total - m * (m + 1) / 2) / (m * (len(y) - m)))


def _pearson(a: Floats, b: Floats) -> float:
    """Pearson's r over rows in which both are finite; 0 when either is constant there."""
    both = np.isfinite(a) & np.isfinite(b)
    a, b = _centred(a[both]), _centred(b[both])
    scale = float(np.sqrt(a @ a) * np.sqrt(b @ b))
    return min(max(float(a @ b) / scale, -1.0), 1.0) if scale > 0 else 0.0


def _centred(values: Floats) -> Floats:
    """Values scaled to at most 1 (so that squares do not overflow) less their mean."""
    if values.size == 0 or values.min() == values.max():
        return np.zeros(len(values))
    scaled = values / np.abs(values).max()
    return np.asarray(scaled - scaled.mean())
