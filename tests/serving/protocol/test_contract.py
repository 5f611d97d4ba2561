"""The contract: for models of other makers ours replies as `mlflow models serve` does.

Same status and the same bytes of predictions; where MLflow quotes the request and shows a
traceback, ours says what is wrong without either.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.protocol.models import MODELS
from tests.serving.protocol.requests import NUMBER, TEXT, Request, requests_of
from tests.serving.protocol.servers import Reply, Servers

# What strangers' models, pandas and NumPy warn of is theirs; MLflow's server does not fail for it.
pytestmark = pytest.mark.filterwarnings("ignore")

Replies = list[tuple[Request, Reply, Reply]]

# The others have no input example, or other columns.
_MERGE = {"sklearn", "sklearn probabilities", "statsmodels", "xgboost", "echo of rows"}


@pytest.fixture(scope="module", params=list(MODELS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def servers(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("models") / "model"
    MODELS[name](folder)
    servers = Servers(folder)
    yield servers
    servers.close()


@pytest.fixture(scope="module")
def replies(name: str, servers: Servers) -> Replies:
    """What MLflow replies to everything, and what we do."""
    requests = requests_of(name)
    return [(one, servers.mlflow(one), servers.podium(one)) for one in requests]


def test_replies_have_the_status_and_the_predictions_of_mlflow(replies: Replies) -> None:
    differing = [
        (one.name, theirs, ours) for one, theirs, ours in replies if not _same(theirs, ours)
    ]
    assert not differing


def test_errors_hold_a_code_and_a_message_and_nothing_that_was_sent(replies: Replies) -> None:
    for request, _, ours in replies:
        if ours.status == 200:
            continue
        document = json.loads(ours.body)
        assert document.keys() == {"error_code", "message"}, request.name
        assert document["message"], request.name
        for unwanted in (TEXT, str(NUMBER)[:6], "Traceback", "stack_trace", 'File "'):
            assert unwanted not in ours.body.decode(), (request.name, document)


def test_callers_at_the_same_time_get_the_same_replies(servers: Servers, replies: Replies) -> None:
    shuffled = random.Random(0).sample(replies, len(replies))
    for start in range(0, len(shuffled), 100):
        some = shuffled[start : start + 100]
        ours = servers.podium_at_once([request for request, _, _ in some])
        for (request, theirs, _), reply in zip(some, ours, strict=True):
            assert _same(theirs, reply) or _summed_otherwise(theirs, reply), request.name


def test_models_are_merged_where_their_example_proved_it(name: str, servers: Servers) -> None:
    assert servers.model.batching == (name in _MERGE)


def _same(theirs: Reply, ours: Reply) -> bool:
    if theirs.status != 200:
        return theirs.status == ours.status
    return (theirs.status, theirs.body) == (ours.status, ours.body)


def _summed_otherwise(theirs: Reply, ours: Reply) -> bool:
    """Whether decimals differ, by less than 1e-9: sums depend on how many rows are in a call."""
    if (theirs.status, ours.status) != (200, 200):
        return False
    return bool(json.loads(ours.body) == approximately(json.loads(theirs.body)))


def approximately(value: Any) -> Any:
    """`value`, with room in its decimals."""
    if isinstance(value, dict):
        return {key: approximately(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [approximately(inner) for inner in value]
    return pytest.approx(value, rel=1e-9, nan_ok=True) if isinstance(value, float) else value


PAGES = [
    Request("ping", path="/ping", method="GET"),
    Request("health", path="/health", method="GET"),
    Request("version", path="/version", method="GET"),
    Request("a ping that is posted", path="/ping"),
    Request("a version that is posted", path="/version"),
    Request("a ping that is deleted", path="/ping", method="DELETE"),
    Request("invocations that are got", method="GET"),
    Request("invocations that are put", method="PUT"),
    Request("invocations that are deleted", method="DELETE"),
    Request("nothing", path="/", method="GET"),
    Request("an unknown path", path="/unknown", method="GET"),
    Request("an unknown path that is posted", path="/unknown"),
    Request("more of a path", path="/invocations/more"),
    Request("a large letter", path="/Invocations"),
]


@pytest.fixture(scope="module")
def any_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("models") / "model"
    MODELS["echo"](Path(folder))
    servers = Servers(folder)
    yield servers
    servers.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_other_pages_have_the_status_and_body_of_mlflow(
    any_servers: Servers, page: Request
) -> None:
    theirs, ours = any_servers.mlflow(page), any_servers.podium(page)
    assert _same(theirs, ours)
    assert theirs.status != 200 or theirs.content_type == ours.content_type
