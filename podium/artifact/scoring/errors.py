"""What the scoring artifact refuses."""

from __future__ import annotations


class InvalidValue(ValueError):
    """A value that cannot become a feature. Names column and row, never the value itself."""

    def __init__(self, column: str, row: int, expected: str, found: str) -> None:
        super().__init__(f"column {column!r}, row {row}: expected {expected}, found {found}")
        self.column = column
        self.row = row
        self.expected = expected
        self.found = found


class InvalidTable(ValueError):
    """What was sent is not one table. The message names column or row, never a value."""


class BrokenArtifact(ValueError):
    """The files of the artifact are not those that were logged, or cannot be read."""
