from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.evaluation import CheckVerdict, GateCheck, Rules, alpha_of_use, verdict_of

VERDICTS: tuple[CheckVerdict, ...] = ("pass", "fail", "inconclusive")


def _checks(*verdicts: CheckVerdict) -> list[GateCheck]:
    return [GateCheck("name", verdict, "found", "needed") for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ((), "inconclusive"),
        (("pass",), "pass"),
        (("fail",), "fail"),
        (("inconclusive",), "inconclusive"),
        (("pass", "pass"), "pass"),
        (("pass", "inconclusive"), "inconclusive"),
        (("inconclusive", "fail"), "fail"),
        (("fail", "pass"), "fail"),
        (("pass", "inconclusive", "fail"), "fail"),
    ],
)
def test_one_failure_fails_and_one_doubt_is_doubt(
    verdicts: tuple[CheckVerdict, ...], together: CheckVerdict
) -> None:
    assert verdict_of(_checks(*verdicts)) == together


@given(st.lists(st.sampled_from(VERDICTS), max_size=6))
def test_the_order_of_checks_does_not_matter(verdicts: list[CheckVerdict]) -> None:
    assert verdict_of(_checks(*verdicts)) == verdict_of(_checks(*reversed(verdicts)))


def test_each_use_of_the_rows_spends_less_alpha() -> None:
    spent = [Rules("mae", alpha=0.1, use=use).decisive_alpha for use in (1, 2, 3)]
    assert spent == [alpha_of_use(0.1, use) for use in (1, 2, 3)]
    assert spent[0] > spent[1] > spent[2] > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": -0.1}, {"margin": math.nan}, {"slice_margin": -1.0}, {"alpha": 0.5},
        {"alpha": 0.0}, {"power": 1.0}, {"use": 0}, {"min_slice_rows": 0},
        {"fairness_margin": math.inf}, {"latency_p95_ms": 0.0}, {"minimums": {"mae": math.nan}},
    ],
)  # fmt: skip
def test_rules_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=f"gate's {name} is"):
        Rules("mae", **wrong)  # type: ignore[arg-type]


def test_minimums_are_kept_as_they_were_given() -> None:
    given_minimums = {"roc_auc": 0.7}
    rules = Rules("roc_auc", minimums=given_minimums)
    given_minimums["roc_auc"] = 0.1
    assert rules.minimums == {"roc_auc": 0.7}
