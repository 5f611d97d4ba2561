"""A search with real worker processes: what it asks, tells, survives, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from podium.errors import PodiumError, Unreachable
from projects.tuning.crew import Crew
from projects.tuning.planned import Planned, plans_of
from projects.tuning.samplers import stopper_of
from projects.tuning.search import INTERRUPTED, Search
from projects.tuning.space import Space
from projects.tuning.storage import Store
from projects.tuning.stored import ended_of, number_of
from projects.tuning.trials import Ended
from tests.training.made import project_of
from tests.tuning.living import is_alive, until_gone
from tests.tuning.objectives import value_at
from tests.tuning.prepared_rows import mixed_project, prepared_of
from tests.tuning.searching import Heard, Line, crew_of, search_of, searched


def xs(search: Search) -> list[float]:
    return [ended.asked.params["x"] for ended in search.ended]


def states(search: Search) -> list[str]:
    return [ended.outcome.state for ended in search.ended]


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc"])
def test_the_same_seed_and_one_worker_give_the_same_trials_and_best(sampler: str) -> None:
    first, second, other = (search_of(25, sampler=sampler, seed=seed) for seed in (1, 1, 2))
    for search in (first, second, other):
        assert searched("parabola", search) == "trials"
    assert first.ended == second.ended
    assert first.best == second.best
    assert xs(first) != xs(other)


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_the_same_seed_and_one_worker_prune_the_same_trials(pruner: str) -> None:
    first, second = (search_of(25, sampler="tpe", pruner=pruner, seed=1) for _ in range(2))
    for search in (first, second):
        searched("rounds", search)
    assert first.ended == second.ended
    assert {"complete", "pruned"} == set(states(first))


def test_the_best_is_the_greatest_value_and_of_equal_ones_the_first() -> None:
    search = search_of(10)
    searched("parabola", search)
    assert search.best is not None
    assert search.best.outcome.value == max(value_at(x) for x in xs(search))
    equal = search_of(5)
    searched("constant", equal, workers=2)
    assert equal.best is not None
    assert equal.best.asked.number == 0


def test_each_trial_of_several_workers_has_a_number_of_its_own() -> None:
    search, heard = search_of(20), Heard()
    searched("slow", search, heard, workers=2)
    assert [ended.asked.number for ended in search.ended] == list(range(20))
    assert sorted(number_of(trial) for trial in heard.frozen) == list(range(20))
    assert all(ended.outcome.value == value_at(ended.asked.params["x"]) for ended in search.ended)


def test_a_worker_has_its_next_trial_before_the_listener_hears_of_its_last() -> None:
    heard = Heard()
    searched("parabola", search_of(3), heard)
    expected = ["started 0", "started 1", "ended 0", "started 2", "ended 1", "ended 2"]
    assert heard.words == expected


def test_the_tally_says_how_far_it_is() -> None:
    search, heard = search_of(6), Heard()
    searched("raising", search, heard)
    last = heard.tallies[-1]
    assert (last.wanted, last.ended, last.running, last.left_seconds) == (6, 6, 0, 0.0)
    assert last.failed == states(search).count("failed")
    assert last.best == search.best
    assert heard.tallies[0].running == 1
    assert heard.tallies[0].left_seconds is None


def test_what_is_kept_of_a_trial_gives_it_back() -> None:
    search, heard = search_of(6), Heard()
    searched("raising", search, heard)
    assert [ended_of(trial) for trial in heard.frozen] == search.ended


def test_a_planned_trial_comes_first_with_all_of_its_own_parameters() -> None:
    planned = (
        Planned("champion", "line", {"x": 1.5, "depth": 9}),
        Planned("declared", "line", {"depth": 3}),
        Planned("champion", "another", {"x": 1.0}),
    )
    search = search_of(4, space=Line({"depth": 3}), planned=planned)
    searched("parabola", search)
    asked = [ended.asked for ended in search.ended]
    assert [each.origin for each in asked] == ["champion", "declared", "sampled", "sampled"]
    assert [dict(each.params) for each in asked[:2]] == [
        {"x": 1.5, "depth": 9},
        {"x": 0.0, "depth": 3},
    ]


def test_a_champion_is_not_held_to_what_is_declared_now() -> None:
    planned = (Planned("champion", "line", {"x": 1.5}),)
    search = search_of(1, space=Line({"depth": 3}), planned=planned)
    searched("parabola", search)
    assert search.ended[0].asked.params == {"x": 1.5}


def test_what_is_planned_twice_is_tried_once() -> None:
    planned = (
        Planned("champion", "line", {"x": 1.5}),
        Planned("declared", "line", {"x": 1.5}),
    )
    search = search_of(2, planned=planned)
    searched("parabola", search)
    assert [ended.asked.origin for ended in search.ended] == ["champion", "sampled"]


def test_a_search_that_goes_on_does_not_try_again_what_was_planned() -> None:
    planned = (Planned("champion", "line", {"x": 1.5}),)
    heard = Heard()
    searched("parabola", search_of(2, planned=planned), heard)
    search = search_of(4, planned=planned, before=heard.frozen)
    searched("parabola", search)
    assert [ended.asked.origin for ended in search.ended] == ["champion", *["sampled"] * 3]


@pytest.mark.parametrize("sampler", ["random", "tpe", "qmc"])
def test_a_search_that_goes_on_counts_the_trials_before_it(sampler: str) -> None:
    heard = Heard()
    searched("raising", search_of(6, sampler=sampler), heard)
    search, again = search_of(10, sampler=sampler, before=heard.frozen), Heard()
    assert searched("raising", search, again) == "trials"
    assert [number_of(trial) for trial in again.frozen] == [6, 7, 8, 9]
    assert search.ended[:6] == [ended_of(trial) for trial in heard.frozen]
    assert len(set(xs(search))) == 10  # none is drawn twice
    assert again.tallies[-1].ended == 10


def test_a_search_that_has_its_trials_already_ends_at_once() -> None:
    heard = Heard()
    searched("parabola", search_of(3), heard)
    again = Heard()
    search = search_of(3, before=heard.frozen)
    assert searched("parabola", search, again) == "trials"
    assert again.words == []
    assert search.best is not None


def test_numbers_of_trials_that_were_never_kept_are_not_given_again() -> None:
    search = search_of(2, first_number=7)
    searched("parabola", search)
    assert [ended.asked.number for ended in search.ended] == [7, 8]


def test_a_trial_that_fails_is_not_the_search_s_end() -> None:
    search = search_of(12)
    searched("raising", search)
    assert set(states(search)) == {"complete", "failed"}
    failed = next(ended for ended in search.ended if ended.outcome.state == "failed")
    assert failed.outcome.reason == "ValueError: x is below 0"


def test_a_value_that_is_no_number_fails_the_trial() -> None:
    search = search_of(8)
    searched("undefined", search)
    assert [state == "failed" for state in states(search)] == [x < 0 for x in xs(search)]
    failed = [ended.outcome for ended in search.ended if ended.outcome.state == "failed"]
    assert all("its value is nan" in each.reason and each.value is None for each in failed)


def test_ten_failures_at_the_start_give_up_with_the_first_reason() -> None:
    search, heard = search_of(50, space=Line({"do": "leave"})), Heard()
    with pytest.raises(PodiumError, match=r"All 10 trials failed\. The first, trial 0, of line"):
        searched("doing", search, heard)
    assert states(search) == ["failed"] * 10
    assert heard.words.count("ended 9") == 1


def test_failures_after_a_success_do_not_give_up() -> None:
    planned = (Planned("declared", "line", {"x": 1.0}),)
    search = search_of(14, space=_Below(), planned=planned)
    assert searched("raising", search) == "trials"
    assert states(search) == ["complete", *["failed"] * 13]


class _Below(Line):
    """Only what the objective `raising` does not take, but for what is planned."""

    def suggest(self, trial: object) -> tuple[str, dict[str, float]]:
        _, params = super().suggest(trial)  # type: ignore[arg-type]
        planned = trial.user_attrs.get("podium.origin")  # type: ignore[attr-defined]
        return "line", {"x": params["x"] if planned else -abs(params["x"])}


def test_a_search_of_failures_only_is_an_error() -> None:
    search = search_of(3, space=_Below())
    with pytest.raises(PodiumError, match=r"All 3 trials failed.*ValueError: x is below 0"):
        searched("raising", search)
    assert len(search.ended) == 3


def test_no_trial_starts_after_the_timeout_and_the_running_ones_end() -> None:
    ticks = count()
    search = search_of(1000, timeout_seconds=30, clock=lambda: float(next(ticks)))
    heard = Heard()
    assert searched("parabola", search, heard, workers=2) == "timeout"
    assert 0 < len(search.ended) < 30
    assert set(states(search)) == {"complete"}
    assert sum("started" in word for word in heard.words) == len(search.ended)


def test_no_time_at_all_is_an_error() -> None:
    with pytest.raises(PodiumError, match="No trial was begun in the time given"):
        searched("parabola", search_of(3, timeout_seconds=0))


def test_the_stopper_ends_the_search() -> None:
    search = search_of(100, stopper=stopper_of(folds=1, patience=5))
    assert searched("constant", search) == "stopper"
    assert len(search.ended) == 20


def test_rounds_that_are_worse_than_the_median_end_a_trial() -> None:
    search, heard = search_of(25, pruner="median"), Heard()
    searched("rounds", search, heard)
    pruned = [trial for trial in heard.frozen if trial.state is TrialState.PRUNED]
    complete = [trial for trial in heard.frozen if trial.state is TrialState.COMPLETE]
    assert pruned
    assert all(len(trial.intermediate_values) < 10 for trial in pruned)
    assert all(len(trial.intermediate_values) == 10 for trial in complete)
    best = search.best
    assert best is not None
    assert best.outcome.state == "complete"
    assert {ended.outcome.value for ended in search.ended if ended.outcome.reason} == {None}


def test_median_judges_the_mean_of_the_folds_so_far_and_wilcoxon_each_fold() -> None:
    def reported(pruner: str) -> FrozenTrial:
        heard = Heard()
        search = search_of(1, pruner=pruner, folds=8, planned=[Planned("declared", "line", {})])
        searched("folds", search, heard)
        return heard.frozen[0]

    assert reported("median").intermediate_values[3] == value_at(0.0) - 2.0
    assert reported("wilcoxon").intermediate_values[3] == value_at(0.0) - 3.0


@pytest.mark.parametrize("pruner", ["wilcoxon", "median", "hyperband"])
def test_folds_that_are_worse_end_a_trial(pruner: str) -> None:
    search = search_of(25, pruner=pruner, folds=8)
    searched("folds", search)
    assert {"complete", "pruned"} == set(states(search))
    assert search.best is not None
    assert search.best.asked.params["x"] == max(xs(search), key=value_at)


def test_a_worker_that_is_killed_fails_its_trial_and_the_search_goes_on() -> None:
    search = search_of(20)
    with crew_of("slow", 2) as crew:
        before = crew.processes

        def kill(ended: Ended) -> None:
            if ended.asked.number == 4:
                os.kill(crew.processes[0], signal.SIGKILL)

        search.run(crew, Heard(kill))
        assert len(set(before) - set(crew.processes)) == 1
    assert len(search.ended) == 20
    (failed,) = (ended.outcome for ended in search.ended if ended.outcome.state == "failed")
    assert failed.reason.startswith("its process was killed by SIGKILL")
    assert failed.seconds > 0


def test_what_the_listener_raises_ends_the_search_and_its_workers() -> None:
    def fail(_: Ended) -> None:
        raise Unreachable("The database is gone.")

    search = search_of(20)
    with crew_of("slow", 2) as crew:
        processes = crew.processes
        with pytest.raises(Unreachable, match="The database is gone"):
            search.run(crew, Heard(fail))
        assert not any(map(is_alive, processes))
    reasons = {ended.outcome.reason for ended in search.ended if ended.outcome.reason}
    assert reasons == {"the search ended: The database is gone."}


def test_an_interrupt_ends_the_workers_and_leaves_running_trials_as_failed() -> None:
    def interrupt(ended: Ended) -> None:
        if ended.asked.number == 3:
            os.kill(os.getpid(), signal.SIGINT)

    search, heard = search_of(50), Heard(interrupt)
    with crew_of("slow", 2) as crew:
        processes = crew.processes
        with pytest.raises(KeyboardInterrupt):
            search.run(crew, heard)
        assert not any(map(is_alive, processes))
    interrupted = [e for e in search.ended if e.outcome.reason == INTERRUPTED]
    assert len(interrupted) == 2
    assert all(each.outcome.state == "failed" for each in interrupted)
    assert [number_of(trial) for trial in sorted(heard.frozen, key=number_of)] == [
        ended.asked.number for ended in search.ended
    ]


@contextmanager
def led(folder: Path, factory: str = "slow") -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A search in a process of its own that has ended some trials, and its workers' processes."""
    url = f"sqlite:///{folder}/trials.db"
    command = [sys.executable, "-m", "tests.tuning.searching", url, factory]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as leading:
        assert leading.stdout is not None
        workers = [int(number) for number in leading.stdout.readline().split()]
        try:
            for _ in range(5):
                assert leading.stdout.readline().startswith("ended ")
            yield leading, workers
        finally:
            leading.kill()


