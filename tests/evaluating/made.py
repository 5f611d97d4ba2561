"""Models to evaluate: Podium's, and what strangers log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import save_artifact
from podium.artifact.scoring import Scorer
from tests.artifact.samples import raw_table

FEATURES = ["distance", "gate"]
_PYTHON = """\
import sys
import numpy as np
import pandas as pd
import mlflow.pyfunc
from mlflow.models import set_model

print("loading")
{top}

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        print("answering", file=sys.stderr)
        {body}


set_model(Model())
"""


def numbers(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Two columns of numbers, and the target `y` that depends on both."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({name: draw.normal(size=rows) for name in FEATURES})
    return frame.assign(y=(frame["distance"] + frame["gate"] > 0).astype(int))


def podium(folder: Path, scorer: Scorer) -> Path:
    """Podium's own artifact."""
    save_artifact(scorer, example_of(scorer, raw_table(3)), folder)
    return folder


def sklearn(folder: Path, *, signature: bool = True, **keys: Any) -> Path:
    """A logistic regression of `numbers`."""
    frame = numbers()
    model = LogisticRegression().fit(frame[FEATURES], frame["y"])
    kept = infer_signature(frame[FEATURES], frame["y"]) if signature else None
    keys = {"serialization_format": "skops", **keys}
    mlflow.sklearn.save_model(model, folder, signature=kept, pip_requirements=[], **keys)
    return folder


def xgboost(folder: Path, *, booster: bool = False) -> Path:
    """Boosted trees of `numbers`: the classifier, or the booster below it."""
    from xgboost import XGBClassifier

    frame = numbers()
    model = XGBClassifier(n_estimators=4, max_depth=2, n_jobs=1).fit(frame[FEATURES], frame["y"])
    kept = infer_signature(frame[FEATURES], frame["y"])
    logged = model.get_booster() if booster else model
    mlflow.xgboost.save_model(logged, folder, signature=kept, pip_requirements=[])
    return folder


def python(
    folder: Path, body: str, *, top: str = "", code: dict[str, str] | None = None, **keys: Any
) -> Path:
    """A PythonModel whose `predict` is `body`; `code`: modules that it brings along."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    source = folder.parent / f"{folder.name}_model.py"
    source.write_text(_PYTHON.format(body=body, top=top))
    paths = []
    for name, text in (code or {}).items():
        path = folder.parent / f"{folder.name}_code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        paths.append(str(path.parent if "/" in name else path))
    keys = {"code_paths": paths or None, "pip_requirements": [], **keys}
    with _importable(folder.parent / f"{folder.name}_code"):
        mlflow.pyfunc.save_model(folder, python_model=str(source), **keys)
    return folder


@contextmanager
def _importable(code: Path) -> Iterator[None]:
    """MLflow runs the model as it saves it; nothing of that stays imported."""
    modules = set(sys.modules)
    sys.path.insert(0, str(code))
    try:
        yield
    finally:
        sys.path.remove(str(code))
        for name in set(sys.modules) - modules:
            if name.startswith("own_"):
                del sys.modules[name]
