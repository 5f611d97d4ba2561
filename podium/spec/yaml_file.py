"""Reads a YAML file of keys, without the traps of YAML 1.1."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from podium.errors import SpecError

_TAG = "tag:yaml.org,2002:"


class _Yaml(yaml.SafeLoader):
    """A key given twice is an error, not a silent loss; `on`, `yes` and `no` are words (only true
    and false are booleans); 1e-3 is a number; dates, 12:30 and 007 stay text.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == f"{_TAG}merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused by super()
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_OWN = {f"{_TAG}{kind}" for kind in ("bool", "int", "float", "timestamp", "value")}
_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OWN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver(
    f"{_TAG}bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Yaml.add_implicit_resolver(
    f"{_TAG}int", re.compile(r"^[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789")
)
_Yaml.add_implicit_resolver(
    f"{_TAG}float",
    re.compile(r"^[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def read_yaml(file: Path) -> dict[str, Any]:
    """The keys in `file`. Raises SpecError where it is no YAML, or has no keys."""
    try:
        raw = yaml.load(file.read_text(encoding="utf-8"), Loader=_Yaml)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{file} is not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise SpecError(f"{file} holds no keys.", remedy="It needs name, task, data and target.")
    return raw
