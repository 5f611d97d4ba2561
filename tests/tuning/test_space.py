from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.spec import load_declaration
from podium.spec.parts import Range
from projects.training.estimators import ESTIMATORS, check_search
from projects.tuning.dimension import dimension_of
from projects.tuning.space import Space
from tests.training.made import project_of

FLIGHTS = Path(__file__).parents[2] / "projects" / "flight_delay"
ALL = tuple(ESTIMATORS)
TASKS = ("binary", "multiclass", "regression")


def space_of(estimator: Any = "xgboost", task: str = "binary", **keys: Any) -> Space:
    return Space.of(project_of(task, estimator=estimator, **keys))


def study_of(seed: int = 0, **keys: Any) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=seed)
    return optuna.create_study(**{"sampler": sampler, **keys})


def suggested(space: Space, **params: Any) -> tuple[str, dict[str, Any]]:
    study = study_of()
    study.enqueue_trial(params)
    return space.suggest(study.ask())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("estimator", ALL)
def test_each_estimator_has_a_space_that_holds_what_training_takes_by_default(
    estimator: str, task: str
) -> None:
    space = space_of(estimator, task)
    start = space.enqueued(estimator, {})
    assert start is not None
    assert set(start) == set(space.names(estimator))
    kind = ESTIMATORS[estimator]
    made = kind.make(task, {}, 0).get_params()  # type: ignore[arg-type]
    assert {n: made[n] for n in start if made[n] is not None} == {
        n: v for n, v in start.items() if made[n] is not None
    }
    for name, dimension in space.parts[estimator].dimensions.items():
        if dimension.range.choices is None:
            assert dimension.range.low <= start[name] <= dimension.range.high


def test_linear_searches_what_its_class_for_the_task_has() -> None:
    names = [space_of("linear", task).names("linear") for task in TASKS]
    assert names == [("C",), ("C",), ("alpha",)]


def test_what_xgboost_takes_for_none_is_what_it_says_that_it_took() -> None:
    import numpy as np

    kind = ESTIMATORS["xgboost"]
    model = kind.classes["regression"]()()
    model.fit(np.arange(8.0)[:, None], np.arange(8.0))
    said = json.loads(model.get_booster().save_config())["learner"]
    taken = {**said["learner_model_param"], **said["gradient_booster"]["tree_train_param"]}
    taken |= said["gradient_booster"]["gbtree_model_param"]
    other_names = {"gamma": "min_split_loss"}
    checked = {name: value for name, value in kind.implied.items() if name in taken}
    checked |= {name: kind.implied[name] for name in other_names}
    assert len(checked) >= 12
    for name, value in checked.items():
        found = taken[other_names.get(name, name)]
        assert found == value or float(found) == pytest.approx(value)
    assert model.get_booster().num_boosted_rounds() == kind.implied["n_estimators"]


def test_a_declared_range_replaces_the_estimators_own_and_adds_to_them() -> None:
    space = space_of(
        search={"max_depth": {"low": 2, "high": 4}, "gamma": {"low": 0.0, "high": 1.0}}
    )
    assert space.names("xgboost") == (*ESTIMATORS["xgboost"].search, "gamma")
    _, params = suggested(space)
    assert params["max_depth"] in (2, 3, 4)
    assert 0 <= params["gamma"] <= 1


def test_what_is_declared_and_not_searched_is_fixed() -> None:
    space = space_of(
        params={"n_estimators": 30, "subsample": 0.6, "max_depth": 5},
        search={"max_depth": {"low": 2, "high": 8}},
    )
    assert "subsample" not in space.names("xgboost")
    assert "max_depth" in space.names("xgboost")
    for seed in range(5):
        _, params = space.suggest(study_of(seed).ask())
        assert (params["n_estimators"], params["subsample"]) == (30, 0.6)
        assert set(params) == {"n_estimators", "subsample", *space.names("xgboost")}


def test_one_choice_is_fixed() -> None:
    space = space_of("linear", search={"solver": ["saga"], "l1_ratio": {"low": 0, "high": 1}})
    assert space.names("linear") == ("C", "l1_ratio")
    assert suggested(space)[1]["solver"] == "saga"


