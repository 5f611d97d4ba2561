"""Messages about entries: one for each that counts, none for one that does not."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from podium.notify import Outbox, outbox_of, verify_signature
from podium.settings import Settings, Target
from registry_tools.entry import Draft, Entry
from registry_tools.errors import LedgerConflict
from registry_tools.ledger import Ledger
from registry_tools.notices import NoNotices, OutboxNotices, notices_for
from registry_tools.outcome import Wanted
from registry_tools.policy import Policy
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.notify.receivers import Receiver, receiver
from tests.registry_tools.backends import as_client, started

SECRET = "a shared secret"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[MlflowRegistry]:
    """A registry with one model, `m`."""
    with started("sqlite", tmp_path) as backend, as_client(backend) as client:
        client.create_registered_model("m")
        yield MlflowRegistry()


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver(200) as here:
        yield here


@pytest.fixture
def settings(tmp_path: Path, hook: Receiver) -> Settings:
    target = Target(hook.url, SECRET, allow_http=True, allow_private=True)
    return Settings((target,), tmp_path / "state")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """What the process that sends reads; it ends when its outbox is gone."""
    monkeypatch.setenv("PODIUM_NOTIFY_URL", settings.notify[0].url)
    monkeypatch.setenv("PODIUM_NOTIFY_SECRET", SECRET)
    monkeypatch.setenv("PODIUM_NOTIFY_ALLOW", "http,private")
    monkeypatch.setenv("PODIUM_STATE", str(settings.state_folder))
    yield
    shutil.rmtree(settings.state_folder, ignore_errors=True)


def arrived(hook: Receiver, count: int) -> list[dict[str, object]]:
    """The bodies of the first `count` messages; waits for them."""
    deadline = time.monotonic() + 30
    while len(hook.got) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return [json.loads(got.body) for got in hook.got]


def some_entry(registry: MlflowRegistry, reason: str) -> tuple[Ledger, Entry]:
    """A ledger that was read, and an entry that would go on top of it."""
    registry.create_ledger("m")
    ledger = Ledger(registry, "m")
    ledger.refresh()
    return ledger, ledger.entry(Draft("policy", reason=reason, policy={}), "ada")


def waiting(outbox: Outbox) -> list[str]:
    return [queued.notice.entry_id for queued in outbox.waiting()]


def test_an_entry_is_told_with_its_hash_and_a_signature(
    registry: MlflowRegistry, settings: Settings, hook: Receiver
) -> None:
    warnings: list[str] = []
    registrar = Registrar(registry, "m", notices=OutboxNotices(settings, warnings.append))
    (entry,) = registrar.set_policy(Policy(), Wanted("ada", "first")).entries
    (body,) = arrived(hook, 1)
    assert body["text"] == "m: ada set the policy: first"
    assert body["action"] == "policy"
    assert isinstance(body["data"], dict)
    assert body["data"]["hash"] == entry.hash
    got = hook.got[0]
    assert verify_signature(SECRET, got.headers, got.body, time.time())
    assert warnings == []


def test_an_entry_that_lost_is_told_to_nobody(
    registry: MlflowRegistry, settings: Settings, hook: Receiver
) -> None:
    notices = OutboxNotices(settings, pytest.fail)
    late = Registrar(registry, "m", notices=notices)
    Registrar(registry, "m").set_policy(Policy(), Wanted("bob", "faster"))
    with pytest.raises(LedgerConflict, match="bob set the policy: faster"):
        late.set_policy(Policy(), Wanted("ada", "slower"))
    assert outbox_of(settings).prepared("m") == []
    assert waiting(outbox_of(settings)) == []
    assert hook.got == []


def test_a_crash_after_the_entry_was_written_loses_no_message(
    registry: MlflowRegistry, settings: Settings, hook: Receiver
) -> None:
    ledger, entry = some_entry(registry, "then the power went")
    OutboxNotices(settings, pytest.fail).prepare(entry, registry.place)
    ledger.append(entry)
    Registrar(registry, "m", notices=OutboxNotices(settings, pytest.fail))
    (body,) = arrived(hook, 1)
    assert body["text"] == "m: ada set the policy: then the power went"


def test_a_crash_before_the_entry_was_written_sends_nothing(
    registry: MlflowRegistry, settings: Settings, hook: Receiver
) -> None:
    _, entry = some_entry(registry, "never written")
    notices = OutboxNotices(settings, pytest.fail)
    notices.prepare(entry, registry.place)
    Registrar(registry, "m", notices=notices)
    prepared = outbox_of(settings).prepared("m")
    assert [notice.entry_id for notice in prepared] == [entry.entry_id], "it may still come in"
    Registrar(registry, "m").set_policy(Policy(), Wanted("bob", "something else"))
    Registrar(registry, "m", notices=notices)
    assert outbox_of(settings).prepared("m") == []
    assert hook.got == []


def test_a_message_of_a_writer_who_is_ahead_of_what_was_read_is_left_alone(
    registry: MlflowRegistry, settings: Settings, hook: Receiver
) -> None:
    notices = OutboxNotices(settings, pytest.fail)
    behind, _ = some_entry(registry, "unused")
    Registrar(registry, "m").set_policy(Policy(), Wanted("bob", "first"))
    ahead, entry = some_entry(registry, "second")
    notices.prepare(entry, registry.place)
    notices.settle(behind)
    ahead.append(entry)
    notices.release(entry)
    assert [body["text"] for body in arrived(hook, 1)] == ["m: ada set the policy: second"]


def test_a_model_of_the_same_name_in_another_registry_decides_nothing(
    registry: MlflowRegistry, settings: Settings
) -> None:
    _, entry = some_entry(registry, "in production")
    notices = OutboxNotices(settings, pytest.fail)
    notices.prepare(entry, "postgresql://elsewhere/mlflow")
    Registrar(registry, "m").set_policy(Policy(), Wanted("bob", "here"))
    Registrar(registry, "m", notices=notices)
    prepared = outbox_of(settings).prepared("m")
    assert [notice.data["registry"] for notice in prepared] == ["postgresql://elsewhere/mlflow"]


def test_a_message_left_by_a_crash_long_ago_is_dropped(
    registry: MlflowRegistry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, entry = some_entry(registry, "never written")
    notices = OutboxNotices(settings, pytest.fail)
    notices.prepare(entry, registry.place)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    notices.settle(ledger)
    assert outbox_of(settings).prepared("m") == []


def test_a_receiver_that_is_away_holds_up_no_entry(
    registry: MlflowRegistry, settings: Settings
) -> None:
    gone = replace(settings, notify=(replace(settings.notify[0], url="http://127.0.0.1:9/hook"),))
    registrar = Registrar(registry, "m", notices=OutboxNotices(gone, pytest.fail))
    (entry,) = registrar.set_policy(Policy(), Wanted("ada")).entries
    assert registrar.ledger.chain.find(entry.entry_id) is not None
    assert waiting(outbox_of(gone)) == [entry.entry_id]


def test_an_outbox_that_cannot_be_written_is_a_warning(
    registry: MlflowRegistry, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    warnings: list[str] = []
    registrar = Registrar(registry, "m", notices=OutboxNotices(settings, warnings.append))
    assert registrar.set_policy(Policy(), Wanted("ada")).entries
    assert warnings


def test_wrong_settings_are_a_warning_and_nobody_is_told(tmp_path: Path) -> None:
    warnings: list[str] = []
    environ = {"PODIUM_NOTIFY_URL": "ftp://example.com", "PODIUM_STATE": str(tmp_path)}
    assert isinstance(notices_for(environ, tmp_path, warnings.append), NoNotices)
    assert "ftp" in warnings[0]


def test_without_settings_nobody_is_told(tmp_path: Path) -> None:
    assert isinstance(notices_for({}, tmp_path, pytest.fail), NoNotices)
