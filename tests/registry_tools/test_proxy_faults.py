"""Replies that are lost, late, repeated or wrong: no command says what is not so."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from podium.errors import Unreachable
from registry_tools import registry as module
from registry_tools import single_tries
from registry_tools.entry import Draft
from registry_tools.errors import LedgerConflict, OutcomeUnknown
from registry_tools.ledger import Ledger, Surroundings
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, Backends, as_client, behind
from tests.registry_tools.clients import Client, Table, Told, check_told, play
from tests.registry_tools.faulty_proxy import (
    DROP_REPLY,
    DROP_REQUEST,
    PASS,
    REPEAT,
    Fault,
    FaultyProxy,
    Rule,
    _Call,
    _Reply,
    always,
    answer,
    delay_reply,
    delay_request,
    on,
)
from tests.registry_tools.models import new_name, register_hollow

pytestmark = pytest.mark.slow

CREATE = "/model-versions/create"
SEARCH = "/model-versions/search"
SPOILT = delay_reply(0.001)
"""Upstream does the work, and the client is told that it failed; see `SpoilingProxy`."""


class SpoilingProxy(FaultyProxy):
    """Turns the reply to a request with the fault `SPOILT` into a 500."""

    def _ask(self, call: _Call) -> _Reply:
        reply = super()._ask(call)
        if call.fault is SPOILT:
            return _Reply(500, [("Content-Type", "text/plain")], b"it went wrong afterwards")
        return reply


@dataclass
class Between:
    """A server, and a proxy in front of it that clients of this process use."""

    server: Backend
    proxy: FaultyProxy

    def model(self) -> str:
        name = new_name("faulty")
        for _ in range(3):
            register_hollow(self.server, name)
        return name

    def check(self, name: str, told: Told) -> dict[str, int]:
        """Once everything that was late has come in."""
        self.proxy.rule = always(PASS)
        self.proxy.wait_until_idle(30)
        return dict(check_told(MlflowRegistry(), name, told))


@pytest.fixture
def between(backends: Backends, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    """Clients give up on a reply after a second, and pause little."""
    server = backends.get("server")
    monkeypatch.setitem(single_tries._SETTINGS, "MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setattr(module, "_PAUSES_SECONDS", (0.05, 0.1, 0.2))
    with SpoilingProxy(server.tracking_uri) as proxy, as_client(behind(server, proxy.url)):
        yield Between(server, proxy)


def sometimes(seed: int, path_end: str, fault: Fault, share: float = 0.4) -> Rule:
    """Every so manieth request whose path ends so, at random."""
    rng = random.Random(seed)

    def rule(_method: str, path: str, _: int) -> Fault:
        return fault if path.endswith(path_end) and rng.random() < share else PASS

    return rule


FAULTS = {
    "lost replies": lambda: DROP_REPLY,
    "lost requests": lambda: DROP_REQUEST,
    "repeated requests": lambda: REPEAT,
    "slow replies": lambda: delay_reply(0.3),
    "replies after the client gave up": lambda: delay_reply(1.6),
    "requests that come in after the client gave up": lambda: delay_request(1.6),
    "500 after the work was done": lambda: SPOILT,
    "500": lambda: answer(500),
    "503": lambda: answer(503),
    "429": lambda: answer(429, retry_after_seconds=1),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_of_several_clients_each_is_told_the_truth_about_its_appends(
    between: Between, kind: str
) -> None:
    name = between.model()
    clients = [
        Client(Table(name, (1, 2, 3)), f"client-{seed}", seed, think_seconds=0.1)
        for seed in range(4)
    ]
    between.proxy.rule = sometimes(5, CREATE, FAULTS[kind]())
    told = play(clients, 6)
    between.proxy.rule = always(PASS)
    assert told.errors == []
    counts = between.check(name, told)
    print(f"{kind}: {counts}")  # with -s
    assert counts["accepted"] > 0
    _check_that_unknown_is_said(told)
    hit = [seen for seen in between.proxy.requests if seen.fault != PASS]
    assert hit


def _check_that_unknown_is_said(told: Told) -> None:
    unknown = [message for message in told.messages if "Somebody else" not in message]
    assert len(unknown) == len(told.unknown)
    assert all("is not known" in message for message in unknown)


def test_whatever_happens_to_every_kind_of_request_nobody_is_told_a_lie(between: Between) -> None:
    name = between.model()
    clients = [
        Client(Table(name, (1, 2, 3)), f"client-{seed}", seed, think_seconds=0.1)
        for seed in range(4)
    ]
    rng = random.Random(11)
    faults = [DROP_REPLY, DROP_REQUEST, REPEAT, SPOILT, answer(500), answer(429)]

    def rule(_method: str, _path: str, _: int) -> Fault:
        return rng.choice(faults) if rng.random() < 0.3 else PASS

    between.proxy.rule = rule
    told = play(clients, 4)
    between.proxy.rule = always(PASS)
    between.proxy.wait_until_idle(30)
    assert all(error.startswith("Unreachable (5)") for error in told.errors), told.errors
    _check_that_unknown_is_said(told)
    ledger = Ledger(MlflowRegistry(), name)
    from registry_tools.projection import project

    project(ledger.registry, ledger)  # the next command does it
    assert check_told(MlflowRegistry(), name, told)["accepted"] > 0


@pytest.fixture
def ledger(between: Between) -> Ledger:
    name = between.model()
    registry = MlflowRegistry()
    registry.create_ledger(name)
    ledger = Ledger(registry, name, Surroundings(pause=lambda _: None))
    ledger.refresh()
    between.proxy.clear()
    return ledger


def reject(ledger: Ledger, version: int = 1):  # type: ignore[no-untyped-def]
    return ledger.entry(Draft("reject", version=version, reason="bad"), "ada")


def test_an_append_is_one_request(between: Between, ledger: Ledger) -> None:
    entry = reject(ledger)
    ledger.append(entry)
    assert len(between.proxy.asked("POST", CREATE)) == 1


@pytest.mark.parametrize("fault", [DROP_REQUEST, DROP_REPLY, answer(500), answer(429)])
def test_the_port_sends_an_append_once_whatever_comes_back(
    between: Between, ledger: Ledger, fault: Fault
) -> None:
    between.proxy.rule = always(fault, "POST", CREATE)
    with pytest.raises(Unreachable, match=between.proxy.url):
        ledger.registry.append(reject(ledger), "once")
    assert len(between.proxy.asked("POST", CREATE)) == 1


@pytest.mark.parametrize("fault", [DROP_REPLY, SPOILT, delay_reply(1.6)])
def test_an_entry_whose_reply_was_lost_counts_and_is_not_written_again(
    between: Between, ledger: Ledger, fault: Fault
) -> None:
    between.proxy.rule = on("POST", CREATE, fault)
    counted = ledger.append(reject(ledger))
    assert counted.number == 1
    assert len(between.proxy.asked("POST", CREATE)) == 1
    assert len(ledger.registry.records(ledger.model, 0)) == 1


@pytest.mark.parametrize("fault", [DROP_REQUEST, answer(500), answer(503), answer(429)])
def test_an_entry_whose_request_was_lost_is_written_again(
    between: Between, ledger: Ledger, fault: Fault
) -> None:
    between.proxy.rule = on("POST", CREATE, fault, fault)
    assert ledger.append(reject(ledger)).number == 1
    assert len(between.proxy.asked("POST", CREATE)) == 3


def test_an_entry_that_came_in_twice_counts_once(between: Between, ledger: Ledger) -> None:
    between.proxy.rule = on("POST", CREATE, REPEAT)
    assert ledger.append(reject(ledger)).number == 1
    assert ledger.chain.void == [2]
    between.proxy.rule = always(PASS)
    assert ledger.append(reject(ledger, 2)).number == 3


def test_an_entry_that_comes_in_late_beside_its_second_try_counts_once(
    between: Between, ledger: Ledger
) -> None:
    between.proxy.rule = on("POST", CREATE, delay_request(1.5))
    counted = ledger.append(reject(ledger))
    between.proxy.wait_until_idle()
    ledger.refresh()
    assert [c.entry for c in ledger.chain.counted] == [counted.entry]
    assert len(ledger.registry.records(ledger.model, 0)) == 2


def test_an_entry_that_comes_in_after_another_one_won_is_void(
    between: Between, ledger: Ledger
) -> None:
    entry = reject(ledger)
    between.proxy.rule = on("POST", CREATE, delay_request(1.5))
    with pytest.raises(Unreachable):
        ledger.registry.append(entry, "late")
    other = Ledger(ledger.registry, ledger.model)
    other.refresh()
    winner = other.append(reject(other, 2)).entry
    between.proxy.wait_until_idle()
    with pytest.raises(LedgerConflict, match="ada rejected version 2: bad"):
        ledger.append(entry)
    ledger.refresh()
    assert ledger.entries == [winner]


def test_the_outcome_is_unknown_where_it_cannot_be_read_and_the_message_says_so(
    between: Between, ledger: Ledger
) -> None:
    def away_after_the_append(_method: str, path: str, _: int) -> Fault:
        return DROP_REPLY if path.endswith(CREATE) else DROP_REQUEST

    between.proxy.rule = away_after_the_append
    entry = reject(ledger)
    with pytest.raises(OutcomeUnknown) as caught:
        ledger.append(entry)
    _check_unknown(caught.value, between, entry.entry_id)
    between.proxy.rule = always(PASS)
    ledger.refresh()
    assert ledger.chain.find(entry.entry_id) is not None


def test_the_outcome_is_unknown_where_nothing_came_in_after_all_tries(
    between: Between, ledger: Ledger
) -> None:
    between.proxy.rule = always(DROP_REQUEST, "POST", CREATE)
    entry = reject(ledger)
    with pytest.raises(OutcomeUnknown) as caught:
        ledger.append(entry)
    _check_unknown(caught.value, between, entry.entry_id)
    assert len(between.proxy.asked("POST", CREATE)) == 4
    between.proxy.rule = always(PASS)
    assert ledger.refresh().seq == 0


def _check_unknown(error: OutcomeUnknown, between: Between, entry_id: str) -> None:
    assert error.exit_code == 5
    for words in (between.proxy.url, "is not known", "podium history", entry_id):
        assert words in str(error)


def test_a_refusal_is_told_as_one_and_not_tried_again(between: Between, ledger: Ledger) -> None:
    between.proxy.rule = always(answer(403), "POST", CREATE)
    with pytest.raises(Exception, match="refused") as caught:
        ledger.append(reject(ledger))
    assert not isinstance(caught.value, Unreachable)
    assert len(between.proxy.asked("POST", CREATE)) == 1


def test_a_refusal_that_came_although_the_entry_was_written_is_not_believed(
    between: Between, ledger: Ledger
) -> None:
    """As a proxy that turns a server's slow answer into one of its own."""
    entry = reject(ledger)
    ledger.registry.append(entry, "written")
    between.proxy.rule = on("POST", CREATE, PASS, answer(404))
    assert ledger.append(entry).number == 1