def kept(folder: Path) -> list[FrozenTrial]:
    return Store.open(
        f"sqlite:///{folder}/trials.db", "led", direction="maximize", attrs={}
    ).trials()


def said(leading: subprocess.Popen[str]) -> set[int]:
    """The numbers of the trials that it said had ended, after the first five lines."""
    assert leading.stdout is not None
    lines = leading.stdout.read().splitlines()
    return {int(line.split()[1]) for line in lines if line.startswith("ended ")}


def test_a_leading_process_that_is_killed_leaves_its_ended_trials_and_no_worker(
    tmp_path: Path,
) -> None:
    with led(tmp_path) as (leading, workers):
        assert all(map(is_alive, workers))
        leading.kill()
        later = said(leading)
    until_gone(workers)
    trials = kept(tmp_path)
    assert len(trials) >= 5 + len(later)
    assert later <= {number_of(trial) for trial in trials}
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    search = search_of(len(trials) + 3, before=trials)
    assert searched("parabola", search) == "trials"
    assert len(search.ended) == len(trials) + 3


def test_ctrl_c_leaves_running_trials_as_interrupted_in_the_storage(tmp_path: Path) -> None:
    with led(tmp_path) as (leading, workers):
        leading.send_signal(signal.SIGINT)
        said(leading)
        assert leading.wait(30) != 0
    until_gone(workers)
    reasons = [ended_of(trial).outcome.reason for trial in kept(tmp_path)]
    assert 1 <= reasons.count(INTERRUPTED) <= 2
    assert set(reasons) == {"", INTERRUPTED}


