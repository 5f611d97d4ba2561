from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from xgboost import XGBClassifier

from podium.errors import UsageError
from projects.training.reasons import message_of, reason_of

PLACE = "[12:01:09] /src/xgboost/src/common/quantile.cc:29: "
TRACE = "\nStack trace:\n  [bt] (0) /lib/libxgboost.so(+0x2c1a8c) [0x7f1dbc2c1a8c]\n\n"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one\ntwo", "one"),
        ("", ""),
        (
            "value -3 for Parameter max_depth\nmax_depth: Maximum",
            "value -3 for Parameter max_depth",
        ),
        (f"{PLACE}Unknown metric function nope{TRACE}", "Unknown metric function nope"),
        (f"{PLACE}Check failed: a >= 2 (1 vs. 2) : `a` must be 2.{TRACE}", "`a` must be 2."),
        (f"{PLACE}Check failed: is_valid: a must be 2.{TRACE}", "a must be 2."),
        (f"{PLACE}Check failed: a::b < 2: found: 3{TRACE}", "found: 3"),
        (f"{PLACE}Check failed: a == b (1 vs. 2) : {TRACE}", "Check failed: a == b (1 vs. 2) :"),
        (f"{PLACE}One of:\n- a\n- b\nGot: `c`.{TRACE}", "One of: - a - b Got: `c`."),
        ("long " * 100, "long " * 59 + "long…"),
    ],
)
def test_the_line_that_helps_is_shown(said: str, shown: str) -> None:
    assert message_of(ValueError(said)) == shown


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("too deep\nat 3"), "ValueError: too deep"),
        (MemoryError(), "MemoryError"),
        (UsageError("It is 3.", remedy="Give 2."), "It is 3. Give 2."),
    ],
)
def test_a_reason_names_the_type_of_what_is_not_our_own(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


@pytest.mark.parametrize(
    "params", [{"max_depth": -3}, {"device": "tpu"}, {"base_score": 4.0}, {"eval_metric": "nope"}]
)
def test_no_place_or_stack_of_real_errors_is_shown(params: dict[str, Any]) -> None:
    X, y = np.eye(4), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"\w") as raised:
        XGBClassifier(n_estimators=2, n_jobs=1, **params).fit(X, y, eval_set=[(X, y)])
    said = message_of(raised.value)
    assert said
    for trace in ("[", "src/", "Stack", ".so", "Check failed"):
        assert trace not in said
