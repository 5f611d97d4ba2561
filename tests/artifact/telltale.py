"""A model whose predictions tell what it was given, and values that are read in many ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from podium.artifact.scoring import Canonicaliser, Decision, InputColumn, Scorer

CATEGORIES = ["", "7", "true", "nan", "NA", "AA", "007", "True"]
COLUMNS = (
    InputColumn("gate", "numeric"),
    InputColumn("carrier", "categorical"),
    InputColumn("at", "datetime", ("hour",)),
)
ROW = {"gate": 3.0, "carrier": "AA", "at": "2024-03-01T05:00:00Z"}
ABSENT = object()
REFUSED = "refused"
Seen = tuple[int | None, str | None, int | None] | Literal["refused"]


def telltale() -> Scorer:
    """A regressor whose prediction tells each of its features: gate, category and hour."""
    rng = np.random.default_rng(0)
    raw = pd.DataFrame(
        {
            "gate": rng.integers(0, 20, 300).astype(float),
            "carrier": pd.Series(rng.choice(CATEGORIES, 300), dtype=object),
            "at": pd.Series(rng.integers(0, 24, 300) * 3600, dtype=object),
        }
    )
    canonicaliser = Canonicaliser(COLUMNS)
    features = canonicaliser.transform(raw)
    absent = SimpleImputer(strategy="constant", fill_value=-1)
    codes = OrdinalEncoder(
        categories=[np.array(CATEGORIES, dtype=object)],
        handle_unknown="use_encoded_value",
        unknown_value=-1,
    )
    steps = [("numbers", absent, ["gate", "at_hour"]), ("categories", codes, ["carrier"])]
    code = features["carrier"].map(CATEGORIES.index)
    y = features["gate"] + 100 * features["at_hour"] + 10_000 * code
    pipeline = Pipeline([("columns", ColumnTransformer(steps)), ("sum", LinearRegression())])
    return Scorer(canonicaliser, Decision("regression"), pipeline.fit(features, y))


def told(prediction: float) -> Seen:
    """Gate, category and hour, from a prediction."""
    rest = round(prediction) + 10_101
    category, rest = divmod(rest, 10_000)
    hour, gate = divmod(rest, 100)
    found = None if category == 0 else CATEGORIES[category - 1]
    return (gate - 1 if gate else None, found, hour - 1 if hour else None)


@dataclass(frozen=True)
class Case:
    """A changed value, what the canonical rules make of it, and MLflow's entrances where not so."""

    name: str
    change: dict[str, Any]
    canonical: Seen
    served: Seen | None = None  # JSON, by the scoring server
    csv: Seen | None = None
    frame: Seen | None = None  # a typed table, by `loaded.predict`


CASES = [
    Case("a plain row", {}, (3, "AA", 5)),
    Case("null number", {"gate": None}, (None, "AA", 5)),
    Case("missing number", {"gate": ABSENT}, (None, "AA", 5)),
    Case("empty number", {"gate": ""}, (None, "AA", 5), served=REFUSED, frame=REFUSED),
    Case("integer for a number", {"gate": 3}, (3, "AA", 5), frame=REFUSED),
    Case("boolean for a number", {"gate": True}, (1, "AA", 5), frame=REFUSED),
    Case("numeric text", {"gate": "3"}, (3, "AA", 5), frame=REFUSED),
    Case("text with underscore", {"gate": "1_0"}, REFUSED, served=(10, "AA", 5)),
    Case("nan as a number", {"gate": "nan"}, REFUSED, served=(None, "AA", 5), csv=(None, "AA", 5)),
    Case("null as a number", {"gate": "null"}, REFUSED, csv=(None, "AA", 5)),
    Case("inf as a number", {"gate": "inf"}, REFUSED),
    Case("a word for a number", {"gate": "many"}, REFUSED),
    Case("a list for a number", {"gate": [1]}, REFUSED),
    Case("null category", {"carrier": None}, (3, "", 5)),
    Case("missing category", {"carrier": ABSENT}, (3, "", 5)),
    Case("empty category", {"carrier": ""}, (3, "", 5)),
    Case("integer for a category", {"carrier": 7}, (3, "7", 5), frame=REFUSED),
    Case("float for a category", {"carrier": 7.0}, (3, "7", 5), frame=REFUSED),
    Case("true", {"carrier": True}, (3, "true", 5), csv=(3, "True", 5), frame=REFUSED),
    Case("leading noughts", {"carrier": "007"}, (3, "007", 5)),
    Case("unseen category", {"carrier": "ZZ"}, (3, None, 5)),
    Case("the category nan", {"carrier": "nan"}, (3, "nan", 5), csv=(3, "", 5)),
    Case("the category NA", {"carrier": "NA"}, (3, "NA", 5), csv=(3, "", 5)),
    Case("a list for a category", {"carrier": ["AA"]}, REFUSED, csv=(3, None, 5)),
    Case("epoch seconds", {"at": 1709276400}, (3, "AA", 7), frame=REFUSED),
    Case("epoch seconds as text", {"at": "1709276400"}, (3, "AA", 7)),
    Case("another zone", {"at": "2024-03-01T05:00:00-02:00"}, (3, "AA", 7)),
    Case("null time", {"at": None}, (3, "AA", None)),
    Case("a word for a time", {"at": "tomorrow"}, REFUSED),
    Case("an extra column", {"other": {"a": 1}}, (3, "AA", 5)),
]


def row_of(case: Case) -> dict[str, Any]:
    """The row that a caller sends."""
    return {name: value for name, value in (ROW | case.change).items() if value is not ABSENT}
