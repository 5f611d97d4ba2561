"""An evaluation that fails: better overall, worse on a slice and for a group."""

from __future__ import annotations

import copy
import math

from tests.reports.evaluations import binary_pass
from tests.reports.parts import (
    Document,
    check,
    compared,
    disparity,
    model,
    not_judged,
    rates,
    sliced,
    unknown,
)


def harmed() -> Document:
    """Better overall, worse on one intersection, and less fair by sex."""
    document = copy.deepcopy(binary_pass())
    bad = [
        sliced("school × sex", "graduate × female", 1_904, -0.0712, 0.0098, p=0.0003),
        sliced("school", "graduate", 4_120, -0.0466, 0.0064, p=0.041),
    ]
    good = [
        sliced("sex", "female", 7_240, 0.0051, 0.0042),
        sliced("sex", "male", 4_760, 0.0134, 0.0051),
        sliced("school", "university", 5_590, 0.0212, 0.0047),
        sliced("school", "high school", 1_980, 0.0093, 0.0085),
        not_judged("school", "other", 88, "88 rows; min_slice_rows is 500"),
    ]
    sex = {
        "column": "sex",
        "candidate_groups": [
            rates("female", 7_240, 0.1821, 0.4712, 0.0961),
            rates("male", 4_760, 0.2533, 0.5521, 0.1512),
        ],
        "champion_groups": [
            rates("female", 7_240, 0.2011, 0.5012, 0.1142),
            rates("male", 4_760, 0.2281, 0.5233, 0.1304),
        ],
        "disparities": [
            disparity("demographic_parity_difference", 0.0712, 0.0270, 0.0118, p=0.0009),
            disparity("demographic_parity_ratio", 0.7189, 0.8816, 0.05, p=None),
            disparity("equalized_odds_difference", 0.0809, 0.0221, 0.0261, p=0.012),
            disparity("equalized_odds_ratio", 0.6356, 0.8757, 0.09, p=None),
        ],
        "not_judged": "",
    }
    marriage = {
        "column": "marriage",
        "candidate_groups": [rates("single", 6_380, 0.21, 0.5, 0.12), rates("other", 37, 0, 0, 0)],
        "champion_groups": [rates("single", 6_380, 0.21, 0.5, 0.12), rates("other", 37, 0, 0, 0)],
        "disparities": [],
        "not_judged": "Only one group has 500 rows or more: single.",
    }
    document["candidate"] = model(12, name="credit_default")
    document["champion"] = model(9, name="credit_default") | {"estimator": "hist_gradient"}
    document["data"] |= {
        "source": "credit.parquet", "rows": 12_000, "span": "", "target": "default", "use": 2,
        "group": "customer",
    }  # fmt: skip
    document["rules"] |= {"use": 2, "decisive_alpha": 0.05 * 6 / math.pi**2 / 4}
    return document | {
        "model": "credit_default",
        "verdict": "fail",
        "sentence": "Version 12 is better than version 9 overall, and worse where school × sex is "
        "graduate × female.",
        "opens_gate": False,
        "checks": [
            check("files", "pass", "both are what was registered", "the registered digests"),
            check("roc_auc", "pass", "+0.0098 (+0.0021 to +0.0175)", "surely no worse than −0.005"),
            check(
                "slices", "fail", "2 of 6 judged are harmed: school × sex = graduate × female, "
                "school = graduate", "none worse by more than 0.03",
            ),
            check(
                "fairness of sex", "fail", "demographic_parity_difference grew by 0.044",
                "no growth of more than 0.02",
            ),
            check("fairness of marriage", "pass", "not judged: one large group", "no growth"),
        ],
        "metrics": [
            compared(
                "roc_auc", 0.7812, 0.7714, 0.0032, rows=12_000, margin=0.005, alpha=0.0076,
                method="paired DeLong, clustered",
            ),
            compared("brier", 0.13512, 0.13581, 0.00061, rows=12_000, higher=False),
            compared("recall", 0.5012, 0.5133, 0.0049, rows=12_000),
            unknown("mcc", "The models answer one class only."),
        ],
        "slices": good[:2] + bad + good[2:],
        "fairness": [sex, marriage],
        "flips": {
            "rows": 12_000, "flipped": 1_611, "better": 858, "worse": 753,
            "where": [
                {"column": "school × sex", "value": "graduate × female", "rows": 1_904,
                 "flipped": 420, "better": 141, "worse": 279},
                {"column": "school", "value": "university", "rows": 5_590,
                 "flipped": 690, "better": 402, "worse": 288},
            ],
        },
        "notes": ["Rows of one customer are taken together: 9,204 customers in 12,000 rows."],
    }  # fmt: skip
