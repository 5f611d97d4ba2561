"""A source of files, wherever they lie."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from podium.data.datafile import PLAIN, Reading
from podium.data.source import TableSource


@dataclass(frozen=True)
class FiledSource(TableSource):
    """A table in files. `reading` says what their headers and their words do not."""

    reading: Reading = PLAIN

    @abstractmethod
    def on_disk(self) -> AbstractContextManager[list[Path]]:
        """Local paths of the files, in order, which are there within the block."""
