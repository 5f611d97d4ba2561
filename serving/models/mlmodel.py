"""What the files of a logged model say of what it takes and gives; read without MLflow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from serving.models.model import Description

_EXAMPLE = "serving_input_example.json"


def description_of(folder: Path) -> Description:
    """Signature and example of the model in `folder`; what is not there, or not readable, is left
    out, as nothing but its documentation depends on it.
    """
    try:
        keys = yaml.safe_load((folder / "MLmodel").read_bytes())
        signature = keys.get("signature") or {}
    except (OSError, yaml.YAMLError, AttributeError):
        signature = {}
    return Description(
        inputs=_list_in(signature, "inputs"),
        outputs=_list_in(signature, "outputs"),
        params=_list_in(signature, "params"),
        example=_example(folder),
    )


def _list_in(signature: dict[str, Any], key: str) -> list[dict[str, Any]]:
    text = signature.get(key)
    try:
        found = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _example(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / _EXAMPLE).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
