"""The page of an evaluation: what it says, that it escapes, and that it needs nothing else."""

from __future__ import annotations

import html
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from podium.errors import UsageError
from podium.reports.evaluation_figures import document_figures, groups_name
from podium.reports.evaluation_page import evaluation_page
from podium.reports.evaluation_words import standing, use_words
from podium.reports.svg import figure_svg
from tests.reports.parts import compared
from tests.reports.samples import SAMPLES

ATTACK = "<script>alert(1)</script>\"'&{{ 7*7 }}"
EVERY = pytest.mark.parametrize("sample", SAMPLES)
VOID = {"meta", "br", "img", "link", "input", "hr"}


class _Page(HTMLParser):
    """Collects text, tags and attributes, and checks that every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open[-1:]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def drawn(document: dict[str, Any]) -> dict[str, str]:
    return {name: figure_svg(figure) for name, figure in document_figures(document).items()}


@cache
def page_of(sample: str) -> str:
    """The sample's page with its figures, drawn once for all tests of a process."""
    document = SAMPLES[sample]()
    return evaluation_page(document, drawn(document))


def text_of(document: dict[str, Any]) -> str:
    return _Page(evaluation_page(document, {})).text


@EVERY
def test_every_page_says_the_verdict_the_checks_and_the_metrics(sample: str) -> None:
    document, page = SAMPLES[sample](), _Page(page_of(sample))
    assert document["sentence"] in page.text
    assert document["verdict"].capitalize() in page.text
    for check in document["checks"]:
        assert check["name"] in page.text
        assert check["found"] in page.text
        assert check["needed"] in page.text
    for metric in document["metrics"]:
        assert metric["metric"] in page.text
    for note in document["notes"]:
        assert note in page.text
    assert document["actor"] in page.text
    assert document["data"]["digest"] in page.text
    assert page.open == []


@EVERY
def test_every_page_is_one_file_without_script_or_request(sample: str) -> None:
    page = page_of(sample)
    parsed = _Page(page)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(parsed.tags)
    for name, value in parsed.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            assert value.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org/2000/svg)", page)


def test_the_same_document_gives_the_same_page_and_stays_as_it_is() -> None:
    document = SAMPLES["harmed"]()
    assert evaluation_page(document, drawn(document)) == page_of("harmed")
    assert document == SAMPLES["harmed"]()


@EVERY
def test_ids_are_unique_in_the_whole_page(sample: str) -> None:
    ids = [value for name, value in _Page(page_of(sample)).attributes if name == "id"]
    assert len(ids) == len(set(ids))


def hostile(value: Any) -> Any:
    """The value with every free text in it replaced by an attack."""
    kept = {"verdict", "schema", "task", "measure", "at"}
    if isinstance(value, dict):
        return {k: v if k in kept else hostile(v) for k, v in value.items()}
    if isinstance(value, list):
        return [hostile(inner) for inner in value]
    return ATTACK if isinstance(value, str) else value


@EVERY
def test_nothing_in_a_document_becomes_markup(sample: str) -> None:
    document = hostile(SAMPLES[sample]())
    page = evaluation_page(document, drawn(document) if sample == "harmed" else {})
    assert "<script" not in page
    assert "{{ 7*7 }}" in page
    assert html.escape("<script>alert(1)</script>") in page
    parsed = _Page(page)
    assert parsed.open == []
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]


def test_a_pass_leads_to_staging_with_a_quoted_name() -> None:
    document = SAMPLES["pass"]()
    assert "podium promote flight_delay 3 --to staging" in text_of(document)
    document["model"] = "a; rm -rf /"
    assert "podium promote 'a; rm -rf /' 3 --to staging" in text_of(document)


def test_a_pass_that_opens_no_gate_says_what_would() -> None:
    text = text_of(SAMPLES["pass"]() | {"opens_gate": False})
    assert "--to staging" not in text
    assert "opens no gate" in text
    assert "podium evaluate --candidate models:/flight_delay/3" in text


def test_a_document_that_does_not_say_whether_it_opens_a_gate_says_nothing_of_it() -> None:
    document = SAMPLES["pass"]()
    del document["opens_gate"]
    assert "--to staging" in text_of(document)
    assert "opens no gate" not in text_of(document)


def test_inconclusive_names_the_rows_needed_and_how_to_give_them() -> None:
    text = text_of(SAMPLES["inconclusive"]())
    assert "About 71,300 rows would decide it in 80% of cases if both are equally good" in text
    assert "these were 500" in text
    assert "podium evaluate --candidate models:/flight_delay/3 --data FILE" in text
    assert "--to staging" not in text
    assert "This is the 3rd question that these rows answer about this model" in text


def test_inconclusive_without_a_number_of_rows_gives_the_reason() -> None:
    document = SAMPLES["inconclusive"]()
    document["metrics"][0] |= {"rows_needed": None, "reason": "One class only."}
    assert "500 rows are not enough, or not the right ones. One class only." in text_of(document)


