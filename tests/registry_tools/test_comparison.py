"""Two versions side by side, from what is known of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_tools.comparison import Comparison, Described, MetricPair, compare, read_requirements
from registry_tools.signature import Column, Signature

FIRST = Described(
    1,
    "2026-01-01T00:00:00+00:00",
    "ada",
    {"depth": "3", "seed": "1", "podium.source": "a.csv", "podium.rows_train": "80"},
    {"holdout/auc": 0.8, "holdout/auc_low": 0.78, "holdout/auc_high": 0.82, "train/auc": 0.99},
    {"podium.data_digest": "aa", "podium.estimator": "xgboost"},
    Signature({"x": Column("double")}, {"y": Column("double")}),
    {"numpy": "==2.4.0"},
)


def metric(found: Comparison, name: str) -> MetricPair:
    return next(pair for pair in found.metrics if pair.name == name)


def with_auc(estimate: float, low: float, high: float) -> Described:
    ends = {"holdout/auc_low": low, "holdout/auc_high": high}
    return replace(FIRST, number=2, metrics={"holdout/auc": estimate, **ends})


def test_a_version_compared_with_itself_differs_in_nothing() -> None:
    found = compare(FIRST, FIRST)
    assert all(pair.same for pair in (*found.facts, *found.params))
    assert found.same_data
    assert found.signature == ()
    assert found.requirements == ()
    assert [(pair.difference, pair.apart) for pair in found.metrics] == [(0, False)]


def test_intervals_are_apart_only_where_they_do_not_touch() -> None:
    assert metric(compare(FIRST, with_auc(0.85, 0.83, 0.87)), "auc (holdout)").apart is True
    assert metric(compare(FIRST, with_auc(0.70, 0.68, 0.72)), "auc (holdout)").apart is True
    assert metric(compare(FIRST, with_auc(0.84, 0.82, 0.86)), "auc (holdout)").apart is False


@given(*[st.floats(-1e6, 1e6, allow_nan=False)] * 4)
def test_the_difference_is_the_second_less_the_first(
    a: float, b: float, c: float, d: float
) -> None:
    one, other = with_auc(a, min(a, b), max(a, b)), with_auc(c, min(c, d), max(c, d))
    there, back = (metric(compare(*pair), "auc (holdout)") for pair in ((one, other), (other, one)))
    assert there.difference == c - a
    assert there.apart == back.apart


def test_without_intervals_nobody_says_whether_they_are_apart() -> None:
    bare = replace(FIRST, metrics={"holdout/auc": 0.9})
    found = metric(compare(FIRST, bare), "auc (holdout)")
    assert found.difference == pytest.approx(0.1)
    assert found.apart is None


def test_a_metric_of_one_version_only_has_no_difference() -> None:
    found = metric(compare(FIRST, replace(FIRST, metrics={})), "auc (holdout)")
    assert found.second is None
    assert found.difference is None


def test_metrics_whose_names_end_like_intervals_are_metrics() -> None:
    odd = replace(FIRST, metrics={"holdout/price_low": 1.0, "accuracy": 0.9})
    names = [pair.name for pair in compare(odd, odd).metrics]
    assert names == ["price_low (holdout)", "accuracy"]


def test_data_are_compared_only_where_both_are_known() -> None:
    other = replace(FIRST, tags={"podium.data_digest": "bb"})
    assert compare(FIRST, other).same_data is False
    assert compare(FIRST, replace(FIRST, tags={})).same_data is None


def test_parameters_that_stand_elsewhere_are_not_shown_twice() -> None:
    found = compare(FIRST, replace(FIRST, params={"depth": "4", "seed": "1"}))
    assert [(pair.name, pair.same) for pair in found.params] == [("depth", False), ("seed", True)]
    rows = next(pair for pair in found.facts if pair.name == "rows for train")
    assert (rows.first, rows.second) == ("80", None)


def test_each_change_of_the_signature_is_a_sentence() -> None:
    second = Signature(
        {"x": Column("string"), "z": Column("long", required=False)}, {"p": Column("double")}
    )
    assert compare(FIRST, replace(FIRST, signature=second)).signature == (
        "input 'x' retyped: double to string",
        "input 'z' (long) added",
        "output 'y' (double) removed",
        "output 'p' (double) added",
    )
    optional = Signature({"x": Column("double", required=False)}, {"y": Column("double")})
    assert compare(FIRST, replace(FIRST, signature=optional)).signature == (
        "input 'x' may be missing",
    )
    assert compare(FIRST, replace(FIRST, signature=None)).signature is None


def test_packages_that_differ_are_named() -> None:
    second = replace(FIRST, requirements={"numpy": "==2.5.0", "scipy": "==1.16"})
    found = compare(FIRST, second).requirements
    assert found is not None
    assert [(pair.name, pair.first, pair.second) for pair in found] == [
        ("numpy", "==2.4.0", "==2.5.0"),
        ("scipy", None, "==1.16"),
    ]
    assert compare(FIRST, replace(FIRST, requirements=None)).requirements is None


def test_requirements_are_read_as_pip_would_name_them() -> None:
    text = "# pinned\nScikit_Learn==1.9.0\nmlflow[extras] >= 3.17  # why\n\n-r more.txt\n./local\n"
    assert read_requirements(text) == {
        "scikit-learn": "==1.9.0",
        "mlflow": "[extras]>= 3.17",
        "-r more.txt": "",
        "./local": "",
    }


@given(st.text(max_size=80))
def test_any_text_can_be_read_as_requirements(text: str) -> None:
    assert all(name for name in read_requirements(text))
