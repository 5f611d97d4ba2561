"""Writes project.yaml files to read in tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.errors import SpecError
from podium.spec import FILE_NAME, Declaration, load_declaration

BINARY = """
name: late
task: binary
data: {source: flights.csv}
target: {column: y}
"""
REGRESSION = BINARY.replace("binary", "regression")
MULTICLASS = BINARY.replace("binary", "multiclass")


def declared(folder: Path, text: str) -> Declaration:
    file = folder / FILE_NAME
    file.write_text(text, encoding="utf-8")
    return load_declaration(file)


def refusal(folder: Path, text: str) -> str:
    """What is said about `text`, after the file's path, which each refusal starts with."""
    with pytest.raises(SpecError) as refused:
        declared(folder, text)
    message = str(refused.value)
    file = str(folder / FILE_NAME)
    assert message.startswith(file)
    return message.removeprefix(file).removeprefix(": ")