def test_reads_that_fail_are_tried_again_and_then_given_up(
    between: Between, ledger: Ledger
) -> None:
    between.proxy.rule = on("GET", SEARCH, DROP_REPLY, answer(500), answer(429))
    assert ledger.refresh().seq == 0
    assert len(between.proxy.asked("GET", SEARCH)) == 4
    between.proxy.rule = always(DROP_REPLY, "GET", SEARCH)
    held = ledger.state
    with pytest.raises(Unreachable, match=between.proxy.url):
        ledger.refresh()
    assert len(between.proxy.asked("GET", SEARCH)) == 8
    assert ledger.state == held


def test_a_ledger_that_was_made_although_the_reply_was_lost_is_taken(between: Between) -> None:
    name = between.model()
    registry = MlflowRegistry()
    between.proxy.rule = on("POST", "/registered-models/create", DROP_REPLY)
    registry.create_ledger(name)
    assert registry.records(name, 0) == []


Setting = Callable[[MlflowRegistry, str], None]
SETTINGS: dict[str, tuple[str, str, Setting]] = {
    "set_alias": ("POST", "/alias", lambda r, n: r.set_alias(n, "production", 1)),
    "delete_alias": ("DELETE", "/alias", lambda r, n: r.delete_alias(n, "production")),
    "note_head": ("POST", "/set-tag", lambda r, n: r.note_head(n, "1:aa")),
    "set_tag": ("POST", "/set-tag", lambda r, n: r.set_tag(n, 1, "a", "b")),
}


