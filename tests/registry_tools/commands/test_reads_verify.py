"""`podium verify`: damage is found by name, what hangs on the ledger is repaired."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import mlflow
import pytest

from podium.artifact.scoring import Scorer
from registry_tools.registry import MlflowRegistry
from tests.artifact.samples import boosted
from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting, log_linear
from tests.registry_tools.commands.reads import champion_and_challenger
from tests.registry_tools.models import new_name, register_artifact, register_foreign


@pytest.fixture
def flights(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    """Version 1 in production, version 2 in staging: five entries."""
    with acting(one_backend, tmp_path) as made:
        champion_and_challenger(made)
        yield made


def client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()


def found(flights: Acting, *arguments: object, code: int) -> dict[str, Any]:
    """The findings by kind, each with its numbers; the last of a kind counts."""
    document = flights.document("verify", "--no-files", *arguments, code=code)
    assert document["ok"] is (code == 0)
    return {finding["kind"]: finding for finding in document["findings"]}


def test_all_is_well(flights: Acting) -> None:
    said = flights.run("verify")
    assert "All is well. Checked: every entry, aliases, digests of 2 versions" in said.stdout
    assert "files of version 1, version 2." in said.stdout
    assert flights.document("verify")["findings"] == []
    assert flights.document("verify")["files_checked"] == [1, 2]


def test_verifying_changes_nothing(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "3")
    before = flights.sight()
    flights.run("verify", "--no-files", code=7)
    flights.run("verify", "--no-files", "--repair", code=7)
    assert flights.sight() == before


def test_a_deleted_entry_is_a_gap(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "3")
    assert found(flights, code=7)["gap"]["numbers"] == [3]
    said = flights.run("verify", code=7).stdout
    assert "BROKEN  gap: somebody deleted record 3" in said
    assert said.rstrip().endswith(f'podium verify {flights.name} --restart --reason "…"')


def test_a_deleted_tail_is_noticed(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "5")
    client().delete_model_version(f"{flights.name}.ledger", "4")
    tail = found(flights, code=7)["deleted tail"]
    assert tail["numbers"] == [4]
    assert "up to entry 5 once" in tail["what"]


def test_a_changed_entry_is_named(flights: Acting) -> None:
    ledger = f"{flights.name}.ledger"
    text = client().get_model_version(ledger, "3").tags["podium.entry"]
    edited = text.replace('"actor":"ada"', '"actor":"eve"')
    assert edited != text
    client().set_model_version_tag(ledger, "3", "podium.entry", edited)
    assert found(flights, code=7)["changed entry"]["numbers"] == [3]


def test_a_model_of_somebody_else_is_named(one_backend: Backend, tmp_path: Path) -> None:
    with acting(one_backend, tmp_path) as trains:
        register_foreign(one_backend, f"{trains.name}.ledger")
        assert found(trains, code=7)["somebody else's model"]["numbers"] == [1]
        assert (
            "not Podium's ledger"
            in trains.run("verify", "--restart", "--reason", "mine", code=7).stderr
        )


def test_a_model_and_its_ledger_that_were_renamed_are_named(flights: Acting) -> None:
    old, new = flights.name, new_name("renamed")
    client().rename_registered_model(old, new)
    gone = flights.run("verify", "--no-files", code=7)
    assert f"It is called {new!r} now" in gone.stderr
    client().rename_registered_model(f"{old}.ledger", f"{new}.ledger")
    renamed = Acting(flights.backend, new, flights.report, flights.patch)
    what = found(renamed, code=7)["renamed model"]["what"]
    assert f"rename {new}.ledger back to {old}.ledger" in what
    client().rename_registered_model(new, old)
    client().rename_registered_model(f"{new}.ledger", f"{old}.ledger")
    flights.run("verify", "--no-files")


def test_a_ledger_that_was_renamed_is_found_again(flights: Acting) -> None:
    away = new_name("away")
    client().rename_registered_model(f"{flights.name}.ledger", away)
    finding = found(flights, code=7)["renamed model"]
    assert repr(away) in finding["what"]
    assert f"{flights.name}.ledger" in finding["remedy"]


def test_a_model_that_was_renamed_alone_says_what_it_was_called(flights: Acting) -> None:
    new = new_name("renamed")
    client().rename_registered_model(flights.name, new)
    renamed = Acting(flights.backend, new, flights.report, flights.patch)
    finding = found(renamed, code=7)["renamed model"]
    assert f"Rename {new!r} back to {flights.name!r}" in finding["remedy"]


def test_aliases_and_digests_are_set_back(flights: Acting) -> None:
    client().set_registered_model_alias(flights.name, "production", "2")
    client().delete_registered_model_alias(flights.name, "staging")
    client().set_model_version_tag(flights.name, "1", "podium.digest", "f" * 64)
    wrong = found(flights, code=1)
    assert wrong["digest tag"]["numbers"] == [1]
    assert "alias" in wrong
    assert flights.run("verify", "--no-files", code=1).stdout.rstrip().endswith("--repair")
    done = flights.document("verify", "--repair")
    assert done["ok"] is True
    assert len(done["repaired"]) == 3
    assert flights.aliases() == {"production": 1, "staging": 2}
    assert "nothing to set back" in flights.run("verify", "--repair", "--no-files").stdout


def test_a_head_that_nobody_noted_is_noted_by_a_repair(flights: Acting) -> None:
    client().delete_registered_model_tag(flights.name, "podium.ledger.head")
    assert found(flights, code=0)["noted head"]["weight"] == "note"
    flights.run("verify", "--no-files", "--repair")
    assert found(flights, code=0) == {}


def test_a_holder_that_was_deleted_is_found_and_is_not_repaired(flights: Acting) -> None:
    client().delete_model_version(flights.name, "2")
    assert found(flights, code=1)["deleted version"]["numbers"] == [2]
    assert found(flights, "--repair", code=1)["deleted version"]["numbers"] == [2]
    said = flights.run("verify", "--no-files", code=1).stdout
    assert said.rstrip().endswith(f"podium retire {flights.name} 2 --reason deleted")
    flights.run("retire", 2, "--reason", "deleted")
    assert found(flights, code=0) == {}


@cache
def _own_scorer() -> Scorer:
    """One whose files are no other test's."""
    return replace(boosted())


