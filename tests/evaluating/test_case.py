"""What is to be judged: rows, rules and what the files say, before any model is asked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError, UsageError
from podium.progress import Progress
from podium.spec import Declaration
from podium.spec.parts import Gate
from projects.evaluating.case import Asked, Case, Contest, known_beforehand, make_case, rules_of
from projects.evaluating.sides import Side
from projects.training.split import split_rows
from projects.training.training_rows import TrainingRows
from registry_tools.examine import Files
from registry_tools.port import Run, Version
from registry_tools.signature import Column, Signature
from tests.training.made import project_of, table_of

FRAME = pd.DataFrame(
    {"x": np.arange(200) / 7, "kind": ["red", "blue"] * 100, "y": [0, 1, 1, 0] * 50}
)
TAKES = Signature({"x": Column("double"), "kind": Column("string", False)}, {})
PROJECT = {"data": {"source": "rows.csv"}}


def side(
    number: int,
    *,
    rows: TrainingRows | None = None,
    signature: Signature | None = TAKES,
    params: Mapping[str, str] | None = None,
) -> Side:
    version = Version("m", number, "2026-01-02T03:04:05.000+00:00", "run")
    files = Files(f"digest {number}", None, "", "answers", signature)
    run = None if params is None else Run("run", "ada", dict(params), {}, {})
    return Side(version, files, None, run, rows)


def contest(
    folder: Path, first: Side, second: Side | None, in_force: Gate | None = None, **keys: Any
) -> Contest:
    project = project_of(**{**PROJECT, **keys})
    FRAME.to_csv(folder / "rows.csv", index=False)
    return Contest(Declaration(project, folder / "project.yaml"), in_force or Gate(), first, second)


def trained(seed: int = 0, frame: pd.DataFrame = FRAME) -> TrainingRows:
    project = project_of(**PROJECT)
    table = table_of(project, frame)
    return TrainingRows.of(project, table, split_rows(project, table, seed))


def case_of(made: Contest, asked: Asked | None = None, use: int = 1) -> Case:
    progress = Progress(io.StringIO())
    return make_case(made, asked or Asked(), lambda *_: use, progress)


def test_the_holdout_of_the_candidate_s_training_judges(tmp_path: Path) -> None:
    first = side(2, rows=trained(5), params={"podium.seed": "5"})
    case = case_of(contest(tmp_path, first, None))
    cut = split_rows(project_of(**PROJECT), table_of(project_of(**PROJECT), FRAME), 5)
    assert case.part == "holdout"
    assert case.rows.raw["x"].tolist() == FRAME["x"].iloc[cut.holdout].tolist()
    assert (case.left_out, case.facts[0].verdict) == (0, "pass")


def test_the_limit_of_the_candidate_s_training_is_kept_unless_another_is_asked_for(
    tmp_path: Path,
) -> None:
    made = contest(tmp_path, side(2, params={"podium.rows_limit": "100", "podium.seed": "1"}), None)
    assert len(case_of(made).rows) == 20
    assert len(case_of(made, Asked(rows=50)).rows) == 10


def test_another_seed_meets_rows_of_the_training_and_is_refused(tmp_path: Path) -> None:
    made = contest(tmp_path, side(2, rows=trained(5), params={"podium.seed": "5"}), None)
    with pytest.raises(DataError, match=r"version 2 was trained on \d+ of the 40 rows"):
        case_of(made, Asked(seed=6))


def test_other_data_judge_with_all_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = contest(tmp_path, side(2, rows=trained(), params={"podium.rows_limit": "100"}), None)
    monkeypatch.chdir(tmp_path)
    FRAME.assign(x=FRAME["x"] + 0.5).to_csv("newer.csv", index=False)
    case = case_of(made, Asked("newer.csv"))
    assert (case.part, len(case.rows)) == ("all rows", 200)
    assert len(case_of(made, Asked("newer.csv", rows=30)).rows) == 30


def test_the_digest_is_of_the_rows_before_any_was_left_out(tmp_path: Path) -> None:
    first, second = side(2, rows=trained(0), params={"podium.seed": "0"}), side(1, rows=trained(9))
    made = contest(tmp_path, first, second)
    whole, less = case_of(made), case_of(made, Asked(overlap="drop"))
    assert whole.facts[0].verdict == "inconclusive"
    assert (len(less.rows) + less.left_out, less.left_out > 10) == (len(whole.rows), True)
    assert less.digest == whole.digest
    assert less.content_digest != whole.content_digest


def test_the_use_is_asked_for_by_rows_files_and_opponent(tmp_path: Path) -> None:
    asked: list[tuple[str, str, int | None]] = []
    made = contest(tmp_path, side(2), side(1))

    def use_of(*question: Any) -> int:
        asked.append(question)
        return 7

    case = make_case(made, Asked(), use_of, Progress(io.StringIO()))
    assert asked == [(case.digest, "digest 2", 1)]
    assert case.rules.use == 7
    assert len(case.notes) == 2  # whose training rows are not known


def test_the_rules_are_those_of_the_gate_with_the_project_s_metrics(tmp_path: Path) -> None:
    gate = Gate(
        margin=0.1, alpha=0.2, min_slice_rows=9, minimums={"roc_auc": 0.7}, slice_margin=0.3
    )
    made = contest(
        tmp_path,
        side(2),
        None,
        gate,
        metric="brier",
        metrics=["roc_auc", "brier"],
        gate={"margin": 5.0},
    )
    rules = rules_of(made, use=3)
    assert (rules.metric, rules.metrics) == ("brier", ("roc_auc",))
    assert (rules.margin, rules.alpha, rules.use) == (0.1, 0.2, 3)
    assert (rules.min_slice_rows, rules.slice_margin) == (9, 0.3)
    assert rules.minimums == {"roc_auc": 0.7}


def test_a_minimum_that_this_task_has_no_metric_for_is_refused(tmp_path: Path) -> None:
    made = contest(tmp_path, side(2), None, Gate(minimums={"mae": 1.0}))
    with pytest.raises(UsageError, match=r"The gate of the policy in force"):
        rules_of(made, use=1)


def test_what_the_files_say_comes_as_checks(tmp_path: Path) -> None:
    narrow = Signature({"kind": Column("string", False)}, {})
    made = contest(tmp_path, side(2, signature=narrow), side(1))
    (signature,) = known_beforehand(made, ["x", "kind", "y"])
    assert (signature.name, signature.verdict) == ("signature", "fail")
    assert signature.found == "input 'x' (double) was removed"
    lacking, _ = known_beforehand(made, ["kind", "y"])
    assert (lacking.name, lacking.verdict) == ("columns of version 1", "inconclusive")
    own, _, _ = known_beforehand(contest(tmp_path, side(2), side(1)), ["kind"])
    assert (own.name, own.verdict) == ("columns of version 2", "fail")


def test_many_columns_that_lack_are_counted(tmp_path: Path) -> None:
    wide = Signature({f"c{place}": Column("double") for place in range(8)}, {})
    (check,) = known_beforehand(contest(tmp_path, side(2, signature=wide), None), ["y"])
    assert check.found == "the data has no 'c0', 'c1', 'c2', 'c3', 'c4' and 3 more"


def test_nothing_is_said_of_models_that_promise_nothing(tmp_path: Path) -> None:
    silent = contest(tmp_path, side(2, signature=None), side(1, signature=None))
    assert known_beforehand(silent, ["y"]) == ()
    assert known_beforehand(contest(tmp_path, side(2), None), FRAME.columns) == ()
