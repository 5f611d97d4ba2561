"""What Spark's errors say, in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from podium.errors import PodiumError

# What Java says of an error before its message, with the errors around it.
_PREFIX = re.compile(
    r'^(?:Caused by: |: |Exception in thread "\S+" )?(?:.*org\.apache\.spark\.SparkException: )?'
)
_CAUSE = re.compile(r"Caused by: [\w.$]+: .")


@contextmanager
def spark_in_our_words() -> Iterator[None]:
    """What Spark raises, as a PodiumError."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("py4j", "pyspark"):
            raise
        raise PodiumError(
            f"Spark failed: {reason_in(error)}", remedy="See the log of its master."
        ) from error


def reason_in(error: BaseException) -> str:
    """The line of an error of Spark's, or of MLflow's on it, that says what went wrong."""
    text, traceback, raised = str(error).rpartition("Traceback (most recent call last):")
    lines = [line for line in (raised or text).splitlines() if line.strip()]
    if traceback:
        told = [line for line in lines if not line[0].isspace()]
    else:
        causes = [line for line in lines if _CAUSE.match(line)]
        told = causes[-1:] or [line for line in lines if line.startswith(": ")] or lines
    return without_names(told[0]) if told else type(error).__name__


def without_names(line: str) -> str:
    """A line of Java's, without what it says before a message."""
    return _PREFIX.sub("", line.strip())
