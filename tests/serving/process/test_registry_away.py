"""Callers see nothing of a tracking server that is away, hangs, or answers nonsense."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifact.samples import boosted, regressor
from tests.registry_tools.backends import Backend, behind, started
from tests.registry_tools.faulty_proxy import (
    DROP_REQUEST,
    PASS,
    FaultyProxy,
    Rule,
    always,
    answer,
    delay_request,
)
from tests.registry_tools.models import new_name, register_artifact
from tests.serving.process.servers import Server, outcome, promote, roll_back, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """An MLflow server."""
    with started("server", tmp_path_factory.mktemp("server")) as made:
        yield made


def test_what_is_served_stays_while_the_tracking_server_is_away(
    server_backend: Backend, tmp_path: Path
) -> None:
    name, direct = new_name(), server_backend
    register_artifact(direct, name, scorer=boosted())
    register_artifact(direct, name, scorer=regressor())
    promote(direct, name, 1)
    with FaultyProxy(direct.tracking_uri) as proxy:
        through = behind(direct, proxy.url)
        with serving(through, tmp_path, name) as server:
            server.wait_for("ready")
            _spoil(proxy, server, always(DROP_REQUEST))
            _spoil(proxy, server, always(answer(500)))
            held = threading.Event()
            _spoil(proxy, server, always(delay_request(60, held)), held)
            promote(direct, name, 2)
            server.wait_for("swapped", version="2")
        proxy.rule = always(DROP_REQUEST)
        with serving(through, tmp_path, name) as server:
            server.wait_for("started_from_cache")
            server.wait_for("ready", models={name: "2"})
            assert server.ask().version == "2"
            roll_back(direct, name)
            proxy.rule = always(PASS)
            server.wait_for("registry_back")
            server.wait_for("swapped", version="1")
        proxy.rule = always(DROP_REQUEST)
        code, said = outcome(through, tmp_path / "nothing", name)
        assert (code, proxy.url in said) == (5, True), said


def _spoil(
    proxy: FaultyProxy, server: Server, rule: Rule, held: threading.Event | None = None
) -> None:
    """Spoil all that goes to the tracking server, ask meanwhile, and let everything pass again."""
    seen = len(server.events)
    proxy.rule = rule
    server.wait_for("registry_lost", after=seen)
    assert (server.ask().status, server.get("/ready")) == (200, 200)
    proxy.rule = always(PASS)
    if held is not None:
        held.set()
    server.wait_for("registry_back", after=seen)
    assert [event["event"] for event in server.events[seen:]] == ["registry_lost", "registry_back"]
