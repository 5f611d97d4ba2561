"""The interactive page of a search: whole, offline, and safe to open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution

from projects.jobs.search_page import page_of
from tests.jobs.searched import Tried, drawn, study_of
from tests.jobs.test_search_figures import both_estimators, odd_searches

_SCRIPT = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)


def page(tried: Sequence[Tried], *, several: bool = False, name: str = "parcels") -> str:
    return page_of(study_of(tried, several=several), name, "roc_auc")


def without_plotly(html: str) -> str:
    """The page without the library, which is most of it."""
    return _SCRIPT.sub(lambda found: found[0] if len(found[0]) < 2_000_000 else "", html)


def headings(html: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", html)


def test_the_page_has_optunas_four_figures_and_a_sentence_on_each() -> None:
    html = without_plotly(page(drawn(14)))
    assert headings(html) == [
        "How the search went",
        "Trials across the parameters",
        "Importances",
        "roc_auc over each parameter",
    ]
    for part in re.findall(r"<section.*?</section>", html, re.DOTALL):
        assert "Plotly.newPlot(" in part
        assert len(re.findall(r"<p>[^<]+</p>", part)) == 1
    assert "14 complete; higher roc_auc is better." in html
    assert "<h1>Search for parcels: roc_auc 0.7" in html


def test_plotly_is_inlined_once_and_nothing_is_loaded() -> None:
    html = page(drawn(14))
    scripts = _SCRIPT.findall(html)
    assert sum(len(script) > 2_000_000 for script in scripts) == 1
    rest = without_plotly(html)
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=", rest)
    assert "http" not in rest.replace("http-equiv", "")
    assert "default-src 'none'" in rest


def test_the_page_offers_no_way_to_send_what_it_shows_elsewhere() -> None:
    html = without_plotly(page(drawn(14)))
    assert html.count('"showSendToCloud": false') == html.count("Plotly.newPlot(")


def test_logarithmic_parameters_have_a_logarithmic_axis_over_the_whole_range() -> None:
    html = without_plotly(page(drawn(14)))
    assert '"text":"learning_rate (log)"' in html
    assert '"type":"log"' in html
    assert '"range":[-2.07' in html  # 0.01, and a little room


def test_each_estimator_has_parts_of_its_own() -> None:
    found = headings(page(both_estimators(), several=True))
    assert found[0] == "How the search went"
    assert found[1:4] == [
        "Trials across the parameters of xgboost",
        "Importances of xgboost",
        "roc_auc over each parameter of xgboost",
    ]
    assert found[4:] == [title.replace("xgboost", "linear") for title in found[1:4]]


def test_what_cannot_be_drawn_has_a_reason_in_its_place() -> None:
    assert "10 complete trials, not all of one value; there are 4 and 2." in page(drawn(2))
    assert "None of them has more than one value." in page(drawn(5, {}))


@pytest.mark.parametrize("odd", sorted(odd_searches()))
def test_odd_searches_have_a_page(odd: str) -> None:
    assert page(odd_searches()[odd]).rstrip().endswith("</html>")


@pytest.mark.parametrize("tried", [[], odd_searches()["all pruned"]])
def test_without_a_complete_trial_the_page_says_so(tried: Sequence[Tried]) -> None:
    html = page(tried)
    assert "<h1>Search for parcels: no trial was completed</h1>" in html
    assert headings(html) == []


def test_far_worse_trials_do_not_squeeze_the_others() -> None:
    html = without_plotly(page(odd_searches()["far worse"]))
    assert "The best 13 of 14." in html
    assert "-1000000000" not in "".join(re.findall(r'"range":\[[^]]*\]', html))


def test_of_very_many_trials_the_best_are_drawn_as_lines() -> None:
    html = page(drawn(230, {"C": drawn(1)[0].space["learning_rate"]}))
    assert "The best 200 of 230." in html


def test_names_and_values_are_escaped() -> None:
    evil = "</script><script>alert(1)</script>"
    space = {"kind": CategoricalDistribution((evil, "b"))}
    tried = [replace(each, params={"kind": (evil, "b")[each.number % 2]}) for each in drawn(4)]
    html = page([replace(each, space=space) for each in tried], name="<b>parcels")
    assert evil not in html
    assert "Search for &lt;b&gt;parcels" in html
