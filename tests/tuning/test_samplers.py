"""Which sampler, pruner and stopper is made of a name, and what is refused."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import optuna
import pytest
from optuna import Study, Trial
from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner, WilcoxonPruner
from optuna.samplers import BaseSampler

from podium.errors import UsageError
from projects.tuning.samplers import (
    PRUNERS,
    SAMPLERS,
    Stopper,
    judges_folds_together,
    pruner_of,
    sampler_of,
    stopper_of,
)
from projects.tuning.study import new_study

_NEEDS = {"cmaes": "cmaes", "gp": "torch"}
INSTALLED = [name for name in SAMPLERS if name not in _NEEDS or find_spec(_NEEDS[name])]


def drawn(sampler: BaseSampler, count: int = 15) -> list[dict[str, Any]]:
    """The parameters of the first trials."""
    study = new_study("maximize", sampler, NopPruner())
    for _ in range(count):
        trial = study.ask()
        study.tell(trial, -((trial.suggest_float("x", -5, 5) - trial.suggest_int("n", 0, 9)) ** 2))
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize("name", INSTALLED)
def test_the_same_seed_draws_the_same(name: str) -> None:
    first, second = (drawn(sampler_of(name, 3, several=False, workers=1)) for _ in range(2))
    assert first == second
    assert first != drawn(sampler_of(name, 4, several=False, workers=1))


@pytest.mark.parametrize("name", INSTALLED)
def test_what_was_drawn_before_a_resume_is_not_drawn_again(name: str) -> None:
    before = drawn(sampler_of(name, 3, several=False, workers=1), 8)
    after = drawn(sampler_of(name, 3, several=False, workers=1, before=8), 8)
    assert not [params for params in after if params in before]


def test_tpe_searches_several_estimators_without_a_warning() -> None:
    study = new_study("maximize", sampler_of("tpe", 0, several=True, workers=2), NopPruner())
    for _ in range(25):
        trial = study.ask()
        which = trial.suggest_categorical("estimator", ("a", "b"))
        study.tell(trial, trial.suggest_float(f"{which}.x", 0, 1))
    assert {trial.params["estimator"] for trial in study.trials} == {"a", "b"}


@pytest.mark.parametrize("name", ["qmc", "cmaes", "gp"])
def test_samplers_for_one_estimator_are_refused_for_several(name: str) -> None:
    with pytest.raises(UsageError, match="searches one estimator, not several"):
        sampler_of(name, 0, several=True, workers=1)


@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - set(INSTALLED)))
def test_a_sampler_without_its_package_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(UsageError, match=f"needs the package {_NEEDS[name]}"):
        sampler_of(name, 0, several=False, workers=1)


def test_unknown_names_are_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"no sampler 'tpo'\. Did you mean 'tpe'"):
        sampler_of("tpo", 0, several=False, workers=1)
    with pytest.raises(UsageError, match=r"no pruner 'medan'\. Did you mean 'median'"):
        pruner_of("medan", folds=1)


@pytest.mark.parametrize(
    ("name", "folds", "kind"),
    [
        ("auto", 1, MedianPruner),
        ("auto", 5, WilcoxonPruner),
        ("none", 1, NopPruner),
        ("median", 5, MedianPruner),
        ("hyperband", 1, HyperbandPruner),
        ("auto", 4, MedianPruner),
        ("wilcoxon", 5, WilcoxonPruner),
    ],
)
def test_pruners_by_name_and_folds(name: str, folds: int, kind: type) -> None:
    pruner = pruner_of(name, folds=folds)
    assert type(pruner) is kind
    assert judges_folds_together(pruner) == (kind is WilcoxonPruner)


def test_every_pruner_is_made_for_several_folds() -> None:
    assert all(pruner_of(name, folds=5) for name in PRUNERS)


@pytest.mark.parametrize(("folds", "why"), [(1, "no cross-validation"), (4, "4 are too few")])
def test_wilcoxon_is_refused_where_it_could_stop_nothing(folds: int, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        pruner_of("wilcoxon", folds=folds)


def ended_after(
    stopper: Stopper, values: list[float], folds: int = 1, spread: float = 0.0
) -> int | None:
    """After how many complete trials of these values, whose folds differ so, the search ends."""
    study = new_study("maximize", sampler_of("random", 0, several=False, workers=1), NopPruner())
    for count, value in enumerate(values, 1):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        stopper.note(trial, [value + spread * fold for fold in range(folds)])
        study.tell(trial, value)
        if stopper.should_stop(study):
            return count
    return None


def test_the_stopper_ends_a_search_that_does_not_get_better() -> None:
    better_until_the_tenth = [*range(10), *[9.0] * 50]
    assert ended_after(stopper_of(folds=1, patience=15), better_until_the_tenth) == 25


def test_the_stopper_looks_at_twenty_complete_trials_at_least() -> None:
    assert ended_after(stopper_of(folds=1, patience=2), [1.0] * 30) == 20


def test_the_stopper_lets_a_search_go_on_that_gets_better() -> None:
    assert ended_after(stopper_of(folds=1, patience=5), [float(n) for n in range(40)]) is None


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_the_stopper_counts_stagnation_with_folds_where_torch_is_missing() -> None:
    assert ended_after(stopper_of(folds=5, patience=25), [1.0] * 30, folds=5) == 26


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_the_stopper_weighs_what_is_left_to_gain_against_what_folds_differ_by() -> None:
    assert ended_after(stopper_of(folds=5), [1.0] * 30, folds=5, spread=0.1) is not None
    assert ended_after(stopper_of(folds=5), [1.0] * 30, folds=5) is None


def test_a_study_keeps_trials_whose_values_are_outside_their_range() -> None:
    def study_of(trials: list[optuna.trial.FrozenTrial]) -> Study:
        sampler = sampler_of("tpe", 0, several=False, workers=1)
        return new_study("maximize", sampler, pruner_of("median", folds=1), trials)

    study = study_of([])
    study.enqueue_trial({"x": 7.0})
    with pytest.warns(UserWarning, match="out of range"):
        _told(study.ask(), study)
    again = study_of(study.trials)
    assert [trial.params for trial in again.trials] == [{"x": 7.0}]
    for _ in range(20):
        _told(again.ask(), again)
    assert all(0 <= trial.params["x"] <= 1 for trial in again.trials[1:])


def _told(trial: Trial, study: Study) -> None:
    study.tell(trial, trial.suggest_float("x", 0, 1))
