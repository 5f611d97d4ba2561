"""How the commands that only read open a model and its ledger, and what they say of holders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from podium.errors import UsageError
from podium.spec.names import model_name_problem
from registry_tools import words
from registry_tools.chain import Break
from registry_tools.decide import before_podium
from registry_tools.entry import Entry, Stage
from registry_tools.errors import LedgerBroken
from registry_tools.ledger import Ledger
from registry_tools.port import Model, Registry
from registry_tools.projection import Difference, differences
from registry_tools.state import Event, Holder, State, Traffic
from registry_tools.times import to_second
from registry_tools.words import printable

CLAIMS = "Names are what each command said of itself; nothing but a server with a login checks it."


@dataclass(frozen=True)
class Opened:
    """A registered model and its ledger, read as far as it can be read."""

    registry: Registry
    model: Model
    ledger: Ledger

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def state(self) -> State:
        """What the ledger says, up to a break."""
        return self.ledger.state

    @property
    def broken(self) -> Break | None:
        """Where the ledger is broken."""
        return self.ledger.chain.broken

    @property
    def empty(self) -> bool:
        """Whether there is no ledger."""
        return not self.ledger.chain.seen and self.broken is None

    @property
    def before_podium(self) -> tuple[tuple[Stage, int], ...]:
        """Stages that have an alias, where no version ever came to a stage by an entry."""
        return () if self.broken is not None else before_podium(self.state, self.model.aliases)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Aliases that do not say what the ledger says; nobody can tell where it is broken."""
        return () if self.broken is not None else differences(self.model, self.state)

    @property
    def exit_code(self) -> int:
        """0, or that of a broken ledger."""
        return 0 if self.broken is None else LedgerBroken.exit_code

    @property
    def condition(self) -> str:
        """One word for the ledger, for documents: ok, none or broken."""
        if self.broken is not None:
            return "broken"
        return "none" if self.empty else "ok"


def open_model(registry: Registry, name: str) -> Opened:
    """Read the model `name` and its whole ledger: two requests. A break is not raised.

    Raises UsageError for a name that Podium keeps no ledger of, NotFound, Unreachable.
    """
    check_name(name)
    model = registry.model(name)
    ledger = Ledger(registry, name)
    ledger.look(model.head)
    return Opened(registry, model, ledger)


def check_name(name: str) -> None:
    """Raises UsageError where Podium keeps no ledger of `name`."""
    problem = model_name_problem(name)
    if problem:
        raise UsageError(f"The name {name!r} {problem}.", remedy="Podium keeps no ledger of it.")


def deed(entry: Entry) -> str:
    """What was done, without who did it and why; forced is marked."""
    what = printable(words.deed(entry))
    return f"{what} [FORCED]" if entry.forced else what


def broken_lines(opened: Opened) -> list[str]:
    """What a person must know of a broken ledger; nothing where it is whole."""
    if opened.broken is None:
        return []
    return [
        f"THE LEDGER IS BROKEN at entry {opened.broken.number}: {opened.broken.reason}.",
        f"What stands here is what was read before that, up to entry {opened.state.seq}.",
    ]


def broken_document(opened: Opened) -> dict[str, Any] | None:
    """The break; None where the ledger is whole."""
    if opened.broken is None:
        return None
    return {"number": opened.broken.number, "reason": opened.broken.reason}


def by_whom(event: Event) -> str:
    """Who did something, and the reason if there is one; forced is marked."""
    forced = " [FORCED, past the gates]" if event.forced else ""
    why = f": {event.reason}" if event.reason else ""
    return printable(f"{event.actor}{forced}{why}")


def traffic_words(traffic: Traffic) -> str:
    """How requests are shared, in one clause."""
    if traffic.mode == "off":
        return "off"
    share = "" if traffic.share is None else f", share {traffic.share:g}"
    key = f", by {traffic.key}" if traffic.key else ""
    verdict = f", judged {traffic.verdict}" if traffic.verdict else ""
    pinned = f"version {traffic.challenger} beside version {traffic.champion}"
    return f"{traffic.mode}: {pinned}{share}{key}{verdict}"


def event_document(event: Event | None) -> dict[str, Any] | None:
    """Who did what is described, when and why."""
    if event is None:
        return None
    return {
        "by": event.actor,
        "at": event.at,
        "reason": event.reason,
        "forced": event.forced,
        "entry": event.seq,
    }


def holder_document(holder: Holder | None) -> dict[str, Any] | None:
    """A version in a stage, and how it came there."""
    if holder is None:
        return None
    came = (event_document(holder.by) or {}) | {"forced": holder.forced is not None}
    return {"version": holder.version, "digest": holder.digest, "since": came.pop("at"), **came}


def traffic_document(traffic: Traffic) -> dict[str, Any]:
    """How requests are shared."""
    return {
        "mode": traffic.mode,
        "champion": traffic.champion,
        "challenger": traffic.challenger,
        "share": traffic.share,
        "key": traffic.key,
        "verdict": traffic.verdict,
        "set": event_document(traffic.by),
    }


def difference_document(difference: Difference) -> dict[str, Any]:
    """An alias, where it is, and where it should be."""
    return {
        "stage": difference.stage,
        "found": difference.found,
        "expected": difference.expected,
    }


def entry_document(number: int, entry: Entry) -> dict[str, Any]:
    """What of an entry is worth reading; `number` is its version of the ledger's model."""
    return {
        "seq": entry.seq,
        "number": number,
        "entry_id": entry.entry_id,
        "at": entry.at,
        "by": entry.actor,
        "action": entry.action,
        "version": entry.version,
        "stage": entry.stage,
        "replaced": entry.replaced,
        "reason": entry.reason,
        "forced": entry.forced,
        "verdict": entry.evidence.verdict,
        "run_id": entry.evidence.run_id,
        "digest": entry.model_digest,
        "what": deed(entry),
    }


def entry_rows(entries: list[Entry]) -> list[list[object]]:
    """Rows of a table of entries: number, time, who, what, why."""
    return [
        [e.seq, to_second(e.at), printable(e.actor), deed(e), printable(e.reason or "")]
        for e in entries
    ]


ENTRY_HEADERS = ("#", "time", "by", "what", "reason")
