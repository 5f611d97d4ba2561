from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from mlflow.types import ColSpec, DataType, Schema

from podium.artifact.scoring import Scorer
from projects.evaluating.models import DoesNotAnswer, open_model, scores_of
from tests.artifact.samples import boosted, forest, raw_table, regressor, target_of, xgboosted
from tests.evaluating import made
from tests.evaluating.made import FEATURES, numbers

AT = ("on time", "late")


@pytest.mark.parametrize("make", [boosted, forest, regressor, xgboosted])
def test_podiums_artifacts_answer_by_the_code_that_they_ship(make: Any, tmp_path: Path) -> None:
    scorer: Scorer = make()
    opened = open_model(made.podium(tmp_path / "model", scorer))
    raw = raw_table(50, seed=3)
    assert type(opened.scorer).__module__.startswith("podium_scoring_")
    assert opened.columns == tuple(raw.columns)
    expected = scorer.score(raw)
    pd.testing.assert_frame_equal(opened.answers(raw.assign(y=1), ()), expected)
    task, labels = scorer.decision.task, scorer.decision.labels
    y = np.zeros(50, dtype=np.int64) if labels else np.zeros(50)
    scores = scores_of(opened, task, labels, y, raw, ())
    if labels:
        assert [labels[code] for code in scores.prediction] == expected["prediction"].tolist()
    else:
        np.testing.assert_array_equal(scores.prediction, expected["prediction"])


def test_the_positive_of_an_artifact_may_be_the_projects_negative(tmp_path: Path) -> None:
    opened = open_model(made.podium(tmp_path / "model", boosted()))
    raw = raw_table(50)
    y = target_of(raw)
    same = scores_of(opened, "binary", AT, y, raw, ())
    other = scores_of(opened, "binary", AT[::-1], 1 - y, raw, ())
    assert opened.positive == "late"
    np.testing.assert_array_equal(other.prediction, 1 - same.prediction)
    assert same.probability is not None
    np.testing.assert_allclose(other.probability, 1 - same.probability)


def test_what_an_artifact_refuses_is_missing_as_it_was_in_training(tmp_path: Path) -> None:
    opened = open_model(made.podium(tmp_path / "model", boosted()))
    raw = raw_table(20).astype({"gate": object})
    missing = raw.copy()
    raw.loc[3, "gate"], missing.loc[3, "gate"] = "B", None
    pd.testing.assert_frame_equal(opened.answers(raw, ()), opened.answers(missing, ()))
    assert len(opened.answers(raw.iloc[:0], ())) == 0
    assert len(opened.answers(raw.iloc[[5, 5, 1]], ())) == 3


def test_a_scikit_learn_model_answers_with_labels_or_probabilities(tmp_path: Path) -> None:
    frame = numbers()
    y = frame["y"].to_numpy()
    first = open_model(made.sklearn(tmp_path / "one"))
    second = open_model(made.sklearn(tmp_path / "two", pyfunc_predict_fn="predict_proba"))
    assert first.scorer is None
    assert first.columns == tuple(FEATURES)
    labels, likely = (scores_of(m, "binary", (0, 1), y, frame, FEATURES) for m in (first, second))
    assert labels.probability is None
    assert likely.probability is not None
    np.testing.assert_array_equal(labels.prediction, likely.prediction)
    np.testing.assert_array_equal(likely.prediction, likely.probability >= 0.5)
    assert (labels.prediction == y).mean() > 0.9


def test_without_a_signature_it_gets_what_it_was_fitted_on(tmp_path: Path) -> None:
    opened = open_model(made.sklearn(tmp_path / "model", signature=False))
    assert opened.columns == tuple(FEATURES)
    frame = numbers()
    assert len(opened.answers(frame[["y", "gate", "distance"]], ["y"])) == len(frame)


def test_a_model_that_does_not_say_what_it_takes_gets_the_features(tmp_path: Path) -> None:
    opened = open_model(made.python(tmp_path / "model", "return list(model_input.columns)"))
    assert opened.columns is None
    frame = numbers(2)
    assert opened.answers(frame, FEATURES) == FEATURES


@pytest.mark.parametrize("booster", [False, True])
def test_an_xgboost_model_answers(booster: bool, tmp_path: Path) -> None:
    frame = numbers()
    opened = open_model(made.xgboost(tmp_path / "model", booster=booster))
    scores = scores_of(opened, "binary", (0, 1), frame["y"].to_numpy(), frame, FEATURES)
    assert (scores.probability is not None) is booster
    assert (scores.prediction == scores.y).mean() > 0.9


def test_text_and_whole_numbers_are_made_the_numbers_that_it_takes(tmp_path: Path) -> None:
    frame = numbers()
    opened = open_model(made.sklearn(tmp_path / "model"))
    expected = opened.answers(frame, FEATURES)
    text = frame.astype({"distance": str, "gate": object})
    np.testing.assert_array_equal(opened.answers(text, FEATURES), expected)
    whole = frame.round().astype(int)
    floats = opened.answers(whole.astype(float), FEATURES)
    np.testing.assert_array_equal(opened.answers(whole, FEATURES), floats)


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    opened = open_model(made.sklearn(tmp_path / "model"))
    with pytest.raises(DoesNotAnswer, match=r"needs 2 columns .* 'distance', 'gate'\."):
        opened.answers(numbers()[["y"]], FEATURES)
    with pytest.raises(DoesNotAnswer, match=r"needs a column that the table .*: 'gate'\."):
        opened.answers(numbers()[["distance"]], FEATURES)


