"""`podium notify` as a person or a script meets it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from podium.notify import Outbox
from podium.notify.command import command
from tests.notify.made import notice, released, target
from tests.notify.receivers import receiver, wait_until


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PODIUM_NOTIFY_URL", "PODIUM_NOTIFY_SECRET", "PODIUM_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PODIUM_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PODIUM_NOTIFY_ALLOW", "http,private")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "notify"


def run(*arguments: str) -> click.testing.Result:
    return CliRunner().invoke(command, list(arguments))


def failed(folder: Path, url: str) -> Outbox:
    outbox = released(folder, "e9", urls=[url])
    (queued,) = outbox.waiting()
    gone = replace(queued.deliveries[0], state="failed", attempts=12, reason="HTTP 500")
    outbox.settle(replace(queued, deliveries=(gone,)))
    return outbox


def test_with_nothing_to_show_it_says_so() -> None:
    result = run()
    assert result.exit_code == 0
    assert "Told of entries: nobody." in result.stdout
    assert "Nothing is waiting, prepared or failed." in result.stdout


def test_it_shows_what_waits_is_prepared_and_failed(folder: Path) -> None:
    failed(folder, "https://a.example")
    outbox = released(folder, "e1", urls=["https://b.example"])
    outbox.prepare(notice("e2"), [target("https://b.example")], time.time())
    (outbox.folder / "due" / "x.json").write_text("{")
    result = run()
    for word in ("waiting", "prepared", "failed", "HTTP 500", "e1", "e2", "e9", "1 unreadable"):
        assert word in result.stdout
    document = json.loads(run("--json").stdout)
    assert [row["state"] for row in document["notices"]] == ["waiting", "prepared", "failed"]
    assert len(document["corrupt"]) == 1


def test_flush_delivers_what_waits_although_it_is_not_due(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver(500, 200) as there:
        monkeypatch.setenv("PODIUM_NOTIFY_URL", there.url)
        released(folder, "e1", urls=[there.url])
        first = run("--flush")
        assert first.exit_code == 1
        assert "will be tried again after 1 attempts" in first.stdout
        second = run("--flush", "--json")
        assert second.exit_code == 0
        assert json.loads(second.stdout)["attempts"][0]["state"] == "delivered"
    assert run("--flush").stdout.strip() == "Nothing was waiting."


def test_retry_puts_failed_ones_back_and_delivers_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("--retry").stdout.strip() == "Nothing has failed."
    with receiver() as there:
        monkeypatch.setenv("PODIUM_NOTIFY_URL", there.url)
        outbox = failed(folder, there.url)
        assert "1 put back; they are being delivered" in run("--retry").stdout
        wait_until(lambda: not outbox.waiting())
        assert outbox.failed() == []
    assert len(there.got) == 1


def test_test_tells_of_each_url_and_fails_when_one_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiver() as good, receiver(404) as bad:
        monkeypatch.setenv("PODIUM_NOTIFY_URL", good.url)
        assert run("--test").exit_code == 0
        monkeypatch.setenv("PODIUM_NOTIFY_URL", f"{good.url} {bad.url}")
        result = run("--test")
    assert result.exit_code == 1
    assert "delivered: test" in result.stdout
    assert "HTTP 404" in result.stdout
    assert json.loads(bad.got[0].body)["action"] == "test"
    assert not folder.exists()


def test_test_without_a_url_names_the_remedy() -> None:
    result = run("--test")
    assert result.exit_code == 4
    assert "PODIUM_NOTIFY_URL" in result.stderr


def test_options_that_exclude_each_other_are_refused() -> None:
    assert run("--test", "--flush").exit_code == 2


def test_help_teaches_the_settings_file() -> None:
    text = run("--help").stdout
    for word in ("settings.yaml", "secret_env:", "allow_private:", "PODIUM_NOTIFY_ALLOW"):
        assert word in text
    assert "\n    actions: [promote, rollback]" not in text
    assert "- url: https://hooks.slack.com" in text
