"""A Spark session to search on: the one that is active, or an own one that keeps quiet."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from podium.errors import PodiumError, UsageError
from projects.tuning.spark_errors import reason_in, without_names

_MASTERS = "local[2], spark://host:7077, yarn, k8s://https://host:443"
_JVM_SECONDS = 20.0
_TASK_SECONDS = 15.0
_LOUD = ("py4j", "mlflow.pyspark.optuna.study")
_QUIET = {
    "spark.app.name": "podium tune",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A task that is begun anew would begin its trials anew, beside those that it had ended.
    "spark.task.maxFailures": "1",
    "spark.executorEnv.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def check_spark(master: str | None) -> None:
    """Refuse, before anything is read, where no session can be had.

    Raises PodiumError where pyspark or java is missing, UsageError where `master` is no master, or
    another one than that of the session that is active.
    """
    if find_spec("pyspark") is None:
        raise PodiumError(
            "The engine spark needs pyspark, which is not installed.",
            remedy="pip install 'podium-mlops[spark]'",
        )
    _refuse_connect(master)
    active = _active()
    if active is None:
        find_java()
    elif master is not None and active.master != master:
        raise UsageError(
            f"A Spark session on {active.master} is active, so there can be none on {master!r}.",
            remedy="Leave the master out, or stop that session.",
        )


def is_local(master: str) -> bool:
    """Whether its executors are threads of this machine's, which share folder and settings."""
    return master.startswith("local[") or master == "local"


def threads_of(session: Any, workers: int) -> int:
    """How many threads a fit should use, where `workers` run at a time."""
    context = session.sparkContext
    if not is_local(context.master):
        return int(context.getConf().get("spark.task.cpus", "1"))
    here = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if here else os.cpu_count() or 1
    return max(1, cores // workers)


@contextmanager
def spark_session(master: str | None, workers: int) -> Iterator[Any]:
    """The active session; where there is none, one on `master` (`local[workers]`), stopped at the
    end. What Spark and its executors say on this machine then goes nowhere.

    Raises what `check_spark` raises, and PodiumError where Spark does not start.
    """
    check_spark(master)
    with quiet_spark():
        if _active() is not None:
            from pyspark.sql import SparkSession

            yield SparkSession.builder.getOrCreate()
            return
        with _started(master or f"local[{workers}]") as session:
            yield session


@contextmanager
def quiet_spark() -> Iterator[None]:
    """Within it, the libraries between us and Spark say only what is raised."""
    root, loggers = logging.getLogger(), [logging.getLogger(name) for name in _LOUD]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        # What is used of pandas in Spark here is one column of text.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        warnings.simplefilter("ignore", ResourceWarning)  # py4j leaves its sockets to be collected
        root.addFilter(_is_not_of_py4j)  # which logs each interrupt, without a name
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            root.removeFilter(_is_not_of_py4j)
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    return "py4j" not in Path(record.pathname).parts


def cancel(context: Any, group: str) -> None:
    """Cancel the jobs of a group, and wait for their tasks."""
    context.cancelJobGroup(group)
    wait_for_tasks(context, group)


def wait_for_tasks(context: Any, group: str) -> None:
    """Wait until no task of the group's jobs runs; where a job has ended, some may for a while."""
    tracker, end = context.statusTracker(), time.monotonic() + _TASK_SECONDS
    stages = [
        stage
        for job in tracker.getJobIdsForGroup(group)
        if (info := tracker.getJobInfo(job)) is not None
        for stage in info.stageIds
    ]
    while time.monotonic() < end:
        known = [tracker.getStageInfo(stage) for stage in stages]
        if not any(info is not None and info.numActiveTasks for info in known):
            return
        time.sleep(0.1)


def _active() -> Any:
    """The SparkContext that is active in this process, or None."""
    from pyspark import SparkContext

    return SparkContext._active_spark_context


def _refuse_connect(master: str | None) -> None:
    if (master or "").startswith("sc://") or (master is None and "SPARK_REMOTE" in os.environ):
        raise UsageError(
            "Spark Connect has no way to bring the rows to the executors.",
            remedy=f"Name a master, and unset SPARK_REMOTE: {_MASTERS}.",
        )


def find_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else None
    if not (java.is_file() if java else shutil.which("java")):
        where = f"JAVA_HOME is {home}, and there is no bin/java" if home else "none is on the path"
        raise PodiumError(
            f"Spark needs Java 17 or later: {where}.",
            remedy="Install a Java runtime, or set JAVA_HOME to one.",
        )


@contextmanager
def _started(master: str) -> Iterator[Any]:
    """A session of our own, in a Java process of our own."""
    from pyspark.sql import SparkSession

    with ExitStack() as stack:
        said = stack.enter_context(tempfile.TemporaryFile())
        stack.enter_context(_environment(_python_of(master)))
        try:
            gateway = stack.enter_context(_java(master, said))
            session = SparkSession(stack.enter_context(_context(master, gateway)))
        except Exception as error:
            raise _not_started(master, error, said) from error
        yield session


def _python_of(master: str) -> Mapping[str, str]:
    """Executors on this machine use this very Python, unless told otherwise."""
    local = {"PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable)}
    return {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", **(local if is_local(master) else {})}


@contextmanager
def _java(master: str, said: IO[bytes]) -> Iterator[Any]:
    """A Java process that writes what it says to `said`, and ends with the block or with us."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    conf = SparkConf(loadDefaults=False).setMaster(master).setAll(list(_QUIET.items()))
    gateway = launch_gateway(conf, popen_kwargs={"stdout": said, "stderr": said})
    try:
        yield gateway
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()  # which it takes as its end
        _wait(gateway.proc)
        SparkContext._gateway = SparkContext._jvm = None  # else the next session looks for it


@contextmanager
def _context(master: str, gateway: Any) -> Iterator[Any]:
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    conf = SparkConf(_jvm=gateway.jvm).setMaster(master).setAll(list(_QUIET.items()))
    with _handler_kept():
        context = SparkContext(conf=conf, gateway=gateway)
    try:
        yield context
    finally:
        session = SparkSession.getActiveSession()
        with suppress(Exception):  # the Java process may be what failed; it is ended anyway
            (session or context).stop()


def _wait(process: Any) -> None:
    try:
        process.wait(_JVM_SECONDS)
    except Exception:  # noqa: BLE001 - whatever keeps it, it is not needed any more
        process.kill()
        process.wait()


def _not_started(master: str, error: Exception, said: IO[bytes]) -> PodiumError:
    """What Java said last says more than the error, where there was no Java to raise one."""
    said.seek(0)
    lines = said.read().decode(errors="replace").splitlines()
    java_ended = "JAVA_GATEWAY_EXITED" in str(error)
    telling = [line for line in lines if "Exception" in line or "Error" in line] or lines
    why = without_names(telling[0]) if java_ended and telling else reason_in(error)
    return PodiumError(
        f"Spark does not start on {master!r}: {why}",
        remedy=f"Masters are {_MASTERS}; Java must be 17 or later.",
    )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables that hold within the block, for this process and those that it starts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _handler_kept() -> Iterator[None]:
    """Keeps what Ctrl-C does, in place of which Spark puts a handler of its own.

    That one cancels all jobs; who searches cancels the own ones.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
