from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.written import BINARY, MULTICLASS, REGRESSION, refusal


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("estimater: linear", "estimater: unknown key. Did you mean 'estimator'?"),
        ("split: {holdot: 0.2}", "split.holdot: unknown key. Did you mean 'holdout'?"),
        (
            "search: {x: {low: 1, high: 2, hig: 3}}",
            "search.x.hig: unknown key. Did you mean 'high'?",
        ),
        (
            "decision: {threshold: {fixd: 0.5}}",
            "decision.threshold.fixd: unknown key. Did you mean 'fixed'?",
        ),
        ("features: {numerc: [a]}", "features.numerc: unknown key. Did you mean 'numeric'?"),
        ("estimator: xgbost", "estimator: 'xgbost' is not known. Did you mean 'xgboost'?"),
        (
            "estimator: [linear, forest]",
            "estimator.1: 'forest' is not known. Did you mean 'random_forest'?",
        ),
        ("metric: rocauc", "metric 'rocauc' is not a binary metric. Did you mean 'roc_auc'?"),
        ("retrain: {on: [drft]}", "retrain.on.0: 'drft' is not known. Did you mean 'drift'?"),
        ("split: {by: tim}", "split.by: 'tim' is not known. Did you mean 'time'?"),
        ("calibration: x", "calibration: 'x' is not known. Known: isotonic, sigmoid."),
    ],
)
def test_a_misspelt_word_is_refused_with_what_was_meant(
    tmp_path: Path, line: str, said: str
) -> None:
    assert refusal(tmp_path, f"{BINARY}{line}\n") == said


def test_a_part_of_a_datetime_that_is_not_known_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, BINARY + "features: {datetime: {t: [month, hours]}}\n")
    assert said.startswith("features.datetime.t.1: 'hours' is not known. Did you mean 'hour'")


def test_a_section_without_its_key_names_the_key_and_the_near_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, BINARY.replace("source:", "sorce:"))
    assert "data.source: required, but missing" in said
    assert "data.sorce: unknown key. Did you mean 'source'?" in said


@pytest.mark.parametrize("line", ["name: again", "params: {a: 1, a: 2}"])
def test_a_key_given_twice_is_refused(tmp_path: Path, line: str) -> None:
    said = refusal(tmp_path, f"{BINARY}{line}\n")
    assert "is given twice" in said
    assert "line 6" in said


@pytest.mark.parametrize("text", ["{", "a: 'b", "a: \x00", "? [a]\n: 1\n", "a: *b"])
def test_what_is_no_yaml_is_refused(tmp_path: Path, text: str) -> None:
    assert "is not valid YAML" in refusal(tmp_path, text)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a\n- b\n", "just text"])
def test_a_file_without_keys_says_which_it_needs(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).endswith("holds no keys. It needs name, task, data and target.")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("features: {numeric: a}", "features.numeric: 'a': should be a list"),
        ("features: {numeric: [5]}", "features.numeric.0: 5: should be text"),
        ("gate: x", "gate: 'x': should be a section of keys"),
        ("gate: {alpha: '0.1'}", "gate.alpha: '0.1': should be a number"),
        ("promotion: {approvals: 1.5}", "promotion.approvals: 1.5: should be a whole number"),
        ("promotion: {exclude_author: yes}", "promotion.exclude_author: 'yes': should be true or"),
        ("split: {holdout: 2}", "split.holdout: 2: should be less than 1"),
        ("split: {holdout: true}", "split.holdout: True: should be a number"),
        ("decision: {threshold: 3}", "decision.threshold: 3: should be less than or equal to 1"),
        ("search: {x: {low: a, high: 1}}", "search.x.low: 'a': should be a number"),
        ("search: {x: {low: 1, high: 1e999}}", "search.x.high: inf: should be a finite number"),
        ("search: {x: []}", "search.x: []: is empty"),
        ("estimator: []", "estimator: []: is empty"),
        ("metric: [roc_auc]", "metric: ['roc_auc']: should be text"),
        ("5: x", "5: 'x': Keys should be strings"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_key_and_value(
    tmp_path: Path, line: str, said: str
) -> None:
    assert refusal(tmp_path, f"{BINARY}{line}\n").startswith(said)


@pytest.mark.parametrize("task", ["[binary]", "{a: 1}", "3", "binry"])
def test_a_task_that_is_none_is_refused_whatever_it_is(tmp_path: Path, task: str) -> None:
    said = refusal(tmp_path, BINARY.replace("task: binary", f"task: {task}"))
    assert said.startswith("task: ")
    assert "is not known" in said


def test_a_label_that_is_a_list_is_refused_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, BINARY.replace("column: y", "column: y, positive: [1]"))
    assert said.startswith("target.positive: [1]: should be true or false or")
    assert said.count("target.positive") == 1


