"""Rows for each model: what it takes, and what it does not. The first are rows that it takes."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]

_BIG = 918273645

_NUMBERS: dict[str, Rows] = {
    "one row": [{"a": 0.25, "b": 1.5, "n": 3, "flag": True}],
    "three rows": [{"a": x, "b": 2 * x, "n": 7, "flag": x > 0} for x in (0.1, -0.2, 0.3)],
    "integers for decimals": [{"a": 1, "b": 2, "n": 3, "flag": False}],
    "integers and decimals": [{"a": x, "b": x, "n": 3, "flag": False} for x in (1, 0.5)],
    "decimals for integers": [{"a": 1.5, "b": 2.5, "n": 3.75, "flag": True}],
    "numbers for booleans": [{"a": 1.5, "b": 2.5, "n": 3, "flag": 1}],
    "missing": [{"a": None, "b": 2.5, "n": 3, "flag": True}],
    "a missing integer": [{"a": 0.5, "b": 2.5, "n": x, "flag": True} for x in (None, 4)],
    "numbers as text": [{"a": "0.5", "b": "1", "n": "3", "flag": True}],
    "not a number": [{"a": float("nan"), "b": float("inf"), "n": 3, "flag": True}],
}

_FLOATS: dict[str, Rows] = {
    "one row": [{"a": 0.25, "b": 1.5}],
    "ten rows": [{"a": x / 7, "b": x / 3} for x in range(1, 11)],
    "integers": [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
    "integers and decimals": [{"a": 1, "b": 2.5}, {"a": 3.5, "b": 4}],
    "missing": [{"a": None, "b": 2.5}, {"a": 1.0, "b": None}],
    "all missing": [{"a": None, "b": None}],
    "numbers as text": [{"a": "0.5", "b": "1"}],
    "text": [{"a": "s3cr3t", "b": 1.0}],
    "large": [{"a": 1e300, "b": float(2**60)}, {"a": 1.0, "b": 2**60}],
    "not a number": [{"a": float("nan"), "b": float("inf")}],
}

_SCALAR: dict[str, Any] = {"i": 1, "l": 2, "f": 0.5, "d": 0.1, "t": True, "s": "word"}


def _scalars(**changes: Any) -> Rows:
    return [{**_SCALAR, **changes}]


_SCALARS: dict[str, Rows] = {
    "plain": _scalars(),
    "two": [*_scalars(), *_scalars(i=-7, s="other")],
    "with bytes": _scalars(x="YWJj"),
    "with wrong bytes": _scalars(x="s3cr3t!"),
    "with a number as bytes": _scalars(x=_BIG),
    "with a time": _scalars(when="2026-01-02T03:04:05"),
    "with a date": _scalars(when="2026-01-02"),
    "with a zone": _scalars(when="2026-01-02T03:04:05+02:00"),
    "with a time as number": _scalars(when=1767323045000000000),
    "with no time": _scalars(when="s3cr3t"),
    "with a missing time": [*_scalars(when=None), *_scalars(when="2026-01-02")],
    "with all": _scalars(x="YWJj", when="2026-01-02", extra=0.5),
    "with missing options": _scalars(x=None, when=None, extra=None),
    "32 bits": _scalars(i=2**31 - 1),
    "33 bits": _scalars(i=2**32 + _BIG),
    "64 bits": _scalars(l=2**63 - 1),
    "65 bits": _scalars(l=2**64 + _BIG),
    "a decimal for an integer": _scalars(i=918273.645),
    "text for an integer": _scalars(i="s3cr3t"),
    "a number as text for an integer": _scalars(l="918273645"),
    "nothing for an integer": _scalars(l=None),
    "an integer for a float": _scalars(f=3, d=4),
    "a large integer for a float": _scalars(f=2**53 + 1, d=2**53 + 1),
    "too large for a float": _scalars(f=1e300),
    "text for a double": _scalars(d="s3cr3t"),
    "nothing for a double": _scalars(d=None),
    "a number for a boolean": _scalars(t=_BIG),
    "text for a boolean": _scalars(t="s3cr3t"),
    "nothing for a boolean": _scalars(t=None),
    "a number for text": _scalars(s=_BIG),
    "a boolean for text": _scalars(s=False),
    "nothing for text": _scalars(s=None),
    "text of all kinds": _scalars(s='ä€\U0001f600"\\\n\x00'),
    "a list for text": _scalars(s=["s3cr3t"]),
    "mixed": [*_scalars(s="a"), *_scalars(s=_BIG), *_scalars(s=None)],
}

_THING = {"name": "a", "size": 3}

_NESTED: dict[str, Rows] = {
    "plain": [{"list": [0.5, 1.5], "thing": _THING}],
    "two": [{"list": [0.5], "thing": _THING}, {"list": [], "thing": {"name": "b"}}],
    "with options": [
        {"list": [0.5], "thing": _THING, "counts": {"k": 1}, "words": [["a"], ["b", "c"]]}
    ],
    "with missing options": [{"list": [0.5], "thing": _THING, "counts": None, "words": None}],
    "integers in the list": [{"list": [1, 2], "thing": _THING}],
    "text in the list": [{"list": ["s3cr3t"], "thing": _THING}],
    "no list": [{"list": _BIG, "thing": _THING}],
    "no thing": [{"list": [0.5], "thing": "s3cr3t"}],
    "a thing without name": [{"list": [0.5], "thing": {"size": _BIG}}],
    "a thing with more": [{"list": [0.5], "thing": {"name": "s3cr3t", "s3cr3t": _BIG}}],
    "a thing of another type": [{"list": [0.5], "thing": {"name": "a", "size": "s3cr3t"}}],
    "a thing is missing": [{"list": [0.5], "thing": None}],
    "counts of text": [{"list": [0.5], "thing": _THING, "counts": {"k": "s3cr3t"}}],
    "counts are a list": [{"list": [0.5], "thing": _THING, "counts": [_BIG]}],
    "words of numbers": [{"list": [0.5], "thing": _THING, "words": [[_BIG]]}],
    "words are flat": [{"list": [0.5], "thing": _THING, "words": ["s3cr3t"]}],
}

_TENSOR: dict[str, Rows] = {
    "columns": [{"a": 0.5, "b": 1.5, "c": 2.5}, {"a": 1.5, "b": 2.5, "c": 3.5}],
    "integers": [{"a": 1, "b": 2, "c": 3}],
    "too few": [{"a": 0.5, "b": 1.5}],
    "a list": [{"a": [0.5, 1.5, 2.5]}],
    "a wrong list": [{"a": [0.5, 918273.645]}],
    "text": [{"a": "s3cr3t", "b": "s3cr3t", "c": "s3cr3t"}],
}

_TENSORS: dict[str, Rows] = {
    "plain": [{"x": [0.5, 1.5], "y": 1}, {"x": [2.5, 3.5], "y": 2}],
    "integers": [{"x": [1, 2], "y": 1}],
    "decimals for integers": [{"x": [0.5, 1.5], "y": 918273.645}],
    "too short": [{"x": [0.5], "y": 1}],
    "too deep": [{"x": [[0.5, 1.5]], "y": [1]}],
    "text": [{"x": ["s3cr3t", "s3cr3t"], "y": "s3cr3t"}],
    "without y": [{"x": [0.5, 1.5]}],
}

_ANSWERS: dict[str, Rows] = {
    kind: [{"kind": kind, "value": "s3cr3t"}, {"kind": "-", "value": "-"}]
    for kind in (
        *("table", "table with missing", "series", "series without name", "array"),
        *("array of text", "array of objects", "infinite", "float32", "bytes", "datetime"),
        *("datetimes", "pydantic", "text", "none", "dictionary", "unicode", "set", "generator"),
        *("complex", "keys", "ValueError", "MlflowException", "refusal", "away", "another"),
    )
}

ROWS: dict[str, dict[str, Rows]] = {
    "sklearn": _NUMBERS,
    "sklearn without signature": _NUMBERS,
    "sklearn probabilities": _FLOATS,
    "xgboost": _FLOATS,
    "statsmodels": _FLOATS,
    "echo": {**_NUMBERS, **_SCALARS, **_NESTED},
    "echo of scalars": _SCALARS,
    "echo of rows": _SCALARS,
    "echo of rows without signature": _SCALARS,
    "echo of nested": _NESTED,
    "echo of a tensor": _TENSOR,
    "echo of tensors": _TENSORS,
    "echo of unnamed": {
        "plain": [{"p": 0.5, "q": "word"}],
        "two": [{"p": 0.5, "q": "word"}, {"p": 1, "q": "other"}],
        "turned": [{"p": "s3cr3t", "q": 918273.645}],
        "more": [{"p": 0.5, "q": "word", "r": "s3cr3t"}],
        "fewer": [{"p": 918273.645}],
    },
    "echo of one": {
        "plain": [{"text": "word"}, {"text": "other"}],
        "a number": [{"text": _BIG}],
        "another": [{"other": "s3cr3t"}],
    },
    "echo with params": {"plain": [{"d": 0.5}], "text": [{"d": "s3cr3t"}]},
    "answers": _ANSWERS,
    "hinted texts": {"plain": [{"text": "word"}]},
    "hinted items": {
        "plain": [{"name": "a", "size": 3}, {"name": "b"}],
        "a size of text": [{"name": "a", "size": "s3cr3t"}],
        "a size as text": [{"name": "a", "size": "918273645"}],
        "no name": [{"size": _BIG}],
        "more": [{"name": "a", "s3cr3t": _BIG}],
    },
}