def test_a_search_takes_the_space_of_a_declared_project() -> None:
    project = project_of("binary", estimator=["xgboost", "linear"])
    champion = ("linear", {"C": 500.0, "max_iter": 50})  # C is out of range
    search = search_of(3, space=Space.of(project), planned=plans_of(project, champion))
    heard = Heard()
    searched("constant", search, heard)
    asked = [ended.asked for ended in search.ended]
    assert [each.origin for each in asked] == ["champion", "declared", "declared"]
    assert [each.estimator for each in asked] == ["linear", "xgboost", "linear"]
    assert asked[0].params == {"C": 500.0, "max_iter": 50}
    assert asked[2].params["C"] == 1.0
    again = search_of(
        12,
        space=Space.of(project),
        planned=plans_of(project, champion),
        before=heard.frozen,
        sampler="tpe",
        several=True,
    )
    assert searched("constant", again) == "trials"
    assert again.ended[0].asked.params == {"C": 500.0, "max_iter": 50}


def test_the_same_seed_fits_the_same_models(tmp_path: Path) -> None:
    project = mixed_project("binary", "xgboost", "linear", params={"n_estimators": 40})
    prepared_of(project).save(tmp_path)

    def found() -> Search:
        search = search_of(
            8,
            sampler="tpe",
            pruner="median",
            several=True,
            space=Space.of(project),
            planned=plans_of(project),
        )
        with Crew(1, 1) as crew:
            crew.load(tmp_path)
            search.run(crew, Heard())
        return search

    def timeless(search: Search) -> list[Ended]:
        return [replace(e, outcome=replace(e.outcome, seconds=0.0)) for e in search.ended]

    first, second = found(), found()
    assert timeless(first) == timeless(second)
    assert "failed" not in states(first)
    assert first.best is not None
    assert first.best.outcome.metrics[project.metric] == first.best.outcome.value


def test_a_crew_that_cannot_load_ends_the_search() -> None:
    with pytest.raises(PodiumError, match="the file is cut off"):
        searched("unloadable", search_of(3))
