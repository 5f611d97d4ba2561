"""`podium history`: every entry, and who was champion when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registry_tools.entry import Evidence
from registry_tools.ledger import Surroundings
from registry_tools.outcome import Wanted
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from registry_tools.state import Traffic
from tests.registry_tools.backends import Backend, as_client
from tests.registry_tools.commands.acting import Acting, acting
from tests.registry_tools.commands.reads import champion_and_challenger

START = datetime.fromisoformat("2026-01-10T12:00:00+00:00")
PASS = Evidence(verdict="pass", report_sha256="0" * 64)


@pytest.fixture
def flights(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


def on_day(flights: Acting, day: int) -> Registrar:
    """A registrar whose clock stands still on some day after the start."""
    now = START + timedelta(days=day)
    around = Surroundings(now=lambda: now)
    return Registrar(MlflowRegistry(), flights.name, surroundings=around)


@pytest.fixture(scope="module")
def story(one_backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Version 1 is champion on day 0, version 2 is staged on day 2, and rolled back on day 4."""
    with acting(one_backend, tmp_path_factory.mktemp("story")) as flights:
        _write(flights)
        return flights.name


@pytest.fixture
def written(flights: Acting, story: str) -> Acting:
    """Commands on that model, for tests that only read."""
    return replace(flights, name=story)


def _write(flights: Acting) -> None:
    on_day(flights, 0).promote(1, "production", Wanted("ada", "the first"), forced=True)
    on_day(flights, 2).promote(2, "staging", Wanted("bob"), verdict=PASS)
    on_day(flights, 2).share_traffic(Traffic("canary", share=0.1), Wanted("bob"))
    on_day(flights, 3).promote(2, "production", Wanted("bob"))
    on_day(flights, 4).rollback(None, Wanted("cy", "it is slow"))


def test_every_entry_is_listed_with_the_newest_last(written: Acting) -> None:
    lines = written.run("history").stdout.splitlines()
    entries = [line for line in lines if "2026-01-1" in line]
    assert [line.split()[0] for line in entries] == ["1", "2", "3", "4", "5", "6"]
    assert "ada  promoted version 1 to production [FORCED]" in entries[0]
    assert entries[0].endswith("the first")
    assert "cy   rolled back from version 2 to version 1" in entries[-1]
    assert entries[-1].endswith("it is slow")
    assert lines[-1] == f"  podium status {written.name}"


def test_the_document_holds_what_the_entries_say(written: Acting) -> None:
    document = written.document("history")
    assert document["entries_total"] == 6
    last = document["entries"][-1]
    assert (last["action"], last["version"], last["replaced"]) == ("rollback", 1, 2)
    assert last["what"] == "rolled back from version 2 to version 1"
    assert document["then"] is None


def test_a_limit_keeps_the_last_ones(written: Acting) -> None:
    document = written.document("history", "--limit", 2)
    assert [entry["seq"] for entry in document["entries"]] == [5, 6]
    assert "4 earlier entries are not shown" in written.run("history", "--limit", 2).stdout
    assert written.run("history", "--limit", 0, code=2)


@pytest.mark.parametrize(
    ("at", "champion", "staged", "mode"),
    [
        ("2026-01-10T12:00", 1, None, "off"),
        ("2026-01-12", 1, None, "off"),
        ("2026-01-12T14:00+02:00", 1, 2, "canary"),
        ("2026-01-13T11:59:59", 1, 2, "canary"),
        ("2026-01-13T12:00:00Z", 2, None, "off"),
        ("2026-01-14", 2, None, "off"),
        ("2026-01-15", 1, None, "off"),
        ("0s", 1, None, "off"),
    ],
)
def test_who_was_champion_at_some_time(
    written: Acting, at: str, champion: int, staged: int | None, mode: str
) -> None:
    then = written.document("history", "--at", at)["then"]
    assert then["production"]["version"] == champion
    assert (then["staging"] or {"version": None})["version"] == staged
    assert then["traffic"]["mode"] == mode


def test_the_state_at_some_time_is_said_in_words(written: Acting) -> None:
    said = written.run("history", "--at", "2026-01-12T12:00").stdout
    assert "At 2026-01-12 12:00:59 UTC:" in said
    assert "Production  version 1, since 2026-01-10 12:00:00 UTC, by ada [FORCED" in said
    assert "Staging     version 2, since 2026-01-12 12:00:00 UTC, by bob (entry 3)" in said
    assert "Traffic     canary: version 2 beside version 1, share 0.1" in said
    assert "rolled back" not in said


def test_a_limit_does_not_change_who_was_champion_then(written: Acting) -> None:
    document = written.document("history", "--at", "2026-01-12T12:00", "--limit", 1)
    assert document["then"]["production"]["version"] == 1
    assert len(document["entries"]) == 1


def test_before_the_first_entry_nobody_was_champion(written: Acting) -> None:
    said = written.run("history", "--at", "2026-01-10T11:59:59").stdout
    assert "had no entry: it begins 2026-01-10 12:00:00 UTC" in said
    document = written.document("history", "--at", "2026-01-10T11:59:59")
    assert document["entries"] == []
    assert document["then"]["production"] is None


def test_a_time_to_come_is_refused(written: Acting) -> None:
    assert "still to come" in written.run("history", "--at", "9999-01-01", code=2).stderr
    assert "is no time" in written.run("history", "--at", "soon", code=2).stderr


def test_without_a_ledger_that_is_said(flights: Acting) -> None:
    assert "No ledger yet" in flights.run("history").stdout
    assert "No ledger yet" in flights.run("history", "--at", "1d").stdout


def test_a_broken_ledger_shows_what_was_read_before_the_break(flights: Acting) -> None:
    champion_and_challenger(flights)
    with as_client(flights.backend) as client:
        client.delete_model_version(f"{flights.name}.ledger", "5")
    said = flights.run("history", code=7).stdout
    assert "evaluated version 2" in said
    assert "promoted version 2" not in said
    assert "THE LEDGER IS BROKEN at entry 5" in said
    document = flights.document("history", "--at", "0s", code=7)
    assert document["then"]["production"]["version"] == 1
    assert document["ledger"] == "broken"
