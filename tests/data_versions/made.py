"""Small canonical tables."""

from __future__ import annotations

import numpy as np
import pandas as pd


def orders(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    """A table of every canonical type, with missing values; the columns in order."""
    draw = np.random.default_rng(seed)
    amount = draw.normal(size=rows)
    amount[::7] = np.nan
    city = pd.Series(draw.choice(["Köln", "Oslo", ""], rows)).astype("str")
    city[::11] = None
    when = np.datetime64("2026-01-01", "us") + np.arange(rows) * np.timedelta64(7, "m")
    when[draw.random(rows) < 0.1] = np.datetime64("NaT")
    return pd.DataFrame(
        {
            "amount": amount,
            "bought": draw.random(rows) < 0.3,
            "city": city,
            "empty": pd.Series([None] * rows, dtype="str"),
            "id": pd.Series([f"o{i}" for i in range(rows)], dtype="str"),
            "size": draw.integers(0, 9, rows),
            "when": pd.Series(when).dt.tz_localize("UTC"),
        }
    )
