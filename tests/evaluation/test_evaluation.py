from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from podium.errors import UsageError
from podium.evaluation import (
    Footprint,
    GateCheck,
    Latency,
    Rules,
    Scores,
    compare,
    get_metric,
)
from tests.evaluation.questions import (
    CARRIER,
    GOOD,
    POOR,
    RULES,
    SEX,
    N,
    blurred,
    check_of,
    judged,
    without_probability,
)
from tests.evaluation.samples import sample

FAST = Latency(calls=200, p50_ms=8.0, p95_ms=12.345, p99_ms=20.0)
FOOTPRINT = Footprint(size_bytes=1000, load_seconds=0.1, one_row=FAST, hundred_rows=FAST)


def test_a_model_against_itself_passes_everything() -> None:
    found = judged(columns={"carrier": CARRIER}, sensitive={"sex": SEX})
    assert found.verdict == "pass"
    assert {c.verdict for c in found.checks} == {"pass"}
    assert found.comparisons[0].verdict == "not_worse"
    assert found.checks[0].found.endswith("no difference")
    assert found.flips is not None
    assert found.flips.flipped == 0
    assert (found.baseline, found.constant, found.rows) == (False, (), N)


def test_a_better_candidate_passes_and_says_by_how_much() -> None:
    found = judged(GOOD, POOR, champion_name="version 2")
    check = found.checks[0]
    deciding = found.comparisons[0]
    assert (check.name, check.verdict) == ("roc_auc against version 2", "pass")
    assert check.needed == "not worse by more than 0.01"
    assert check.found == (
        f"{deciding.candidate:.4f} against {deciding.champion:.4f}: "
        f"better by {deciding.difference:.4f} (at least {deciding.low:.4f})"
    )


def test_a_worse_candidate_fails() -> None:
    found = judged(POOR, GOOD)
    assert found.verdict == "fail"
    assert found.checks[0].verdict == "fail"
    assert ": worse by 0." in found.checks[0].found


def test_lower_is_better_is_told_the_right_way_round() -> None:
    rules = dataclasses.replace(RULES, metric="log_loss")
    better, worse = judged(GOOD, POOR, rules=rules), judged(POOR, GOOD, rules=rules)
    assert ": better by" in better.checks[0].found
    assert better.checks[0].verdict == "pass"
    assert ": worse by" in worse.checks[0].found
    assert worse.checks[0].verdict == "fail"


def test_too_few_rows_are_inconclusive_and_say_how_many_would_do() -> None:
    few = np.arange(150)
    found = judged(blurred(GOOD, 0.05).take(few), GOOD.take(few))
    assert found.verdict == "inconclusive"
    needed = found.comparisons[0].rows_needed
    assert needed is not None
    assert needed > 150
    assert "(anywhere from worse by 0." in found.checks[0].found
    assert "rows would decide it if both are equally good (here 150)" in found.checks[0].found


def test_the_deciding_comparison_comes_first_at_the_alpha_of_its_use() -> None:
    rules = dataclasses.replace(RULES, metrics=("log_loss", "roc_auc", "f1"), use=3)
    found = judged(blurred(GOOD, 0.02), rules=rules)
    assert [c.metric for c in found.comparisons] == ["roc_auc", "log_loss", "f1"]
    assert [c.alpha for c in found.comparisons] == [rules.decisive_alpha, 0.05, 0.05]
    assert [c.margin for c in found.comparisons] == [0.01, 0.0, 0.0]


def test_checks_come_in_their_order_and_facts_first() -> None:
    fact = GateCheck("same rows", "pass", "3,000", "3,000")
    rules = dataclasses.replace(RULES, minimums={"roc_auc": 0.6}, latency_p95_ms=50.0)
    found = judged(
        rules=rules, facts=(fact,), columns={"carrier": CARRIER},
        sensitive={"sex": SEX, "home": CARRIER}, footprint=FOOTPRINT,
    )  # fmt: skip
    assert [c.name for c in found.checks] == [
        "same rows", "roc_auc against the champion", "roc_auc at least 0.6", "slices",
        "fairness on sex", "fairness on home", "latency",
    ]  # fmt: skip
    assert found.verdict == "pass"