def test_with_several_estimators_a_key_is_for_each_that_has_it() -> None:
    space = space_of(
        ["xgboost", "random_forest", "linear", "xgboost"],
        params={"n_estimators": 30, "C": 2.0, "tol": 0.01},
        search={"max_depth": {"low": 2, "high": 4}, "l1_ratio": {"low": 0.0, "high": 1.0}},
    )
    said = space.to_json()
    assert list(said) == ["xgboost", "random_forest", "linear"]
    assert said["random_forest"]["search"]["max_depth"] == {"low": 2, "high": 4}
    assert said["xgboost"]["search"]["max_depth"] == {"low": 2, "high": 4}
    assert [said[name]["params"] for name in said] == [
        {"n_estimators": 30},
        {"n_estimators": 30},
        {"C": 2.0, "tol": 0.01},
    ]
    assert said["linear"]["search"] == {"l1_ratio": {"low": 0.0, "high": 1.0}}


def test_names_for_optuna_bear_the_estimator_where_there_are_several() -> None:
    one, two = space_of("linear"), space_of(["linear", "random_forest"])
    assert one.enqueued("linear", {"C": 3.0}) == {"C": 3.0}
    assert two.enqueued("linear", {"C": 3.0}) == {"estimator": "linear", "linear.C": 3.0}
    assert suggested(two, **{"estimator": "linear", "linear.C": 3.0}) == ("linear", {"C": 3.0})
    assert two.enqueued("xgboost", {"max_depth": 3}) is None
    assert (one.several, two.several) == (False, True)


@pytest.mark.parametrize(
    ("estimator", "search", "key", "remedy"),
    [
        ("xgboost", {"max_dept": [1, 2]}, "search.max_dept: not", "mean 'max_depth'"),
        (["linear", "xgboost"], {"gama": [1, 2]}, "linear or xgboost", "mean 'gamma'"),
        ("xgboost", {"max_depth": {"low": 3.0, "high": 10}}, "low 3.0 is not a", "whole numbers"),
        ("xgboost", {"max_depth": {"low": 3, "high": 10.5}}, "high 10.5 is not", "whole numbers"),
        ("xgboost", {"max_depth": {"low": 3, "high": 9, "step": 0.5}}, "step 0.5", "whole"),
        ("xgboost", {"max_bin": {"low": 3.0, "high": 9.0}}, "low 3.0 is", "list of choices"),
        ("random_forest", {"max_depth": {"low": 3.5, "high": 10}}, "search.max_depth", "whole"),
        ("random_forest", {"max_leaf_nodes": {"low": 9.0, "high": 99.0}}, "9.0", "whole"),
        ("hist_gradient_boosting", {"max_depth": {"low": 3.5, "high": 10}}, "3.5", "whole"),
        ("xgboost", {"max_depth": {"low": 3, "high": 6, "step": 4}}, "step 4 is larger", "smaller"),
        ("linear", {"C": {"low": 0.1, "high": 0.3, "step": 0.5}}, "range, 0.1 to 0.3", "smaller"),
        ("xgboost", {"max_bin": [1, 2, True]}, "choices 1 and True are equal", "Leave one"),
        ("linear", {"C": [1, 1.0]}, "choices 1 and 1.0 are equal", "Leave one"),
    ],
)
def test_a_range_that_does_not_suit_its_parameter_is_refused(
    estimator: Any, search: dict[str, Any], key: str, remedy: str
) -> None:
    with pytest.raises(UsageError) as refused:
        space_of(estimator, search=search)
    assert key in refused.value.what
    assert remedy in refused.value.remedy


def test_a_declared_parameter_of_none_of_the_estimators_is_refused() -> None:
    project = project_of(estimator=["xgboost", "linear"], params={"lerning_rate": 0.1})
    for refuse in (Space.of, check_search):
        with pytest.raises(UsageError, match=r"params\.lerning_rate: .* 'learning_rate'"):
            refuse(project)


@pytest.mark.parametrize("search", [{}, {"C": [0.5]}])
def test_an_estimator_with_nothing_to_search_is_refused(search: dict[str, Any]) -> None:
    with pytest.raises(
        UsageError, match=r"nothing to search for linear: fixed under params: C\. Take one"
    ):
        space_of(["xgboost", "linear"], params={"C": 1.0}, search=search)


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projects.training.estimators.cuda_devices", lambda: 0)
    with pytest.raises(UsageError, match=r"params\.device: 'cuda' needs a CUDA device"):
        space_of(params={"device": "cuda"})


