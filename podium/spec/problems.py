"""What pydantic found wrong, in the words of project.yaml: key, value, and what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from podium.errors import did_you_mean
from podium.spec.project import Project

_Keys = tuple[str | int, ...]
_WANTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
}


def problem_sentences(error: ValidationError, raw: Mapping[str, Any]) -> list[str]:
    """One sentence for each place in `raw` that is wrong, in the order of the declaration."""
    at: dict[_Keys, list[ErrorDetails]] = {}
    for detail in error.errors():
        keys = _written_keys(detail, raw)
        if detail["type"] != "too_short" or not _value_at(raw, keys):  # else an item was refused
            at.setdefault(keys, []).append(detail)
    return [_sentence(keys, details, raw) for keys, details in at.items()]


def _sentence(keys: _Keys, details: list[ErrorDetails], raw: Mapping[str, Any]) -> str:
    where, detail = ".".join(map(str, keys)), details[0]
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key. {did_you_mean(keys[-1], _known_keys(keys[:-1]))}".strip()
    if detail["type"] == "missing":
        return f"{where}: required, but missing"
    value = _value_at(raw, keys)
    if detail["type"] == "literal_error":
        return f"{where}: {value!r} is not known. {did_you_mean(value, _literals(detail))}".strip()
    shown = [where] if where else []
    if not isinstance(value, Mapping) or detail["type"] in _WANTED:
        shown.append(repr(value))
    return ": ".join([*shown, _message(details)])


def _message(details: list[ErrorDetails]) -> str:
    if details[0]["type"] in _WANTED:
        wanted = dict.fromkeys(_WANTED[d["type"]] for d in details if d["type"] in _WANTED)
        return f"should be {' or '.join(wanted)}"
    if details[0]["type"] == "too_short":
        return "is empty"
    return details[0]["msg"].removeprefix("Value error, ").removeprefix("Input ")


def _written_keys(detail: ErrorDetails, raw: Any) -> _Keys:
    """The keys on the way to a problem as far as the file has them: `loc` also names the members
    of a union, and the parts that a short form stands for.
    """
    value, keys = raw, list[str | int]()
    for key in detail["loc"]:
        if not _holds(value, key):
            is_absent = detail["type"] == "missing" and key == detail["loc"][-1]
            return (*keys, key) if is_absent else tuple(keys)
        value = value[key]
        keys.append(key)
    return tuple(keys)


def _holds(value: Any, key: str | int) -> bool:
    if isinstance(value, Mapping):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)


def _value_at(raw: Any, keys: _Keys) -> Any:
    for key in keys:
        raw = raw[key]
    return raw


def _known_keys(parents: _Keys) -> list[str]:
    model: type[BaseModel] = Project
    for parent in parents:
        field = model.model_fields.get(str(parent))
        candidates = [] if field is None else [field.annotation, *get_args(field.annotation)]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if models:
            model = models[0]
    return sorted(model.model_fields)


def _literals(detail: ErrorDetails) -> list[str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    return [word.strip(" '") for word in expected.replace(" or ", ", ").split(",") if word.strip()]
