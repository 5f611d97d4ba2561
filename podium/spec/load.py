"""Reads project.yaml, and says in one error everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from podium.errors import NotFound, SpecError, did_you_mean
from podium.spec.project import Project

FILE_NAME = "project.yaml"


@dataclass(frozen=True)
class Declaration:
    """A project and the file that declares it (`path` is absolute)."""

    project: Project
    path: Path

    @property
    def folder(self) -> Path:
        """Where relative sources and modules are looked for."""
        return self.path.parent


def load_declaration(path: Path, overrides: Mapping[str, Any] | None = None) -> Declaration:
    """Read and validate the project.yaml at `path` (or in the folder `path`).

    `overrides` replace top-level keys, or `section.key`, before validation.
    Raises NotFound where there is no such file and SpecError for everything that is wrong in it.
    """
    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise NotFound(f"There is no {FILE_NAME} at {path}.", remedy="Give a project's folder.")
    raw = _read_yaml(file)
    for key, value in (overrides or {}).items():
        _override(raw, key, value)
    try:
        project = Project.model_validate(raw)
    except ValidationError as error:
        problems = [_sentence(detail, raw) for detail in error.errors()]
        raise SpecError(f"{file}: " + "; ".join(problems)) from None
    return Declaration(project, file.resolve())


class _Yaml(yaml.SafeLoader):
    """YAML without its traps: a key given twice is an error, not a silent loss; `on`, `yes` and
    `no` are words (only true and false are booleans); 1e-3 is a number; dates stay text.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_RETYPED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp")
_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _RETYPED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Yaml.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\.\d+|\d+\.\d*|\d+(?=[eE]))([eE][-+]?\d+)?$"),
    list("-+.0123456789"),
)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=_Yaml)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{file} is not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise SpecError(f"{file} holds no keys.", remedy="It needs name, task, data and target.")
    return raw


def _override(raw: dict[str, Any], key: str, value: Any) -> None:
    section, _, leaf = key.rpartition(".")
    target = raw
    if section:
        target = raw[section] = dict(raw.get(section) or {})
    target[leaf] = value


def _sentence(detail: ErrorDetails, raw: Mapping[str, Any]) -> str:
    keys = [part for part in detail["loc"] if isinstance(part, (str, int))]
    where = ".".join(str(key) for key in keys if not str(key).startswith("function-"))
    if detail["type"] == "extra_forbidden":
        near = did_you_mean(keys[-1], _known_keys(keys[:-1]))
        return f"{where}: unknown key. {near}".strip()
    if detail["type"] == "missing":
        return f"{where}: required, but missing"
    message = detail["msg"].removeprefix("Value error, ")
    if not keys:
        return message
    value = _value_at(raw, keys)
    if detail["type"] == "literal_error":
        near = did_you_mean(value, _literals(detail))
        return f"{where}: {value!r} is not known. {near}".strip()
    return f"{where}: {value!r}: {message[:1].lower()}{message[1:]}"


def _known_keys(parents: list[str | int]) -> list[str]:
    model: type[BaseModel] = Project
    for parent in parents:
        field = model.model_fields.get(str(parent))
        candidates = [] if field is None else [field.annotation, *get_args(field.annotation)]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if models:
            model = models[0]
    return sorted(model.model_fields)


def _value_at(raw: Any, keys: list[str | int]) -> Any:
    value: Any = raw
    for key in keys:
        inside = isinstance(value, Mapping) and key in value
        if inside or (isinstance(value, list) and isinstance(key, int) and key < len(value)):
            value = value[key]
    return value


def _literals(detail: ErrorDetails) -> list[str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    return [word.strip(" '") for word in expected.replace(" or ", ", ").split(",") if word.strip()]
