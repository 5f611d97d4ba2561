"""All of MLflow that serving uses: to load a model of any maker, and to read and write for it.

Imported only where such a model is opened; what Podium made is served without MLflow.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.environment_variables import (
    _MLFLOW_IS_IN_SERVING_ENVIRONMENT,
    MLFLOW_DISABLE_SCHEMA_DETAILS,
)
from mlflow.exceptions import ERROR_CODE_TO_HTTP_STATUS, MlflowException
from mlflow.models import Model as Metadata
from mlflow.models import convert_input_example_to_serving_input
from mlflow.pyfunc import PyFuncModel, scoring_server
from mlflow.utils.proto_json_utils import NumpyEncoder, _get_jsonable_obj

from serving.assignment import Assigned
from serving.errors import NotServable
from serving.models.model import Answer, Asked, Description, ModelSettings
from serving.models.pyfunc import PyfuncModel
from serving.models.refusals import Expected, explained
from serving.models.replies import problem
from serving.models.scorer import Rows
from serving.models.shipped_code import importing
from serving.models.traces import SeenErrors

_logger = logging.getLogger(__name__)
_server: Any = scoring_server  # MLflow's functions have no types
_jsonable: Any = _get_jsonable_obj
_hidden: Any = MLFLOW_DISABLE_SCHEMA_DETAILS

# What these log is for one request each, and quotes what callers named.
_TALKATIVE = ("mlflow.models.utils", "mlflow.pyfunc.scoring_server", "mlflow.pyfunc.model")
_MODEL_RAISED = (
    "Encountered an unexpected error while evaluating the model ({}). Verify that the input is"
    " compatible with the model for inference."
)
_INPUT_IS_WRONG = ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")
_TYPES = "application/json, text/csv or application/vnd.apache.parquet, in UTF-8"


def open_pyfunc(assigned: Assigned, settings: ModelSettings) -> PyfuncModel:
    """Load the model in a folder with its own code, and let it answer its input example.

    Raises NotServable where it cannot be loaded, or does not answer.
    """
    # As in MLflow's server; models with type hints read it, and convert less strictly.
    os.environ[_MLFLOW_IS_IN_SERVING_ENVIRONMENT.name] = "true"
    try:
        metadata: Any = Metadata.load(assigned.folder)
        with importing(assigned.model, _code_folder(metadata, assigned.folder)):
            model = _server.load_model_with_mlflow_config(assigned.folder)
            _quiet()
            scorer = MlflowScorer(model)
            described = _description(metadata, assigned.folder)
            return PyfuncModel(assigned, scorer, described, settings)
    except NotServable:
        raise
    except (Exception, SystemExit) as error:
        raise NotServable(
            f"MLflow cannot load {assigned.model} from {assigned.folder}:"
            f" {type(error).__name__}: {error}",
            remedy="Its requirements may not be installed here: compare its requirements.txt.",
        ) from error


class MlflowScorer:
    """Asks a model by the functions of MLflow's own scoring server."""

    def __init__(self, model: PyFuncModel) -> None:
        self._model = model
        metadata: Any = model.metadata
        self._schema = metadata.get_input_schema()
        params = metadata.get_params_schema()
        hidden = _hidden.get()
        self._expected = Expected() if hidden else Expected(_listed(self._schema), _listed(params))
        self._errors = SeenErrors(_logger)

    def answer(self, asked: Asked) -> Answer:
        """What MLflow's server would reply; where it refuses, in words that quote nothing."""
        try:
            reply = _server.invocations(asked.body, asked.content_type, self._model, self._schema)
        except MlflowException as refusal:
            return self._refused(refusal)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - MLflow's server replies 500
            return self._failed(asked, error)
        if reply.status != 200:
            return problem(reply.status, "BAD_REQUEST", f"Send {_TYPES}.")
        return Answer(200, reply.response.encode(), reply.mimetype)

    def rows(self, document: Mapping[str, Any]) -> Rows | None:
        """Predictions for a parsed body; None where they are no list. Raises as the model does."""
        parsed = _server._parse_json_data(dict(document), self._model.metadata, self._schema)
        predictions = self._model.predict(parsed.data, params=parsed.params)
        values = _jsonable(predictions, pandas_orient="records")
        return Rows(_form(predictions), values) if isinstance(values, list) else None

    def written(self, values: Sequence[Any]) -> bytes:
        """The body of a reply with these predictions, as MLflow writes them."""
        return json.dumps({"predictions": values}, cls=NumpyEncoder).encode()

    def _refused(self, refusal: MlflowException) -> Answer:
        status = ERROR_CODE_TO_HTTP_STATUS.get(refusal.error_code, 500)
        cause = refusal.__context__
        message = _message(refusal)
        unread = message.startswith("Invalid input. Ensure that input is a valid")
        if unread and isinstance(cause, json.JSONDecodeError):
            told = f"The body is not JSON: {cause.msg}, line {cause.lineno} column {cause.colno}."
        elif unread:
            told = "The body is not UTF-8."
        elif message.startswith("Failed to parse input as a Pandas DataFrame"):
            told = f"The body is no table that fits what the model takes. {self._expected.text()}"
        elif message.startswith("Encountered an unexpected error") and cause is not None:
            self._errors.note(cause)
            told = _MODEL_RAISED.format(type(cause).__name__)
        elif refusal.error_code not in _INPUT_IS_WRONG:
            self._errors.note(refusal)
            told = _MODEL_RAISED.format(type(refusal).__name__)
        else:
            told = explained(message, self._expected)
        return problem(status, refusal.error_code, told.strip())

    def _failed(self, asked: Asked, error: BaseException) -> Answer:
        if asked.content_type is None:
            return problem(500, "INTERNAL_ERROR", f"There is no Content-Type. Send {_TYPES}.")
        self._errors.note(error)
        told = f"The request could not be read, or its answer not written ({type(error).__name__})."
        return problem(500, "INTERNAL_ERROR", f"{told} {self._expected.text()}".strip())


