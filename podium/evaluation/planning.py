"""How many rows would decide a comparison, and how likely these ones were to."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from podium.errors import UsageError
from podium.evaluation.paired import Found

IF_EQUAL = "both are equally good"
IF_AS_SEEN = "the difference is what was seen"
IF_ALIKE = "they show no spread either"
_FAR = 1000  # times as many rows as there are: beyond that a number of rows is a guess


@dataclass(frozen=True)
class Terms:
    """What a verdict is asked on: the metric, how much worse is still fine, and the errors.

    Raises UsageError for a margin below 0, an alpha outside 0..0.5 and a power outside 0..1.
    """

    metric: str
    higher_is_better: bool
    margin: float = 0.0
    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin >= 0.0):
            raise UsageError(
                f"The margin {self.margin!r} is not a finite number of at least 0.",
                remedy="Give how much worse is still fine, in the metric's unit, such as 0.005.",
            )
        for name, value, end in (("alpha", self.alpha, 0.5), ("power", self.power, 1.0)):
            if not 0.0 < value < end:
                raise UsageError(
                    f"The {name} {value!r} is not between 0 and {end:g}.",
                    remedy="Give a share, such as 0.05 for alpha and 0.8 for power.",
                )


@dataclass(frozen=True)
class Oriented:
    """The difference and its interval, turned so that more is better."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Plan:
    """How many rows would decide, and the chance that these ones pass, if `assumes` holds."""

    assumes: str
    rows_needed: int | None
    power: float | None


NO_PLAN = Plan("", None, None)


def plan_of(seen: Oriented, found: Found, terms: Terms, rows: int) -> Plan:
    """If both are equally good; where that many rows are here and did not decide, as was seen."""
    error = found.error
    if not error > 0.0:
        return NO_PLAN
    if found.unseen:
        return Plan(IF_ALIKE, _rows_alike(seen, found, terms, rows), None)
    if terms.margin > 0.0:
        needed = _rows_to_tell(rows, found, terms.margin, terms)
        if needed is None or needed > rows or seen.low >= -terms.margin:
            return Plan(IF_EQUAL, needed, _power(terms.margin, error, terms.alpha))
    distance = seen.difference + terms.margin
    needed = _rows_to_tell(rows, found, abs(distance), terms)
    return Plan(IF_AS_SEEN, needed, _power(distance, error, terms.alpha))


def _rows_to_tell(rows: int, found: Found, distance: float, terms: Terms) -> int | None:
    """As `rows_needed`; None where it would be more than a thousand times as many.

    The pseudo-rows' part of the error fades as 1 / n, the rest as 1 / sqrt(n): with x = rows / n
    the variance is seen x + fading x^2, and the error given to `rows_needed` is the one that
    `rows` rows would have if all of what is left at that n faded as 1 / sqrt(n).
    """
    alpha, power, error = terms.alpha, terms.power, found.error
    if distance <= error * 1e-6:
        return None
    if found.fading > 0.0:
        reach = float(special.ndtri(1.0 - alpha)) + float(special.ndtri(power))
        fading = min(found.fading / error, 1.0) ** 2
        wanted = min(distance / (reach * error), 1e6) ** 2
        error *= math.sqrt(
            (1.0 - fading + math.sqrt((1.0 - fading) ** 2 + 4 * fading * wanted)) / 2
        )
    return _in_reach(rows_needed(rows, error, distance, alpha=alpha, power=power), rows)


def _rows_alike(seen: Oriented, found: Found, terms: Terms, rows: int) -> int | None:
    """Rows without any spread that bring the interval's lower end to -margin.

    Its reach shrinks as 1 / n, not as 1 / sqrt(n). Rule of three: 1 - alpha^(1/k), k being a
    share of n. Score interval without any discordant row: z^2 / (n + z^2).
    """
    distance, reach = seen.difference + terms.margin, seen.difference - seen.low
    if not (0.0 < distance < 1.0 and 0.0 < reach < 1.0):
        return None
    if found.unseen == "rule of three":
        return _in_reach(math.ceil(rows * math.log1p(-reach) / math.log1p(-distance)), rows)
    z2 = float(special.ndtri(1.0 - terms.alpha)) ** 2
    return _in_reach(math.ceil(z2 / distance - z2), rows)


def _in_reach(needed: int, rows: int) -> int | None:
    return needed if needed <= _FAR * rows else None


def _power(distance: float, error: float, alpha: float) -> float:
    """The chance that the interval's lower end is above what is `distance` below the truth."""
    return float(special.ndtr(distance / error - float(special.ndtri(1.0 - alpha))))


def rows_needed(rows: int, error: float, distance: float, *, alpha: float, power: float) -> int:
    """Rows that pass with chance `power`, from the `error` that `rows` rows gave.

    n = rows x ((z(1 - alpha) + z(power)) x error / distance)^2, rounded up: the lower end of
    the interval has to come out above what is `distance` below the true difference. Raises
    UsageError for a distance that is not above 0.
    """
    if not distance > 0.0:
        raise UsageError(
            f"The distance {distance!r} is not above 0.",
            remedy="Give a true difference that is above the margin's end, such as 0.01.",
        )
    reach = float(special.ndtri(1.0 - alpha)) + float(special.ndtri(power))
    return max(1, math.ceil(rows * (reach * error / distance) ** 2))