def test_fail_says_which_checks_failed_and_who_is_harmed() -> None:
    page = page_of("harmed")
    text = _Page(page).text
    assert "The check “slices” failed: 2 of 6 judged are harmed" in text
    assert "The check “fairness of sex” failed" in text
    assert page.count('<tr class="harmed">') == 4
    assert text.count("✗ harmed") == 2
    assert "further apart ✗ by more than allowed" in text
    assert "Only one group has 500 rows or more: single." in text


def test_metrics_say_who_is_better_whichever_way_is_better() -> None:
    lower, higher = ({"rows": 9, "higher": side} for side in (False, True))
    assert standing(compared("mae", 40, 42, 0.5, **lower)) == "better"
    assert standing(compared("mae", 42, 40, 0.5, **lower)) == "worse"
    assert standing(compared("auc", 0.7, 0.6, 0.01, **higher)) == "better"
    assert standing(compared("auc", 0.7, 0.69, 0.1, **higher)) == "no clear difference"
    same = compared("auc", 0.7, 0.7, 1.0) | {"low": 0.0, "high": 0.0}
    assert standing(same) == "the same"
    assert standing(same | {"low": None}) == "unknown"


def test_unknown_numbers_are_dashes_with_the_reason() -> None:
    text = text_of(SAMPLES["harmed"]())
    assert "mcc higher is better – – – –" in text
    assert "The models answer one class only." in text
    assert "None" not in text
    assert "nan" not in text.split()


def test_without_a_champion_the_baseline_is_the_other_side() -> None:
    text = text_of(SAMPLES["no champion"]())
    assert "Version 1 (xgboost) against the baseline (the best constant answer)" in text
    assert "version 1 has to be surely better than the baseline" in text
    assert "Neither model was measured." in text


def test_a_champion_that_did_not_answer_leaves_the_checks_to_say_why() -> None:
    text = text_of(SAMPLES["silent champion"]())
    assert "Nothing could be compared; the checks say why." in text
    assert "The check “champion answers” is open: it was stopped after 10 min" in text
    assert "All metrics" not in text


def test_slices_show_the_worst_and_fold_the_others() -> None:
    page = evaluation_page(SAMPLES["pass"](), {})
    assert "The other 8 judged slices" in page
    assert "2 not judged, and why" in page
    assert "3 rows; min_slice_rows is 500" in page
    assert "18 slices judged, none harmed; 2 could not be judged." in page


def test_flips_are_counted_in_words() -> None:
    text = text_of(SAMPLES["pass"]())
    assert "Of 65,469 decisions 9.1% change: 3,083 become right, 2,875 become wrong." in text


def test_each_use_of_the_rows_may_spend_less() -> None:
    assert "1st question" in use_words(SAMPLES["pass"]())
    assert "may spend 3% of it, and the next one 0.76%" in use_words(SAMPLES["pass"]())
    assert "may spend 0.34% of it, and the next one 0.19%" in use_words(SAMPLES["inconclusive"]())


def test_figures_stand_where_they_belong_and_none_is_lost() -> None:
    document = SAMPLES["harmed"]()
    names = ["roc", "slices", "flips", groups_name("sex"), "something new"]
    page = evaluation_page(document, {name: f"<svg>{name}</svg>" for name in names})
    places = [page.index(f"<svg>{name}</svg>") for name in names]
    sections = [page.index(f'<section id="{s}">') for s in ("metrics", "slices", "fairness")]
    assert sections[0] < places[0] < places[4] < sections[1] < places[1]
    assert sections[2] < places[3] < page.index('<section id="flips">') < places[2]
    silent = SAMPLES["silent champion"]()
    assert "<svg>x</svg>" in evaluation_page(silent, {"roc": "<svg>x</svg>"})


def test_a_picture_may_be_a_png_and_nothing_else() -> None:
    document = SAMPLES["pass"]()
    page = evaluation_page(document, {'a"b': "data:image/png;base64,AAAA"})
    assert '<img alt="a&#34;b" src="data:image/png;base64,AAAA">' in page
    for bad in ("http://example.org/a.png", "<img src=x>", 'data:image/png;base64,A" onload="x'):
        with pytest.raises(UsageError, match="neither an <svg>"):
            evaluation_page(document, {"roc": bad})


def test_a_document_of_another_schema_is_refused() -> None:
    with pytest.raises(UsageError, match="schema 2"):
        evaluation_page(SAMPLES["pass"]() | {"schema": 2}, {})


def test_documents_give_the_figures_whose_numbers_they_hold() -> None:
    found = {name: set(document_figures(make())) for name, make in SAMPLES.items()}
    assert found["pass"] == {"slices", "flips"}
    assert found["harmed"] == {"slices", "flips", "groups_sex", "groups_marriage"}
    assert found["regression"] == {"slices"}
    assert found["silent champion"] == set()
    assert groups_name("a b/c") == "groups_a_b_c"


def test_a_wide_figure_has_a_line_of_its_own() -> None:
    page = evaluation_page(
        SAMPLES["regression"](),
        {"predicted": '<svg width="590pt">a</svg>', "errors": '<svg width="475pt">b</svg>'},
    )
    assert '<figure class="wide"><svg width="590pt">' in page
    assert '<figure><svg width="475pt">' in page