def _message(refusal: BaseException) -> str:
    """MLflow's message of what was wrong at first, without the input that is put in front later."""
    # Not `message`: MLflow's server changes it, and leaves `args` as they were.
    message = str(refusal.args[0]) if refusal.args else ""
    first = refusal.__context__
    if message.startswith("Failed to enforce schema of data") and isinstance(
        first, MlflowException
    ):
        return _message(first)
    return message


def _quiet() -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)


def _code_folder(metadata: Any, folder: str) -> str | None:
    code = metadata.flavors.get("python_function", {}).get("code")
    return str(Path(folder, code)) if code else None


def _listed(schema: Any) -> list[dict[str, Any]]:
    return [] if schema is None else list(schema.to_dict())


def _description(metadata: Any, folder: str) -> Description:
    return Description(
        inputs=_listed(metadata.get_input_schema()),
        outputs=_listed(metadata.get_output_schema()),
        params=_listed(metadata.get_params_schema()),
        example=_example(metadata, folder),
    )


def _example(metadata: Any, folder: str) -> dict[str, Any] | None:
    """The input example as a body; older versions of MLflow kept the table only."""
    text = metadata.get_serving_input(folder)
    if text is None and (table := metadata.load_input_example(folder)) is not None:
        text = convert_input_example_to_serving_input(table)
    example = None if text is None else json.loads(text)
    return example if isinstance(example, dict) else None


def _form(predictions: Any) -> str:
    """The types of predictions that depend on no single one."""
    if isinstance(predictions, pd.DataFrame):
        columns = zip(predictions.columns, predictions.dtypes, strict=True)
        return f"table of {[(name, str(kind)) for name, kind in columns]}"
    if isinstance(predictions, pd.Series):
        return f"series {predictions.name!r} of {predictions.dtype}"
    if isinstance(predictions, np.ndarray):
        kind = predictions.dtype.kind if predictions.dtype.kind in "SU" else predictions.dtype
        return f"array of {kind} with {predictions.shape[1:]}"
    return type(predictions).__name__