def test_every_type_of_a_signature_can_be_given(tmp_path: Path) -> None:
    types = ["double", "float", "long", "integer", "boolean", "string", "datetime"]
    inputs = [ColSpec(DataType[name], name) for name in types]
    signature = infer_signature({"a": 1}).__class__(inputs=Schema(inputs))
    body = "return [str(dtype) for dtype in model_input.dtypes]"
    opened = open_model(made.python(tmp_path / "model", body, signature=signature))
    frame = pd.DataFrame(
        {
            "double": ["1.5", None],
            "float": [1, 2],
            "long": ["7", "8"],
            "integer": [1.0, 2.0],
            "boolean": ["true", "false"],
            "string": [7, 8],
            "datetime": ["2024-01-01T00:00:00+01:00", None],
        }
    )
    found = dict(zip(types, opened.answers(frame, ()), strict=True))
    assert found == {
        "double": "float64",
        "float": "float32",
        "long": "int64",
        "integer": "int32",
        "boolean": "bool",
        "string": "str",
        "datetime": "datetime64[ns]",
    }


def test_much_that_cannot_be_read_and_gaps_in_whole_numbers_are_said(tmp_path: Path) -> None:
    inputs = [ColSpec(DataType.long, "a"), ColSpec(DataType.boolean, "b")]
    signature = infer_signature({"a": 1}).__class__(inputs=Schema(inputs))
    body = "return model_input['b'].tolist()"
    opened = open_model(made.python(tmp_path / "model", body, signature=signature))
    with pytest.raises(DoesNotAnswer, match=r"'a' as long, but 1 of 2 values .* example 'x'\."):
        opened.answers(pd.DataFrame({"a": ["x", "1"], "b": [True, False]}), ())
    with pytest.raises(DoesNotAnswer, match=r"'a' as long, which cannot be missing; .* 1 of 2"):
        opened.answers(pd.DataFrame({"a": [1.0, None], "b": [True, False]}), ())
    given = pd.DataFrame({"a": [1, 2], "b": pd.Series([True, None], dtype=object)})
    assert opened.answers(given, ()) == [True, None]


FAILS = [
    ("raise ValueError('boom\\nand more')", r"failed answering 60 rows: ValueError: boom\."),
    ("raise ValueError", r"failed answering 60 rows: ValueError\."),
    ("sys.exit(3)", r"failed answering 60 rows: it ends the process \(sys\.exit\(3\)\)\."),
    ("raise BaseException('odd')", r"BaseException: odd\."),
    ("raise ValueError('x' * 1000)", r"ValueError: x{280,300} …"),
    ("return [float('nan')] * len(model_input)", r"nothing \(null or NaN\) in 60 of 60 rows"),
    ("return [1] * 7", r"answered 7 rows where 60 were asked"),
    ("return ['maybe'] * len(model_input)", r"answered 'maybe', which is none of"),
    ("pass", r"answered with NoneType"),
]


@pytest.mark.parametrize(("body", "said"), FAILS)
def test_whatever_a_strangers_model_does_is_one_sentence(
    body: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = numbers()
    opened = open_model(made.python(tmp_path / "model", body))
    capsys.readouterr()
    with pytest.raises(DoesNotAnswer, match=said) as caught:
        scores_of(opened, "binary", (0, 1), frame["y"].to_numpy(), frame, FEATURES)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr() == ("", "")


def test_a_model_that_does_not_load_is_one_sentence(tmp_path: Path) -> None:
    folder = made.python(tmp_path / "model", "return [1]")
    (code,) = folder.glob("*_model.py")
    code.write_text("import sys\nsys.exit('no licence')\n")
    with pytest.raises(DoesNotAnswer, match=r"failed loading: it ends the process .*no licence"):
        open_model(folder)
    (folder / "MLmodel").unlink()
    with pytest.raises(DoesNotAnswer, match="failed loading"):
        open_model(folder)
    with pytest.raises(DoesNotAnswer, match="failed loading"):
        open_model(tmp_path / "nowhere")


def test_a_changed_artifact_does_not_answer(tmp_path: Path) -> None:
    folder = made.podium(tmp_path / "model", boosted())
    (folder / "decision.json").write_text("{}")
    with pytest.raises(DoesNotAnswer, match=r"decision\.json is not the file that was logged"):
        open_model(folder)


def test_nothing_is_printed_warned_of_or_left_as_it_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = "import warnings; warnings.warn('careful'); return [1] * len(model_input)"
    level = logging.getLogger("mlflow").level
    folder = made.python(tmp_path / "model", body, pip_requirements=["numpy==1.0"])
    capsys.readouterr()
    assert open_model(folder).answers(numbers(), FEATURES) == [1] * 60
    assert capsys.readouterr() == ("", "")
    assert logging.getLogger("mlflow").level == level
