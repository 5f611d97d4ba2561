"""Models of all makers, saved by MLflow's own functions."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pydantic
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import Array, Map, Object, Property

NUMBERS = pd.DataFrame(
    {
        "a": np.linspace(-1, 1, 40),
        "b": np.arange(40) % 7 * 1.5,
        "n": np.arange(40),
        "flag": np.arange(40) % 3 == 0,
    }
)
TARGET = NUMBERS["a"] * 2 + NUMBERS["b"] - NUMBERS["n"] / 10
FLOATS = NUMBERS[["a", "b"]]

SCALARS = Schema(
    [
        ColSpec("integer", "i"),
        ColSpec("long", "l"),
        ColSpec("float", "f"),
        ColSpec("double", "d"),
        ColSpec("boolean", "t"),
        ColSpec("string", "s"),
        ColSpec("binary", "x", required=False),
        ColSpec("datetime", "when", required=False),
        ColSpec("double", "extra", required=False),
    ]
)
NESTED = Schema(
    [
        ColSpec(Array(DataType.double), "list"),
        ColSpec(
            Object(
                [
                    Property("name", DataType.string),
                    Property("size", DataType.long, required=False),
                ]
            ),
            "thing",
        ),
        ColSpec(Map(DataType.long), "counts", required=False),
        ColSpec(Array(Array(DataType.string)), "words", required=False),
    ]
)
PARAMS = ParamSchema(
    [
        ParamSpec("scale", DataType.double, 1.0),
        ParamSpec("word", DataType.string, "none"),
        ParamSpec("many", DataType.long, [1, 2], (-1,)),
    ]
)


def told(value: Any) -> Any:
    """What a model was given, with all types, in words."""
    if isinstance(value, pd.DataFrame):
        columns = {str(name): told(value[name]) for name in value}
        return {"table": columns, "index": repr(list(value.index))}
    if isinstance(value, pd.Series):
        return [str(value.dtype), [repr(one) for one in value]]
    if isinstance(value, np.ndarray):
        return ["array", str(value.dtype), list(value.shape), repr(value.tolist())]
    if isinstance(value, dict):
        return {str(name): told(one) for name, one in value.items()}
    if isinstance(value, list):
        return [told(one) for one in value]
    return [type(value).__name__, repr(value)]


class Echo(mlflow.pyfunc.PythonModel):
    """Replies what it was given."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return {"given": told(model_input), "params": told(params)}


class EchoRows(mlflow.pyfunc.PythonModel):
    """Replies what it was given, row by row."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        kinds = {name: str(kind) for name, kind in model_input.dtypes.items()}
        rows = model_input.to_dict(orient="records")
        return [{"kinds": kinds, "row": {k: repr(v) for k, v in row.items()}} for row in rows]


class Answers(mlflow.pyfunc.PythonModel):
    """Replies values of the kind that the first row asks for, or fails as it asks."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        kind, value = model_input.iloc[0, 0], model_input.iloc[0, 1]
        return _answer(kind, value, len(model_input))


def _answer(kind: str, value: Any, size: int) -> Any:
    if kind == "ValueError":
        raise ValueError(f"no such value: {value}")
    if kind == "MlflowException":
        raise MlflowException(f"no such value: {value}")
    if kind == "refusal":
        raise MlflowException.invalid_parameter_value(f"no such value: {value}")
    if kind == "away":
        raise MlflowException(f"no such value: {value}", error_code=8)  # RESOURCE_EXHAUSTED
    answers: dict[str, Any] = {
        "table": pd.DataFrame({"p": [0.5] * size, "label": [value] * size}),
        "table with missing": pd.DataFrame({"p": [None] * size, "q": [float("nan")] * size}),
        "series": pd.Series([1, 2], name="y"),
        "series without name": pd.Series([True, False]),
        "array": np.arange(4.0).reshape(2, 2) / 3,
        "array of text": np.array(["a", "bc"]),
        "array of objects": np.array([1, "a", None], dtype=object),
        "infinite": np.array([np.nan, np.inf, -np.inf]),
        "float32": [np.float32(0.1), np.int8(3), np.bool_(True)],
        "bytes": [b"abc"],
        "datetime": [datetime.datetime(2026, 1, 2), pd.Timestamp("2026-01-02T03:04:05")],
        "datetimes": pd.DataFrame({"when": pd.to_datetime(["2026-01-02"])}),
        "pydantic": [Item(name="a", size=1)],
        "text": "just text",
        "none": None,
        "dictionary": {"a": np.arange(3), "b": "c"},
        "unicode": ["ä€\U0001f600"],
        "set": {1, 2},
        "generator": (one for one in [1, 2]),
        "complex": [1j],
        "keys": [{(1, 2): 3}],
    }
    return answers[kind]


