"""What a table was found to be: the facts and choices that a project is written from."""

from __future__ import annotations

from dataclasses import dataclass

from podium.spec.parts import Features, Label, Task


@dataclass(frozen=True)
class Choice:
    """What was chosen, and why, as the end of a sentence."""

    value: str
    why: str


@dataclass(frozen=True)
class Read:
    """How the files are read: names of columns that they do not name, and words for missing.

    `why` has a sentence for each.
    """

    header: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetFound:
    """The column to predict. `classes` are labels and their rows, most rows first; none for a
    regression.
    """

    column: str
    task: Task
    why: str
    classes: tuple[tuple[Label, int], ...] = ()
    positive: Label | None = None
    positive_why: str = ""

    @property
    def positive_share(self) -> float | None:
        """Share of the rows of the positive class, 0 to 1; None without one."""
        rows = sum(count for _, count in self.classes)
        return next((n / rows for label, n in self.classes if label == self.positive), None)


@dataclass(frozen=True)
class LeftOut:
    """A column that is not predicted from, and why."""

    column: str
    why: str


@dataclass(frozen=True)
class Leak:
    """Columns that tell the target, which nobody could know before it.

    `certain` ones are forbidden; of others a person has to say.
    """

    columns: tuple[str, ...]
    how: str
    certain: bool


@dataclass(frozen=True)
class Personal:
    """A column that looks like personal data."""

    column: str
    kind: str
    why: str


@dataclass(frozen=True)
class Findings:
    """All that was found. Shares are from 0 to 1; `notes` are sentences."""

    rows: int
    columns: int
    read: Read
    target: TargetFound
    features: Features
    left_out: tuple[LeftOut, ...]
    leaks: tuple[Leak, ...]
    personal: tuple[Personal, ...]
    time: str | None
    group: str | None
    split: Choice
    metric: Choice
    estimator: Choice
    notes: tuple[str, ...] = ()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The columns that tell the target for certain."""
        return tuple(name for leak in self.leaks if leak.certain for name in leak.columns)

    @property
    def suspects(self) -> tuple[Leak, ...]:
        """What may be a leak, and what may be just a good feature."""
        return tuple(leak for leak in self.leaks if not leak.certain)
