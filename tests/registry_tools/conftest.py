"""Every kind of backend, each started once a session and only where a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.registry_tools.backends import KINDS, Backend, Backends


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    """`backends.get(kind)` for a test that is about certain kinds."""
    all_kinds = Backends(tmp_path_factory.mktemp("backends"))
    yield all_kinds
    all_kinds.close()


def _param(kind: str) -> object:
    return pytest.param(kind, marks=pytest.mark.slow if kind.startswith("server") else ())


@pytest.fixture(scope="session", params=[_param(kind) for kind in KINDS])
def backend(request: pytest.FixtureRequest, backends: Backends) -> Backend:
    """One kind after another: a test with this fixture runs on each."""
    return backends.get(request.param)


@pytest.fixture(scope="session")
def one_backend(backends: Backends) -> Backend:
    """SQLite, for what does not depend on the kind."""
    return backends.get("sqlite")
