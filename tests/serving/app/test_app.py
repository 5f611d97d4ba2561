"""The application: its pages, its limits, and what it says in headers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from serving.app.app import App
from serving.app.keys import Keys, add_key
from serving.app.request import head_of
from serving.app.settings import AppSettings
from serving.app.slots import Slots
from serving.assignment import Assigned
from serving.models.model import Answer, Asked, Description, Model
from tests.serving.asking import Ask, ask, asked, scored

SENT = {"dataframe_records": [{"a": 1}]}


class Told(Model):
    """Answers with its version; slowly where it is to. closed: whether it was let go."""

    form = "pyfunc"

    def __init__(self, name: str = "m", number: str = "1", *, slow: float = 0.0) -> None:
        self.assigned = Assigned(name, number, "champion", "/nowhere", entry=4)
        self.slow = slow
        self.closed = False
        self.hangs = False

    @property
    def stuck(self) -> bool:
        return self.hangs

    def quick(self, asked: Asked) -> bool:
        return not self.slow

    def answer_now(self, asked: Asked) -> Answer:
        assert not self.closed
        return Answer(200, json.dumps({"predictions": [self.assigned.version]}).encode())

    async def answer(self, asked: Asked) -> Answer:
        await asyncio.sleep(self.slow)
        return self.answer_now(asked)

    def description(self) -> Description:
        inputs: list[dict[str, Any]] = [
            {"name": "a", "type": "double", "required": False},
            {"name": "b", "type": "string", "required": True},
        ]
        outputs = [{"name": "prediction", "type": "string", "required": True}]
        return Description(inputs, outputs, [], {"dataframe_records": [{"a": 1, "b": "x"}]})

    def close(self) -> None:
        self.closed = True


def app_of(models: Iterable[Model] = (), names: Iterable[str] = ("m",), **limits: Any) -> App:
    slots = Slots(tuple(names))
    for model in models:
        slots.put(model)
    return App(slots, AppSettings(**limits))


def test_predictions_name_the_version_its_role_and_the_request() -> None:
    reply = ask(app_of([Told(number="7")]), scored(SENT, X_Request_Id="mine-1"))
    assert reply.status == 200
    assert reply.json == {"predictions": ["7"]}
    expected = {
        "content-type": "application/json",
        "content-length": str(len(reply.body)),
        "x-request-id": "mine-1",
        "x-model-version": "7",
        "x-model-role": "champion",
    }
    assert dict(reply.headers) == expected


@pytest.mark.parametrize("sent", [None, "", "with blank", "x" * 129, "line\nbreak", "ü"])
def test_a_request_without_a_usable_id_gets_a_uuid_of_version_7(sent: str | None) -> None:
    headers = {} if sent is None else {"X_Request_Id": sent}
    found = ask(app_of([Told()]), scored(SENT, **headers)).headers["x-request-id"]
    hexadecimal = "[0-9a-f]"
    pattern = f"{hexadecimal}{{8}}-{hexadecimal}{{4}}-7{hexadecimal}{{3}}-[89ab]{hexadecimal}{{3}}"
    assert re.fullmatch(f"{pattern}-{hexadecimal}{{12}}", found)


def test_of_several_content_types_the_first_counts_as_with_mlflow() -> None:
    scope = {"headers": [(b"content-type", b"text/csv"), (b"content-type", b"text/plain")]}
    assert head_of(scope).content_type == "text/csv"


def test_pages_answer_as_mlflow_s_do() -> None:
    app = app_of([Told()])
    for path in ("/ping", "/health"):
        assert (ask(app, Ask("GET", path)).status, ask(app, Ask("GET", path)).body) == (200, b"\n")
    assert ask(app, Ask("GET", "/version")).body.decode() == version("mlflow")
    assert ask(app_of(), Ask("GET", "/ping")).status == 404
    assert ask(app, Ask("GET", "/nothing")).status == 404
    wrong = ask(app, Ask("GET", "/invocations"))
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert ask(app, Ask("POST", "/ping")).headers["allow"] == "GET"


def test_ready_says_which_version_answers_and_why_one_was_not_taken() -> None:
    model = Told(number="3")
    app = app_of([model])
    app.slots.refuse("m", "Version 4 of m: its files were changed.")
    reply = ask(app, Ask("GET", "/ready"))
    expected = {
        "ready": True,
        "version": "3",
        "role": "champion",
        "entry": 4,
        "form": "pyfunc",
        "refused": "Version 4 of m: its files were changed.",
    }
    assert (reply.status, reply.json["models"]["m"]) == (200, expected)
    model.hangs = True
    assert ask(app, Ask("GET", "/ready")).status == 503
    model.hangs = False
    app.draining = True
    assert ask(app, Ask("GET", "/ready")).status == 503
    assert ask(app_of(), Ask("GET", "/ready")).status == 503


def test_without_a_version_a_request_is_told_so() -> None:
    reply = ask(app_of(), scored(SENT))
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert "No version of m is loaded" in reply.json["message"]


def test_several_models_have_a_path_each_and_none_is_the_default() -> None:
    app = app_of([Told("a", "1"), Told("b", "2")], names=("a", "b"))
    assert ask(app, scored(SENT, "/models/a/invocations")).json == {"predictions": ["1"]}
    assert ask(app, scored(SENT, "/models/b/invocations")).json == {"predictions": ["2"]}
    assert ask(app, scored(SENT, "/models/c/invocations")).status == 404
    reply = ask(app, scored(SENT))
    assert reply.status == 404
    assert "/models/a/invocations, /models/b/invocations" in reply.json["message"]


def test_a_body_that_is_too_large_is_refused_as_declared_and_as_counted() -> None:
    app = app_of([Told()], max_body_bytes=10)
    declared = ask(app, scored(SENT, Content_Length="11"))
    counted = ask(app, Ask("POST", "/invocations", [b"123456", b"123456", b"1"]))
    assert (declared.status, counted.status) == (413, 413)
    assert ask(app, Ask("POST", "/invocations", [b"12345", b"12345"])).status == 200


def test_more_requests_than_it_takes_at_a_time_get_503() -> None:
    async def act() -> list[Any]:
        app = app_of([Told(slow=0.05)], concurrency=2)
        return list(await asyncio.gather(*(asked(app, scored(SENT)) for _ in range(5))))

    replies = asyncio.run(act())
    assert sorted(reply.status for reply in replies) == [200, 200, 503, 503, 503]
    busy = next(reply for reply in replies if reply.status == 503)
    assert busy.headers["retry-after"] == "1"


def test_bodies_that_come_in_together_have_limited_room() -> None:
    async def act() -> list[int]:
        app = app_of([Told()], max_body_bytes=10, bodies_bytes=25)
        halves = Ask("POST", "/invocations", [b"12345", b"12345"])
        replies = [await asked(app, halves) for _ in range(4)]  # one after the other there is room
        app._room.held_bytes = 20  # as others hold it
        replies.append(await asked(app, halves))
        app._room.held_bytes = 0
        replies.append(await asked(app, halves))
        return [reply.status for reply in replies]

    assert asyncio.run(act()) == [200, 200, 200, 200, 503, 200]


def test_a_model_whose_calls_all_hang_is_not_asked_for_more() -> None:
    model = Told(slow=30)
    model.hangs = True
    assert ask(app_of([model]), scored(SENT)).status == 503


def test_a_caller_is_let_go_at_the_deadline() -> None:
    reply = ask(app_of([Told(slow=30)], timeout_seconds=0.05), scored(SENT))
    assert reply.status == 504
    assert "exceeded limit" in reply.json["message"]


def test_a_caller_that_goes_away_gets_nothing() -> None:
    app = app_of([Told()])
    assert ask(app, Ask("POST", "/invocations", [])).status == 0
    assert b'podium_turned_away_total{reason="gone"} 1.0' in ask(app, Ask("GET", "/metrics")).body


def test_a_version_is_closed_when_its_last_request_is_done() -> None:
    first, second = Told(number="1", slow=0.05), Told(number="2")

    async def act() -> tuple[Any, Any, bool]:
        app = app_of([first])
        waiting = asyncio.create_task(asked(app, scored(SENT)))
        await asyncio.sleep(0.01)
        app.slots.put(second)
        early = first.closed
        return await asked(app, scored(SENT)), await waiting, early

    after, before, early = asyncio.run(act())
    assert not early
    assert (before.json, before.headers["x-model-version"]) == ({"predictions": ["1"]}, "1")
    assert (after.json, after.headers["x-model-version"]) == ({"predictions": ["2"]}, "2")
    assert first.closed


def test_only_those_with_a_key_are_let_in(tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys", "billing")
    app = app_of([Told()], keys=Keys(tmp_path / "keys"))
    refused = ask(app, scored(SENT))
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    for headers in ({"Authorization": "Bearer wrong"}, {"X_Api_Key": "wrong"}):
        assert ask(app, scored(SENT, **headers)).status == 401
    for headers in ({"Authorization": f"bearer {key}"}, {"X_Api_Key": key}):
        assert ask(app, scored(SENT, **headers)).status == 200
    let_in: Mapping[str, str] = {"x-api-key": key}
    for path in ("/metrics", "/openapi.json"):
        assert ask(app, Ask("GET", path)).status == 401
        assert ask(app, Ask("GET", path, headers=let_in)).status == 200
    for path in ("/ping", "/health", "/version", "/ready"):
        assert ask(app, Ask("GET", path)).status == 200
    app.slots.refuse("m", "for reasons of its own")
    assert ask(app, Ask("GET", "/ready")).json == {"ready": True}
    assert "models" in ask(app, Ask("GET", "/ready", headers=let_in)).json


def test_requests_are_counted_by_model_and_status() -> None:
    app = app_of([Told()], max_body_bytes=100)
    ask(app, scored(SENT))
    ask(app, scored(SENT))
    ask(app, Ask("POST", "/invocations", [b"x" * 101]))
    page = ask(app, Ask("GET", "/metrics")).body.decode()
    assert 'podium_requests_total{model="m",status="200"} 2.0' in page
    assert 'podium_request_seconds_count{model="m"} 2.0' in page
    assert 'podium_turned_away_total{reason="too_large"} 1.0' in page


def test_openapi_describes_each_model_by_its_signature(tmp_path: Path) -> None:
    add_key(tmp_path / "keys", "billing")
    app = app_of([Told()], keys=Keys(tmp_path / "keys"))
    from serving.app.openapi import openapi_document

    document = json.loads(openapi_document(app.slots, keys=True))
    validate(document)
    body = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"] == {"dataframe_records": [{"a": 1, "b": "x"}]}
    row = body["schema"]["oneOf"][0]["properties"]["dataframe_records"]["items"]
    assert row["properties"]["a"] == {"type": ["number", "null"], "format": "double"}
    assert row["required"] == ["b"]
    assert document["security"] == [{"key": []}]
    two = app_of([Told("a")], names=("a", "b"))
    described = ask(two, Ask("GET", "/openapi.json")).json
    validate(described)
    assert set(described["paths"]) >= {"/models/a/invocations", "/models/b/invocations"}
    assert "/invocations" not in described["paths"]