def test_a_failed_fact_fails_whatever_the_models_do() -> None:
    fact = GateCheck("signature", "fail", "differs", "the same")
    assert judged(facts=(fact,)).verdict == "fail"


def test_nothing_declared_is_nothing_checked() -> None:
    assert [c.name for c in judged().checks] == ["roc_auc against the champion"]


def test_no_rows_and_other_rows_and_short_columns_are_refused() -> None:
    none = np.arange(0)
    with pytest.raises(UsageError, match="no rows"):
        judged(GOOD.take(none), GOOD.take(none))
    with pytest.raises(UsageError):
        judged(GOOD, sample("binary", N, seed=9))
    with pytest.raises(UsageError, match="'carrier'"):
        judged(columns={"carrier": CARRIER[1:]})
    with pytest.raises(UsageError, match="roc_au"):
        judged(rules=Rules("roc_auk"))


def test_clusters_reach_every_comparison() -> None:
    group = np.repeat(np.arange(N // 20), 20)
    candidate = blurred(GOOD, 0.1)
    found = judged(candidate, group=group, columns={"carrier": CARRIER})
    assert "clustered" in found.comparisons[0].method
    assert all(s.comparison and "clustered" in s.comparison.method for s in found.slices)


def test_the_same_question_gives_the_same_answer() -> None:
    rules = dataclasses.replace(RULES, metric="f1")
    asked: dict[str, Any] = {"rules": rules, "columns": {"c": CARRIER}, "sensitive": {"sex": SEX}}
    candidate = blurred(GOOD, 0.1)
    assert judged(candidate, **asked) == judged(candidate, **asked)


def test_the_deciding_comparison_is_what_compare_gives() -> None:
    from podium.evaluation import Pair

    candidate = blurred(GOOD, 0.1)
    expected = compare(
        get_metric("binary", "roc_auc"),
        Pair(candidate, GOOD),
        margin=RULES.margin,
        alpha=RULES.decisive_alpha,
        power=RULES.power,
        seed=RULES.seed,
    )
    assert judged(candidate).comparisons[0] == expected


@pytest.mark.parametrize("champion", [POOR, None, without_probability(POOR)])
def test_an_evaluation_can_be_written_as_json_and_read_back(champion: Scores | None) -> None:
    rules = dataclasses.replace(RULES, metrics=("accuracy", "f1"), minimums={"roc_auc": 0.6})
    found = judged(
        champion=champion, rules=rules, footprint=FOOTPRINT,
        columns={"carrier": CARRIER, "x": np.arange(float(N))}, sensitive={"sex": SEX},
    )  # fmt: skip
    written = json.dumps(dataclasses.asdict(found), sort_keys=True)
    read = json.loads(written)
    assert json.dumps(read, sort_keys=True) == written
    assert read["verdict"] == found.verdict
    assert read["rules"]["minimums"] == {"roc_auc": 0.6}
    assert len(read["slices"]) == len(found.slices)


@pytest.mark.parametrize(
    ("footprint", "limit", "verdict", "text"),
    [
        (FOOTPRINT, 12.345, "pass", "12.3 ms for one row (p95 of 200 calls)"),
        (FOOTPRINT, 12.0, "fail", "12.3 ms for one row (p95 of 200 calls)"),
        (None, 12.0, "inconclusive", "not measured"),
    ],
)
def test_latency_is_held_against_its_limit(
    footprint: Footprint | None, limit: float, verdict: str, text: str
) -> None:
    rules = dataclasses.replace(RULES, latency_p95_ms=limit)
    found = judged(rules=rules, footprint=footprint)
    check = check_of(found, "latency")
    assert (check.verdict, check.found) == (verdict, text)
    assert found.verdict == verdict
