"""What a search on Spark refuses, and who gets which of its trials: without Spark."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from podium.errors import PodiumError, UsageError
from projects.tuning.planned import Planned
from projects.tuning.spark import by_task, check_request
from projects.tuning.spark_errors import reason_in
from projects.tuning.spark_session import check_spark, find_java
from projects.tuning.spark_trial import Given
from tests.tuning.on_spark import request_of

needs_pyspark = pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed")


def given(count: int) -> list[Given]:
    return [Given(Planned("declared", "line", {}), {"x": n}, str(n)) for n in range(count)]


@pytest.mark.parametrize(
    ("trials", "tasks", "shares"),
    [(10, 2, ["0 2", "1"]), (3, 2, ["0", "1 2"]), (3, 1, ["0 1 2"]), (8, 4, ["0", "1", "2", ""])],
)
def test_planned_trials_are_the_first_ones_of_the_tasks(
    trials: int, tasks: int, shares: list[str]
) -> None:
    shared = by_task(given(3), trials, tasks)
    assert [" ".join(each.identity for each in share) for share in shared] == shares


def test_planned_trials_that_are_more_than_all_are_left_out() -> None:
    assert sum(map(len, by_task(given(3), 2, 2))) == 2


def test_more_trials_than_mlflow_sees_and_a_sampler_that_counts_are_refused() -> None:
    run = SimpleNamespace(info=SimpleNamespace(run_id="r", experiment_id="1"))
    with pytest.raises(UsageError, match="keeps 1,000 trials, not 1,001"):
        check_request(request_of(run, 1001))
    with pytest.raises(UsageError, match="'qmc' counts its trials"):
        check_request(request_of(run, 2, sampler="qmc"))


def test_a_missing_pyspark_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(PodiumError, match=r"pip install 'podium-mlops\[spark\]'"):
        check_spark(None)


@pytest.mark.parametrize(
    ("home", "said"), [("", "none is on the path"), ("/nowhere", "JAVA_HOME is /nowhere")]
)
def test_a_missing_java_is_told(home: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("JAVA_HOME", home)
    with pytest.raises(PodiumError, match=f"Spark needs Java 17 or later: {said}"):
        find_java()


@needs_pyspark
def test_spark_connect_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="Spark Connect has no way"):
        check_spark("sc://somewhere")
    monkeypatch.setenv("SPARK_REMOTE", "sc://somewhere")
    with pytest.raises(UsageError, match="unset SPARK_REMOTE"):
        check_spark(None)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "An error occurred while calling X.\n: java.lang.Bad: no room\n\tat a.b",
            "java.lang.Bad: no room",
        ),
        (
            "Failed. First trial failure message: Traceback (most recent call last):\n"
            "  File x\n    import y\nModuleNotFoundError: No module named 'y'\n\n\tat a.b",
            "ModuleNotFoundError: No module named 'y'",
        ),
        (
            "Job aborted: Lost task (h): org.apache.spark.SparkException: Python worker exited\n"
            "\tat a.b\nCaused by: java.io.EOFException\n\tat c.d",
            "Python worker exited",
        ),
        ("Failed.\nCaused by: java.io.E: gone\n\tat a.b", "java.io.E: gone"),
        ("", "ValueError"),
    ],
)
def test_an_error_of_sparks_is_told_by_its_cause(said: str, reason: str) -> None:
    assert reason_in(ValueError(said)) == reason
