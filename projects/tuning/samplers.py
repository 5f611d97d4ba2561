"""What chooses the next trial, what stops one early, and what ends a search: Optuna's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Literal, get_args

import numpy as np
from optuna import Study, Trial
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    WilcoxonPruner,
)
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.terminator import (
    BaseTerminator,
    BestValueStagnationEvaluator,
    Terminator,
    report_cross_validation_scores,
)

from podium.errors import UsageError, did_you_mean

SamplerName = Literal["tpe", "random", "qmc", "cmaes", "gp"]
PrunerName = Literal["auto", "none", "median", "hyperband", "wilcoxon"]
SAMPLERS: tuple[SamplerName, ...] = get_args(SamplerName)
PRUNERS: tuple[PrunerName, ...] = get_args(PrunerName)
_NEEDS = {"cmaes": "cmaes", "gp": "torch"}
_WILCOXON_FOLDS = 5
_ONE_ESTIMATOR = ("qmc", "cmaes", "gp")  # they know no parameters that only some trials have


def sampler_of(
    name: str, seed: int, *, several: bool, workers: int, startup: int = 10, before: int = 0
) -> BaseSampler:
    """The sampler `name`, one of `SAMPLERS`.

    several: whether there is more than one estimator. workers: how many trials run at a time.
    startup: how many trials are drawn at random before it learns from them, where it does.
    before: how many trials the study has from before a resume; they are not drawn again.
    Raises UsageError where it does not exist, lacks its package, or cannot do `several`.
    """
    _check_sampler(name, several)
    drawn = _continued(seed, before)
    makers: dict[str, Callable[[], BaseSampler]] = {
        "tpe": lambda: TPESampler(
            seed=drawn,
            n_startup_trials=startup,
            multivariate=True,
            group=several,
            constant_liar=workers > 1,
        ),
        "random": lambda: RandomSampler(seed=drawn),
        "qmc": lambda: QMCSampler(seed=drawn, scramble=True, warn_independent_sampling=False),
        "cmaes": lambda: CmaEsSampler(
            seed=drawn, n_startup_trials=startup, warn_independent_sampling=False
        ),
        "gp": lambda: GPSampler(
            seed=drawn, n_startup_trials=startup, warn_independent_sampling=False
        ),
    }
    with _known_to_be_experimental():
        return makers[name]()


def _check_sampler(name: str, several: bool) -> None:
    if name not in SAMPLERS:
        raise UsageError(f"There is no sampler {name!r}.", remedy=did_you_mean(name, SAMPLERS))
    if several and name in _ONE_ESTIMATOR:
        raise UsageError(
            f"The sampler {name!r} searches one estimator, not several.",
            remedy="Choose tpe or random, or name one estimator.",
        )
    package = _NEEDS.get(name)
    if package is not None and find_spec(package) is None:
        raise UsageError(
            f"The sampler {name!r} needs the package {package}, which is not installed.",
            remedy=f"Run `pip install {package}`, or choose tpe.",
        )


def _continued(seed: int, before: int) -> int:
    """`seed` itself, or one made of it for the trials that come after those before a resume."""
    if not before:
        return seed
    return int(np.random.SeedSequence((seed, before)).generate_state(1)[0])


def pruner_of(name: str, *, folds: int, warmup: int = 0) -> BasePruner:
    """The pruner `name`, one of `PRUNERS`; "auto" is median, and Wilcoxon from five folds on:
    with fewer its test cannot come to a small enough p-value before the last.

    warmup: the step (round, or fold) before which median stops nothing.
    Raises UsageError where it does not exist, or does not suit the number of folds.
    """
    if name not in PRUNERS:
        raise UsageError(f"There is no pruner {name!r}.", remedy=did_you_mean(name, PRUNERS))
    if name == "wilcoxon" and folds < _WILCOXON_FOLDS:
        found = "there is no cross-validation" if folds < 2 else f"{folds} are too few to tell"
        raise UsageError(
            f"The pruner 'wilcoxon' compares folds, and {found}.",
            remedy=f"Ask for {_WILCOXON_FOLDS} folds or more, or choose median.",
        )
    chosen = ("wilcoxon" if folds >= _WILCOXON_FOLDS else "median") if name == "auto" else name
    makers: dict[str, Callable[[], BasePruner]] = {
        "none": NopPruner,
        "median": lambda: MedianPruner(n_warmup_steps=warmup),
        "hyperband": HyperbandPruner,
        "wilcoxon": WilcoxonPruner,
    }
    with _known_to_be_experimental():
        return makers[chosen]()


def judges_folds_together(pruner: BasePruner) -> bool:
    """Whether it takes each fold's own value; the others take the mean of the folds so far."""
    return isinstance(pruner, WilcoxonPruner)


class Stopper:
    """Ends a search of which no more is to be expected."""

    def __init__(self, terminator: BaseTerminator, *, by_folds: bool) -> None:
        self._terminator, self._by_folds = terminator, by_folds

    def note(self, trial: Trial, folds: Sequence[float]) -> None:
        """Take down the values of a trial's folds, before the study is told of its end."""
        if self._by_folds and len(folds) > 1:
            with _known_to_be_deprecated():
                report_cross_validation_scores(trial, list(folds))

    def should_stop(self, study: Study) -> bool:
        """Whether the search should end, after what `study` has seen."""
        with _known_to_be_experimental():
            return self._terminator.should_terminate(study)


def stopper_of(*, folds: int, patience: int = 30) -> Stopper:
    """Optuna's terminator, which looks at 20 complete trials at least.

    With several folds, and where torch is installed: ends the search when what is left to gain
    (the regret bound of a Gaussian process) is less than what folds differ by; see Makarova et al.
    (2022), Automatic termination for hyperparameter optimization. Else: when `patience` complete
    trials were no better than the best before them.
    """
    by_folds = folds > 1 and find_spec("torch") is not None
    with _known_to_be_deprecated(), _known_to_be_experimental():
        evaluator = None if by_folds else BestValueStagnationEvaluator(patience - 1)
        return Stopper(Terminator(evaluator), by_folds=by_folds)


@contextmanager
def _known_to_be_experimental() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


@contextmanager
def _known_to_be_deprecated() -> Iterator[None]:
    """Optuna's terminator is to leave Optuna with its version 6, which we do not admit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield
