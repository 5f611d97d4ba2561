"""A description of the server for machines, from the signatures of its models (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any

from podium import __version__
from podium.documents import to_json
from serving.app.slots import Slots
from serving.models.model import Description, Model

_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
}
_ERROR = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error_code", "message"],
}
_ERRORS = {
    "400": "What was sent cannot be scored; the message says why, without quoting it.",
    "401": "No valid API key was sent.",
    "413": "The body is too large.",
    "415": "The content type is not taken.",
    "503": "Busy, or no version is loaded; try again after Retry-After seconds.",
    "504": "It took too long.",
}


def openapi_document(slots: Slots, *, keys: bool) -> bytes:
    """The document, as JSON. keys: whether an API key is asked for."""
    paths: dict[str, Any] = {}
    for name in slots.names:
        operation = {"post": _operation(name, slots.get(name))}
        paths[f"/models/{name}/invocations"] = operation
        if len(slots.names) == 1:
            paths["/invocations"] = {"post": {**operation["post"], "operationId": "invocations"}}
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": f"Podium: {', '.join(slots.names)}", "version": __version__},
        "paths": paths | _pages(),
    }
    if keys:
        scheme = {"type": "http", "scheme": "bearer"}
        document["components"] = {"securitySchemes": {"key": scheme}}
        document["security"] = [{"key": []}]
    return to_json(document).encode()


def _operation(name: str, model: Model | None) -> dict[str, Any]:
    found = Description() if model is None else model.description()
    body: dict[str, Any] = {"schema": _asked(found)}
    if found.example is not None:
        body["example"] = found.example
    version = "no version yet" if model is None else f"version {model.assigned.version or '?'}"
    return {
        "operationId": f"invocations_{name}",
        "summary": f"Predictions of {name} ({version} now)",
        "parameters": [_header("X-Request-Id", "Comes back; made by the server if not sent.")],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": body,
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {"schema": {}},
            },
        },
        "responses": {"200": _predictions(found)} | {s: _problem(t) for s, t in _ERRORS.items()},
    }


def _header(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _asked(found: Description) -> dict[str, Any]:
    """One schema for each of MLflow's forms."""
    records: dict[str, Any] = {"type": "array", "items": _row(found.inputs)}
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": {"type": "array"}},
            "index": {"type": "array"},
        },
        "required": ["columns", "data"],
    }
    forms = {"dataframe_records": records, "dataframe_split": split, "inputs": {}, "instances": {}}
    params = {"params": _row(found.params)} if found.params else {}
    return {
        "oneOf": [
            {"type": "object", "properties": {form: schema, **params}, "required": [form]}
            for form, schema in forms.items()
        ]
    }


def _row(columns: list[dict[str, Any]]) -> dict[str, Any]:
    named = [column for column in columns if isinstance(column.get("name"), str)]
    row: dict[str, Any] = {"type": "object"}
    if named:
        row["properties"] = {column["name"]: _value(column) for column in named}
    required = [column["name"] for column in named if column.get("required", True)]
    return row | ({"required": required} if required else {})


def _value(column: dict[str, Any]) -> dict[str, Any]:
    """A missing value is null, unless it has to be there."""
    schema = _TYPES.get(str(column.get("type")), {})
    if schema and not column.get("required", True):
        return {**schema, "type": [schema["type"], "null"]}
    return schema


def _predictions(found: Description) -> dict[str, Any]:
    items = _row(found.outputs) if len(found.outputs) and "name" in found.outputs[0] else {}
    schema = {
        "type": "object",
        "properties": {"predictions": {"type": "array", "items": items} if items else {}},
        "required": ["predictions"],
    }
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in (
            ("X-Request-Id", "The request's id."),
            ("X-Model-Version", "The version that answered."),
            ("X-Model-Role", "champion, or fixed where nothing is followed."),
        )
    }
    content = {"application/json": {"schema": schema}}
    return {"description": "A prediction a row.", "headers": headers, "content": content}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _ERROR}}}


def _pages() -> dict[str, Any]:
    texts = {
        "/ping": "200 where the models are loaded, else 404 (also /health).",
        "/version": "MLflow's version.",
        "/ready": "Whether every model answers, and which version of it.",
        "/metrics": "Counters for Prometheus.",
    }
    return {
        path: {"get": {"summary": text, "responses": {"200": {"description": text}}}}
        for path, text in texts.items()
    }
