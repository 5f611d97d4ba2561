"""A registry in memory: as honest as MLflow about numbers, and as unreliable as a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from podium.errors import NotFound, PodiumError, Unreachable
from registry_tools.chain import Record
from registry_tools.entry import Entry
from registry_tools.port import Model, Registry, Run, Version

Fault = Literal["reply lost", "request lost", "repeated", "refused", "refused but done", "late"]


class MemoryRegistry(Registry):
    """Numbers are allotted once and never again, also after a deletion.

    faults: what happens to the next appends, one each; None is nothing. hooks: by method, what
    happens right before its next calls, one each. down: nothing answers. late: requests that are
    still on their way. tags: of versions.
    """

    def __init__(self, *names: str) -> None:
        self.known = {name: Model(name, {}) for name in names}
        self.numbered: dict[str, int] = {}
        self.rows: dict[str, dict[int, Record]] = {}
        self.sentences: list[str] = []
        self.faults: list[Fault | None] = []
        self.hooks: dict[str, list[Callable[[], object]]] = {}
        self.down = False
        self.late: list[Entry] = []
        self.tags: dict[int, dict[str, str]] = {}
        self.calls: list[str] = []

    @property
    def place(self) -> str:
        return "memory"

    def model(self, name: str) -> Model:
        self._called("model")
        if name not in self.known:
            raise NotFound(f"There is no registered model {name!r}.")
        return self.known[name]

    def models(self) -> Sequence[str]:
        self._called("models")
        return sorted(self.known)

    def version(self, name: str, number: int) -> Version:
        self._called("version")
        tags = self.tags.get(number, {})
        return Version(name, number, "2026-01-01T00:00:00.000+00:00", tags=tags)

    def versions(self, name: str) -> Sequence[Version]:
        raise NotFound(name)

    def run(self, run_id: str) -> Run:
        raise NotFound(run_id)

    def run_json(self, run_id: str, path: str) -> Any:
        return None

    @contextmanager
    def files(self, name: str, number: int) -> Iterator[Path]:
        raise NotFound(name)
        yield

    def mlmodel(self, name: str, number: int) -> Mapping[str, Any]:
        raise NotFound(name)

    def records(self, name: str, after: int) -> Sequence[Record]:
        self._called("records")
        rows = self.rows.get(name, {})
        return [rows[number] for number in sorted(rows) if number > after]

    def create_ledger(self, name: str) -> None:
        self._called("create_ledger")
        self.rows.setdefault(name, {})

    def append(self, entry: Entry, sentence: str) -> None:
        self._called("append")
        fault = self.faults.pop(0) if self.faults else None
        if fault == "late":
            self.late.append(entry)
        if fault in ("request lost", "late"):
            raise Unreachable("The request went nowhere.")
        if fault == "refused":
            raise PodiumError("The registry refused.")
        for _ in range(2 if fault == "repeated" else 1):
            self.write(entry.model, Record(0, entry.text(), str(entry.parent)))
        self.sentences.append(sentence)
        if fault == "reply lost":
            raise Unreachable("The reply went nowhere.")
        if fault == "refused but done":
            raise PodiumError("A proxy answered with a page of its own.")

    def note_head(self, name: str, head: str) -> None:
        self._called("note_head")
        self.known[name] = replace(self.known[name], head=head)

    def set_alias(self, name: str, alias: str, number: int) -> None:
        self._called("set_alias")
        self.known[name] = replace(
            self.known[name], aliases={**self.known[name].aliases, alias: number}
        )

    def delete_alias(self, name: str, alias: str) -> None:
        self._called("delete_alias")
        left = {key: value for key, value in self.known[name].aliases.items() if key != alias}
        self.known[name] = replace(self.known[name], aliases=left)

    def set_tag(self, name: str, number: int, key: str, value: str) -> None:
        raise NotFound(name)

    def write(self, name: str, record: Record) -> int:
        """A record from anybody, with the next number."""
        number = self.numbered.get(name, 0) + 1
        self.numbered[name] = number
        self.rows.setdefault(name, {})[number] = replace(record, number=number)
        return number

    def delete(self, name: str, number: int) -> None:
        """Somebody deletes one record; its number is not given again."""
        del self.rows[name][number]

    def edit(self, name: str, number: int, **changed: Any) -> None:
        """Somebody changes the tags of one record."""
        self.rows[name][number] = replace(self.rows[name][number], **changed)

    def drop(self, name: str) -> None:
        """Somebody deletes or renames the registered model: numbers begin at 1 again."""
        self.rows.pop(name)
        self.numbered.pop(name)

    def deliver(self) -> None:
        """What was on its way comes in."""
        for entry in self.late:
            self.write(entry.model, Record(0, entry.text(), str(entry.parent)))
        self.late = []

    def _called(self, method: str) -> None:
        self.calls.append(method)
        waiting = self.hooks.get(method)
        if waiting:
            waiting.pop(0)()
        if self.down:
            raise Unreachable("Nothing answers.")
