"""Clients that promote, approve, roll back and more at random, and note what they were told.

As a program, `python -m tests.registry_tools.clients`: one process that imports everything and then
forks into several, each with several clients in threads; see `Job`.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from podium.errors import PodiumError
from registry_tools import decide
from registry_tools.entry import Draft, Entry, Evidence, Stage
from registry_tools.errors import LedgerConflict, OutcomeUnknown, Refused
from registry_tools.gates import Candidate, checks_for
from registry_tools.ledger import Ledger
from registry_tools.notices import NoNotices
from registry_tools.outcome import Outcome, Wanted
from registry_tools.policy import Policy
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from registry_tools.state import State, Traffic
from registry_tools.writer import Writer


@dataclass
class Told:
    """What clients were told: ids of entries, and how often each error came.

    done: it counts. conflict: it does not. unknown: it may. refused: nothing was tried.
    unprojected: it counts, but the aliases could not be set. real: promotions that looked at files,
    whatever came of them.
    """

    done: list[str] = field(default_factory=list)
    conflict: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refused: int = 0
    real: int = 0
    unprojected: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, other: Told) -> None:
        """Take in what another client was told."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Noting(MlflowRegistry):
    """Notes the ids of the entries that it is asked to append.

    kept: a folder that it gives as the files of every version, instead of downloading them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tried: dict[str, None] = {}
        self.kept: Path | None = None

    @contextmanager
    def files(self, name: str, number: int) -> Iterator[Path]:
        """Those that are kept, if any."""
        if self.kept is not None:
            yield self.kept
            return
        with super().files(name, number) as folder:
            yield folder

    def mlmodel(self, name: str, number: int) -> Mapping[str, Any]:
        """Of those that are kept, if any."""
        if self.kept is None:
            return super().mlmodel(name, number)
        keys: Mapping[str, Any] = yaml.safe_load((self.kept / "MLmodel").read_text())
        return keys

    def append(self, entry: Entry, sentence: str) -> None:
        """As the registry does."""
        self.tried[entry.entry_id] = None
        super().append(entry, sentence)


@dataclass(frozen=True)
class Table:
    """What clients play with: a model, its versions, and the digest of their files.

    real: whether a client also promotes with downloads. files: a folder with those of all versions;
    with it all clients promote and evaluate as commands do, which look at the files.
    """

    model: str
    versions: Sequence[int]
    digest: str = "0" * 64
    real: bool = False
    files: str | None = None


_PATIENCE_SECONDS = 90.0  # a slow machine gets as much done, later
_NOT_TRIED = "Somebody else wrote about"


class Client:
    """One client with a registry and a ledger of its own. seed: of what it chooses.

    think_seconds: how long it waits between two commands, on average.
    """

    def __init__(self, table: Table, actor: str, seed: int, *, think_seconds: float = 0.3) -> None:
        self.think_seconds = think_seconds
        self.table = table
        self.actor = actor
        self.rng = random.Random(seed)
        self.registry = Noting()
        self.ledger = Ledger(self.registry, table.model)
        self.told = Told()

    def play(self, seconds: float, enough: Callable[[], bool] = lambda: True) -> Told:
        """Act until the time is over and it was `enough`, which is waited for at most so long."""
        start = time.monotonic()
        while (passed := time.monotonic() - start) < seconds or not (
            enough() or passed > seconds + _PATIENCE_SECONDS
        ):
            self.step()
            time.sleep(self.rng.expovariate(1 / self.think_seconds))
        return self.told

    def step(self) -> None:
        """One command, and what was said of it."""
        self.registry.tried.clear()
        try:
            self._act()
        except LedgerConflict as error:
            tried = list(self.registry.tried)
            if _NOT_TRIED in error.what:
                self.told.done += tried  # it stopped before the next one
            else:
                self._part_done().conflict.append(tried[-1])
            self.told.messages.append(str(error))
        except OutcomeUnknown as error:
            self._part_done().unknown.append(list(self.registry.tried)[-1])
            self.told.messages.append(str(error))
        except Refused:
            self.told.refused += 1
        except PodiumError as error:
            self.told.errors.append(f"{type(error).__name__} ({error.exit_code}): {error}")
        except Exception:  # noqa: BLE001  # whatever it is, the test shows it
            self.told.errors.append(traceback.format_exc())

    def _part_done(self) -> Told:
        """Of a command of several entries, all before the last one that was tried count."""
        before = list(self.registry.tried)[:-1]
        self.told.done += [entry_id for entry_id in before if entry_id not in self.told.done]
        return self.told

    def _act(self) -> None:
        if self.table.real and (not self.told.real or self.rng.random() < 0.2):
            self._promote_with_files()
        elif self.rng.random() < 0.5:
            self._command()
        else:
            self._enter()

    def _enter(self) -> None:
        """What Registrar does, with a ledger that is kept open, and without looking at files."""
        model = self.registry.model(self.table.model)
        state = self.ledger.refresh(model.head)
        draft = self._draft(state)
        if draft is None:
            self.told.refused += 1
            return
        writer = Writer(self.ledger, NoNotices(), model)
        self._note(writer.enter([draft], Wanted(self.actor, reason="at random")))

    def _draft(self, state: State) -> Draft | None:
        version, number = self.rng.choice(self.table.versions), self.rng.random()
        if number < 0.25:
            evidence = Evidence(verdict=self.rng.choice(["pass", "pass", "fail"]))
            return decide.evaluation(
                version, self.table.digest, evidence, against=state.champion, reason=None
            )
        if number < 0.65:
            return self._promotion(state, version, "staging" if number < 0.45 else "production")
        if number < 0.75 and state.staging is not None:
            return decide.approval(state, state.staging.version, self.actor, reason=None)
        if number < 0.82:
            return decide.rejection(state, version, reason="at random")
        if number < 0.92:
            return decide.rollback(state, None, reason="at random")
        if number < 0.98:
            mode = self.rng.choice(["off", "shadow"])
            return decide.sharing(state, Traffic(mode=mode), reason=None)  # type: ignore[arg-type]
        return decide.retirement(state, version, reason="at random")

    def _promotion(self, state: State, version: int, stage: Stage) -> Draft | None:
        holder = state.holder(stage)
        if version == state.champion or (holder is not None and holder.version == version):
            return None
        candidate = Candidate(version, self.table.digest)
        passed = all(check.passed for check in checks_for(stage, state, candidate))
        forced = not passed and self.rng.random() < 0.5
        if not passed and not forced:
            return None
        return decide.promotion(state, candidate, stage, reason="at random", forced=forced)

    def _command(self) -> None:
        """A command as a person gives it: opened anew; its files are at hand, if there are any."""
        self.registry.kept = None if self.table.files is None else Path(self.table.files)
        registrar = Registrar(self.registry, self.table.model)
        wanted = Wanted(self.actor, reason="at random")
        staged, any_version = registrar.state.staging, self.rng.choice(self.table.versions)
        version = any_version if staged is None else staged.version
        commands: list[Callable[[], Outcome]] = [
            lambda: registrar.approve(version, wanted),
            lambda: registrar.reject(version, wanted),
            lambda: registrar.rollback(None, wanted),
            lambda: registrar.share_traffic(Traffic(mode="shadow"), wanted),
            lambda: registrar.set_policy(self._policy(), wanted),
        ]
        passed, forced = Evidence(verdict="pass"), self.rng.random() < 0.3
        if self.table.files is not None:
            commands += [
                lambda: registrar.evaluate(any_version, passed, wanted),
                lambda: registrar.promote(any_version, "staging", wanted, verdict=passed),
                lambda: registrar.promote(any_version, "staging", wanted, forced=forced),
                lambda: registrar.promote(version, "production", wanted, verdict=passed),
                lambda: registrar.promote(version, "production", wanted, forced=forced),
            ]
        self._note(self.rng.choice(commands)())

    def _policy(self) -> Policy:
        approvals = self.rng.choice([0, 0, 1])
        return Policy.model_validate({"promotion": {"approvals": approvals}})

    def _promote_with_files(self) -> None:
        version = self.rng.choice(self.table.versions)
        wanted = Wanted(self.actor, reason="at random")
        self.registry.kept = None
        registrar = Registrar(self.registry, self.table.model)
        self.told.real += 1
        self._note(registrar.promote(version, "staging", wanted, forced=True))

    def _note(self, outcome: Outcome) -> None:
        self.told.done += [entry.entry_id for entry in outcome.entries]
        if not outcome.entries:
            self.told.refused += 1
        if outcome.unprojected is not None:
            self.told.unprojected.append(str(outcome.unprojected))


def play(clients: Sequence[Client], seconds: float) -> Told:
    """Let the clients act at the same time, each in a thread; what they were told, together.

    They go on after `seconds` until one of them was told that an entry of its counts.
    """

    def enough() -> bool:
        return any(client.told.done for client in clients)

    threads = [threading.Thread(target=client.play, args=(seconds, enough)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Told()
    for client in clients:
        told.add(client.told)
    return told


@dataclass(frozen=True)
class Job:
    """What the program is to do. Only the first client of all downloads files."""

    table: Table
    seconds: float
    processes: int = 6
    threads: int = 4
    seed: int = 0


def run_job(job: Job, folder: Path) -> None:
    """Fork, play, and leave what each process was told in `folder`, a JSON file for each."""
    from podium.artifact import example, mlflow_model  # noqa: F401  # slow imports, done once
    from podium.artifact.scoring import opening  # noqa: F401

    start = time.monotonic() + 0.5
    children = [_fork(job, index, start, folder) for index in range(job.processes)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    if any(statuses):
        sys.exit(f"processes ended with {statuses}")


def _fork(job: Job, index: int, start: float, folder: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        told = _play_in_process(job, index, start)
        (folder / f"told-{index}.json").write_text(json.dumps(asdict(told)))
        code = 0
    except BaseException:  # noqa: BLE001  # this process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _play_in_process(job: Job, index: int, start: float) -> Told:
    clients = []
    for thread in range(job.threads):
        first = index == thread == 0
        table = replace(job.table, real=job.table.real and first)
        actor = f"client-{index}-{thread}"
        clients.append(Client(table, actor, seed=job.seed * 1000 + index * 100 + thread))
    time.sleep(max(0.0, start - time.monotonic()))
    return play(clients, job.seconds)


def told_in(folder: Path) -> Told:
    """What all processes of a job were told."""
    told = Told()
    for file in sorted(folder.glob("told-*.json")):
        told.add(Told(**json.loads(file.read_text())))
    return told


def check_told(registry: MlflowRegistry, model: str, told: Told) -> Counter[str]:
    """Assert that the ledger says of every entry what its client was told; gives counts."""
    from registry_tools.projection import differences

    ledger = Ledger(registry, model)
    there = registry.model(model)
    state = ledger.refresh(there.head)
    ids = [entry.entry_id for entry in ledger.entries]
    assert len(set(ids)) == len(ids)
    assert len(set(told.done)) == len(told.done)
    assert set(told.done) <= set(ids), "reported as done, and not in the chain"
    assert not set(told.conflict) & set(ids), "reported as conflict, and in the chain"
    assert set(ids) <= set(told.done) | set(told.unknown), "in the chain, and nobody was told"
    assert [entry.seq for entry in ledger.entries] == list(range(1, len(ids) + 1))
    assert differences(there, state) == ()
    return Counter(
        accepted=len(ids),
        done=len(told.done),
        conflicts=len(told.conflict),
        unknown=len(told.unknown),
        void=len(ledger.chain.void),
        refused=told.refused,
        real=told.real,
        unprojected=len(told.unprojected),
        errors=len(told.errors),
    )


def main() -> None:
    """The job is in the file job.json of the folder that is given."""
    folder = Path(sys.argv[1])
    given = json.loads((folder / "job.json").read_text())
    run_job(Job(**{**given, "table": Table(**given["table"])}), folder)


if __name__ == "__main__":
    main()