@pytest.mark.parametrize(
    ("estimator", "name", "declared", "kind"),
    [
        ("xgboost", "max_depth", {"low": 3, "high": 10}, int),
        ("xgboost", "subsample", {"low": 0, "high": 1}, float),
        ("xgboost", "min_child_weight", {"low": 1, "high": 9}, int),
        ("xgboost", "min_child_weight", {"low": 1, "high": 9.5}, float),
        ("xgboost", "reg_lambda", {"low": 1, "high": 9, "step": 2}, int),
        ("random_forest", "max_leaf_nodes", {"low": 8, "high": 64, "log": True}, int),
        ("linear", "C", {"low": 1, "high": 100, "log": True}, float),
    ],
)
def test_numbers_are_whole_where_the_parameter_or_the_range_is(
    estimator: str, name: str, declared: dict[str, Any], kind: type
) -> None:
    space = space_of(estimator, search={name: declared})
    study = study_of()
    values = [space.suggest(study.ask())[1][name] for _ in range(20)]
    assert {type(value) for value in values} == {kind}
    assert all(declared["low"] <= value <= declared["high"] for value in values)
    if kind is float:
        assert any(value != round(value) for value in values)


def test_a_range_ends_at_the_last_of_its_steps() -> None:
    for declared, last in (
        (Range(low=0.1, high=1.0, step=0.2), 0.9),
        (Range(low=2, high=11, step=4), 10),
        (Range(low=0.5, high=3, step=0.5), 3),
    ):
        dimension = dimension_of("x", declared, "as written")
        assert dimension.range.high == pytest.approx(last)
        trial = optuna.trial.FixedTrial({"x": dimension.range.high})
        assert dimension.suggest(trial, "x") == pytest.approx(last)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("search", "params", "expected"),
    [
        ({}, {"C": 1e9}, {"C": 1e9}),  # outside the range: kept
        ({}, {"C": 0}, {}),  # no logarithm
        ({}, {"C": "1.0"}, {}),
        ({}, {"C": True}, {}),
        ({}, {"C": float("nan")}, {}),
        ({}, {"C": float("inf")}, {}),
        ({}, {"C": None}, {"C": 1.0}),
        ({}, {"tol": 3}, {"C": 1.0}),
        ({"C": [0.5, None]}, {"C": None}, {"C": None}),
        ({"C": [0.5, 2]}, {"C": 2.0}, {"C": 2}),
        ({"C": [0.5, 2]}, {"C": 3.0}, {}),
        ({"C": [0.5, "a"]}, {"C": ["a"]}, {}),
        ({"C": [False, True]}, {"C": 1}, {}),
    ],
)
def test_what_optuna_cannot_be_given_is_left_out(
    search: dict[str, Any], params: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert space_of("linear", search=search).enqueued("linear", params) == expected


def test_a_whole_number_is_given_only_where_it_is_one() -> None:
    space = space_of("random_forest")
    for value, held in ((7.0, {"max_depth": 7}), (7.5, {}), (None, {})):
        given_ = space.enqueued("random_forest", {"max_depth": value}) or {}
        assert {k: v for k, v in given_.items() if k == "max_depth"} == held


def test_values_outside_their_range_are_tried_without_a_warning() -> None:
    space = space_of()
    champion = {
        "learning_rate": 1e-5,
        "max_depth": 40,
        "min_child_weight": 9_999,
        "subsample": 0.01,
        "colsample_bytree": 0.01,
        "reg_lambda": 1e6,
    }
    study = study_of(sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=2))
    study.enqueue_trial(space.enqueued("xgboost", champion) or {})
    trial = study.ask()
    assert space.suggest(trial) == ("xgboost", champion)
    study.tell(trial, 1.0)
    for _ in range(10):
        _, params = space.suggest(trial := study.ask())
        study.tell(trial, params["learning_rate"])
        assert 0.02 <= params["learning_rate"] <= 0.3
        assert 3 <= params["max_depth"] <= 10