class Item(pydantic.BaseModel):
    """What a model with type hints takes."""

    name: str
    size: int = 0


class HintedTexts(mlflow.pyfunc.PythonModel):
    """Takes texts, by its type hints."""

    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


class HintedItems(mlflow.pyfunc.PythonModel):
    """Takes items, by its type hints."""

    def predict(self, model_input: list[Item]) -> list[str]:
        return [f"{item.name} {item.size}" for item in model_input]


def _sklearn(signed: bool) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        from sklearn.tree import DecisionTreeRegressor

        model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(NUMBERS, TARGET)
        signature = infer_signature(NUMBERS, model.predict(NUMBERS)) if signed else None
        mlflow.sklearn.save_model(
            model,
            folder,
            signature=signature,
            input_example=NUMBERS.head(5) if signed else None,
            serialization_format="cloudpickle",
            pip_requirements=[],
        )

    return save


def _classifier(folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(FLOATS, TARGET > 0)
    signature = infer_signature(FLOATS, model.predict_proba(FLOATS))
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=signature,
        input_example=FLOATS.head(4),
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        pip_requirements=[],
    )


def _xgboost(folder: Path) -> None:
    import xgboost

    model = xgboost.XGBRegressor(n_estimators=5, n_jobs=1).fit(FLOATS, TARGET)
    signature = infer_signature(FLOATS, model.predict(FLOATS))
    mlflow.xgboost.save_model(
        model, folder, signature=signature, input_example=FLOATS.head(5), pip_requirements=[]
    )


def _statsmodels(folder: Path) -> None:
    import statsmodels.api as sm

    model = sm.OLS(TARGET, FLOATS).fit()
    signature = infer_signature(FLOATS, model.predict(FLOATS))
    mlflow.statsmodels.save_model(
        model, folder, signature=signature, input_example=FLOATS.head(5), pip_requirements=[]
    )


def _python(
    model: Any,
    inputs: Schema | None = None,
    params: ParamSchema | None = None,
    example: Any = None,
) -> Callable[[Path], None]:
    def save(folder: Path) -> None:
        signature = ModelSignature(inputs, None, params) if inputs or params else None
        given = {} if signature is None else {"signature": signature}
        mlflow.pyfunc.save_model(
            folder, python_model=model, input_example=example, pip_requirements=[], **given
        )

    return save


_SCALAR_EXAMPLE = pd.DataFrame(
    {
        "i": np.array([1, 2], dtype=np.int32),
        "l": [3, 4],
        "f": np.array([0.5, 1.5], dtype=np.float32),
        "d": [0.1, 2.5],
        "t": [True, False],
        "s": ["a", "b"],
    }
)
_PLAIN = Schema([column for column in SCALARS.inputs if column.name in _SCALAR_EXAMPLE.columns])

# How to save each; the name says of what kind it is.
MODELS: dict[str, Callable[[Path], None]] = {
    "sklearn": _sklearn(signed=True),
    "sklearn without signature": _sklearn(signed=False),
    "sklearn probabilities": _classifier,
    "xgboost": _xgboost,
    "statsmodels": _statsmodels,
    "echo": _python(Echo()),
    "echo of scalars": _python(Echo(), SCALARS),
    "echo of rows": _python(EchoRows(), _PLAIN, example=_SCALAR_EXAMPLE),
    "echo of rows without signature": _python(EchoRows()),
    "echo of nested": _python(Echo(), NESTED),
    "echo of a tensor": _python(Echo(), Schema([TensorSpec(np.dtype("float64"), (-1, 3))])),
    "echo of tensors": _python(
        Echo(),
        Schema(
            [
                TensorSpec(np.dtype("float32"), (-1, 2), "x"),
                TensorSpec(np.dtype("int64"), (-1,), "y"),
            ]
        ),
    ),
    "echo of unnamed": _python(Echo(), Schema([ColSpec("double"), ColSpec("string")])),
    "echo of one": _python(Echo(), Schema([ColSpec("string", "text")])),
    "echo with params": _python(Echo(), Schema([ColSpec("double", "d")]), PARAMS),
    "answers": _python(Answers()),
    "hinted texts": _python(HintedTexts()),
    "hinted items": _python(HintedItems()),
}
