"""A restart that counts, and what cannot be done behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from podium.errors import Unreachable
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting


@pytest.fixture
def acts(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


@pytest.mark.parametrize("method", ["note_head", "versions"])
def test_a_restart_counts_where_what_comes_after_it_fails_and_that_is_said(
    acts: Acting, method: str
) -> None:
    acts.champion(1)
    mlflow.MlflowClient().delete_model_version(f"{acts.name}.ledger", "2")

    def away(*_: object) -> None:
        raise Unreachable("Nothing answers.", remedy="Check MLFLOW_TRACKING_URI.")

    with acts.patch.context() as patch:
        patch.setattr(MlflowRegistry, method, away)
        failed = acts.run("verify", "--restart", "--reason", "deleted", "--no-files", code=5)
    assert "was begun anew, and that counts (entry 2): do not restart it again" in failed.stderr
    assert "Nothing answers." in failed.stderr
    assert f"podium verify {acts.name} says how it stands" in failed.stderr
    assert [entry.action for entry in acts.ledger().entries] == ["evaluate", "restart"]
