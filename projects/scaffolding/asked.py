"""What somebody asked `podium new` for."""

from __future__ import annotations

from dataclasses import dataclass

NO_TIME = "none"


@dataclass(frozen=True)
class Asked:
    """A table, what to predict from it, and what is to be otherwise than the table suggests.

    `time` is a column, `none` for a split that ignores time, or None where the table is to say.
    `header` is whether the files of CSV have a header line; None where they are to say.
    """

    name: str
    source: str
    target: str | None = None
    task: str | None = None
    positive: str | None = None
    time: str | None = None
    group: str | None = None
    estimator: str | None = None
    columns: tuple[str, ...] = ()
    header: bool | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that were called by their names."""
        time = None if self.time == NO_TIME else self.time
        return tuple(name for name in (self.target, time, self.group) if name is not None)
