"""What every loaded version offers, whoever made it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from serving.assignment import Assigned

Form = Literal["compiled", "reference", "pyfunc"]
Batching = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class ModelSettings:
    """batching: of models that are asked by pyfunc. threads: calls of one model at a time.

    timeout_seconds: after which a call counts as stuck.
    """

    batching: Batching = "auto"
    threads: int = 4
    timeout_seconds: float = 60.0


class Asked(NamedTuple):
    """The body of a request for predictions, and its header `Content-Type`."""

    body: bytes
    content_type: str | None


class Answer(NamedTuple):
    """What is replied. status: of HTTP."""

    status: int
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True)
class Description:
    """What a model takes and gives.

    inputs, outputs, params: the lists of MLflow's signature. example: a body for /invocations.
    """

    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    params: list[dict[str, Any]] = field(default_factory=list)
    example: dict[str, Any] | None = None


class Model(ABC):
    """One version, loaded, warm, and able to answer."""

    assigned: Assigned
    form: Form

    @property
    def stuck(self) -> bool:
        """Whether so many calls hang that no other gets through."""
        return False

    @abstractmethod
    def quick(self, asked: Asked) -> bool:
        """Whether it is answered so fast that it need not leave the event loop."""

    @abstractmethod
    def answer_now(self, asked: Asked) -> Answer:
        """The answer, in the caller's thread; what is wrong with what was asked is one, too."""

    @abstractmethod
    async def answer(self, asked: Asked) -> Answer:
        """The answer, without holding up the event loop."""

    @abstractmethod
    def description(self) -> Description:
        """What it takes and gives."""

    def close(self) -> None:  # noqa: B027 - most have nothing to end
        """End what it keeps running, once nobody asks it any more."""
