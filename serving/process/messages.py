"""What a supervisor and its workers say to each other, a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from serving.assignment import Assigned, Assignment, ServedState

CANNOT_LISTEN = 69  # a worker's exit status, EX_UNAVAILABLE: another server has the port
MOST_CHARACTERS = 500  # of a reason: a line must fit into a pipe in one piece


@dataclass(frozen=True)
class Order:
    """What a worker is told.

    assignment: what to serve. instead: what to serve of models that have no version loaded, where
    the assigned one cannot be. refused: versions, by model, that it does not get and why.
    reachable: whether the registry answers. elsewhere: models that other workers answer for; None
    where that is as before. stop: answer what is there, and end.
    """

    assignment: Assignment | None = None
    instead: Sequence[Assigned] = ()
    refused: Mapping[str, str] | None = None
    reachable: bool | None = None
    elsewhere: Sequence[str] | None = None
    stop: bool = False

    def to_line(self) -> bytes:
        """For a pipe."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Order:
        """Read what `to_line` wrote."""
        document = json.loads(line)
        given, instead = document["assignment"], map(Assigned.from_json, document["instead"])
        assignment = None if given is None else Assignment.from_json(given)
        rest = {key: document[key] for key in ("refused", "reachable", "elsewhere", "stop")}
        return cls(assignment, tuple(instead), **rest)


@dataclass(frozen=True)
class Report:
    """What a worker says: by its mere coming that it is alive.

    ready: it accepts connections. state, number: what it serves of a model, after the assignment of
    that number.
    """

    ready: bool = False
    state: ServedState | None = None
    number: int = 0

    def to_line(self) -> bytes:
        """For a pipe, in one piece: few bytes for whatever characters there are."""
        return json.dumps(asdict(self), ensure_ascii=False).encode(errors="replace") + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Report:
        """Read what `to_line` wrote."""
        document: dict[str, Any] = json.loads(line)
        state = document["state"]
        return cls(
            document["ready"],
            None if state is None else ServedState.from_json(state),
            document["number"],
        )
