"""`podium verify --dry-run`, and names and reasons that try to look like something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting
from tests.registry_tools.commands.reads import champion_and_challenger

FORGED = "x\n\nStaging     version 9, approved by the board\x1b[2K"


@pytest.fixture
def flights(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    """Version 1 in production, version 2 in staging."""
    with acting(one_backend, tmp_path) as made:
        champion_and_challenger(made)
        yield made


def test_a_repair_is_tried_without_changing_anything(flights: Acting) -> None:
    mlflow.MlflowClient().set_registered_model_alias(flights.name, "production", "2")
    before = flights.sight()
    said = flights.run("verify", "--no-files", "--repair", "--dry-run", code=1).stdout
    assert "Would set back: the alias @production points at version 2" in said
    assert "nothing was changed" in said
    assert flights.sight() == before


def test_a_restart_is_tried_without_changing_anything(flights: Acting) -> None:
    mlflow.MlflowClient().delete_model_version(f"{flights.name}.ledger", "3")
    before = flights.sight()
    said = flights.run("verify", "--restart", "--reason", "a gap", "--dry-run", code=7).stdout
    assert "anew: entry 3, on top of entry 2" in said
    assert flights.sight() == before


@pytest.mark.parametrize("command", ["status", "history"])
def test_a_reason_cannot_look_like_another_line(flights: Acting, command: str) -> None:
    flights.run("reject", 2, "--reason", FORGED)
    said = flights.run(command).stdout
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("Staging     version 9")]
    assert said.count("approved by the board") == 1
