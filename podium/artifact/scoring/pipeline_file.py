"""`pipeline.skops`: a scikit-learn pipeline, read as if somebody else had written it."""

from __future__ import annotations

from typing import Any
from zipfile import ZipFile

import skops.io

from .archive import open_archive
from .boosters import check_booster
from .columns import check_columns
from .errors import BrokenArtifact
from .schema import SCHEMA, SCHEMA_LIMIT_BYTES, check_schema
from .trees import check_trees

PIPELINE = "pipeline.skops"
PIPELINE_LIMIT_BYTES = 4 << 30  # 1,000 trees of 30,000 nodes are 2 GB: the largest worth serving

# Beyond the scikit-learn, numpy and scipy types that skops itself trusts.
ALLOWED_TYPES = (
    "numpy.dtype",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def load_pipeline(content: bytes) -> Any:
    """Load a pipeline that holds nothing but allowed types, none of which points outside itself.

    content: the bytes of `pipeline.skops`. Raises BrokenArtifact for everything else.
    """
    try:
        if len(content) > PIPELINE_LIMIT_BYTES:
            raise BrokenArtifact(f"it has more than {PIPELINE_LIMIT_BYTES} bytes")
        with open_archive(content) as archive:
            _check_entries(archive)
        pipeline = skops.io.loads(content, trusted=list(ALLOWED_TYPES))
        check_trees(pipeline)
        check_columns(pipeline)
    except RecursionError:
        raise BrokenArtifact(f"{PIPELINE} cannot be loaded: it is nested too deeply") from None
    except Exception as error:
        what = str(error) or type(error).__name__  # MemoryError says nothing
        raise BrokenArtifact(f"{PIPELINE} cannot be loaded: {what}") from error
    return pipeline


def _check_entries(archive: ZipFile) -> None:
    if archive.getinfo(SCHEMA).file_size > SCHEMA_LIMIT_BYTES:
        raise BrokenArtifact(f"{SCHEMA} has more than {SCHEMA_LIMIT_BYTES} bytes")
    for name in check_schema(archive.read(SCHEMA)):
        check_booster(archive.read(name))
