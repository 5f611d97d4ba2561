"""The parts of a project's declaration, each validated as it is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from podium.spec.durations import format_duration, parse_duration
from podium.spec.names import is_function

Task = Literal["binary", "multiclass", "regression"]
EstimatorName = Literal["xgboost", "hist_gradient_boosting", "random_forest", "linear"]
Part = Literal[
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "day_of_year",
    "weekday",
    "hour",
    "minute",
    "second",
    "epoch_days",
]
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
]
Share = Annotated[float, Field(gt=0, lt=1)]
Label = bool | int | float | str


class Declared(BaseModel):
    """Base of every part: unknown keys are refused, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Data(Declared):
    """Where the table comes from, which columns order and bind its rows, and whose it is.

    `loader`, with `options` as keyword arguments, makes the table of the files of `source`.
    `header` names the columns of CSV files that have no header line; the words in `missing` stand
    for a missing value in the files.
    """

    source: str = Field(min_length=1)
    loader: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    header: tuple[str, ...] = Field(default=(), strict=False)
    missing: tuple[str, ...] = Field(default=(), strict=False)
    time: str | None = None
    group: str | None = None
    snapshot: bool = True
    licence: str = ""
    owner: str = ""
    home: str = ""

    @field_validator("header")
    @classmethod
    def _names_differ(cls, header: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise ValueError(f"names {', '.join(map(repr, twice))} more than once")
        return header

    @model_validator(mode="after")
    def _one_way_to_read(self) -> Data:
        if self.loader is not None and not is_function(self.loader):
            raise ValueError(
                f"loader {self.loader!r} is not module:function, such as loader:rows for a "
                "function `rows` in loader.py beside project.yaml"
            )
        if self.loader is not None and (self.header or self.missing):
            raise ValueError("has a loader, which reads the files itself, and header or missing")
        if self.options and self.loader is None:
            raise ValueError("has options, which are those of a loader, and no loader")
        return self


class Target(Declared):
    """The column to predict; `positive` names the label that counts as 1 (binary only)."""

    column: str
    positive: Label | None = None


class Features(Declared):
    """The columns to predict from, by kind. Where all are left out, they are inferred."""

    numeric: tuple[str, ...] = Field(default=(), strict=False)
    categorical: tuple[str, ...] = Field(default=(), strict=False)
    text: tuple[str, ...] = Field(default=(), strict=False)
    datetime: dict[str, Annotated[tuple[Part, ...], Field(strict=False, min_length=1)]] = Field(
        default_factory=dict
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that the features are made from."""
        return (*self.numeric, *self.categorical, *self.text, *self.datetime)

    @model_validator(mode="after")
    def _each_once(self) -> Features:
        names = list(self.columns)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(map(repr, twice))} is declared as a feature twice")
        for name, parts in self.datetime.items():
            if len(set(parts)) < len(parts):
                raise ValueError(f"datetime.{name} names a part twice: {', '.join(parts)}")
        return self


class Split(Declared):
    """How rows are shared out.

    `validation` and `holdout` are shares of all rows; by time with `data.group`, of those kept.
    """

    by: Literal["time", "group", "random"] | None = None
    holdout: Share = 0.2
    validation: Share = 0.1
    gap: Duration = timedelta(0)

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Split:
        if self.holdout + self.validation >= 0.9:
            raise ValueError(
                f"holdout {self.holdout:g} and validation {self.validation:g} "
                "leave less than a tenth of the rows for training"
            )
        return self


class Threshold(Declared):
    """How the decision threshold is chosen: exactly one of the rules, or a fixed number."""

    fixed: float | None = Field(default=None, ge=0, le=1)
    maximise: Literal["f1"] | None = None
    minimise: Literal["cost"] | None = None
    fp: float = Field(default=1.0, ge=0)
    fn: float = Field(default=1.0, ge=0)
    recall_at_least: float | None = Field(default=None, gt=0, le=1)
    precision_at_least: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _number_is_fixed(cls, value: Any) -> Any:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return {"fixed": value} if is_number else value

    @model_validator(mode="after")
    def _one_rule(self) -> Threshold:
        rules = ("fixed", "maximise", "minimise", "recall_at_least", "precision_at_least")
        given = [rule for rule in rules if getattr(self, rule) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"needs exactly one rule out of {', '.join(rules)}; found {found}")
        if self.minimise is None and (self.fp, self.fn) != (1.0, 1.0):
            raise ValueError("fp and fn are costs: they go with `minimise: cost`")
        return self


class Decision(Declared):
    """From a probability to a decision (binary only)."""

    threshold: Threshold = Threshold(fixed=0.5)


class Gate(Declared):
    """What a candidate must show against the champion.

    `metric` decides; left out, it is the project's, and the policy in the ledger keeps which one.
    Slices of at least `min_slice_rows` rows are judged; training shows those from 100 rows on
    too, where that is less. `sensitive` columns are slices, and their groups' rates of decisions
    may grow apart by `fairness_margin` at most. `minimums` by metric: what a candidate must reach
    whoever is champion; of a metric where less is better, what it must not exceed.
    """

    metric: str | None = None
    margin: float = Field(default=0.0, ge=0)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    slices: tuple[str, ...] = Field(default=(), strict=False)
    slice_margin: float = Field(default=0.03, ge=0)
    min_slice_rows: int = Field(default=500, ge=1)
    sensitive: tuple[str, ...] = Field(default=(), strict=False)
    fairness_margin: float = Field(default=0.02, ge=0)
    minimums: dict[str, float] = Field(default_factory=dict)
    latency_p95_ms: float | None = Field(default=None, gt=0)
    on_inconclusive: Literal["refuse", "pass"] = "refuse"

    @property
    def judged_columns(self) -> tuple[str, ...]:
        """The columns whose slices are judged, each once."""
        return tuple(dict.fromkeys((*self.slices, *self.sensitive)))


class Promotion(Declared):
    """Who must agree before a version goes to production."""

    approvals: int = Field(default=0, ge=0)
    exclude_author: bool = False


class Monitoring(Declared):
    """The windows that are watched: an alert needs k of the last n, and the latest."""

    window: Duration = timedelta(days=1)
    k: int = Field(default=2, ge=1)
    n: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _k_of_n(self) -> Monitoring:
        if self.k > self.n:
            raise ValueError(f"k is {self.k} and n is {self.n}: an alert needs k of n windows")
        if not self.window:
            raise ValueError("window is 0; write a length of time, like 1d")
        return self


class Retrain(Declared):
    """What starts a new training."""

    on: tuple[Literal["drift", "performance", "schedule"], ...] = Field(default=(), strict=False)
    cooldown: Duration = timedelta(days=1)


class Range(Declared):
    """One dimension of a search: a range of numbers, or a list of choices."""

    low: float | int | None = None
    high: float | int | None = None
    step: float | int | None = Field(default=None, gt=0)
    log: bool = False
    choices: tuple[Label | None, ...] | None = Field(default=None, strict=False, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _list_is_choices(cls, value: Any) -> Any:
        return {"choices": value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if self.choices is not None:
            if self.log or not {self.low, self.high, self.step} <= {None}:
                raise ValueError("has choices and a range; declare one of them")
            return self
        if self.low is None or self.high is None:
            raise ValueError("needs low and high, or choices")
        if self.low >= self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}: the range is empty")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low} must be above 0 for a logarithmic range")
        if self.log and self.step is not None:
            raise ValueError("has both log and step; a logarithmic range takes no step")
        return self
