"""Podium's errors: each says what happened, with which value, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PodiumError(Exception):
    """Base of every error that Podium raises on purpose.

    `what` says what is wrong and where, with the offending value; `remedy` says what to do.
    `exit_code` is what a command exits with.
    """

    exit_code = 1

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class UsageError(PodiumError, ValueError):
    """A command, job or function was given an argument that it cannot take."""

    exit_code = 2


class SpecError(PodiumError, ValueError):
    """`project.yaml` says something that Podium cannot do, or that contradicts the data."""

    exit_code = 2


class DataError(PodiumError, ValueError):
    """The table cannot be read, or cannot be used for what the project declares."""

    exit_code = 2


class NotFound(PodiumError, LookupError):
    """Something named does not exist: a project, a file, a model, a version."""

    exit_code = 4


class Conflict(PodiumError):
    """Somebody else was first."""

    exit_code = 3


class Unreachable(PodiumError, ConnectionError):
    """A tracking server, registry or object store does not answer."""

    exit_code = 5


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """A sentence that names what in `known` comes nearest to `word`, or lists a short `known`.

    Empty when nothing is near and the list is long.
    """
    names = [str(name) for name in known]
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(str(word).casefold(), folded, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(folded[n]) for n in near)}?"
    if names and len(names) <= 12:
        return f"Known: {', '.join(sorted(names))}."
    return ""
