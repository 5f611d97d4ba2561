"""Whatever is done to a ledger behind Podium's back is found, named, and never believed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import mlflow
import pytest

from podium.artifact.scoring.manifest import MANIFEST
from registry_tools.entry import Draft, Entry, hash_of
from registry_tools.errors import LedgerBroken, LedgerConflict, Refused
from registry_tools.ledger import Ledger
from registry_tools.outcome import Outcome, Wanted
from registry_tools.port import Registry
from registry_tools.projection import project
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, as_client
from tests.registry_tools.models import new_name, register_artifact, register_hollow

DIGEST = "d" * 64


@dataclass
class Kept:
    """A ledger of five entries with version 2 in production, and a follower that has read them."""

    backend: Backend
    name: str
    registry: Registry
    follower: Ledger
    client: mlflow.MlflowClient = field(default_factory=mlflow.MlflowClient)

    @property
    def ledger_name(self) -> str:
        return f"{self.name}.ledger"

    def text(self, number: int) -> str:
        return self.client.get_model_version(self.ledger_name, str(number)).tags["podium.entry"]

    def set_entry(self, number: int, text: str) -> None:
        self.set_tag(number, "podium.entry", text)

    def set_tag(self, number: int, key: str, value: str) -> None:
        self.client.set_model_version_tag(self.ledger_name, str(number), key, value)

    def delete(self, *numbers: int) -> None:
        for number in numbers:
            self.client.delete_model_version(self.ledger_name, str(number))

    def open(self) -> Registrar:
        return Registrar(MlflowRegistry(), self.name)

    def check_broken(self, *said: str) -> None:
        """A command refuses and says so, and a follower keeps what it holds."""
        with pytest.raises(LedgerBroken) as caught:
            self.open()
        for words in (*said, self.name, "podium verify", "Nothing was changed"):
            assert words in str(caught.value)
        self.check_follower_keeps()

    def check_follower_keeps(self) -> None:
        held = self.follower.state
        with pytest.raises(LedgerBroken):
            self.follower.read_again(self.registry.model(self.name).head)
        assert self.follower.state == held
        assert held.seq == 5
        assert held.champion == 2

    def check_follower_notices(self, said: str) -> None:
        """Without reading everything again, as it does every second."""
        held = self.follower.state
        for _ in range(3):
            with pytest.raises(LedgerBroken, match=said):
                self.follower.refresh()
            assert self.follower.state == held

    def restart(self) -> Ledger:
        """Begin anew, as `podium verify --restart` does."""
        ledger = Ledger(self.registry, self.name)
        ledger.look(self.registry.model(self.name).head)
        self.registry.create_ledger(self.name)
        enter(ledger, Draft("restart", reason="it was tampered with"))
        return ledger

    def check_goes_on(self, *, champion: int | None) -> None:
        """After a restart: who opens it, who promotes, and the follower say the same."""
        restarted = self.open()
        assert restarted.state.champion == champion
        assert restarted.state.restarted is not None
        self.enter_version(1)
        opened = self.open()
        assert opened.state.champion == 1
        assert opened.differences() == ()
        assert self.follower.refresh(opened.model.head) == opened.state
        assert self.follower.state.restarted is not None

    def enter_version(self, version: int) -> None:
        ledger = Ledger(self.registry, self.name)
        ledger.refresh(self.registry.model(self.name).head)
        enter(ledger, promote(version))


def promote(version: int, reason: str = "") -> Draft:
    return Draft("promote", version, "production", reason=reason, model_digest=DIGEST)


def enter(ledger: Ledger, draft: Draft) -> Entry:
    """Append, note the head, and set the aliases."""
    counted = ledger.append(ledger.entry(draft, "ada"))
    ledger.registry.note_head(ledger.model, ledger.chain.head.text())
    project(ledger.registry, ledger)
    return counted.entry


@pytest.fixture
def kept(one_backend: Backend) -> Iterator[Kept]:
    name = new_name("tampered")
    for _ in range(3):
        register_hollow(one_backend, name, tags={"podium.digest": DIGEST})
    with as_client(one_backend):
        registry = MlflowRegistry()
        registry.create_ledger(name)
        ledger = Ledger(registry, name)
        for version in (1, 2, 3, 1):
            ledger.append(ledger.entry(promote(version), "ada"))
        enter(ledger, promote(2))
        follower = Ledger(MlflowRegistry(), name)
        follower.refresh(registry.model(name).head)
        yield Kept(one_backend, name, registry, follower)


def rewritten(text: str, **changes: object) -> str:
    """The entry with other content, and a hash that fits."""
    document = {**json.loads(text), **changes}
    document["hash"] = hash_of(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def test_nothing_is_found_where_nothing_was_done(kept: Kept) -> None:
    assert kept.open().differences() == ()
    assert kept.follower.read_again(kept.registry.model(kept.name).head).champion == 2


def test_an_alias_that_was_moved_by_hand_is_named_and_not_believed(kept: Kept) -> None:
    kept.client.set_registered_model_alias(kept.name, "production", "3")
    opened = kept.open()
    [difference] = opened.differences()
    assert str(difference) == (
        "the alias @production points at version 3; the ledger says version 2"
    )
    assert opened.state.champion == 2
    outcome = opened.reject(3, Wanted("ada", reason="not that one"))
    assert outcome.mended == (difference,)
    assert kept.open().differences() == ()
    assert kept.registry.model(kept.name).aliases == {"production": 2}


def test_an_alias_that_was_removed_or_added_by_hand_is_named(kept: Kept) -> None:
    kept.client.delete_registered_model_alias(kept.name, "production")
    kept.client.set_registered_model_alias(kept.name, "staging", "1")
    said = [str(difference) for difference in kept.open().differences()]
    assert sorted(said) == [
        "the alias @production is not set; the ledger says version 2",
        "the alias @staging points at version 1; the ledger says that nothing is in staging",
    ]


def test_an_entry_with_an_edited_field_is_named(kept: Kept) -> None:
    kept.set_entry(3, kept.text(3).replace('"actor":"ada"', '"actor":"eve"'))
    kept.check_broken("entry 3 does not have the hash that it was written with: it was changed")
    kept.restart()
    kept.check_goes_on(champion=2)


def test_an_entry_that_was_rewritten_with_a_hash_that_fits_is_found_by_the_next_one(
    kept: Kept,
) -> None:
    kept.set_entry(3, rewritten(kept.text(3), version=1))
    kept.check_broken("entry 4 does not continue entry 3")


def test_a_last_entry_that_was_rewritten_with_a_hash_that_fits_is_found_by_the_noted_head(
    kept: Kept,
) -> None:
    kept.set_entry(5, rewritten(kept.text(5), version=3))
    kept.check_follower_notices("entry 5 was changed")
    kept.check_broken("entry 5 is not the one that was written")


def test_an_entry_that_is_spelt_otherwise_is_named(kept: Kept) -> None:
    kept.set_entry(4, kept.text(4).replace(",", ", "))
    kept.check_broken("entry 4", "changed")


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "{}", "null", '{"schema":1}', "[" * 9999])
def test_an_entry_that_is_nonsense_is_named(kept: Kept, text: str) -> None:
    kept.set_entry(5, text)
    kept.check_follower_notices("entry 5 was changed")
    kept.check_broken("entry 5 ")


def test_an_entry_whose_tag_is_gone_is_named(kept: Kept) -> None:
    kept.client.delete_model_version_tag(kept.ledger_name, "2", "podium.entry")
    kept.check_broken("entry 2 is not Podium's: it has no tag podium.entry")


def test_an_entry_whose_parent_was_edited_or_removed_is_named(kept: Kept) -> None:
    kept.set_tag(4, "podium.parent", "2")
    kept.check_broken("entry 4 has the tag podium.parent '2', but was written on 3")
    kept.client.delete_model_version_tag(kept.ledger_name, "4", "podium.parent")
    kept.check_broken("entry 4 has the tag podium.parent None")
    kept.set_tag(4, "podium.parent", "3")
    assert kept.open().state.champion == 2


def test_an_entry_that_was_set_back_by_hand_is_good_again_for_followers_too(kept: Kept) -> None:
    before = kept.text(5)
    kept.set_entry(5, "{}")
    kept.check_follower_notices("entry 5 was changed")
    kept.set_entry(5, before)
    assert kept.follower.refresh().seq == 5
    assert kept.open().state == kept.follower.state


def test_an_entry_that_was_deleted_in_the_middle_is_named(kept: Kept) -> None:
    kept.delete(3)
    kept.check_broken("entry 3 is missing: somebody deleted it")
    kept.restart()
    kept.check_goes_on(champion=2)


def test_several_entries_that_were_deleted_in_the_middle_are_named(kept: Kept) -> None:
    kept.delete(2, 3)
    kept.check_broken("entries 2 to 3 are missing: somebody deleted them")


def test_a_first_entry_that_was_deleted_is_named(kept: Kept) -> None:
    kept.delete(1)
    kept.check_broken("entry 1 is missing: somebody deleted it")
    kept.restart()
    kept.check_goes_on(champion=None)


def test_a_tail_that_was_deleted_is_named(kept: Kept) -> None:
    kept.delete(4, 5)
    kept.check_follower_notices("entry 5 was there, and somebody deleted it")
    kept.check_broken("it reached up to entry 5 once, and ends with entry 3 now")
    kept.restart()
    kept.check_goes_on(champion=3)


def test_all_entries_that_were_deleted_are_named(kept: Kept) -> None:
    kept.delete(1, 2, 3, 4, 5)
    kept.check_follower_notices("entry 5 was there, and somebody deleted it")
    kept.check_broken("it reached up to entry 5 once, and ends with entry 0 now")
    kept.restart()
    kept.check_goes_on(champion=None)


def test_a_ledger_that_was_deleted_is_named(kept: Kept) -> None:
    kept.client.delete_registered_model(kept.ledger_name)
    kept.check_follower_notices("entry 5 was there, and somebody deleted it")
    kept.check_broken("it reached up to entry 5 once, and ends with entry 0 now", "deleted")
    kept.restart()
    kept.check_goes_on(champion=None)


def test_a_tail_that_was_deleted_and_written_over_is_named(kept: Kept) -> None:
    """By somebody who does not know the noted head; the gap shows it."""
    kept.delete(5)
    ledger = Ledger(kept.registry, kept.name)
    ledger.refresh()
    kept.registry.append(ledger.entry(promote(3), "eve"), "eve promoted version 3")
    kept.check_follower_notices("entry 5 was there, and somebody deleted it")
    kept.check_broken("entry 5 is missing: somebody deleted it")


def test_a_renamed_ledger_is_named_and_so_is_the_one_that_it_became(kept: Kept) -> None:
    other = new_name("other")
    register_hollow(kept.backend, other)
    kept.client.rename_registered_model(kept.ledger_name, f"{other}.ledger")
    kept.check_follower_notices("entry 5 was there, and somebody deleted it")
    kept.check_broken("ends with entry 0 now", "renamed")
    said = f"entry 1 is about the model '{kept.name}': the registered model was renamed"
    with pytest.raises(LedgerBroken, match=said):
        Registrar(kept.registry, other)


def test_a_renamed_model_is_named(kept: Kept) -> None:
    other = new_name("other")
    kept.client.rename_registered_model(kept.name, other)
    with pytest.raises(LedgerBroken, match=r"ends with entry 0 now.* the model .*renamed"):
        Registrar(kept.registry, other)
    kept.client.rename_registered_model(other, kept.name)
    assert kept.open().state.champion == 2


def test_a_model_that_was_renamed_with_its_ledger_is_named(kept: Kept) -> None:
    other = new_name("other")
    kept.client.rename_registered_model(kept.name, other)
    kept.client.rename_registered_model(kept.ledger_name, f"{other}.ledger")
    with pytest.raises(LedgerBroken, match=rf"about the model '{kept.name}': .* was renamed"):
        Registrar(kept.registry, other)


def test_somebody_elses_model_with_the_name_of_a_ledger_is_named(one_backend: Backend) -> None:
    name = new_name("taken")
    register_hollow(one_backend, name)
    register_hollow(one_backend, f"{name}.ledger")
    with (
        as_client(one_backend),
        pytest.raises(LedgerBroken, match=r"entry 1 is not Podium's: it has no tag podium.entry"),
    ):
        Registrar(MlflowRegistry(), name)


def test_somebody_elses_empty_model_with_the_name_of_a_ledger_is_named(
    one_backend: Backend,
) -> None:
    name = new_name("taken")
    number = register_artifact(one_backend, name)
    with as_client(one_backend) as client:
        client.create_registered_model(f"{name}.ledger")
        registrar = Registrar(MlflowRegistry(), name)
        with pytest.raises(LedgerBroken, match=rf"'{name}\.ledger' .* is not Podium's ledger"):
            registrar.promote(number, "staging", Wanted("ada", reason="first"), forced=True)
        assert client.search_model_versions(f"name = '{name}.ledger'") == []


def test_a_version_that_somebody_registered_in_a_ledger_is_named(kept: Kept) -> None:
    register_hollow(kept.backend, kept.ledger_name)
    kept.check_broken("entry 6 is not Podium's: it has no tag podium.entry")
    kept.check_follower_notices("entry 6 is not Podium's")
    kept.restart()
    kept.check_goes_on(champion=2)


def test_an_entry_of_a_newer_schema_is_named_and_not_skipped(kept: Kept) -> None:
    ledger = Ledger(kept.registry, kept.name)
    ledger.refresh()
    newer = replace(ledger.entry(promote(3), "ada"), schema=2)
    kept.registry.append(newer, "from the future")
    said = "entry 6 has schema 2; this Podium reads up to 1: update it"
    kept.check_broken(said)
    kept.check_follower_notices(said)


def test_an_entry_of_another_model_is_named(kept: Kept) -> None:
    text = rewritten(kept.text(5), model="another", parent=5, seq=6)
    tags = {"podium.entry": text, "podium.parent": "5"}
    register_hollow(kept.backend, kept.ledger_name, tags=tags)
    kept.check_broken("entry 6 is about the model 'another'")


def test_a_copy_of_an_earlier_entry_is_void(kept: Kept) -> None:
    tags = {"podium.entry": kept.text(3), "podium.parent": "2"}
    register_hollow(kept.backend, kept.ledger_name, tags=tags)
    opened = kept.open()
    assert (opened.state.champion, opened.ledger.chain.void) == (2, [6])
    assert kept.follower.refresh() == opened.state


def test_a_restart_in_a_ledger_that_is_whole_changes_nothing_but_says_so(kept: Kept) -> None:
    kept.restart()
    kept.check_goes_on(champion=2)


def test_an_old_restart_that_is_copied_is_void(kept: Kept) -> None:
    kept.delete(3)
    kept.restart()
    kept.enter_version(1)
    tags = {"podium.entry": kept.text(6), "podium.parent": "2"}
    register_hollow(kept.backend, kept.ledger_name, tags=tags)
    opened = kept.open()
    assert opened.state.champion == 1
    assert kept.follower.refresh(opened.model.head) == opened.state


def test_a_follower_that_saw_the_break_and_one_that_did_not_both_go_on_after_a_restart(
    kept: Kept,
) -> None:
    innocent = Ledger(MlflowRegistry(), kept.name)
    innocent.refresh()
    kept.delete(4, 5)
    kept.check_follower_notices("entry 5 was there")
    ledger = kept.restart()
    assert ledger.state.champion == 3
    assert innocent.refresh().champion == 3
    assert kept.follower.refresh().champion == 3
    assert innocent.state == kept.follower.state == kept.open().state


def test_of_concurrent_restarts_one_counts(kept: Kept) -> None:
    kept.delete(3)
    barrier, outcomes = threading.Barrier(5), []

    def restart() -> None:
        ledger = Ledger(MlflowRegistry(), kept.name)
        ledger.look(kept.registry.model(kept.name).head)
        entry = ledger.entry(Draft("restart", reason="it was tampered with"), "ada")
        barrier.wait()
        try:
            outcomes.append(ledger.append(entry).entry)
        except LedgerConflict as error:
            outcomes.append(error)

    threads = [threading.Thread(target=restart) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [counted] = [outcome for outcome in outcomes if isinstance(outcome, Entry)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, LedgerConflict)]
    assert len(lost) == 4
    assert all("ada began the ledger anew" in str(error) for error in lost)
    opened = kept.open()
    assert [e.entry_id for e in opened.ledger.entries if e.action == "restart"] == [
        counted.entry_id
    ]
    kept.check_goes_on(champion=2)


def test_a_second_break_after_a_restart_is_found_and_mended_too(kept: Kept) -> None:
    kept.delete(3)
    kept.restart()
    kept.enter_version(1)
    kept.set_entry(7, "{}")
    with pytest.raises(LedgerBroken, match="entry 7 "):
        kept.open()
    kept.restart()
    assert len(kept.open().ledger.chain.mended) == 2
    kept.check_goes_on(champion=2)


@pytest.fixture
def staged(one_backend: Backend) -> Iterator[tuple[Registrar, int]]:
    """A real artifact in staging, by force."""
    name = new_name("files")
    number = register_artifact(one_backend, name)
    with as_client(one_backend):
        registrar = Registrar(MlflowRegistry(), name)
        registrar.promote(number, "staging", Wanted("ada", reason="first"), forced=True)
        yield Registrar(MlflowRegistry(), name), number


def _refused(outcome: Outcome, *said: str) -> None:
    assert outcome.refused
    [check] = [check for check in outcome.checks if check.name == "model files"]
    assert not check.passed
    for words in said:
        assert words in check.found


class OtherFiles(MlflowRegistry):
    """Gives the files of a version as somebody changed them at their place."""

    def __init__(self, path: str, content: bytes | None) -> None:
        super().__init__()
        self.path = path
        self.content = content

    def files(self, name: str, number: int):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        @contextmanager
        def changed() -> Iterator[Path]:
            with super(OtherFiles, self).files(name, number) as folder:
                if self.content is None:
                    (folder / self.path).unlink()
                else:
                    (folder / self.path).write_bytes(self.content)
                yield folder

        return changed()


def _payload(registrar: Registrar, number: int) -> str:
    with registrar.registry.files(registrar.name, number) as folder:
        listed = json.loads((folder / MANIFEST).read_text())["files"]
    return max(listed, key=lambda path: listed[path].get("size", len(path)))


def test_a_model_file_that_was_changed_or_deleted_is_named(
    staged: tuple[Registrar, int],
) -> None:
    registrar, number = staged
    path = _payload(registrar, number)
    for content in (b"changed", None):
        there = Registrar(OtherFiles(path, content), registrar.name)
        outcome = there.promote(number, "production", Wanted("ada"))
        _refused(outcome, path)
        assert there.state.champion is None


def test_a_manifest_that_was_changed_is_named(staged: tuple[Registrar, int]) -> None:
    registrar, number = staged
    with registrar.registry.files(registrar.name, number) as folder:
        manifest = (folder / MANIFEST).read_bytes() + b"\n"
    there = Registrar(OtherFiles(MANIFEST, manifest), registrar.name)
    _refused(there.promote(number, "production", Wanted("ada")), "tag")


def test_an_edited_digest_in_the_tag_of_a_version_is_named(staged: tuple[Registrar, int]) -> None:
    registrar, number = staged
    registrar.registry.set_tag(registrar.name, number, "podium.digest", "e" * 64)
    outcome = Registrar(registrar.registry, registrar.name).promote(
        number, "production", Wanted("ada")
    )
    _refused(outcome, "tag eeeeeeeeeeee")


def test_a_version_that_was_deleted_is_not_gone_back_to(kept: Kept) -> None:
    kept.client.delete_model_version(kept.name, "1")
    with pytest.raises(Refused, match=r"Version 1 of .* was deleted"):
        kept.open().rollback(1, Wanted("ada", reason="bad"))
    assert kept.open().state.champion == 2
