"""An evaluation on a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from podium.reports.evaluation_text import evaluation_text
from tests.reports.samples import SAMPLES


@pytest.fixture(params=SAMPLES)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    sample: dict[str, Any] = SAMPLES[request.param]()
    return sample


def test_the_verdict_comes_first_and_all_fits_in_100_columns(document: dict[str, Any]) -> None:
    text = evaluation_text(document)
    assert document["verdict"].upper() in text.splitlines()[0]
    assert document["sentence"] in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 100
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_every_check_and_metric_is_in_the_tables(document: dict[str, Any]) -> None:
    text = evaluation_text(document)
    for check in document["checks"]:
        assert check["name"] in text
    for metric in document["metrics"][:8]:
        assert metric["metric"] in text


def test_metrics_beyond_eight_are_counted() -> None:
    text = evaluation_text(SAMPLES["pass"]())
    assert "roc_auc * 0.7312 0.7181 +0.0131 +0.0103 to +0.0159 <0.001 better" in " ".join(
        text.split()
    )
    assert "* decides; its interval is 93.9%; 1 more in the report" in text


def test_harmed_slices_and_groups_have_tables_of_their_own() -> None:
    text = evaluation_text(SAMPLES["harmed"]())
    assert "school × sex = graduate × female 1,904 −0.0712 −0.0873 to" in " ".join(text.split())
    assert "sex: equalized_odds_difference" in text
    assert "university" not in text
    assert "harmed slice" not in evaluation_text(SAMPLES["pass"]())


def test_long_words_go_on_in_the_next_line_and_none_is_lost() -> None:
    document = SAMPLES["silent champion"]()
    document["checks"][1]["found"] = "word " * 30 + "end"
    text = evaluation_text(document)
    assert text.count("word") == 30
    assert "end" in text


def test_names_cannot_command_the_terminal_or_forge_a_line() -> None:
    document = SAMPLES["harmed"]()
    document["sentence"] = "\x1b[2Jgone\n✓ PASS"
    document["slices"][2]["value"] = "\x1b]0;x\x07\u2028✓ PASS"
    text = evaluation_text(document)
    assert "\x1b" not in text
    assert "\\x1b[2Jgone ✓ PASS" in text.splitlines()[0]
    assert not [line for line in text.splitlines() if line.startswith("✓ PASS")]


def test_a_document_without_checks_or_metrics_is_still_a_text() -> None:
    document = SAMPLES["silent champion"]() | {"checks": []}
    assert evaluation_text(document).startswith("? INCONCLUSIVE: Version 2 did not answer")