NUMBER = {
    "learning_rate": st.floats(0.02, 0.3),
    "max_depth": st.integers(3, 10),
    "min_child_weight": st.integers(1, 200),
    "subsample": st.floats(0.5, 1.0),
    "colsample_bytree": st.floats(0.3, 1.0),
    "reg_lambda": st.floats(0.01, 100.0),
}


@given(params=st.fixed_dictionaries(NUMBER), several=st.booleans())
@settings(max_examples=40, deadline=None)
def test_what_is_enqueued_is_suggested(params: dict[str, Any], several: bool) -> None:
    space = space_of(["linear", "xgboost"] if several else "xgboost", params={"n_estimators": 9})
    enqueued = space.enqueued("xgboost", params)
    assert enqueued is not None
    assert suggested(space, **enqueued) == ("xgboost", {"n_estimators": 9, **params})


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, Any]:
    """Ranges with numbers of at most three decimals, as people write them."""
    unit = draw(st.sampled_from([1, 0.1, 0.05, 0.001]))
    low = draw(st.integers(1, 500))
    width = draw(st.integers(1, 500))
    declared = {"low": round(low * unit, 3), "high": round((low + width) * unit, 3)}
    extra = draw(st.sampled_from(["", "log", "step"]))
    if extra == "log":
        declared["log"] = True
    if extra == "step":
        declared["step"] = round(draw(st.integers(1, width)) * unit, 3)
    return declared


@given(declared=ranges(), seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_what_is_suggested_lies_in_the_range_and_can_be_enqueued_again(
    declared: dict[str, Any], seed: int
) -> None:
    space = space_of(search={"min_child_weight": declared})
    study = study_of(seed)
    _, params = space.suggest(study.ask())
    value = params["min_child_weight"]
    assert declared["low"] <= value <= declared["high"] * (1 + 1e-12)
    again = space.enqueued("xgboost", params)
    assert again is not None
    assert suggested(space, **again) == ("xgboost", params)


def test_the_same_seed_suggests_the_same() -> None:
    space = space_of(ALL)
    first, again, other = (
        [space.suggest(study.ask()) for _ in range(5)] for study in map(study_of, (3, 3, 4))
    )
    assert first == again != other


def test_what_is_logged_is_the_same_after_json() -> None:
    keys = {"params": {"class_weight": {0: 1, 1: 3}}, "search": {"max_features": ["sqrt", None]}}
    said = space_of("random_forest", **keys).to_json()
    assert json.loads(json.dumps(said)) == said
    assert said["random_forest"]["search"]["max_features"] == {"choices": ["sqrt", None]}
    assert said == space_of("random_forest", **keys).to_json()
    assert said != space_of("random_forest", params=keys["params"]).to_json()


def test_the_bundled_project_is_searched_from_what_it_declares() -> None:
    project = load_declaration(FLIGHTS).project
    space = Space.of(project)
    assert set(space.names("xgboost")) == set(project.search) == set(ESTIMATORS["xgboost"].search)
    start = space.enqueued("xgboost", project.params) or {}
    estimator, params = suggested(space, **start)
    assert (estimator, params) == ("xgboost", {**project.params, "reg_lambda": 1.0})
    for name, r in project.search.items():
        assert r.low is not None
        assert r.high is not None
        assert r.low <= start[name] <= r.high


@pytest.mark.filterwarnings("ignore:.*experimental:optuna.exceptions.ExperimentalWarning")
def test_several_estimators_share_one_study() -> None:
    project = load_declaration(FLIGHTS, {"estimator": list(ALL)}).project
    space = Space.of(project)
    sampler = optuna.samplers.TPESampler(seed=1, n_startup_trials=8, multivariate=True, group=True)
    study = study_of(sampler=sampler)
    for name in ALL:
        study.enqueue_trial(space.enqueued(name, project.params) or {})
    tried = []
    for _ in range(40):
        estimator, params = space.suggest(trial := study.ask())
        assert space.enqueued(estimator, params) == trial.params
        study.tell(trial, ALL.index(estimator) + params.get("learning_rate", 0))
        tried.append(estimator)
    assert tried[: len(ALL)] == list(ALL)
    assert tried[8:].count("xgboost") > 12
