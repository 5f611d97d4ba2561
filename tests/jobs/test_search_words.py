"""What a search says: on the line while it runs, at its end, on the card, and to machines."""

from __future__ import annotations

import json

import pytest

from podium.documents import to_json
from projects.jobs.search_words import Summary, progress_line, trial_document
from projects.tuning.trials import Ended, Tally
from tests.jobs.searched import ended


def ten_and_more() -> list[Ended]:
    """Fifteen trials in the order in which they ended: the last is the best, four have no value."""
    found = [
        ended(n, 0.70 + n / 1000, max_depth=n % 4, learning_rate=0.1 / (n + 1)) for n in range(11)
    ]
    found[0] = ended(0, 0.70, origin="declared", max_depth=6, learning_rate=0.1)
    found += [ended(n, state="failed", reason="ValueError: too deep") for n in (11, 12)]
    found.append(ended(13, state="failed", reason="MemoryError: "))
    found.append(ended(14, state="pruned", max_depth=2, reason="after round 40"))
    return found[::-1]


def summary(trials: list[Ended], ended_by: str = "trials") -> Summary:
    return Summary.of(trials, "roc_auc", higher_is_better=True, ended_by=ended_by)


def test_the_best_come_first_and_only_ten_of_them() -> None:
    found = summary(ten_and_more())
    assert [each.asked.number for each in found.top] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert found.best is found.top[0]
    assert found.start is not None
    assert found.start.asked.number == 0


def test_where_lower_is_better_the_lowest_is_first_and_of_equal_ones_the_earlier() -> None:
    trials = [ended(2, 0.4), ended(1, 0.4), ended(0, 0.5)]
    found = Summary.of(trials, "log_loss", higher_is_better=False)
    assert [each.asked.number for each in found.top] == [1, 2, 0]


def test_searched_parameters_are_those_that_differ_within_an_estimator() -> None:
    trials = [
        ended(0, 0.7, max_depth=3, device="cpu"),
        ended(1, 0.7, max_depth=4, device="cpu"),
        ended(2, 0.6, estimator="linear", C=0.1, max_iter=1000),
        ended(3, 0.6, estimator="linear", C=0.2, max_iter=1000),
    ]
    assert summary(trials).searched == ("max_depth", "C")


def test_the_text_counts_ranks_and_gives_each_reason_of_failure_once() -> None:
    text = summary(ten_and_more()).text()
    assert text.startswith(
        "15 trials (11 complete, 1 pruned, 3 failed), judged by roc_auc on the validation rows."
    )
    lines = text.splitlines()
    assert lines[2].split() == ["rank", "trial", "roc_auc", "time", "parameters"]
    assert lines[4].split() == ["1", "10", "0.7100", "1.2", "s", "sampled"]
    assert "where the declared parameters reached 0.7000" in text
    assert "xgboost: max_depth 2, learning_rate 0.00909." in text
    assert "Failed (2 of 15): ValueError: too deep" in text
    assert text.count("too deep") == 1
    assert max(map(len, text.splitlines()[:14])) < 100


def test_the_card_holds_the_five_best_with_their_parameters_and_warns_of_optimism() -> None:
    card = summary(ten_and_more(), "timeout").markdown()
    assert card.startswith("## Search\n\n15 trials")
    assert "it ended when no time was left" in card
    assert "looks better on the rows that chose it than it is" in card
    table = [line for line in card.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 5
    assert table[0] == "| rank | trial | roc_auc | time | max_depth | learning_rate |"


def test_several_estimators_are_told_apart() -> None:
    trials = [ended(0, 0.7, max_depth=3), ended(1, 0.8, max_depth=4)]
    trials += [ended(2, 0.6, estimator="linear", C=0.1), ended(3, 0.5, estimator="linear", C=1.0)]
    found = summary(trials)
    assert "estimator" in found.text()
    assert found.table()["C"] == [None, None, 0.1, 1.0]
    assert found.table()["estimator"] == ["xgboost", "xgboost", "linear", "linear"]


def test_folds_are_named_as_the_judge() -> None:
    trials = [ended(0, 0.7, folds=(0.6, 0.8, 0.7)), ended(1, state="pruned", folds=(0.6,))]
    assert "judged by roc_auc over 3 folds" in summary(trials).text()


def test_a_search_that_found_none_better_than_what_was_given_says_so() -> None:
    trials = [ended(0, 0.8, origin="champion", C=1.0), ended(1, 0.7, C=2.0)]
    assert "with the champion's parameters: the search found none better" in summary(trials).text()


@pytest.mark.parametrize("trials", [[], [ended(0, state="failed", reason="ValueError: no")]])
def test_without_a_complete_trial_there_is_no_table_and_nothing_breaks(
    trials: list[Ended],
) -> None:
    found = summary(trials)
    assert found.best is None
    assert "rank" not in found.text()
    assert "|" not in found.markdown()
    assert found.table()["trial"] == []
    assert found.document()["best"] is None


def test_one_trial_is_enough() -> None:
    found = summary([ended(0, 0.7, max_depth=3)])
    assert found.text().startswith("1 trial (1 complete)")
    assert found.searched == ()
    assert "Trial 0 is the best: roc_auc 0.7000" in found.text()


def test_the_document_is_strict_json_with_all_that_is_known() -> None:
    found = summary(ten_and_more())
    document = json.loads(to_json(found.document()))
    assert document["trials"] == 15
    assert (document["complete"], document["pruned"], document["failed"]) == (11, 1, 3)
    assert document["best"]["trial"] == 10
    assert document["best"]["metrics"] == {"roc_auc": 0.71, "log_loss": 0.29000000000000004}
    assert document["failures"] == {"ValueError: too deep": 2, "MemoryError: ": 1}
    assert document["fitting_seconds"] == 15 * 1.25


def test_a_trial_as_a_document_holds_its_reason_and_parameters() -> None:
    document = trial_document(ended(3, state="failed", reason="ValueError: no", C=0.5))
    assert document["reason"] == "ValueError: no"
    assert document["params"] == {"n_estimators": 500, "C": 0.5}
    assert document["value"] is None


def test_the_line_tells_the_best_what_is_done_and_how_long_it_takes() -> None:
    tally = Tally(40, 12, 3, 1, 2, ended(9, 0.71234567), 75.0)
    assert progress_line(tally, "roc_auc") == (
        "best roc_auc 0.71235 (trial 9), 16 of 40 trials, 3 pruned, 1 failed, 2 running, "
        "1 min 15 s left"
    )


def test_the_line_says_nothing_of_what_is_not_there_yet() -> None:
    assert progress_line(Tally(1000), "rmse") == "0 of 1,000 trials"
