"""Looks at a table: what it holds, what to predict from, and how it is to be split and judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values, numeric_values
from podium.errors import DataError
from podium.evaluation import DEFAULT_METRIC
from podium.spec import label_text
from podium.spec.parts import Features
from projects.scaffolding.alone import Predicted
from projects.scaffolding.asked import Asked
from projects.scaffolding.findings import (
    Choice,
    Findings,
    Personal,
    Read,
    TargetFound,
)
from projects.scaffolding.holding import is_plain
from projects.scaffolding.kinds import Column, features_of, left_out, look_at_column
from projects.scaffolding.leaks import find_leaks
from projects.scaffolding.remarks import remarks
from projects.scaffolding.splitting import choose_split
from projects.scaffolding.target import look_at_target
from projects.scaffolding.times import spans_years

_IDENTIFIERS = {"name", "e-mail", "phone", "card number", "account number", "national id"}
_RARE_SHARE = 0.05  # below it, the area under the ROC curve flatters
_YEARS_OF_SEASONS = 2
_SHOWN = 5


def look(frame: pd.DataFrame, asked: Asked, read: Read) -> Findings:
    """All that `frame` says about the project that was `asked` for. `asked.target` is a column.

    Raises DataError and UsageError, as the target and named columns do, and DataError where no
    column is left to predict from.
    """
    frame = frame.rename(columns=str)
    target = look_at_target(frame[str(asked.target)], asked)
    names = [str(name) for name in frame.columns if name != target.column]
    plain = frame.drop(columns=[name for name in names if not is_plain(frame[name])])
    personal = _personal(plain, target)
    people = {each.column: each.kind for each in personal if each.kind in _IDENTIFIERS}
    columns = [_unless_of_people(look_at_column(frame[name]), people) for name in names]
    split = choose_split(frame, columns, asked)
    used = [column for column in columns if column.name not in (split.time, asked.group)]
    features = _with_time(features_of(used, frame), frame, split.time)
    _refuse_none(features, used, target)
    y = _encoded(frame, target)
    compared = plain.drop(columns=[split.time, asked.group], errors="ignore")
    leaks = find_leaks(compared, features, Predicted(target.column, target.task, y))
    told = {name for leak in leaks if leak.certain for name in leak.columns}
    found = Findings(
        rows=len(frame),
        columns=len(frame.columns),
        read=read,
        target=target,
        features=_without(features, told),
        left_out=tuple(each for each in left_out(used) if each.column not in told),
        leaks=leaks,
        personal=personal,
        time=split.time,
        group=asked.group,
        split=split.choice,
        metric=_metric(target),
        estimator=_estimator(asked, features),
    )
    return replace(found, notes=(*split.notes, *remarks(frame, found, columns, y)))


def _with_time(features: Features, frame: pd.DataFrame, time: str | None) -> Features:
    """The features, and what recurs of the time column: its weekday and hour.

    The month is left out where training does not see each of them.
    """
    if time is None:
        return features
    taken = set(map(str, frame.columns))
    column = features_of([Column(time, "datetime")], frame).datetime.get(time, ())
    seasons = spans_years(frame[time], _YEARS_OF_SEASONS)
    parts = tuple(p for p in column if (p != "month" or seasons) and f"{time}_{p}" not in taken)
    datetimes = {**features.datetime, **({time: parts} if parts else {})}
    return features.model_copy(update={"datetime": datetimes})


def _refuse_none(features: Features, columns: list[Column], target: TargetFound) -> None:
    if features.columns:
        return
    left = "; ".join(f"{column.name!r}: {column.why}" for column in columns[:_SHOWN])
    raise DataError(
        f"No column is left to predict {target.column!r} from.",
        remedy=f"Left out were {left}." if left else "The table needs more columns.",
    )


def _encoded(frame: pd.DataFrame, target: TargetFound) -> np.ndarray:
    """(n,) class index, the most frequent first; or number for a regression."""
    raw = frame[target.column]
    if target.task == "regression":
        return numeric_values(raw)[0]
    text = category_values(raw)[0]
    order = {label_text(label): place for place, (label, _) in enumerate(target.classes)}
    codes = pd.Series(text).map(order)
    return codes.to_numpy(dtype=np.int64)


def _without(features: Features, told: set[str]) -> Features:
    return Features(
        numeric=tuple(name for name in features.numeric if name not in told),
        categorical=tuple(name for name in features.categorical if name not in told),
        text=tuple(name for name in features.text if name not in told),
        datetime={name: parts for name, parts in features.datetime.items() if name not in told},
    )


def _personal(frame: pd.DataFrame, target: TargetFound) -> tuple[Personal, ...]:
    from podium.data.personal import personal_columns

    found = personal_columns(frame.drop(columns=target.column))
    return tuple(Personal(each.column, each.kind, each.why) for each in found)


def _unless_of_people(column: Column, people: dict[str, str]) -> Column:
    """The column, left out where it says who somebody is."""
    kind = people.get(column.name)
    if kind is None or not column.kind:
        return column
    return Column(column.name, "", f"it looks like personal data ({kind}), by which to know people")


def _metric(target: TargetFound) -> Choice:
    share = target.positive_share
    if share is not None and share < _RARE_SHARE:
        why = f"only {share:.2%} of the rows are positive; roc_auc flatters there"
        return Choice("average_precision", why)
    return Choice(DEFAULT_METRIC[target.task], f"the usual one of a {target.task} task")


def _estimator(asked: Asked, features: Features) -> Choice:
    if asked.estimator is not None:
        return Choice(asked.estimator, "as asked for with --estimator")
    if set(features.columns) == set(features.text):
        return Choice("linear", "words are best weighed one by one")
    return Choice("xgboost", "it does well on most tables")
