"""A registry for all tests of real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.registry_tools.backends import Backend, started


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A new SQLite registry."""
    with started("sqlite", tmp_path_factory.mktemp("registry")) as made:
        yield made
