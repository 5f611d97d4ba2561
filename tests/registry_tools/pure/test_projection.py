from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import PodiumError
from registry_tools.entry import STAGES, Draft
from registry_tools.errors import LedgerConflict
from registry_tools.examine import examine_files
from registry_tools.ledger import Ledger
from registry_tools.port import Model, Version
from registry_tools.projection import Difference, differences, project
from registry_tools.state import State
from tests.registry_tools.pure.made import MODEL, MODERATE, Book, digest_of
from tests.registry_tools.pure.memory import MemoryRegistry

CALLS = ("model", "records", "set_alias", "delete_alias")


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry(MODEL)


def _ledger(registry: MemoryRegistry) -> Ledger:
    ledger = Ledger(registry, MODEL)
    ledger.refresh()
    return ledger


def _promote(ledger: Ledger, version: int, stage: str) -> None:
    draft = Draft("promote", version=version, stage=stage, model_digest=digest_of(version))  # type: ignore[arg-type]
    ledger.append(ledger.entry(draft, "ann"))


def _expected(state: State) -> dict[str, int]:
    holders = {stage: state.holder(stage) for stage in STAGES}
    return {stage: holder.version for stage, holder in holders.items() if holder}


def _is_right(registry: MemoryRegistry) -> None:
    assert dict(registry.known[MODEL].aliases) == _expected(_ledger(registry).state)


def test_aliases_come_to_say_what_the_ledger_says(registry: MemoryRegistry) -> None:
    ledger = _ledger(registry)
    for version, stage in ((1, "staging"), (1, "production"), (2, "staging"), (2, "production")):
        _promote(ledger, version, stage)
        project(registry, ledger)
        _is_right(registry)
    assert registry.known[MODEL].aliases == {"production": 2}


def test_where_nothing_is_wrong_nothing_is_set(registry: MemoryRegistry) -> None:
    ledger = _ledger(registry)
    _promote(ledger, 1, "production")
    project(registry, ledger)
    registry.calls.clear()
    project(registry, ledger)
    assert not {"set_alias", "delete_alias"} & set(registry.calls)


def test_an_alias_that_was_moved_by_hand_is_set_back_and_others_are_left(
    registry: MemoryRegistry,
) -> None:
    ledger = _ledger(registry)
    _promote(ledger, 1, "production")
    for alias in ("production", "staging", "mine"):
        registry.set_alias(MODEL, alias, 7)
    project(registry, ledger)
    assert registry.known[MODEL].aliases == {"production": 1, "mine": 7}


def test_aliases_from_before_podium_are_not_undone(registry: MemoryRegistry) -> None:
    registry.set_alias(MODEL, "production", 7)
    ledger = _ledger(registry)
    ledger.append(ledger.entry(Draft("policy", policy={}), "ann"))
    project(registry, ledger)
    assert registry.known[MODEL].aliases == {"production": 7}


def test_differences_are_told_in_sentences() -> None:
    book = Book()
    book.put(1)
    found = differences(Model(MODEL, {"staging": 4, "production": 2}), book.state)
    assert found == (Difference("staging", 4, None), Difference("production", 2, 1))
    assert [str(each) for each in found] == [
        "the alias @staging points at version 4; the ledger says that nothing is in staging",
        "the alias @production points at version 2; the ledger says version 1",
    ]
    assert str(Difference("production", None, 1)).startswith("the alias @production is not set;")


def test_production_is_set_before_staging(registry: MemoryRegistry) -> None:
    ledger = _ledger(registry)
    _promote(ledger, 1, "production")
    _promote(ledger, 2, "staging")

    def staging_is_still_unset() -> None:
        assert registry.known[MODEL].aliases in ({}, {"production": 1})

    registry.hooks["set_alias"] = [staging_is_still_unset] * 2
    project(registry, ledger)
    assert registry.known[MODEL].aliases == {"production": 1, "staging": 2}


