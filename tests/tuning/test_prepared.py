from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from podium.errors import DataError
from projects.training.history import Rows
from projects.training.split import split_rows
from projects.tuning.prepared import Prepared
from tests.training.made import SMALL, fit_parts, mixed, project_of, table_of
from tests.tuning.prepared_rows import mixed_project, prepared_of, read

NUMBER, WORD, CATEGORY = 987654.321, "zyzzyva", "violet"


def dense(matrix: Any) -> np.ndarray:
    return np.asarray(matrix.todense() if sparse.issparse(matrix) else matrix)


def all_rows(prepared: Prepared) -> list[Rows]:
    folds = [fold for layout in prepared.layouts.values() for fold in layout]
    return [rows for fold in folds for rows in (fold.train, fold.check)]


@pytest.mark.parametrize("estimator", ["xgboost", "linear"])
def test_one_fold_has_the_very_matrices_that_training_makes(estimator: str) -> None:
    project = mixed_project("binary", estimator, params=SMALL[estimator], class_weight="balanced")
    table, parts = read(project)
    made = fit_parts(project, table, parts).scorer.pipeline.named_steps["features"]
    (fold,) = prepared_of(project).folds(estimator)
    for rows, positions in ((fold.train, parts.train), (fold.check, parts.validation)):
        expected = dense(made.transform(table.features.iloc[positions]))
        np.testing.assert_allclose(dense(rows.X), expected, atol=1e-12)
        np.testing.assert_array_equal(rows.y, table.target.y[positions])
        assert rows.weight is not None
        assert rows.weight[rows.y == 1].sum() == pytest.approx(rows.weight[rows.y == 0].sum())


def test_only_the_layouts_that_the_estimators_take_are_made() -> None:
    trees = ("xgboost", "random_forest", "hist_gradient_boosting")
    assert set(prepared_of(mixed_project("binary", *trees)).layouts) == {True}
    assert set(prepared_of(mixed_project("binary", "linear")).layouts) == {False}
    assert set(prepared_of(mixed_project("binary", "linear", "xgboost")).layouts) == {True, False}


def test_one_hot_columns_and_words_stay_sparse_for_linear_models() -> None:
    (fold,) = prepared_of(mixed_project("binary", "linear")).folds("linear")
    assert sparse.issparse(fold.train.X)
    assert fold.train.X.has_canonical_format


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_what_is_loaded_is_what_was_saved_and_cannot_be_written_to(
    task: str, tmp_path: Path
) -> None:
    project = mixed_project(task, "linear", "xgboost")
    prepared = prepared_of(project, folds=3)
    prepared.save(tmp_path)
    mapped, read_in = Prepared.load(tmp_path), Prepared.load(tmp_path, mmap=False)
    for again in (mapped, read_in):
        assert (again.project, again.labels, again.seed) == (project, prepared.labels, 0)
        for rows, expected in zip(all_rows(again), all_rows(prepared), strict=True):
            np.testing.assert_array_equal(dense(rows.X), dense(expected.X))
            np.testing.assert_array_equal(rows.y, expected.y)
    X = mapped.folds("xgboost")[0].train.X
    assert isinstance(X, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        X[0, 0] = 1.0


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    joblib.dump({}, tmp_path / "prepared.joblib")
    with pytest.raises(DataError, match="holds something else than prepared rows"):
        Prepared.load(tmp_path)


def marked(frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """`frame` with values in these rows that are nowhere else."""
    frame = frame.copy()
    frame.loc[rows, "number"] = NUMBER
    frame.loc[rows, "words"] = f"{WORD} late"
    frame.loc[rows, "kind"] = CATEGORY
    frame.loc[rows, "y"] = -NUMBER
    return frame


@pytest.mark.parametrize("folds", [None, 3])
def test_the_saved_files_hold_nothing_of_the_holdout(folds: int | None, tmp_path: Path) -> None:
    project = mixed_project("regression", "linear", "xgboost")
    frame = mixed("regression")
    holdout = read(project, frame)[1].holdout
    files = {}
    for name, rows in (("plain", holdout[:0]), ("marked", holdout), ("learned", np.arange(60))):
        (tmp_path / name).mkdir()
        prepared_of(project, marked(frame, rows), folds=folds).save(tmp_path / name)
        files[name] = b"".join(p.read_bytes() for p in sorted((tmp_path / name).iterdir()))
    assert files["marked"] == files["plain"]
    for trace in (np.float64(NUMBER).tobytes(), np.float64(-NUMBER).tobytes()):
        assert trace not in files["marked"]
        assert trace in files["learned"]  # so that the test would see it


def test_the_file_holds_no_more_rows_than_the_folds_have(tmp_path: Path) -> None:
    frame = mixed("regression", 4_000)
    project = mixed_project("regression", "xgboost", features={"numeric": ["number"]})
    parts = read(project, frame)[1]
    prepared_of(project, frame).save(tmp_path)
    rows = len(parts.train) + len(parts.validation)
    (file,) = tmp_path.iterdir()
    assert rows * 16 < file.stat().st_size < rows * 16 + 6_000  # a number and a target a row


def test_each_fold_knows_the_categories_that_it_learned_from_only() -> None:
    frame = mixed("binary")
    frame.loc[200:, "kind"] = CATEGORY
    project = mixed_project("binary", "xgboost", features={"categorical": ["kind"]})
    first, *_, last = prepared_of(project, frame, folds=3).folds("xgboost")
    assert first.train.X.min() >= 0
    assert first.check.X.max() <= first.train.X.max()
    assert last.train.X.max() > first.train.X.max()
    assert last.check.X.min() > 0
    unseen = prepared_of(project, frame.assign(kind=frame.index.astype(str)), folds=3)
    assert (unseen.folds("xgboost")[0].check.X == -1).all()


def test_text_without_words_is_refused_with_the_fold() -> None:
    frame = mixed("binary")
    frame.loc[:110, "words"] = "a !"
    project = mixed_project("binary", "linear", features={"text": ["words"]})
    match = "Fold 1 of 3: The text column 'words' holds no words .* Or use fewer folds"
    with pytest.raises(DataError, match=match):
        prepared_of(project, frame, folds=3)
    project = project_of("binary", features={"text": ["words"]})
    table = table_of(project, frame.assign(words="a !"))
    assert len(split_rows(project, table, 0).train)
    with pytest.raises(DataError, match=r"^The text column 'words' holds no words"):
        prepared_of(project, frame.assign(words="a !"))
