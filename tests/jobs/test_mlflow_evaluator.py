"""Podium as an evaluator of MLflow: what `mlflow.models.evaluate` gives with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import mlflow
import mlflow.models
import numpy as np
import pandas as pd
import pytest
from mlflow.models import EvaluationResult
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import log_artifact
from podium.artifact.scoring import Scorer
from podium.documents import to_json
from podium.errors import NotFound, PodiumError, UsageError
from podium.evaluation import Evaluation, Question, Rules, Scores, evaluate
from projects.evaluating.models import open_model, scores_of
from projects.jobs import evaluator_run
from projects.jobs.evaluator_config import KNOWN, read_config
from projects.jobs.mlflow_evaluator import PodiumEvaluator
from projects.training.identity import row_hashes
from projects.training.training_rows import TrainingRows
from tests.artifact.samples import boosted, fitted_pipeline, forest, raw_table, regressor, target_of
from tests.evaluating import made
from tests.evaluating.made import FEATURES, numbers

pytestmark = pytest.mark.usefixtures("store")
AT = ("on time", "late")
QUIET = {"log_model_explainability": False}


@pytest.fixture
def drawn() -> None:
    """For tests that look at figures, which take most of the time."""


@pytest.fixture(autouse=True)
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(evaluator_run, "drawings", lambda *_: ())


@cache
def other_boosted() -> Scorer:
    """Another model of what `boosted` predicts."""
    model = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=3, random_state=1)
    return replace(boosted(), pipeline=fitted_pipeline(model))


@cache
def other_regressor() -> Scorer:
    """Another model of what `regressor` predicts."""
    model = HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=3, random_state=1)
    return replace(regressor(), pipeline=fitted_pipeline(model))


def late_flights(rows: int = 400) -> pd.DataFrame:
    """Labelled rows, some of whose values a model refuses to take from a caller."""
    raw = raw_table(rows, seed=5)
    draw = np.random.default_rng(2)
    y = np.where(draw.random(rows) < 0.2, 1 - target_of(raw), target_of(raw))
    frame = raw.astype({"gate": object}).assign(late=np.array(AT, dtype=object)[y])
    frame.loc[::37, "gate"] = "B"
    return frame


def registered(*scorers: Scorer) -> list[str]:
    """URIs of versions 1, 2, ... of the model `late`; the first is in production."""
    client = mlflow.MlflowClient()
    client.create_registered_model("late")
    for scorer in scorers:
        with mlflow.start_run() as run:
            logged = log_artifact(scorer, example_of(scorer, raw_table(3)), name="model", tags={})
        client.create_model_version(
            "late", logged.uri, run_id=run.info.run_id, model_id=logged.model_id
        )
    client.set_registered_model_alias("late", "production", "1")
    return [f"models:/late/{number + 1}" for number in range(len(scorers))]


def evaluated(
    model: Any, frame: Any, config: Mapping[str, Any] | None = None, **keys: Any
) -> EvaluationResult:
    """What MLflow answers, Podium being the only evaluator."""
    keys = {"model_type": "classifier", "evaluators": ["podium"], **keys}
    given = {"podium": dict(config)} if config is not None else None
    return mlflow.models.evaluate(model, data=frame, evaluator_config=given, **keys)


def document(result: EvaluationResult) -> dict[str, Any]:
    """The report as JSON."""
    return dict(result.artifacts["report.json"].content)


def checks(result: EvaluationResult) -> dict[str, str]:
    """The verdict of each check."""
    return {check["name"]: check["verdict"] for check in document(result)["checks"]}


def expect_the_same(result: EvaluationResult, direct: Evaluation) -> None:
    """The evaluator reports, digit by digit, what Podium finds in the same scores."""
    found = document(result)
    for part in ("comparisons", "slices", "fairness"):
        expected = json.loads(to_json([asdict(each) for each in getattr(direct, part)]))
        assert found["metrics" if part == "comparisons" else part] == expected
    against = "baseline" if direct.baseline else "champion"
    for each in direct.comparisons:
        assert result.metrics[f"candidate/{each.metric}"] == each.candidate
        assert result.metrics[f"{against}/{each.metric}"] == each.champion
        assert result.metrics[f"difference/{each.metric}"] == each.difference
        assert result.metrics[f"difference/{each.metric}_low"] == each.low
        assert result.metrics[f"difference/{each.metric}_high"] == each.high
        assert result.metrics[f"p/{each.metric}"] == each.p


def test_mlflow_finds_the_evaluator_among_the_installed_ones() -> None:
    (point,) = entry_points(group="mlflow.model_evaluator", name="podium")
    assert point.load() is PodiumEvaluator
    assert "podium" in mlflow.models.list_evaluators()


def test_importing_the_plugin_imports_nothing_that_is_heavy() -> None:
    code = (
        "import sys, mlflow.models.evaluation.base\n"
        "before = set(sys.modules)\n"
        "import projects.jobs.mlflow_evaluator\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["projects", "projects.jobs", "projects.jobs.mlflow_evaluator"]


def test_podiums_versions_are_compared_as_the_job_does(tmp_path: Path) -> None:
    _, newer = registered(other_boosted(), boosted())
    frame = late_flights()
    config = {
        "champion": "models:/late@production",
        "metrics": ["brier", "accuracy"],
        "margin": 0.01,
        "use": 2,
        "slices": ["distance"],
        "sensitive": ["carrier"],
        "min_slice_rows": np.int64(50),
    }
    result = evaluated(newer, frame, config, targets="late")
    y = (frame["late"] == "late").to_numpy().astype(np.int64)
    ours, theirs = (
        scores_of(open_model(made.podium(tmp_path / name, scorer)), "binary", AT, y, frame, ())
        for name, scorer in (("ours", boosted()), ("theirs", other_boosted()))
    )
    rules = Rules("roc_auc", metrics=("brier", "accuracy"), margin=0.01, use=2, min_slice_rows=50)
    carrier = frame["carrier"].replace("", None).to_numpy(dtype=object)
    direct = evaluate(
        Question(
            "binary",
            ours,
            theirs,
            rules,
            columns={"distance": frame["distance"].to_numpy()},
            sensitive={"carrier": carrier},
        )
    )
    expect_the_same(result, direct)
    found = document(result)
    assert found["candidate"]["label"] == "version 2"
    assert found["champion"]["uri"] == "models:/late/1"
    assert found["opens_gate"] is False
    assert found["rules"]["decisive_alpha"] == direct.rules.decisive_alpha
    assert checks(result)["signature"] == "pass"


@pytest.mark.usefixtures("drawn")
def test_what_was_found_is_in_the_run_and_can_be_saved(tmp_path: Path) -> None:
    config = {"slices": ["gate"], "min_slice_rows": 20}
    result = evaluated(probabilities(tmp_path, "model"), noisy(), config, targets="y")
    run = mlflow.last_active_run()
    assert run is not None
    assert run.info.run_id == result.run_id
    assert run.data.tags["podium.verdict"] == document(result)["verdict"] == "pass"
    for name, value in result.metrics.items():
        assert run.data.metrics[name] == value
    client = mlflow.MlflowClient()
    logged = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"report.html", "report.json"} <= logged
    assert result.artifacts["report.html"].content.startswith("<!")
    result.save(str(tmp_path / "saved"))
    loaded = EvaluationResult.load(str(tmp_path / "saved"))
    assert loaded.metrics == result.metrics
    assert "figures/slices.png" in loaded.artifacts
    assert loaded.artifacts["report.html"].content == result.artifacts["report.html"].content
    assert loaded.artifacts["report.json"].content == document(result)
    assert client.search_registered_models() == []  # and so no ledger


def probabilities(tmp_path: Path, name: str, **keys: Any) -> str:
    return str(made.sklearn(tmp_path / name, pyfunc_predict_fn="predict_proba", **keys))


def noisy(rows: int = 300) -> pd.DataFrame:
    frame = numbers(rows, seed=3)
    swapped = np.random.default_rng(4).random(rows) < 0.2
    return frame.assign(y=np.where(swapped, 1 - frame["y"], frame["y"]))


def direct_scores(folder: str, frame: pd.DataFrame) -> Scores:
    y = frame["y"].to_numpy()
    return scores_of(open_model(Path(folder)), "binary", (0, 1), y, frame, FEATURES)


def test_without_a_champion_the_best_constant_answer_is_compared_with(tmp_path: Path) -> None:
    frame, model = noisy(), probabilities(tmp_path, "model")
    result = evaluated(model, frame, targets="y")  # without any config
    direct = evaluate(Question("binary", direct_scores(model, frame), None, Rules("roc_auc")))
    expect_the_same(result, direct)
    found = document(result)
    assert found["champion"] is None
    assert found["candidate"]["label"] == "the candidate"
    assert found["sentence"] == "The candidate passes against the baseline."
    assert result.metrics["baseline/roc_auc"] == 0.5
    assert not [name for name in result.metrics if name.startswith("champion/")]


def test_a_champion_may_be_any_uri_and_models_may_answer_with_labels(tmp_path: Path) -> None:
    frame = noisy().assign(day=np.arange(300) // 3)
    likely, labels = probabilities(tmp_path, "likely"), str(made.sklearn(tmp_path / "labels"))
    config = {"champion": likely, "metric": "accuracy", "group": "day"}
    result = evaluated(labels, frame, config, targets="y")
    direct = evaluate(
        Question(
            "binary",
            direct_scores(labels, frame),
            direct_scores(likely, frame),
            Rules("accuracy"),
            group=frame["day"].to_numpy(),
        )
    )
    expect_the_same(result, direct)
    assert document(result)["champion"]["label"] == "the champion"
    unfit = evaluated(labels, frame, {}, targets="y")
    assert checks(unfit)["roc_auc against the baseline (no champion)"] == "fail"
    assert "candidate/roc_auc" not in unfit.metrics


@pytest.mark.usefixtures("few_calls")
def test_regression_and_latency_of_a_model_that_is_loaded() -> None:
    _, newer = registered(other_regressor(), regressor())
    raw = raw_table(200, seed=5)
    frame = raw.assign(delay=target_of(raw) + raw["gate"] / 40)
    config = {
        "champion": "models:/late/1",
        "metric": "rmse",
        "metrics": ["pinball_0.9"],
        "minimums": {"mae": 5},
        "latency_p95_ms": 10_000,
    }
    model = mlflow.pyfunc.load_model(newer)
    result = evaluated(model, frame, config, targets="delay", model_type="regressor")
    y = frame["delay"].to_numpy()
    ours, theirs = (
        Scores(y, scorer.score(raw)["prediction"].to_numpy())
        for scorer in (regressor(), other_regressor())
    )
    rules = Rules("rmse", metrics=("pinball_0.9",), minimums={"mae": 5})
    expect_the_same(result, evaluate(Question("regression", ours, theirs, rules)))
    assert checks(result)["latency"] == "pass"
    assert result.metrics["candidate/p95_ms"] < 10_000
    assert document(result)["candidate"]["label"] == "version 2"
    of_model = mlflow.MlflowClient().get_logged_model(model.model_id).metrics or []
    assert "difference/rmse" in {metric.key for metric in of_model}


def test_several_classes(tmp_path: Path) -> None:
    raw = raw_table(200, seed=5)
    frame = raw.assign(kind=target_of(raw, 3) + 1)
    model = str(made.podium(tmp_path / "model", forest()))
    result = evaluated(model, frame, {}, targets="kind")
    found = document(result)
    assert found["task"] == "multiclass"
    assert found["verdict"] == "pass"


def test_answers_without_a_model_are_judged_too(tmp_path: Path) -> None:
    frame, champion = late_flights(), made.podium(tmp_path / "model", boosted())
    y = (frame["late"] == "late").to_numpy().astype(np.int64)
    scores = scores_of(open_model(champion), "binary", AT, y, frame, ())
    answered = frame.assign(answer=scores.probability)
    config = {"champion": str(champion), "latency_p95_ms": 5}
    result = evaluated(None, answered, config, targets="late", predictions="answer")
    assert scores.probability is not None
    decided = replace(scores, prediction=(scores.probability >= 0.5).astype(np.int64))
    expect_the_same(result, evaluate(Question("binary", decided, scores, Rules("roc_auc"))))
    assert checks(result)["latency"] == "inconclusive"
    assert "signature" not in checks(result)  # there is none to compare
    logged = mlflow.last_active_run()
    assert logged is not None
    assert logged.data.metrics["difference/roc_auc"] == 0


def test_a_function_arrays_and_one_column_of_many_answer() -> None:
    frame = noisy()

    def answer(table: pd.DataFrame) -> pd.DataFrame:
        guess = (table.sum(axis=1) > 0).astype(int)
        return pd.DataFrame({"guess": guess, "opposite": 1 - guess})

    config = {"metric": "accuracy"}
    for column, better in (("guess", True), ("opposite", False)):
        result = evaluated(answer, frame, config, targets="y", predictions=column)
        assert (result.metrics["candidate/accuracy"] > 0.7) is better
    nothing = evaluated(answer, frame, config, targets="y", predictions="gues")
    assert document(nothing)["verdict"] == "fail"
    assert "no column 'gues'" in document(nothing)["checks"][-1]["found"]
    y = frame["y"].to_numpy()
    arrays = evaluated(lambda t: answer(t)["guess"], frame[FEATURES].to_numpy(), config, targets=y)
    assert arrays.metrics["candidate/accuracy"] > 0.7
    assert document(arrays)["data"]["target"] == "target"


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_it_goes_together_with_mlflows_own_evaluators(tmp_path: Path) -> None:
    frame, model = noisy(), str(made.sklearn(tmp_path / "model"))
    result = mlflow.models.evaluate(
        model,
        data=frame,
        targets="y",
        model_type="classifier",
        evaluators=["default", "podium"],
        evaluator_config={"default": QUIET, "podium": {"metric": "accuracy"}},
    )
    assert result.metrics["candidate/accuracy"] == result.metrics["accuracy_score"]
    assert {"confusion_matrix", "report.html"} <= set(result.artifacts)


@pytest.mark.filterwarnings("ignore")  # MLflow's own
@pytest.mark.parametrize("config", [QUIET, {"podium": {"metric": "accuracy"}}])
def test_where_none_is_named_it_only_joins_if_asked_to(
    config: dict[str, Any], tmp_path: Path
) -> None:
    model = str(made.sklearn(tmp_path / "model"))
    keys: dict[str, Any] = {"targets": "y", "model_type": "classifier"}
    result = mlflow.models.evaluate(model, data=noisy(), evaluator_config=config, **keys)
    assert "accuracy_score" in result.metrics
    assert ("report.html" in result.artifacts) is ("podium" in config)


def test_rows_that_a_model_was_trained_on_tell_nothing() -> None:
    (uri,) = registered(boosted())
    frame = late_flights(200)
    columns = (("distance", "number"), ("gate", "number"), ("late", "category"))
    hashes = np.sort(row_hashes(frame.iloc[:30], columns))  # type: ignore[arg-type]
    run_id = mlflow.MlflowClient().get_model_version("late", "1").run_id
    Path("training_rows.parquet").write_bytes(
        TrainingRows(columns, hashes).to_bytes()  # type: ignore[arg-type]
    )
    mlflow.MlflowClient().log_artifact(run_id, "training_rows.parquet")
    result = evaluated(uri, frame, {}, targets="late")
    (fact, *_) = document(result)["checks"]
    assert fact["verdict"] == "inconclusive"
    assert fact["found"] == "the candidate was trained on 30 of the 200 rows"


def test_a_version_is_not_compared_with_itself() -> None:
    registered(boosted())
    config = {"champion": "models:/late@production"}
    with pytest.raises(UsageError, match="Version 1 of late would be compared with itself"):
        evaluated("models:/late/1", late_flights(), config, targets="late")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"chamption": "x"}, r"chamption: unknown key\. Did you mean 'champion'"),
        ({"on_inconclusive": "pass"}, "on_inconclusive: unknown key"),
        ({"gate": {}}, "gate: unknown key"),
        ({"margin": "0.1"}, "margin: '0.1': should be a number"),
        ({"margin": -1, "alpha": 0.7}, "margin: -1: .* alpha: 0.7: "),
        ({"use": 0}, "use: 0: "),
        ({"slices": "carrier"}, "slices: 'carrier': should be a list"),
        ({"champion": ""}, "champion: "),
        ({"task": "binry"}, "task: 'binry' is not known. Did you mean 'binary'"),
        ({"task": "regression"}, "task: 'regression' does not go with model_type='classifier'"),
        ({"metric": "rmse"}, "metric: 'rmse' is not a binary metric"),
        ({"metrics": ["bier"]}, r"metrics: 'bier' is not a .* Did you mean 'brier'"),
        ({"minimums": {"auc": 1}}, "minimums: 'auc' is not a binary metric"),
        ({"slices": ["gat"], "group": "x"}, r"slices: .* 'gat'\. Did you mean 'gate'.*; group: "),
        ({"positive": "maybe"}, "positive: 'maybe' is not a value of 'y'"),
        ({"task": "multiclass", "positive": 1}, "positive is for two classes"),
    ],
)
def test_a_config_that_cannot_be_meant_is_refused(
    config: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=rf'evaluator_config\["podium"\]: .*{said}'):
        evaluated(str(made.sklearn(tmp_path / "model")), numbers(), config, targets="y")


def test_every_key_that_is_documented_is_known_and_the_other_way_round() -> None:
    text = (Path(__file__).parents[2] / "docs/evaluation.md").read_text()
    last = text[text.index("## From Python") :]
    assert {name for name in KNOWN if f"`{name}`" not in last} == set()
    assert read_config({}).gate.min_slice_rows == 500


def test_labels_that_do_not_tell_which_one_counts_need_positive() -> None:
    frame = noisy()
    words = frame.assign(y=np.where(frame["y"] == 1, "yes", "no"))

    def answer(table: pd.DataFrame) -> list[str]:
        return ["yes" if each > 0 else "no" for each in table.sum(axis=1)]

    with pytest.raises(UsageError, match=r"positive is not declared.* under the key \"positive\""):
        evaluated(answer, words, {"metric": "f1"}, targets="y")
    for positive in ("yes", "no"):
        result = evaluated(answer, words, {"metric": "f1", "positive": positive}, targets="y")
        assert document(result)["data"]["positive"] == positive


def test_the_positive_label_of_a_version_can_be_turned_round() -> None:
    (uri,) = registered(boosted())
    found = [
        evaluated(uri, late_flights(), {"positive": label, "metric": "recall"}, targets="late")
        for label in AT
    ]
    assert [document(each)["data"]["positive"] for each in found] == list(AT)
    shares = [document(each)["data"]["share_positive"] for each in found]
    assert sum(shares) == pytest.approx(1)
    with pytest.raises(UsageError, match="the model knows no label 'never'"):
        evaluated(uri, late_flights(), {"positive": "never"}, targets="late")


@pytest.mark.parametrize(
    ("uri", "error", "said"),
    [
        ("models:/nothing/1", NotFound, "no registered model 'nothing'"),
        ("models:/nothing@production", NotFound, "no registered model 'nothing'"),
        ("models:/m-0123456789abcdef0123456789abcdef", PodiumError, "The champion 'models:/m-0123"),
        ("runs:/0123456789abcdef0123456789abcdef/model", PodiumError, "The champion 'runs:/0123"),
        ("not/there", PodiumError, "The champion 'not/there'"),
        (".", NotFound, "no MLflow model"),
        ("ftp:/nothing", PodiumError, "The champion 'ftp:/nothing'"),
    ],
)
def test_a_champion_that_cannot_be_had_is_said(
    uri: str, error: type[PodiumError], said: str, tmp_path: Path
) -> None:
    model = str(made.sklearn(tmp_path / "models" / "model"))
    with pytest.raises(error, match=said):
        evaluated(model, numbers(), {"champion": uri}, targets="y")
    (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert run.info.status == "FAILED"


def test_other_types_of_model_are_not_for_it() -> None:
    can = PodiumEvaluator.can_evaluate
    assert can(model_type="regressor", evaluator_config={})
    assert not can(model_type="text", evaluator_config={"champion": "x"})
    assert not can(model_type=None, evaluator_config=None)