@MODERATE
@given(
    st.lists(
        st.tuples(
            st.sampled_from(CALLS), st.integers(0, 3), st.integers(1, 5), st.sampled_from(STAGES)
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_with_a_second_writer_at_any_moment_aliases_end_as_the_ledger_says(
    moments: list[tuple[str, int, int, Any]], projects: bool
) -> None:
    """The second one writes, and sets the aliases itself or is killed before it does."""
    registry = MemoryRegistry(MODEL)
    first = _ledger(registry)
    _promote(first, 1, "production")
    _promote(first, 2, "staging")

    for call, skipped, version, stage in moments:

        def meddle(version: int = version, stage: str = stage) -> None:
            hooks, registry.hooks = registry.hooks, {}
            second = _ledger(registry)
            _promote(second, version, stage)
            if projects:
                project(registry, second)
            registry.hooks = hooks

        queue = registry.hooks.setdefault(call, [])
        queue += [lambda: None] * (skipped - len(queue))
        queue.append(meddle)
    project(registry, first)
    registry.hooks = {}
    _is_right(registry)


def test_a_writer_who_was_held_up_does_not_leave_an_old_alias(registry: MemoryRegistry) -> None:
    """The first has read the ledger, and is about to set what the second has just overtaken."""
    first = _ledger(registry)
    _promote(first, 1, "production")

    def overtake() -> None:
        second = _ledger(registry)
        _promote(second, 2, "production")
        project(registry, second)

    registry.hooks["set_alias"] = [overtake]
    project(registry, first)
    assert registry.known[MODEL].aliases == {"production": 2}


def test_two_who_write_and_project_in_turns_end_alike(registry: MemoryRegistry) -> None:
    one, other = _ledger(registry), _ledger(registry)
    won = 0
    for version in range(1, 9):
        for ledger in (one, other):
            try:
                _promote(ledger, version, "production" if version % 2 else "staging")
                won += 1
            except LedgerConflict:
                continue
            project(registry, ledger)
            _is_right(registry)
    assert won >= 8


def test_aliases_that_somebody_moves_forever_are_given_up_on_and_said(
    registry: MemoryRegistry,
) -> None:
    ledger = _ledger(registry)
    _promote(ledger, 1, "production")
    registry.hooks["model"] = [lambda: registry.set_alias(MODEL, "production", 9)] * 99
    with pytest.raises(PodiumError, match="changed by others again and again"):
        project(registry, ledger)


def test_an_entry_whose_writer_was_killed_is_seen_by_who_looks_last(
    registry: MemoryRegistry,
) -> None:
    """Aliases are read before the ledger: what is entered in between is not overlooked."""
    first = _ledger(registry)
    _promote(first, 1, "production")
    killed = [lambda: None, lambda: _promote(_ledger(registry), 2, "production")]
    registry.hooks["model"] = list(killed)
    project(registry, first)
    assert registry.known[MODEL].aliases == {"production": 2}


class Filed(MemoryRegistry):
    """Versions have files, one each: `contents` says of which content. created: of all of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(MODEL)
        self.folder = folder
        self.contents: dict[int, str] = {}
        self.created = "2026-01-01T00:00:00.000+00:00"

    def version(self, name: str, number: int) -> Version:
        return replace(super().version(name, number), created=self.created)

    @contextmanager
    def files(self, name: str, number: int) -> Iterator[Path]:
        self._called("files")
        folder = self.folder / str(number)
        folder.mkdir(exist_ok=True)
        (folder / "model.txt").write_text(self.contents[number])
        yield folder

    def digest(self, number: int) -> str:
        with self.files(MODEL, number) as folder:
            return examine_files(folder, answering=False).digest


@pytest.fixture
def filed(tmp_path: Path) -> Filed:
    """Version 1 in production and 2 in staging, pinned as they are; no alias is set yet."""
    registry = Filed(tmp_path)
    registry.contents = {1: "one", 2: "two"}
    ledger = _ledger(registry)
    for version, stage in ((1, "production"), (2, "staging")):
        draft = Draft(
            "promote",
            version=version,
            stage=stage,  # type: ignore[arg-type]
            model_digest=registry.digest(version),
        )
        ledger.append(ledger.entry(draft, "ann"))
    registry.calls.clear()
    return registry


def test_files_are_looked_at_only_where_something_is_odd(filed: Filed) -> None:
    filed.tags[1] = {"podium.digest": filed.digest(1)}
    filed.calls.clear()
    assert project(filed, _ledger(filed)).notes == ()
    assert "files" not in filed.calls
    assert filed.known[MODEL].aliases == {"production": 1, "staging": 2}


def test_a_wrong_tag_alone_does_not_stop_an_alias_and_is_told(filed: Filed) -> None:
    filed.tags[1] = {"podium.digest": digest_of(7)}
    notes = project(filed, _ledger(filed)).notes
    assert filed.known[MODEL].aliases == {"production": 1, "staging": 2}
    assert len(notes) == 1
    assert "The tag podium.digest of version 1" in notes[0]
    assert "podium verify flights" in notes[0]


def test_an_alias_is_not_set_to_other_files_and_the_other_stage_goes_on(filed: Filed) -> None:
    filed.tags[1] = {"podium.digest": digest_of(7)}
    filed.contents[1] = "another"
    with pytest.raises(PodiumError, match="@production was not set: version 1") as refused:
        project(filed, _ledger(filed))
    assert "podium rollback" in refused.value.remedy
    assert filed.known[MODEL].aliases == {"staging": 2}
    filed.contents[1] = "one"
    project(filed, _ledger(filed))
    assert filed.known[MODEL].aliases == {"production": 1, "staging": 2}


def test_a_version_that_was_made_anew_without_a_tag_has_to_have_the_same_files(
    filed: Filed,
) -> None:
    filed.created = "2999-01-01T00:00:00.000+00:00"
    filed.contents[1] = "a stranger's"
    with pytest.raises(PodiumError, match="after the ledger first heard of it"):
        project(filed, _ledger(filed))
    assert filed.known[MODEL].aliases == {"staging": 2}
    filed.contents[1] = "one"
    assert project(filed, _ledger(filed)).notes == ()
    assert filed.known[MODEL].aliases == {"production": 1, "staging": 2}


def test_files_that_cannot_be_read_keep_an_odd_version_from_its_alias(filed: Filed) -> None:
    filed.tags[1] = {"podium.digest": digest_of(7)}
    del filed.contents[1]
    with pytest.raises(PodiumError, match="files of version 1 of flights cannot be read"):
        project(filed, _ledger(filed))
    assert filed.known[MODEL].aliases == {"staging": 2}