def in_production(flights: Acting, number: int) -> None:
    flights.run("promote", number, "--to", "production", "--force", "--reason", "for the test")


def folder_of(flights: Acting, number: int) -> Path:
    """Where the files of a version lie."""
    place = client().get_model_version_download_uri(flights.name, str(number))
    return Path(place.removeprefix("file://"))


def test_changed_files_of_a_holder_are_found(flights: Acting) -> None:
    number = register_artifact(flights.backend, flights.name, scorer=_own_scorer())
    in_production(flights, number)
    flights.run("verify")
    file = folder_of(flights, number) / "requirements.txt"
    file.write_text(file.read_text() + "eve\n")
    document = flights.document("verify", code=1)
    (finding,) = document["findings"]
    assert (finding["kind"], finding["numbers"]) == ("changed files", [number])
    assert "requirements.txt is not the file that was logged" in finding["what"]
    assert found(flights, code=0) == {}


def test_changed_files_of_a_foreign_holder_are_named(flights: Acting) -> None:
    number, folder = log_linear(flights.backend, flights.name, 2.0)
    in_production(flights, number)
    flights.run("verify")
    (folder / "requirements.txt").write_text("eve\n")
    (finding,) = flights.document("verify", code=1)["findings"]
    assert "requirements.txt differ" in finding["what"]


def test_files_that_are_gone_are_found(flights: Acting) -> None:
    number, folder = log_linear(flights.backend, flights.name, 2.0)
    in_production(flights, number)
    folder.rename(folder.with_name("elsewhere"))
    (finding,) = flights.document("verify", code=1)["findings"]
    assert finding["numbers"] == [number]
    assert finding["kind"] in ("unreadable files", "changed files")


def restart(flights: Acting) -> dict[str, Any]:
    """Restart a broken ledger; it is whole afterwards, for a reader who begins from nothing."""
    flights.run("verify", "--no-files", code=7)
    document: dict[str, Any] = flights.document(
        "verify", "--restart", "--reason", "damage", by="bob"
    )
    assert document["restart"]["by"] == "bob"
    assert document["ledger"] == "ok"
    noted = MlflowRegistry().model(flights.name).head or ""
    assert noted.startswith(f"{document['restart']['number']}:")
    return document


def edit(flights: Acting, number: int) -> None:
    ledger = f"{flights.name}.ledger"
    entry = json.loads(client().get_model_version(ledger, str(number)).tags["podium.entry"])
    text = json.dumps({**entry, "reason": "edited"})
    client().set_model_version_tag(ledger, str(number), "podium.entry", text)


def goes_on(flights: Acting) -> None:
    """After a restart: repair, and promote once more."""
    flights.run("verify", "--repair", "--no-files")
    number = flights.version()
    in_production(flights, number)
    assert flights.aliases()["production"] == number
    assert "broken" not in {f["weight"] for f in flights.document("verify")["findings"]}