@pytest.mark.parametrize(
    ("task", "lines", "said"),
    [
        (BINARY, "metric: rmse", "metric 'rmse' is not a binary metric. Known: accuracy,"),
        (REGRESSION, "metric: pinball_1.5", "'pinball_1.5' is not a regression metric. Did you"),
        (BINARY, "metric: pinball_0.9", "metric 'pinball_0.9' is not a binary metric. Known:"),
        (REGRESSION, "metrics: [rmse, f1]", "metric 'f1' is not a regression metric. Known:"),
        (BINARY, "features: {numeric: [a]}\nforbidden: [a]", "'a' is forbidden: it is known only"),
        (BINARY, "features: {numeric: [y]}", "features: 'y' is the target"),
        (BINARY, "features: {datetime: {y: [hour]}}", "features: 'y' is the target"),
        (BINARY, "features: {numeric: [a], text: [a]}", "'a' is declared as a feature twice"),
        (BINARY, "features: {datetime: {t: [hour, hour]}}", "datetime.t names a part twice"),
        (BINARY, "features: {datetime: {t: []}}", "features.datetime.t: []: is empty"),
        (BINARY, "features: {}", "features declares no column; leave the key out"),
        (BINARY, "split: {by: time}", "split.by is 'time', which needs data.time"),
        (BINARY, "split: {by: group}", "split.by is 'group', which needs data.group"),
        (BINARY, "split: {gap: 7d}", "split.gap: '1w' goes with split.by time; this project"),
        (BINARY, "split: {holdout: 0.5, validation: 0.4}", "holdout 0.5 and validation 0.4 leave"),
        (BINARY, "decision: {threshold: {fixed: 0.5, maximise: f1}}", "found fixed and maximise"),
        (BINARY, "decision: {threshold: {}}", "needs exactly one rule"),
        (BINARY, "decision: {threshold: {maximise: f1, fn: 5}}", "go with `minimise: cost`"),
        (REGRESSION, "decision: {threshold: 0.3}", "decision is for binary tasks; this task is"),
        (REGRESSION, "calibration: isotonic", "calibration: 'isotonic' is for classifiers"),
        (REGRESSION, "class_weight: balanced", "class_weight: 'balanced' is for classifiers"),
        (BINARY, "search: {x: {low: 3, high: 3}}", "search.x: low 3 is not below high 3"),
        (BINARY, "search: {x: {low: 0, high: 1, log: true}}", "low 0 must be above 0"),
        (BINARY, "search: {x: {low: 1, high: 9, log: true, step: 2}}", "takes no step"),
        (BINARY, "search: {x: {low: 1}}", "search.x: needs low and high, or choices"),
        (BINARY, "search: {x: {choices: [1], low: 0}}", "has choices and a range"),
        (BINARY, "monitoring: {k: 6, n: 5}", "k is 6 and n is 5"),
        (BINARY, "monitoring: {window: 0s}", "window is 0"),
        (BINARY, "retrain: {cooldown: 7}", "retrain.cooldown: 7: not a length of time"),
        (BINARY, "retrain: {cooldown: -7d}", "retrain.cooldown: '-7d': not a length of time"),
        (BINARY, "retrain: {cooldown: 7 years}", "write a number and a unit, like 7d"),
        (BINARY, "retrain: {cooldown: 99999999999w}", "longer than any time"),
    ],
)
def test_what_contradicts_itself_is_refused(
    tmp_path: Path, task: str, lines: str, said: str
) -> None:
    assert said in refusal(tmp_path, f"{task}{lines}\n")


def test_a_positive_label_is_for_binary_tasks(tmp_path: Path) -> None:
    said = refusal(tmp_path, MULTICLASS.replace("column: y", "column: y, positive: 1"))
    assert said == "target.positive is for binary tasks; this task is multiclass"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("''", "is empty"),
        ("' a'", "begins or ends with a space"),
        ("a/b", "contains a slash"),
        ("'a:b'", "contains a colon"),
        ('"a\\nb"', "contains a line break"),
        ('"a\\u2028b"', "contains a line break"),
        ('"it\'s"', "contains a quote"),
        ("'say \"x\"'", "contains a quote"),
        ("m.ledger", "ends in '.ledger', which Podium keeps for its ledgers"),
        ("a" * 250, "has 250 characters; at most 249 are allowed"),
        (".", "is a relative path"),
    ],
)
def test_a_name_that_the_registry_cannot_take_is_refused(
    tmp_path: Path, name: str, why: str
) -> None:
    said = refusal(tmp_path, BINARY.replace("name: late", f"name: {name}"))
    assert said.startswith("name: ")
    assert why in said
    assert said.endswith("choose another name for the registered model")


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, BINARY + "metrc: f1\nestimator: xgbost\nsplit: {gap: 7, holdout: 2}\n")
    for key in ("metrc:", "estimator:", "split.gap:", "split.holdout:"):
        assert key in said


def test_all_contradictions_between_sections_are_said_at_once(tmp_path: Path) -> None:
    lines = "metric: rmse\nfeatures: {numeric: [y, a, b]}\nforbidden: [a, b]\nsplit: {gap: 1d}\n"
    said = refusal(tmp_path, BINARY + lines)
    for problem in ("'rmse'", "'y' is the target", "'a' is forbidden", "'b' is forbidden", "gap"):
        assert problem in said
