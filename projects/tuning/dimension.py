"""One searched parameter: which values it may take, and how Optuna is asked for one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from podium.errors import UsageError
from podium.spec.parts import Label, Range

if TYPE_CHECKING:
    from optuna import Trial

Numbers = Literal["whole", "fractions", "as written"]
# None in a class: no limit, or drawn. What is counted by them is counted in whole numbers.
_COUNTS = ("max_depth", "max_leaf_nodes", "n_jobs", "random_state")


@dataclass(frozen=True)
class Dimension:
    """A range of numbers, or choices. `whole`: the numbers are whole ones."""

    range: Range
    whole: bool = False

    def suggest(self, trial: Trial, name: str) -> Any:
        """A value out of it, under Optuna's `name`."""
        low, high, step = self.range.low, self.range.high, self.range.step
        if self.range.choices is not None:
            return trial.suggest_categorical(name, self.range.choices)
        if low is None or high is None:  # Range refuses that; a type checker cannot know
            raise UsageError(f"search: {name} has neither low and high nor choices.")
        if self.whole:
            whole_step = 1 if step is None else int(step)
            return trial.suggest_int(name, int(low), int(high), step=whole_step, log=self.range.log)
        return trial.suggest_float(name, low, high, step=step, log=self.range.log)

    def held(self, value: Any) -> tuple[Any, ...]:
        """`value` as Optuna may be given it, alone in a tuple; empty where it cannot be.

        A number outside the range can be given; what is none of the choices, no number, no whole
        one, or has no logarithm where one is taken, cannot.
        """
        if self.range.choices is not None:
            alike = (c for c in self.range.choices if c == value and _is_bool(c) == _is_bool(value))
            return tuple(alike)
        if not isinstance(value, Real) or _is_bool(value) or not math.isfinite(value):
            return ()
        number = float(value)
        if (self.range.log and number <= 0) or (self.whole and not number.is_integer()):
            return ()
        return (int(number) if self.whole else number,)

    def to_json(self) -> dict[str, Any]:
        """What was declared, as project.yaml writes it; `high` is one that the steps reach."""
        return self.range.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


def numbers_of(name: str, default: Any, library: Any) -> Numbers:
    """Which numbers a parameter takes, as its default (Podium's) and the library's own show."""
    shown = default if library is None else library
    if name in _COUNTS or _is_whole(shown):
        return "whole"
    return "fractions" if isinstance(default, float) else "as written"


def dimension_of(name: str, declared: Range, numbers: Numbers) -> Dimension:
    """The dimension that `search.<name>` declares, for a parameter that takes such `numbers`.

    Where low and high are whole and there is no step, a parameter that takes fractions is
    searched in fractions: 0 to 1 is not 0 or 1. A range that its steps do not divide ends at the
    last of them. Raises UsageError for fractions where only whole numbers will do, for a step
    that is larger than the range, and for choices that are equal.
    """
    if declared.choices is not None:
        _refuse_equal(name, declared.choices)
        return Dimension(declared)
    written = {k: v for k in ("low", "high", "step") if (v := getattr(declared, k)) is not None}
    fraction = next((k for k, value in written.items() if not _is_whole(value)), None)
    if fraction is not None and numbers == "whole":
        raise UsageError(
            f"search.{name}: {fraction} {written[fraction]!r} is not a whole number, and {name} "
            "is one.",
            remedy="Write low, high and step as whole numbers, or a list of choices.",
        )
    whole = fraction is None and (numbers != "fractions" or "step" in written)
    return Dimension(_to_the_last_step(name, declared, written), whole)


def _to_the_last_step(name: str, declared: Range, written: Mapping[str, float]) -> Range:
    if "step" not in written:
        return declared
    low, high, step = (Decimal(str(written[key])) for key in ("low", "high", "step"))
    if step > high - low:
        raise UsageError(
            f"search.{name}: step {step} is larger than the range, {low} to {high}.",
            remedy="Write a smaller step, or a list of choices.",
        )
    last = low + (high - low) // step * step
    kind = type(written["high"]) if last == last.to_integral_value() else float
    return declared.model_copy(update={"high": kind(last)})


def _refuse_equal(name: str, choices: tuple[Label | None, ...]) -> None:
    for one, other in combinations(choices, 2):
        if one == other:  # such as 1 and true, which Optuna could not tell apart
            raise UsageError(
                f"search.{name}: the choices {one!r} and {other!r} are equal.",
                remedy="Leave one of them out.",
            )


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
