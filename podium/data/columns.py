"""Which columns are wanted from a table, and how they are to be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Columns:
    """The columns to read, by what they are for.

    `numeric` is read with the type that the values suggest, and as strings where one of them is
    no number. `text` (categorical, text, group, datetime) is read from CSV as strings, so that
    "007" stays "007". `other` (the target) is read with the type that the file gives.
    """

    numeric: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name once: numeric, then text, then other."""
        return tuple(dict.fromkeys((*self.numeric, *self.text, *self.other)))
