"""The column to predict: its labels, their order, and what is refused about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values, numeric_values
from podium.errors import DataError, SpecError, did_you_mean
from podium.spec import Project, label_text
from podium.spec.parts import Label

_MAX_CLASSES = 200


@dataclass(frozen=True)
class Target:
    """`y` is a class index (int64) or a number (float64) a row; `labels` are in class order."""

    y: np.ndarray
    labels: tuple[Label, ...] = ()


def read_target(project: Project, raw: pd.Series[Any]) -> Target:
    """Encode the target column as `project` declares it.

    Binary labels come in the order negative, positive; those of several classes are sorted.
    Raises DataError for missing values, a single class, or a constant number.
    """
    if project.task == "regression":
        return _numbers(project, raw)
    text, bad = category_values(raw)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"target {raw.name!r}: row {row} holds something that is not a label.")
    _refuse_missing(raw, text == "")
    codes, distinct = pd.factorize(text, sort=True)
    labels = _typed_labels(raw, list(distinct))
    _check_number_of_classes(project, raw, labels)
    order = _class_order(project, labels)
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return Target(position[codes], tuple(labels[place] for place in order))


def known_target(project: Project, raw: pd.Series[Any], labels: tuple[Label, ...]) -> Target:
    """Encode the target column by labels that are known already, in their order.

    Rows of one class only are taken. Raises DataError for missing values, and for labels that are
    not known.
    """
    if project.task == "regression":
        values, bad = numeric_values(raw)
        _refuse_numbers(raw, bad)
        _refuse_missing(raw, np.isnan(values))
        return Target(values)
    text, bad = category_values(raw)
    _refuse_missing(raw, (text == "") | bad)
    order = {label_text(label): code for code, label in enumerate(labels)}
    codes = pd.Series(text).map(order)
    unknown = codes.isna().to_numpy()
    if unknown.any():
        raise DataError(
            f"target {raw.name!r}: {int(unknown.sum()):,} of {len(raw):,} rows hold a label that "
            f"the model does not know, for example {text[int(np.argmax(unknown))]!r}; it knows "
            f"{', '.join(order)}.",
            remedy="Give rows with the labels that it was trained on.",
        )
    return Target(codes.to_numpy(dtype=np.int64), labels)


def ordered_labels(project: Project, labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """The labels that a model knows, in class order: of two, the declared positive one last.

    Raises SpecError where the model does not know that one.
    """
    if project.task != "binary" or project.target.positive is None:
        return labels
    return tuple(labels[place] for place in _class_order(project, list(labels)))


def _numbers(project: Project, raw: pd.Series[Any]) -> Target:
    values, bad = numeric_values(raw)
    _refuse_numbers(raw, bad)
    _refuse_missing(raw, np.isnan(values))
    if np.ptp(values) == 0:
        raise DataError(
            f"target {project.target.column!r} is {values[0]:g} in every row.",
            remedy="There is nothing to learn from a constant.",
        )
    return Target(values)


def _refuse_numbers(raw: pd.Series[Any], bad: np.ndarray) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"target {raw.name!r}: {int(bad.sum()):,} values are not finite numbers, the first "
            f"in row {row} (counting from 0).",
            remedy="A regression target needs numbers; declare task: multiclass for labels.",
        )


def _refuse_missing(raw: pd.Series[Any], missing: np.ndarray) -> None:
    if missing.any():
        raise DataError(
            f"target {raw.name!r} is missing in {int(missing.sum()):,} of {len(raw):,} rows, "
            f"the first of them row {int(np.argmax(missing))} (counting from 0).",
            remedy="Remove those rows, or point data.source at labelled rows only.",
        )


def _typed_labels(raw: pd.Series[Any], texts: list[str]) -> list[Label]:
    if pd.api.types.is_bool_dtype(raw.dtype):
        return [text == "true" for text in texts]
    if pd.api.types.is_numeric_dtype(raw.dtype):
        whole = all(text.removeprefix("-").isdigit() for text in texts)
        return [int(text) if whole else float(text) for text in texts]
    return list(texts)


def _check_number_of_classes(project: Project, raw: pd.Series[Any], labels: list[Label]) -> None:
    shown = ", ".join(label_text(label) for label in labels[:10]) + ", …" * (len(labels) > 10)
    if len(labels) == 1:
        raise DataError(
            f"target {raw.name!r} has one class only: {shown}.",
            remedy="There is nothing to learn; check the source, or --rows.",
        )
    if project.task == "multiclass" and len(labels) == 2:
        raise DataError(
            f"target {raw.name!r} has two classes ({shown}), but the task is multiclass.",
            remedy="Declare task: binary, and the one that counts as positive under target.",
        )
    if project.task == "binary" and len(labels) > 2:
        raise DataError(
            f"target {raw.name!r} has {len(labels):,} classes ({shown}), but the task is binary.",
            remedy="Declare task: multiclass or regression.",
        )
    if len(labels) > _MAX_CLASSES:
        raise DataError(
            f"target {raw.name!r} has {len(labels):,} classes; at most {_MAX_CLASSES} are taken.",
            remedy="Declare task: regression, or group the rare classes.",
        )


def _class_order(project: Project, labels: list[Label]) -> np.ndarray:
    if project.task == "multiclass":
        return np.array(sorted(range(len(labels)), key=lambda place: _sort_key(labels[place])))
    texts = [label_text(label) for label in labels]
    positive = _positive_text(project, texts)
    return np.array([1 - texts.index(positive), texts.index(positive)])


def _positive_text(project: Project, texts: list[str]) -> str:
    declared = project.target.positive
    if declared is None:
        if set(texts) in ({"0", "1"}, {"-1", "1"}):
            return "1"
        if set(texts) == {"false", "true"}:
            return "true"
        raise SpecError(
            f"target.positive is not declared, and {texts} does not tell which one counts as 1.",
            remedy=f"Add positive: {texts[1]} (or the other) under target.",
        )
    if label_text(declared) not in texts:
        raise SpecError(
            f"target.positive: {declared!r} is not a value of {project.target.column!r}. "
            f"{did_you_mean(declared, texts)}"
        )
    return label_text(declared)


def _sort_key(label: Label) -> tuple[int, float, str]:
    return (0, float(label), "") if not isinstance(label, str) else (1, 0.0, label)