@pytest.mark.parametrize("what", SETTINGS)
@pytest.mark.parametrize("fault", [DROP_REPLY, DROP_REQUEST, REPEAT, answer(500)])
def test_what_says_the_same_again_is_repeated(between: Between, what: str, fault: Fault) -> None:
    name = between.model()
    registry = MlflowRegistry()
    method, path_end, ask = SETTINGS[what]
    between.proxy.rule = on(method, path_end, fault)
    ask(registry, name)
    assert any(seen.fault == fault for seen in between.proxy.requests)
    model = registry.model(name)
    assert model.aliases == ({"production": 1} if what == "set_alias" else {})
    assert model.head == ("1:aa" if what == "note_head" else None)


def test_a_restart_whose_request_was_lost_is_written_again(
    between: Between, ledger: Ledger
) -> None:
    import mlflow

    for version in (1, 2, 3):
        ledger.append(reject(ledger, version))
    mlflow.MlflowClient().delete_model_version(f"{ledger.model}.ledger", "2")
    broken = Ledger(ledger.registry, ledger.model)
    broken.look()
    between.proxy.clear()
    between.proxy.rule = on("POST", CREATE, DROP_REQUEST)
    counted = broken.append(broken.entry(Draft("restart", reason="mended"), "ada"))
    assert counted.entry.seq == 2
    assert Ledger(ledger.registry, ledger.model).refresh().restarted is not None