def test_a_restart_goes_on_after_an_entry_was_deleted_in_the_middle(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "4")
    done = restart(flights)
    assert done["restart"]["seq"] == 4
    said = {finding["kind"]: finding["weight"] for finding in done["findings"]}
    assert said == {"alias": "wrong", "gap": "note", "lost entries": "note"}
    goes_on(flights)


def test_a_restart_goes_on_after_the_tail_was_deleted(flights: Acting) -> None:
    for number in ("5", "4"):
        client().delete_model_version(f"{flights.name}.ledger", number)
    assert restart(flights)["restart"]["number"] == 6
    goes_on(flights)


def test_a_restart_goes_on_after_the_first_entry_was_deleted(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "1")
    done = restart(flights)
    assert done["restart"]["seq"] == 1
    assert "aliases from before Podium" in {finding["kind"] for finding in done["findings"]}
    assert (
        flights.run("verify", "--no-files").stdout.rstrip().endswith(f"podium adopt {flights.name}")
    )
    flights.run("adopt")
    goes_on(flights)


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_restart_goes_on_after_an_entry_was_edited(flights: Acting, number: int) -> None:
    edit(flights, number)
    assert restart(flights)["restart"]["seq"] == number
    if number == 1:
        flights.run("adopt")
    goes_on(flights)


def test_a_restart_goes_on_after_the_whole_ledger_was_deleted(flights: Acting) -> None:
    client().delete_registered_model(f"{flights.name}.ledger")
    assert "deleted tail" in found(flights, code=7)
    done = restart(flights)
    assert done["restart"]["number"] == 1
    flights.run("adopt")
    goes_on(flights)


@pytest.mark.parametrize("again", [2, 6, 7])
def test_a_second_restart_goes_on_after_new_damage(flights: Acting, again: int) -> None:
    """Before the first restart, the restart itself, and behind it."""
    client().delete_model_version(f"{flights.name}.ledger", "4")
    restart(flights)
    flights.run("verify", "--repair", "--no-files")
    flights.run("policy", "--file", _policy(flights), "--reason", "more")
    client().delete_model_version(f"{flights.name}.ledger", str(again))
    restart(flights)
    assert flights.document("history")["ledger"] == "ok"


def _policy(flights: Acting) -> Path:
    file = flights.report.with_name("policy.yaml")
    file.write_text("gate:\n  margin: 0.01\n")
    return file


def test_a_restart_says_what_stands_now_and_what_may_be_done(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "3")
    said = flights.run("verify", "--restart", "--reason", "deleted by hand").stdout
    assert "anew: entry 3, on top of entry 2." in said
    assert "It says now: production nothing, staging version 1." in said
    assert f"podium verify {flights.name} --repair sets it to what the ledger says" in said
    assert f"podium adopt {flights.name} --reason … takes it over" in said
    assert "was begun anew" in flights.run("status").stdout


def test_aliases_may_be_taken_over_after_a_restart(flights: Acting) -> None:
    client().delete_model_version(f"{flights.name}.ledger", "3")
    restart(flights)
    flights.run("adopt", "--reason", "as it was before the damage")
    assert flights.state().champion == 1
    assert flights.aliases() == {"production": 1, "staging": 2}


def test_a_whole_ledger_is_not_begun_anew(flights: Acting) -> None:
    said = flights.run("verify", "--restart", "--reason", "to be sure", code=1)
    assert "there is nothing to restart" in said.stderr


def test_a_newer_schema_is_not_thrown_away(flights: Acting) -> None:
    ledger = f"{flights.name}.ledger"
    entry = json.loads(client().get_model_version(ledger, "5").tags["podium.entry"])
    text = json.dumps({**entry, "schema": 2})
    client().set_model_version_tag(ledger, "5", "podium.entry", text)
    assert "newer schema" in found(flights, code=7)
    said = flights.run("verify", "--restart", "--reason", "why not", code=1)
    assert "Update Podium" in said.stderr


@pytest.mark.parametrize(
    "options",
    [("--restart",), ("--restart", "--reason", " "), ("--reason", "x"), ("--repair", "--restart")],
)
def test_options_that_make_no_sense_together_are_refused(
    flights: Acting, options: tuple[str, ...]
) -> None:
    flights.run("verify", *options, code=2)


def test_a_model_without_a_ledger_is_well(one_backend: Backend, tmp_path: Path) -> None:
    with acting(one_backend, tmp_path) as trains:
        assert "no ledger" in found(trains, code=0)
        trains.run("verify", "--repair")
        client().set_registered_model_alias(trains.name, "production", "1")
        assert "aliases from before Podium" in found(trains, code=0)
        assert trains.run("verify").stdout.rstrip().endswith(f"podium adopt {trains.name}")
