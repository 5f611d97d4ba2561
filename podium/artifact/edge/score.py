"""Scores rows with the model beside this file: python score.py rows.json

Needs onnxruntime, numpy and the standard library. README.md says what is left to the caller.
"""

import datetime as dt
import json
import re
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

FIELDS = ("year", "month", "day", "hour", "minute", "second", "weekday", "day_of_year")


def parts_of(text: str) -> dict[str, float]:
    """Of an instant in ISO 8601, in UTC; weekdays count from Monday, which is 0."""
    at = dt.datetime.fromisoformat(text)
    at = at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)
    parts: dict[str, float] = dict(zip(FIELDS, at.timetuple(), strict=False))
    parts |= {"quarter": (at.month + 2) // 3, "week": at.isocalendar().week}
    return parts | {"epoch_days": at.replace(microsecond=0).timestamp() / 86400}


def terms_of(text: str) -> list[str]:
    """Words of two letters or more, in lower case, and pairs of neighbours."""
    words = re.findall(r"\b\w\w+\b", text.lower())
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def as_text(value: Any) -> str:
    """Text as it is, 7 and 7.0 as "7", true as "true"."""
    value = int(value) if isinstance(value, float) and value.is_integer() else value
    return value if isinstance(value, str) else json.dumps(value)


def encode(columns: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, np.ndarray]:
    """What the model takes for one row."""
    numbers: list[float] = []
    arrays: dict[str, np.ndarray] = {}
    for column in columns:
        value: Any = row.get(column["name"])
        places = column["places"]
        missing = value is None or value == "" or value != value
        if column["kind"] == "numeric":
            numbers.append(np.nan if missing else float(value))
        elif column["kind"] == "categorical":  # the place among those known; -1 is unknown
            numbers.append(0 if missing else places.get(as_text(value), -1))
        elif column["kind"] == "datetime":
            parts = {} if missing else parts_of(value)
            numbers += [parts.get(part, np.nan) for part in column["parts"]]
        else:  # the places of the terms that are known, and how often each comes
            terms = [] if missing else terms_of(as_text(value))
            found = Counter(sorted(places[term] for term in terms if term in places))
            arrays[column["inputs"][0]] = np.array([list(found) or [len(places)]])
            arrays[column["inputs"][1]] = np.array([list(found.values()) or [0]], dtype=float)
    return arrays | ({"features": np.array([numbers], dtype=float)} if numbers else {})


def decide(decision: dict[str, Any], scores: list[float]) -> dict[str, Any]:
    """The answer for one row's scores: a number, or a label and its probabilities."""
    if decision["task"] == "regression":
        return {"prediction": scores[0]}
    binary = decision["task"] == "binary"
    place = scores[0] >= decision["threshold"] if binary else scores.index(max(scores))
    return dict(zip(decision["outputs"], [decision["labels"][place], *scores], strict=True))


def score(model: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers for `rows`, one by one."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    columns = json.loads(about["podium.inputs"])["columns"]
    decision = json.loads(about["podium.decision"])
    for column in columns:
        known = column.get("categories") or column.get("terms") or []
        column["places"] = {word: place for place, word in enumerate(known)}
    feeds = (encode(columns, row) for row in rows)
    return [decide(decision, session.run(["scores"], feed)[0][0].tolist()) for feed in feeds]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sent = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(score(Path(__file__).with_name("model.onnx"), sent), indent=1))
