"""The outbox: notices on disk, one file each, from before the ledger's entry to the delivery."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

from podium.errors import DataError
from podium.notify.files import locked, names_in, sweep, write_whole
from podium.notify.notice import Delivery, Notice, Queued, delivery_id
from podium.notify.schedule import is_due
from podium.notify.stored import from_text, to_text
from podium.settings import Target

MAX_FILES = 10_000
PREPARED_SECONDS = 7 * 24 * 3600.0
_FOLDERS = ("prepared", "due", "failed", "corrupt")
_UNKEPT = (OSError, ValueError, TypeError, RecursionError)
_logger = logging.getLogger("podium.notify")


class Outbox:
    """Notices in `folder`. A notice's state is the folder that its file lies in, so that each
    step of its life is one rename: prepared → due → gone, or due → failed → due.

    `prepare`, `release` and `drop` are called around an entry of the ledger: they do not raise,
    whatever the disk does, but return a warning; None where all went well. Any number of processes
    may use one outbox.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, notice: Notice, targets: Sequence[Target], now: float) -> str | None:
        """Keep `notice` for those of `targets` that want its action; it is not sent yet."""
        urls = [target.url for target in targets if target.wants(notice.action)]
        if not urls:
            return None
        deliveries = [Delivery(url, delivery_id(notice.entry_id, url), due_at=now) for url in urls]
        try:
            return self._prepare(Queued(notice, now, tuple(deliveries)))
        except _UNKEPT as error:
            return _warning(f"The notice of {notice.entry_id} could not be kept: {error}.")

    def release(self, entry_id: str) -> str | None:
        """The entry is in the ledger: its notice is due. Nothing to do where none was prepared."""
        try:
            self._move(_name(entry_id), "prepared", "due")
        except _UNKEPT as error:
            return _warning(f"The notice of {entry_id} stays unsent: {error}.")
        return None

    def drop(self, entry_id: str) -> str | None:
        """The entry did not get into the ledger: forget its notice."""
        try:
            self._file("prepared", _name(entry_id)).unlink(missing_ok=True)
        except _UNKEPT as error:
            return _warning(f"The notice of {entry_id} could not be dropped: {error}.")
        return None

    def prepared(self, model: str | None = None, before: float | None = None) -> list[Notice]:
        """Notices of `model` (None: of all) that were neither released nor dropped.

        `before` (Unix seconds) leaves out newer ones, which may be those of a process that is
        about to write its entry. Empty, with a warning in the log, where they cannot be read.
        """
        try:
            found = list(self._all("prepared"))
        except OSError as error:
            _warning(f"The prepared notices in {self.folder} cannot be read: {error}.")
            return []
        return [
            queued.notice
            for queued in found
            if model in (None, queued.notice.model) and (before is None or queued.at < before)
        ]

    def due(self, now: float) -> list[Queued]:
        """Released notices with a delivery to attempt at `now`, the oldest first; and those that
        a crash left settled but not put away.
        """
        return [
            queued
            for queued in self.waiting()
            if queued.is_settled or any(is_due(each, now) for each in queued.deliveries)
        ]

    def waiting(self) -> list[Queued]:
        """Released notices that are on their way, the oldest first."""
        return sorted(self._all("due"), key=lambda queued: queued.at)

    def failed(self) -> list[Queued]:
        """Notices that a URL refused, or that were attempted too often, the oldest first."""
        return sorted(self._all("failed"), key=lambda queued: queued.at)

    def find_waiting(self, entry_id: str) -> Queued | None:
        """The released notice of `entry_id` as it is now; None where it is settled."""
        return self._read("due", _name(entry_id))

    def waiting_names(self) -> frozenset[str]:
        """The names of the files that are due; a change says that there is something new."""
        return frozenset(names_in(self.folder / "due"))

    def corrupt_files(self) -> list[Path]:
        """Files that could not be read and were set aside."""
        return [self._file("corrupt", name) for name in names_in(self.folder / "corrupt")]

    def settle(self, queued: Queued) -> None:
        """Keep what became of a released notice: gone when delivered, else failed or waiting."""
        name = _name(queued.notice.entry_id)
        if queued.is_settled and not queued.has_failed:
            self._file("due", name).unlink(missing_ok=True)
            return
        self._write("due", queued)
        if queued.is_settled:
            self._move(name, "due", "failed")

    def retry(self, queued: Queued, now: float) -> None:
        """Make a failed notice due again, for the URLs that did not get it."""
        again = tuple(
            replace(d, state="waiting", attempts=0, due_at=now) if d.state == "failed" else d
            for d in queued.deliveries
        )
        self._write("failed", replace(queued, deliveries=again))
        self._move(_name(queued.notice.entry_id), "failed", "due")

    def expire(self, now: float) -> list[Notice]:
        """Drop prepared notices older than seven days, and leftovers of killed processes."""
        sweep(self.folder / "scratch", now)
        old = self.prepared(before=now - PREPARED_SECONDS)
        for notice in old:
            self.drop(notice.entry_id)
        return old

    def sending(self) -> AbstractContextManager[bool]:
        """Within the block no other process sends from this outbox; waits for its turn."""
        return locked(self.folder / "sending.lock", is_patient=True)

    def delivering(self) -> AbstractContextManager[bool]:
        """Within the block, where it yields True, this process is the outbox's deliverer."""
        return locked(self.folder / "deliverer.lock", is_patient=False)

    def _prepare(self, queued: Queued) -> str | None:
        name = _name(queued.notice.entry_id)
        if self._file("due", name).exists():
            return None  # released before: it is on its way
        if sum(len(names_in(self.folder / each)) for each in _FOLDERS) >= MAX_FILES:
            return _warning(
                f"The outbox {self.folder} holds {MAX_FILES:,} notices, so that of "
                f"{queued.notice.entry_id} is not kept; `podium notify` shows what stands still."
            )
        self._write("prepared", queued)
        return None

    def _all(self, state: str) -> Iterator[Queued]:
        for name in names_in(self.folder / state):
            queued = self._read(state, name)
            if queued is not None:
                yield queued

    def _read(self, state: str, name: str) -> Queued | None:
        """The notice in a file; None where another process took it away, or it is corrupt."""
        try:
            queued = from_text(self._file(state, name).read_text(encoding="utf-8"))
            if _name(queued.notice.entry_id) == name:
                return queued
        except FileNotFoundError:
            return None
        except (DataError, UnicodeDecodeError):
            pass
        _logger.warning("%s/%s is no notice; it is set aside in `corrupt`.", state, name)
        with suppress(OSError):
            self._move(name, state, "corrupt")
        return None

    def _write(self, state: str, queued: Queued) -> None:
        file = self._file(state, _name(queued.notice.entry_id))
        write_whole(file, to_text(queued), self.folder / "scratch")

    def _move(self, name: str, old: str, new: str) -> None:
        (self.folder / new).mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._file(old, name).replace(self._file(new, name))

    def _file(self, state: str, name: str) -> Path:
        return self.folder / state / name


def _name(entry_id: str) -> str:
    """The name of a notice's file: of any text one that every file system takes."""
    return f"{hashlib.sha256(entry_id.encode()).hexdigest()[:32]}.json"


def _warning(text: str) -> str:
    _logger.warning("%s", text)
    return text
