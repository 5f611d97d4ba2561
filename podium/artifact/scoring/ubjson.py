"""Universal Binary JSON, as far as XGBoost writes it (https://ubjson.org, draft 12)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

_TYPES = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_NUMBERS = {
    marker: struct.Struct(f">{code}")
    for marker, code in zip(_TYPES, ("b", "B", "h", "i", "q", "f", "d"), strict=True)
}
_CONSTANTS = {b"T": True, b"F": False, b"Z": None}
_SIZE = _NUMBERS[b"L"]


def read_ubjson(content: bytes) -> Any:
    """The document in `content`; arrays of one type of number become numpy arrays.

    Stricter than the format: what XGBoost does not write is refused, and so is a key that comes
    twice. Raises ValueError (struct.error where it breaks off), or RecursionError.
    """
    reader = _Reader(content)
    document = reader.value(reader.take(1))
    if reader.place != len(content):
        raise ValueError("there is more after the end")
    return document


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def take(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        self.place += size
        return self.content[self.place - size : self.place]

    def value(self, marker: bytes) -> Any:
        if marker in _NUMBERS:
            return self.number(_NUMBERS[marker])
        if marker == b"{":
            return self.object()
        if marker == b"[":
            return self.array()
        if marker == b"S" and self.take(1) == b"L":
            return self.text()
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        raise ValueError(f"{marker!r} at byte {self.place} is no value")

    def number(self, kind: struct.Struct) -> Any:
        self.place += kind.size
        return kind.unpack_from(self.content, self.place - kind.size)[0]

    def size(self) -> int:
        size: int = self.number(_SIZE)
        if not 0 <= size <= len(self.content) - self.place:
            raise ValueError(f"{size} at byte {self.place} is more than there is")
        return size

    def text(self) -> str:
        return self.take(self.size()).decode()

    def object(self) -> dict[str, Any]:
        document: dict[str, Any] = {}
        while (marker := self.take(1)) == b"L":
            key = self.text()
            if key in document:
                raise ValueError(f"the key {key!r} comes twice")
            document[key] = self.value(self.take(1))
        if marker != b"}":
            raise ValueError(f"{marker!r} at byte {self.place} is no key")
        return document

    def array(self) -> Any:
        kind = self.take(1)
        typed = self.take(1) if kind == b"$" else b""
        if (self.take(2) if typed else kind + self.take(1)) != b"#L":
            raise ValueError(f"an array at byte {self.place} without a length")
        if not typed:
            return [self.value(self.take(1)) for _ in range(self.size())]
        dtype = np.dtype(_TYPES[typed])
        numbers = self.size()
        content = self.take(numbers * dtype.itemsize)
        if len(content) != numbers * dtype.itemsize:
            raise ValueError(f"an array at byte {self.place} that breaks off")
        return np.frombuffer(content, dtype)
