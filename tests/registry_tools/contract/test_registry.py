"""What every implementation of the port keeps, on every backend."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from podium.artifact.scoring.manifest import MANIFEST
from podium.errors import DataError, NotFound, PodiumError
from registry_tools import registry as module
from registry_tools.chain import Chain, Record
from registry_tools.entry import FIRST_HASH, MOST_CHARACTERS, Draft, Entry, Place, make_entry
from registry_tools.errors import Forbidden, LedgerBroken
from registry_tools.ids import uuid7
from registry_tools.ledger import Ledger
from registry_tools.port import Registry
from registry_tools.projection import differences, project
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, Backends, as_client, as_user, grant
from tests.registry_tools.models import (
    artifact_digest,
    new_name,
    register_artifact,
    register_foreign,
    register_hollow,
)

ODD_NAMES = ("two words", "größe-模型", "100%25 %s", "back\\slash", "a.b-c_d+e&f=g#h?i", "%")
AT = "2026-01-02T03:04:05.678901+00:00"


@pytest.fixture
def registry(backend: Backend) -> Iterator[Registry]:
    with as_client(backend):
        yield MlflowRegistry()


@pytest.fixture
def name(backend: Backend) -> str:
    name = new_name()
    register_hollow(backend, name)
    return name


def entry_of(name: str, reason: str = "", parent: int = 0, version: int | None = 1) -> Entry:
    place = Place(name, str(uuid7()), "ada", AT, parent + 1, parent, FIRST_HASH)
    return make_entry(Draft("reject", version=version, reason=reason), place)


def entries_in(registry: Registry, name: str, count: int) -> list[Entry]:
    registry.create_ledger(name)
    entries = [entry_of(name, str(parent), parent) for parent in range(count)]
    for entry in entries:
        registry.append(entry, entry.reason or "")
    return entries


def _not_found(backend: Backend) -> type[PodiumError]:
    """A server with permissions says of a run, or of what is written to, only that it is denied."""
    return PodiumError if backend.name == "server_auth" else NotFound


def test_its_place_is_where_it_is(registry: Registry, backend: Backend) -> None:
    assert registry.place == backend.tracking_uri


def test_a_model_says_its_aliases_as_numbers(registry: Registry, backend: Backend) -> None:
    name = new_name()
    numbers = [register_hollow(backend, name) for _ in range(2)]
    assert (registry.model(name).aliases, registry.model(name).head) == ({}, None)
    registry.set_alias(name, "production", numbers[1])
    registry.set_alias(name, "staging", numbers[0])
    model = registry.model(name)
    assert model.name == name
    assert model.aliases == {"production": 2, "staging": 1}


def test_a_model_that_is_not_there_is_told_with_those_that_sound_like_it(
    registry: Registry, name: str
) -> None:
    with pytest.raises(NotFound, match=f"no registered model '{name}x' at .*{name}"):
        registry.model(f"{name}x")


def test_models_are_listed_without_their_ledgers(registry: Registry, name: str) -> None:
    registry.create_ledger(name)
    names = registry.models()
    assert name in names
    assert f"{name}.ledger" not in names
    assert list(names) == sorted(names)


def test_more_models_than_a_page_are_all_listed(one_backend: Backend) -> None:
    stem = new_name("many")
    with as_client(one_backend) as client:
        for number in range(105):
            client.create_registered_model(f"{stem}-{number:03}")
        names = MlflowRegistry().models()
    assert [n for n in names if n.startswith(stem)] == [f"{stem}-{n:03}" for n in range(105)]


def test_a_version_is_given_as_it_was_registered(registry: Registry, backend: Backend) -> None:
    name = new_name()
    number = register_artifact(backend, name, tags={"podium.author": "ada"}, description="A try")
    version = registry.version(name, number)
    assert (version.name, version.number, version.description) == (name, 1, "A try")
    assert version.digest == artifact_digest(backend)
    assert version.tags["podium.author"] == "ada"
    assert version.created.startswith("20")
    assert version.created.endswith("+00:00")
    assert version.run_id is not None
    assert version.source.startswith("models:/")


def test_a_version_that_is_not_there_is_told_with_those_that_are(
    registry: Registry, name: str
) -> None:
    with pytest.raises(NotFound, match=rf"{name} at .* has no version 2\. Known: 1\."):
        registry.version(name, 2)


def test_a_version_of_a_model_that_is_not_there_is_told_as_that(registry: Registry) -> None:
    with pytest.raises(NotFound, match="There is no registered model"):
        registry.version(new_name(), 1)


def test_versions_come_by_number_without_those_that_were_deleted(
    registry: Registry, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_name()
    for _ in range(7):
        register_hollow(backend, name)
    mlflow.MlflowClient().delete_model_version(name, "3")
    for page in (2, 3, 6, 2_000):
        monkeypatch.setattr(module, "_PAGE", page)
        assert [version.number for version in registry.versions(name)] == [1, 2, 4, 5, 6, 7]
    with pytest.raises(NotFound, match="has no version 3"):
        registry.version(name, 3)


def test_a_model_without_versions_has_none(registry: Registry) -> None:
    name = new_name()
    mlflow.MlflowClient().create_registered_model(name)
    assert registry.versions(name) == []
    assert registry.versions(new_name()) == []


def test_a_run_says_what_it_logged_and_who_started_it(registry: Registry) -> None:
    with mlflow.start_run() as run:
        mlflow.set_tag("mlflow.user", "ada")
        mlflow.log_param("depth", 3)
        mlflow.log_metric("auc", 0.75)
    found = registry.run(run.info.run_id)
    assert (found.run_id, found.user) == (run.info.run_id, "ada")
    assert found.params == {"depth": "3"}
    assert found.metrics == {"auc": 0.75}
    assert found.tags["mlflow.user"] == "ada"


def test_a_run_that_is_not_there_is_not_found(registry: Registry, backend: Backend) -> None:
    with pytest.raises(_not_found(backend)):
        registry.run("0" * 32)


def test_a_json_document_of_a_run_is_read_and_none_where_there_is_none(registry: Registry) -> None:
    with mlflow.start_run() as run:
        mlflow.log_text('{"gate": {"größe": 1}}', "project.json")
    assert registry.run_json(run.info.run_id, "project.json") == {"gate": {"größe": 1}}
    assert registry.run_json(run.info.run_id, "reports/other.json") is None


def test_a_run_that_is_not_there_has_no_documents_and_one_that_may_not_be_read_is_forbidden(
    registry: Registry, backend: Backend
) -> None:
    if backend.name == "server_auth":
        with pytest.raises(Forbidden, match=r"refused: .* Check the login and its permissions"):
            registry.run_text("0" * 32, "project.json")
    else:
        assert registry.run_text("0" * 32, "project.json") is None


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_document_of_a_run_that_is_damaged_is_named(
    registry: Registry, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "project.json").write_bytes(content)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "project.json"), "in")
    run_id = run.info.run_id
    with pytest.raises(DataError, match=rf"in/project\.json among .* run {run_id} at ") as caught:
        registry.run_json(run_id, "in/project.json")
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- 1", b"", b"a: 2020-99-99"])
def test_a_damaged_mlmodel_is_told_and_one_that_is_gone_not_found(
    registry: Registry, tmp_path: Path, content: bytes
) -> None:
    name = new_name()
    client = mlflow.MlflowClient()
    client.create_registered_model(name)
    (tmp_path / "MLmodel").write_bytes(content)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "MLmodel"), "damaged")
        mlflow.log_text("", "gone/other")
    for folder in ("damaged", "gone"):
        source = f"{run.info.artifact_uri}/{folder}"
        client.create_model_version(name, source, run.info.run_id)
    with pytest.raises(DataError, match=r"MLmodel file is damaged: .* Log the model again"):
        registry.mlmodel(name, 1)
    with pytest.raises(NotFound, match=r"Not found at .*MLmodel") as caught:
        registry.mlmodel(name, 2)
    assert caught.value.remedy
    assert not caught.value.what.endswith(":")
    with pytest.raises(NotFound), registry.files(name, 3):
        pass


def test_files_at_an_address_that_mlflow_knows_no_store_for_are_refused_at_once(
    registry: Registry, name: str
) -> None:
    for ask in (lambda: registry.mlmodel(name, 1), lambda: registry.files(name, 1).__enter__()):
        with pytest.raises(PodiumError, match="refused") as caught:
            ask()
        assert caught.value.exit_code == 1


def test_a_ledger_that_one_may_not_read_is_not_taken_for_a_deleted_one(backends: Backends) -> None:
    backend, name = backends.get("server_auth"), new_name()
    register_hollow(backend, name)
    with as_client(backend):
        registry = MlflowRegistry()
        entries_in(registry, name, 1)
        ledger = Ledger(registry, name)
        ledger.refresh()
        registry.note_head(name, ledger.chain.head.text())
    grant(backend, "eve", f"{name}.ledger", "DENY")
    with as_client(as_user(backend, "eve")):
        registry = MlflowRegistry()
        with pytest.raises(Forbidden, match="may not read the ledger of") as caught:
            Ledger(registry, name).refresh(registry.model(name).head)
    assert f"READ on the registered model {name}.ledger" in caught.value.remedy
    assert caught.value.exit_code == 1


def test_a_ledger_that_is_gone_may_be_asked_for_and_is_broken(
    registry: Registry, name: str
) -> None:
    registry.check_ledger(name)
    with pytest.raises(LedgerBroken, match="reached up to entry 2 once"):
        Ledger(registry, name).refresh("2:ab")


def test_files_are_those_that_were_registered_and_go_with_the_block(
    registry: Registry, backend: Backend
) -> None:
    name = new_name()
    number = register_artifact(backend, name)
    with registry.files(name, number) as folder:
        manifest = (folder / MANIFEST).read_bytes()
        assert hashlib.sha256(manifest).hexdigest() == artifact_digest(backend)
        assert (folder / "MLmodel").is_file()
    assert not folder.exists()


def test_the_mlmodel_of_a_version_is_read_alone(registry: Registry, backend: Backend) -> None:
    name = new_name()
    keys = registry.mlmodel(name, register_foreign(backend, name))
    assert "python_function" in keys["flavors"]
    assert "inputs" in keys["signature"]


def test_files_of_a_version_that_is_not_there_are_not_found(registry: Registry, name: str) -> None:
    with pytest.raises(NotFound), registry.files(name, 9):
        pass
    with pytest.raises(NotFound):
        registry.mlmodel(name, 9)


def test_a_model_without_a_ledger_has_no_records(registry: Registry, name: str) -> None:
    assert registry.records(name, 0) == []
    assert registry.records(new_name(), 0) == []


def test_records_are_what_was_appended_page_by_page(
    registry: Registry, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = entries_in(registry, name, 7)
    written = [Record(n + 1, entry.text(), str(n)) for n, entry in enumerate(entries)]
    for page in (1, 2, 6, 7, 8, 2_000):
        monkeypatch.setattr(module, "_PAGE", page)
        assert registry.records(name, 0) == written
        assert registry.records(name, 4) == written[4:]
        assert registry.records(name, 7) == []


def test_two_digit_numbers_come_after_one_digit_ones(registry: Registry, name: str) -> None:
    entries_in(registry, name, 12)
    assert [record.number for record in registry.records(name, 8)] == [9, 10, 11, 12]


def test_records_of_another_model_with_a_name_like_it_are_left_out(
    registry: Registry, backend: Backend, name: str
) -> None:
    for other in (name.upper(), f"{name}_", name[:-1] + "%"):
        register_hollow(backend, other)
        entries_in(registry, other, 1)
    assert registry.records(name, 0) == []
    assert [version.number for version in registry.versions(name)] == [1]


def test_an_entry_is_a_version_of_the_ledger_with_a_sentence_and_an_opaque_source(
    registry: Registry, name: str
) -> None:
    registry.create_ledger(name)
    registry.append(entry_of(name), "ada rejected version 1: größe '1' \"2\" \\ %s")
    found = mlflow.MlflowClient().get_model_version(f"{name}.ledger", "1")
    assert found.description == "ada rejected version 1: größe '1' \"2\" \\ %s"
    assert found.source == f"podium:/{name}/1"
    assert set(found.tags) == {"podium.entry", "podium.parent"}


def test_a_sentence_that_is_too_long_is_cut(registry: Registry, name: str) -> None:
    registry.create_ledger(name)
    registry.append(entry_of(name), "ä" * 20_000)
    assert len(registry.records(name, 0)) == 1


def test_an_entry_at_the_limit_comes_back_to_the_letter(registry: Registry, name: str) -> None:
    bare = len(entry_of(name).text())
    reason = "größe \\ ' \" % \n" * 3
    reason += "x" * (MOST_CHARACTERS - len(entry_of(name, reason).text()))
    entry = entry_of(name, reason)
    assert len(entry.text()) == MOST_CHARACTERS > bare
    registry.create_ledger(name)
    registry.append(entry, "long")
    [record] = registry.records(name, 0)
    assert record.entry == entry.text()
    assert [c.entry for c in Chain(name).extend([record])] == [entry]


def test_an_entry_that_is_too_long_is_refused_and_not_cut(registry: Registry, name: str) -> None:
    registry.create_ledger(name)
    with pytest.raises(PodiumError, match="refused"):
        registry.append(entry_of(name, "x" * 100_000), "too long")
    assert registry.records(name, 0) == []


def test_an_entry_without_a_ledger_is_not_found(
    registry: Registry, backend: Backend, name: str
) -> None:
    with pytest.raises(_not_found(backend)):
        registry.append(entry_of(name), "nowhere")


def test_an_entry_about_a_version_that_was_deleted_or_about_none_is_written(
    registry: Registry, name: str
) -> None:
    mlflow.MlflowClient().delete_model_version(name, "1")
    registry.create_ledger(name)
    registry.append(entry_of(name), "about a deleted one")
    place = Place(name, str(uuid7()), "ada", AT, 2, 1, FIRST_HASH)
    registry.append(make_entry(Draft("retrain"), place), "about none")
    assert len(registry.records(name, 0)) == 2


def test_a_ledger_is_made_once_and_says_whose_it_is(registry: Registry, name: str) -> None:
    registry.create_ledger(name)
    registry.create_ledger(name)
    assert mlflow.MlflowClient().get_registered_model(f"{name}.ledger").tags == {
        "podium.ledger": name
    }


def test_somebody_elses_model_with_the_name_of_the_ledger_is_not_taken(
    registry: Registry, name: str
) -> None:
    mlflow.MlflowClient().create_registered_model(f"{name}.ledger")
    with pytest.raises(LedgerBroken, match=r"is not Podium's ledger of .* Rename that model"):
        registry.create_ledger(name)


def test_a_record_that_is_deleted_leaves_a_gap_and_its_number_is_not_given_again(
    registry: Registry, name: str
) -> None:
    entries_in(registry, name, 4)
    client = mlflow.MlflowClient()
    for number in ("2", "4"):
        client.delete_model_version(f"{name}.ledger", number)
    assert [record.number for record in registry.records(name, 0)] == [1, 3]
    registry.append(entry_of(name, parent=3), "after")
    assert [record.number for record in registry.records(name, 0)] == [1, 3, 5]


def test_the_head_is_kept_beside_the_model(registry: Registry, name: str) -> None:
    for head in ("1:aa", "2:bb"):
        registry.note_head(name, head)
        assert registry.model(name).head == head
    with pytest.raises(NotFound):
        registry.note_head(new_name(), "1:aa")


def test_an_alias_is_set_moved_and_removed_twice(registry: Registry, backend: Backend) -> None:
    name = new_name()
    for number in (1, 2):
        register_hollow(backend, name)
        registry.set_alias(name, "production", number)
        assert registry.model(name).aliases == {"production": number}
    for _ in range(2):
        registry.delete_alias(name, "production")
        assert registry.model(name).aliases == {}


def test_an_alias_of_a_version_that_is_not_there_is_not_found(
    registry: Registry, name: str
) -> None:
    with pytest.raises(NotFound):
        registry.set_alias(name, "production", 9)
    with pytest.raises(NotFound):
        registry.set_alias(new_name(), "production", 1)
    with pytest.raises(NotFound):
        registry.delete_alias(new_name(), "production")


def test_an_alias_goes_with_the_version_that_is_deleted(registry: Registry, name: str) -> None:
    registry.set_alias(name, "production", 1)
    mlflow.MlflowClient().delete_model_version(name, "1")
    assert registry.model(name).aliases == {}


def test_a_tag_of_a_version_is_set_and_changed(registry: Registry, name: str) -> None:
    for value in ("one", "größe %s \\ '"):
        registry.set_tag(name, 1, "podium.note", value)
        assert registry.version(name, 1).tags["podium.note"] == value
    with pytest.raises(NotFound):
        registry.set_tag(name, 9, "podium.note", "x")


@pytest.mark.parametrize("odd", ODD_NAMES)
def test_a_model_of_an_odd_name_has_a_ledger_like_any_other(
    registry: Registry, backend: Backend, odd: str
) -> None:
    name = f"{new_name()} {odd}"
    register_hollow(backend, name)
    ledger = Ledger(registry, name)
    registry.create_ledger(name)
    for draft in (
        Draft("promote", version=1, stage="staging", reason=odd),
        Draft("promote", version=1, stage="production", reason=odd),
    ):
        ledger.append(ledger.entry(draft, f"ada {odd}"))
    registry.note_head(name, ledger.chain.head.text())
    project(registry, ledger)
    model = registry.model(name)
    assert model.aliases == {"production": 1}
    again = Ledger(registry, name)
    again.refresh(model.head)
    assert [entry.reason for entry in again.entries] == [odd, odd]
    assert differences(model, again.state) == ()
    assert registry.version(name, 1).name == name
    assert name in registry.models()
