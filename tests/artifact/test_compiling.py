from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier, XGBRegressor

from podium.artifact import parity
from podium.artifact.compiling import NotCompilable, compile_pipeline
from podium.artifact.parity import Parity, prove
from podium.artifact.scoring import Canonicaliser, Decision, InputColumn, Scorer
from tests.artifact.compiled_samples import (
    FEATURES,
    TASKS,
    TINY,
    around,
    boosted,
    calibrated,
    compiled_of,
    fitted,
    one_after_another,
    ordinal,
    rows_of,
    table,
)
from tests.artifact.samples import CANONICALISER, NUMBERS, raw_table, target_of
from tests.training.made import fitted_of, mixed, project_of

pytestmark = pytest.mark.filterwarnings("error")

TREES = ("xgboost", "random_forest", "hist_gradient_boosting")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, and no large table to see which form is faster."""
    monkeypatch.setattr(parity, "BULK_ROWS", 100)
    with threadpool_limits(1):
        yield


# What training makes


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("estimator", TINY)
def test_what_training_makes_is_proved(estimator: str, task: str, features: str) -> None:
    scorer, rows = fitted(estimator, task, features)
    proved = prove(scorer, rows)
    assert proved.reason == ""
    assert proved.rows == len(rows.features) > 40
    assert proved.probes > 30
    assert proved.largest_difference < 1e-5
    assert proved.model


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("task", TASKS[:2])
@pytest.mark.parametrize("estimator", TINY)
def test_what_training_calibrates_is_proved(
    estimator: str, task: str, features: str, method: str
) -> None:
    scorer, rows = fitted(estimator, task, features)
    assert prove(calibrated(scorer, rows, method), rows).reason == ""


@pytest.mark.parametrize("estimator", TINY)
def test_a_calibration_that_training_fitted_is_proved(estimator: str) -> None:
    proved = _trained("binary", estimator, {}, calibration="isotonic")
    assert type(proved[0].pipeline) is CalibratedClassifierCV
    assert proved[1].reason == ""


@pytest.mark.parametrize("estimator", TREES)
def test_a_few_texts_that_repeat_are_proved_or_refused_by_a_real_row(estimator: str) -> None:
    """Most of their components are rounding, on which XGBoost splits all the same."""
    project = project_of(estimator=estimator, params=TINY[estimator], features=FEATURES["text"])
    made, data, parts = fitted_of(project, mixed("binary", 300))
    raw = data.raw.iloc[parts.holdout]
    reason = prove(made.scorer, rows_of(made.scorer, raw)).reason
    assert re.fullmatch(r"(it differs on real rows by .*)?", reason)


def _trained(
    task: str, estimator: str, params: dict[str, Any], *, target: Any = None, **keys: Any
) -> tuple[Scorer, Parity]:
    """A scorer that training made with those parameters, and its proof."""
    frame = table(task)
    if task == "regression":
        frame = frame.assign(y=frame["y"] if target is None else target(frame["y"]))
    project = project_of(
        task,
        estimator=estimator,
        params={**TINY[estimator], **params},
        features=FEATURES["mixed"],
        **keys,
    )
    made, data, parts = fitted_of(project, frame)
    return made.scorer, prove(made.scorer, rows_of(made.scorer, data.raw.iloc[parts.holdout]))


def _counts(y: Any) -> Any:
    return np.round(np.exp(y))


def _shares(y: Any) -> Any:
    return 1 / (1 + np.exp(-y))


@pytest.mark.parametrize(
    ("objective", "target"),
    [
        ("count:poisson", _counts),
        ("reg:gamma", np.exp),
        ("reg:tweedie", np.exp),
        ("reg:absoluteerror", np.exp),
        ("reg:pseudohubererror", np.exp),
        ("reg:squarederror", lambda y: 1e6 * y + 1e8),
        ("reg:logistic", _shares),
    ],
)
def test_objectives_of_xgboost_are_proved(objective: str, target: Callable[[Any], Any]) -> None:
    assert (
        _trained("regression", "xgboost", {"objective": objective}, target=target)[1].reason == ""
    )


@pytest.mark.parametrize(
    ("task", "objective"),
    [
        ("regression", "reg:squaredlogerror"),
        ("regression", "survival:cox"),
        ("binary", "binary:hinge"),
        ("binary", "binary:logitraw"),
        ("multiclass", "multi:softmax"),
    ],
)
def test_objectives_without_a_rule_are_named(task: str, objective: str) -> None:
    proved = _trained(task, "xgboost", {"objective": objective}, target=np.exp)[1]
    assert proved.reason == f"its objective is {objective}"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "params",
    [
        {"num_parallel_tree": 2, "subsample": 0.7},
        {"grow_policy": "lossguide", "max_leaves": 5, "tree_method": "exact"},
        {"min_child_weight": 1e9},
        {"booster": "dart"},
    ],
    ids=lambda params: next(iter(params)),
)
def test_ways_of_growing_trees_are_proved(task: str, params: dict[str, Any]) -> None:
    assert _trained(task, "xgboost", params)[1].reason == ""


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_base_score_is_proved(task: str) -> None:
    assert _trained(task, "xgboost", {"base_score": 0.2})[1].reason == ""


@pytest.mark.parametrize("task", TASKS)
def test_only_the_rounds_up_to_the_best_one_are_compiled(task: str) -> None:
    params = {"n_estimators": 300, "learning_rate": 0.5, "early_stopping_rounds": 2}
    scorer, proved = _trained(task, "xgboost", params)
    model = scorer.pipeline.named_steps["model"]
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds() < 300
    assert proved.reason == ""


@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        ("hist_gradient_boosting", {"loss": "poisson"}),
        ("hist_gradient_boosting", {"loss": "gamma"}),
        ("hist_gradient_boosting", {"loss": "absolute_error"}),
        ("hist_gradient_boosting", {"loss": "quantile", "quantile": 0.3}),
        ("hist_gradient_boosting", {"min_samples_leaf": 1000}),
        ("random_forest", {"criterion": "poisson"}),
        ("random_forest", {"criterion": "absolute_error", "bootstrap": False}),
        ("random_forest", {"min_samples_split": 1000}),
        ("linear", {"fit_intercept": False}),
        ("linear", {"positive": True}),
    ],
)
def test_ways_of_fitting_numbers_are_proved(estimator: str, params: dict[str, Any]) -> None:
    assert _trained("regression", estimator, params, target=np.exp)[1].reason == ""


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        ("random_forest", {"criterion": "entropy", "max_depth": 3}),
        ("linear", {"fit_intercept": False, "C": 0.1}),
    ],
)
def test_ways_of_fitting_classes_are_proved(
    task: str, estimator: str, params: dict[str, Any]
) -> None:
    assert _trained(task, estimator, params, class_weight="balanced")[1].reason == ""


# What has no rule


def _numbers(step: Any) -> list[tuple[str, Any, Any]]:
    return [("numeric", step, NUMBERS), ("categorical", ordinal(), ["carrier"])]


def _carrier(step: Any) -> list[tuple[str, Any, Any]]:
    scaled = one_after_another(SimpleImputer(), StandardScaler())
    return [("numeric", scaled, NUMBERS), ("categorical", step, ["carrier"])]


def _text(step: Any) -> list[tuple[str, Any, Any]]:
    return [("text_0", step, "carrier")]


def _reason(scorer: Scorer) -> str:
    return prove(scorer, rows_of(scorer, raw_table(30, seed=4).fillna({"distance": 2.0}))).reason


LINEAR = LogisticRegression(C=0.01, max_iter=2000)
WORDS = {"ngram_range": (1, 2), "sublinear_tf": True, "token_pattern": r"(?u)\b\w\w+\b"}


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (boosted(booster="dart", rate_drop=0.5), ""),
        (boosted(booster="gblinear"), "its booster is gblinear"),
        (boosted(missing=-999), "it takes -999 for missing"),
        (
            boosted(enable_categorical=True, feature_types=[*"qqqqqc"], max_cat_to_onehot=1),
            "it splits on sets of categories",
        ),
        (
            HistGradientBoostingClassifier(max_iter=2, categorical_features=[5]),
            "it splits on sets of categories",
        ),
        (ExtraTreesClassifier(2), "there is no rule for ExtraTreesClassifier"),
        (DummyClassifier(), "there is no rule for DummyClassifier"),
    ],
)
def test_the_estimator_decides_whether_there_is_a_rule(model: Any, reason: str) -> None:
    scorer = around(None, model)
    assert _reason(scorer) == reason
    if reason:
        with pytest.raises(NotCompilable, match=reason):
            compile_pipeline(scorer)


def test_leaves_of_several_values_have_no_rule() -> None:
    model = boosted(multi_strategy="multi_output_tree", tree_method="hist")
    assert _reason(around(None, model, classes=3)) == "its leaves hold several values"


def test_a_booster_without_trees_has_no_rule() -> None:
    with pytest.raises(NotCompilable, match="it has no trees for some class"):
        compile_pipeline(around(None, XGBClassifier(n_estimators=0)))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (_numbers(MinMaxScaler()), "it prepares columns by MinMaxScaler, .*"),
        (_numbers(StandardScaler()), "it prepares columns by StandardScaler, .*"),
        (
            _numbers(one_after_another(SimpleImputer(), RobustScaler())),
            "it prepares numbers otherwise than by SimpleImputer, StandardScaler",
        ),
        (
            _numbers(one_after_another(StandardScaler(), SimpleImputer())),
            "it prepares numbers otherwise than by SimpleImputer, StandardScaler",
        ),
        (
            _numbers(one_after_another(SimpleImputer(), MinMaxScaler(), StandardScaler())),
            "it prepares numbers otherwise than by SimpleImputer, StandardScaler",
        ),
        (
            _numbers(one_after_another(SimpleImputer(), StandardScaler(with_std=False))),
            "it imputes or scales numbers with other settings than Podium's",
        ),
        (_numbers(FunctionTransformer(np.log1p)), "it prepares columns by FunctionTransformer, .*"),
        (_carrier(OneHotEncoder(drop="first")), "it prepares columns by OneHotEncoder, .*"),
        (_carrier(OneHotEncoder(min_frequency=60)), "it prepares columns by OneHotEncoder, .*"),
        (_carrier(OneHotEncoder(max_categories=2)), "it prepares columns by OneHotEncoder, .*"),
        (_carrier(OneHotEncoder()), "it prepares columns by OneHotEncoder, .*"),
        (
            _carrier(ordinal(handle_unknown="error", unknown_value=None)),
            "it prepares columns by OrdinalEncoder, .*",
        ),
        (_carrier(ordinal(unknown_value=-3)), "it prepares columns by OrdinalEncoder, .*"),
        (
            _carrier(ordinal(categories="auto", min_frequency=60)),
            "it prepares columns by OrdinalEncoder, .*",
        ),
    ],
    ids=lambda value: None if isinstance(value, list) else value.replace(" ", "_")[:30],
)
def test_other_ways_of_preparing_columns_are_refused_or_found_out(
    steps: list[tuple[str, Any, Any]], reason: str
) -> None:
    assert re.fullmatch(reason, _reason(around(steps, LINEAR)))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (TfidfVectorizer(), "its TfidfVectorizer has ngram_range=(1, 1)"),
        (TfidfVectorizer(**WORDS, stop_words=["aa"]), "its TfidfVectorizer has stop_words=['aa']"),
        (TfidfVectorizer(**WORDS, norm=None), "its TfidfVectorizer has norm=None"),
        (TfidfVectorizer(**WORDS, binary=True), "its TfidfVectorizer has binary=True"),
        (TfidfVectorizer(**WORDS, lowercase=False), "its TfidfVectorizer has lowercase=False"),
        (
            TfidfVectorizer(**WORDS, strip_accents="ascii"),
            "its TfidfVectorizer has strip_accents='ascii'",
        ),
        (
            TfidfVectorizer(**{**WORDS, "token_pattern": r"\w+"}),
            r"its TfidfVectorizer has token_pattern='\\w+'",
        ),
        (HashingVectorizer(n_features=8), "it prepares text by HashingVectorizer"),
        (
            Pipeline(
                [("words", TfidfVectorizer(**WORDS)), ("scale", StandardScaler(with_mean=False))]
            ),
            "it prepares text by TfidfVectorizer, StandardScaler",
        ),
    ],
)
def test_other_ways_of_reading_text_are_refused(step: Any, reason: str) -> None:
    assert _reason(around(_text(step), LINEAR, kind="text")) == reason


def test_words_without_components_are_too_many_columns_for_trees() -> None:
    letters = "abcdefgh"
    words = [f"{a}{b}{c}" for a in letters for b in letters for c in letters]
    canonicaliser = Canonicaliser((InputColumn("words", "text"),))
    steps = ColumnTransformer([("text_0", TfidfVectorizer(**WORDS), "words")])
    pipeline = Pipeline([("features", steps), ("model", RandomForestClassifier(2))])
    features = canonicaliser.transform(_frame(words))
    pipeline.fit(features, np.arange(len(words)) % 2)
    scorer = Scorer(canonicaliser, Decision("binary", (0, 1), 0.5), pipeline)
    assert prove(scorer, rows_of(scorer, _frame(words[:9]))).reason == (
        "it makes 512 columns of a text"
    )


def _frame(words: list[str]) -> Any:
    import pandas as pd

    return pd.DataFrame({"words": pd.Series(words, dtype=object)})


def test_a_number_that_was_missing_throughout_is_refused() -> None:
    scorer = around(_numbers(one_after_another(SimpleImputer(), StandardScaler())), LINEAR)
    impute = scorer.pipeline.named_steps["features"].transformers_[0][1].steps[0][1]
    impute.statistics_ = np.append(impute.statistics_[:-1], np.nan)
    with pytest.raises(NotCompilable, match="a number was missing throughout"):
        compile_pipeline(scorer)


def test_a_pipeline_of_other_steps_is_refused() -> None:
    whole = around(None, boosted())
    for pipeline, reason in (
        (Pipeline([("all", whole.pipeline)]), "it is a Pipeline without the steps features, model"),
        (LINEAR, "it is a LogisticRegression without the steps features, model"),
        (Pipeline([("features", StandardScaler()), ("model", LINEAR)]), "it begins with .*Scaler"),
    ):
        with pytest.raises(NotCompilable, match=reason):
            compile_pipeline(replace(whole, pipeline=pipeline))


# Calibrations


@pytest.mark.parametrize("ensemble", [True, False])
def test_a_calibration_that_fits_its_own_models_is_refused(ensemble: bool) -> None:
    scorer = around(None, boosted())
    raw = raw_table(90)
    model = CalibratedClassifierCV(scorer.pipeline, cv=3, ensemble=ensemble)
    model.fit(CANONICALISER.transform(raw), target_of(raw))
    assert _reason(replace(scorer, pipeline=model)) == (
        "it calibrates otherwise than on top of one fitted pipeline"
    )


def test_a_calibration_by_temperature_is_refused() -> None:
    scorer, rows = fitted("linear", "multiclass", "numeric")
    made = calibrated(scorer, rows, "temperature")
    assert prove(made, rows).reason == "its calibration is temperature"


def test_shares_of_sums_below_what_the_runtimes_sigmoid_gives_are_found_out() -> None:
    """ONNX Runtime's is 0 from -37 on, where scikit-learn's still tells classes apart."""
    scorer, rows = fitted("linear", "multiclass", "numeric")
    made = calibrated(scorer, rows, "sigmoid")
    for place, curve in enumerate(made.pipeline.calibrated_classifiers_[0].calibrators):
        curve.a_, curve.b_ = 1.0, 40.0 + place
    assert re.fullmatch(r"it differs on real rows by up to 0\.\d+ .*", prove(made, rows).reason)


def _with_curve(curve: IsotonicRegression) -> tuple[Scorer, Any]:
    scorer, rows = fitted("random_forest", "binary", "mixed")
    made = calibrated(scorer, rows, "isotonic")
    made.pipeline.calibrated_classifiers_[0].calibrators = [curve]
    return made, rows


def _curve(x: Any, y: Any) -> IsotonicRegression:
    return IsotonicRegression(out_of_bounds="clip").fit(x, y)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0.0, 1.0], [0.2, 0.7]),
        ([0.4, 0.5, 0.6], [0.1, 0.5, 0.9]),
        ([0.5, 0.5], [0.3, 0.3]),
        (np.linspace(0, 1, 500), np.linspace(0, 1, 500) ** 2),
    ],
)
def test_curves_of_any_length_are_proved(x: Any, y: Any) -> None:
    assert prove(*_with_curve(_curve(x, y))).reason == ""


def test_a_curve_of_very_many_steps_is_refused() -> None:
    steps = np.linspace(0, 1, 20_001)
    reason = prove(*_with_curve(_curve(steps, steps**2))).reason
    assert reason == "its isotonic calibration has 20,001 steps"


def test_a_curve_that_is_steeper_than_float32_is_found_out() -> None:
    scorer, rows = fitted("random_forest", "binary", "mixed")
    scores = scorer.scores(rows.features)
    score = next(s for s in np.sort(scores) if 0.1 < s < 0.9 and float(np.float32(s)) < s)
    made = _with_curve(_curve([0.0, score - 1e-12, score, 1.0], [0.0, 0.0, 1.0, 1.0]))
    assert re.fullmatch(r"it differs on real rows by up to 1 .*", prove(*made).reason)


# The model that comes out


def test_the_model_says_in_its_metadata_what_it_takes_and_how_to_decide() -> None:
    scorer = around(None, boosted())
    proto = onnx.ModelProto.FromString(compile_pipeline(scorer).model)
    assert {entry.key for entry in proto.metadata_props} == {"podium.inputs", "podium.decision"}
    assert [each.name for each in proto.graph.input] == ["features"]
    assert [each.name for each in proto.graph.output] == ["scores"]
    assert compiled_of(scorer).encoder.width == len(NUMBERS) + 1


def test_each_text_has_two_inputs_of_its_own() -> None:
    scorer, _ = fitted("linear", "binary", "text")
    proto = onnx.ModelProto.FromString(compile_pipeline(scorer).model)
    assert {each.name for each in proto.graph.input} == {"features", "terms_words", "counts_words"}


def test_the_same_pipeline_compiles_to_the_same_bytes() -> None:
    for estimator in TINY:
        scorer, _ = fitted(estimator, "multiclass", "text")
        assert compile_pipeline(scorer).model == compile_pipeline(scorer).model


def test_boundaries_are_the_thresholds_of_plain_numbers() -> None:
    scorer, _ = fitted("xgboost", "binary", "text")
    found = compile_pipeline(scorer).boundaries
    assert {"number"} < set(found) <= {"number", "when_hour", "when_weekday"}
    model = scorer.pipeline.named_steps["model"]
    dump = model.get_booster()[: model.best_iteration + 1].trees_to_dataframe()
    splits = dump.loc[dump["Feature"] == "f0", "Split"].astype(np.float32).unique()
    assert found["number"].astype(np.float32).tolist() == sorted(splits.tolist())


def test_linear_models_have_no_boundaries() -> None:
    assert compile_pipeline(fitted("linear", "binary", "mixed")[0]).boundaries == {}


def test_a_regressor_of_two_targets_is_not_a_scorers() -> None:
    """Its leaves or trees are of several targets; nothing crashes."""
    scorer = around(None, boosted())
    raw = raw_table(60)
    features = CANONICALISER.transform(raw)
    model = XGBRegressor(n_estimators=2, multi_strategy="multi_output_tree", n_jobs=1)
    pipeline = Pipeline([("features", scorer.pipeline.named_steps["features"]), ("model", model)])
    pipeline.fit(features, np.column_stack([target_of(raw), target_of(raw)]))
    broken = replace(scorer, decision=Decision("regression"), pipeline=pipeline)
    assert _reason(broken) == "its leaves hold several values"
