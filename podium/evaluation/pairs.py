"""Two models' answers for the same rows: what every paired test is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from podium.errors import UsageError
from podium.evaluation.scores import Array, Ints, Scores


@dataclass(frozen=True, eq=False)
class Pair:
    """The candidate's and the champion's scores of the same n rows, in the same order; n may be 0.

    group: (n,) any integer that says which cluster a row belongs to (a patient, a customer):
    rows of one cluster are not independent of each other. None: each row stands alone.

    Raises UsageError where the two have different `y`, and where `group` is not n integers.
    """

    candidate: Scores
    champion: Scores
    group: Ints | None = None

    def __post_init__(self) -> None:
        if not np.array_equal(self.candidate.y, self.champion.y):
            raise UsageError(
                f"The candidate's {len(self.candidate)} rows and the champion's "
                f"{len(self.champion)} do not have the same truth.",
                remedy="Score both models on the same rows, in the same order.",
            )
        if self.group is not None:
            _check_group(self.group, len(self))

    def __len__(self) -> int:
        return len(self.candidate)

    @property
    def y(self) -> Array:
        """(n,) the truth, which is the same for both."""
        return self.candidate.y

    def take(self, rows: Array) -> Pair:
        """The same for some rows: `rows` holds indices or is a (n,) mask."""
        group = None if self.group is None else self.group[rows]
        return Pair(self.candidate.take(rows), self.champion.take(rows), group)

    def swapped(self) -> Pair:
        """The champion as the candidate, and the other way round."""
        return Pair(self.champion, self.candidate, self.group)

    def clusters(self) -> Ints:
        """(n,) the cluster of each row as 0..G-1; each row its own where there is no `group`."""
        if self.group is None:
            return np.arange(len(self), dtype=np.int64)
        return np.unique(self.group, return_inverse=True)[1].astype(np.int64)

    def agrees(self) -> bool:
        """Whether both gave exactly the same answer on every row, as a model and itself do.

        Then `compare` takes them for the same model, however few the rows: two models that
        happen to answer these rows alike (a few, or by predictions alone) are said not to differ.
        """
        return np.array_equal(self.candidate.prediction, self.champion.prediction) and _equal(
            self.candidate.probability, self.champion.probability
        )


def _equal(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b)


def _check_group(group: Array, rows: int) -> None:
    if group.shape != (rows,) or group.dtype.kind not in "iu":
        raise UsageError(
            f"The groups have shape {group.shape} and dtype {group.dtype}, not {rows} integers.",
            remedy="Give one integer code for each row, in the same order.",
        )
