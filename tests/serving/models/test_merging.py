"""Which requests may share a call, and that none of them can tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.assignment import Assigned
from serving.loader import open_pyfunc
from serving.models.merging import MAX_BODY_BYTES, MergeRules, merged
from serving.models.model import Asked, ModelSettings
from serving.models.pyfunc import PyfuncModel
from tests.serving.protocol.models import MODELS

pytestmark = pytest.mark.filterwarnings("ignore")

_INPUTS = [{"name": "d", "type": "double"}, {"name": "s", "type": "string"}]
_RULES = MergeRules(_INPUTS)


def _asked(document: Any, content_type: str | None = "application/json") -> Asked:
    return Asked(json.dumps(document).encode(), content_type)


def _split(rows: list[Any], columns: Any = ("d", "s"), **more: Any) -> dict[str, Any]:
    return {"dataframe_split": {"columns": list(columns), "data": rows, **more}}


@pytest.mark.parametrize(
    "document",
    [
        _split([[0.5, "a"]]),
        _split([[0.5, "a"], [1.5, "b"]]),
        _split([[1, "a"], [1.5, "b"]]),
        _split([[0.5, "a"], [1.5, "b"]], index=[0, 1]),
        _split([[0.5, True]]),
        {"dataframe_records": [{"d": 0.5, "s": "a"}, {"d": 1, "s": "b"}]},
    ],
)
def test_rows_of_plain_values_may_be_merged(document: Any) -> None:
    part = _RULES.part(_asked(document))
    assert part is not None
    assert merged([part]) == document


@pytest.mark.parametrize(
    "document",
    [
        _split([]),
        _split([[None, "a"]]),
        _split([[0.5, None], [0.5, "a"]]),
        _split([[0.5, ["a"]]]),
        _split([[0.5, {"a": 1}]]),
        _split([[0.5, "a"], [0.5, 1]]),
        _split([[0.5, 1], [0.5, True]]),
        _split([[0.5, 1], [0.5, 1.5]]),
        _split([[2**53, "a"]]),
        _split([[0.5, -(2**53)]]),
        _split([[0.5]]),
        _split([[0.5, "a", 1]]),
        _split([0.5, "a"]),
        _split([{"d": 0.5, "s": "a"}]),
        _split([[0.5, "a"]], columns=["d", "d"]),
        _split([[0.5, "a"]], columns=["d", 1]),
        _split([[0.5, "a"]], columns=[]),
        _split([[0.5, "a"]], index=[1]),
        _split([[0.5, "a"]], index=["0"]),
        _split([[0.5, "a"]], more=1),
        {"dataframe_split": {"data": [[0.5, "a"]]}},
        {"dataframe_split": [[0.5, "a"]]},
        {"dataframe_records": []},
        {"dataframe_records": [{}]},
        {"dataframe_records": [{"d": 0.5}, {"s": "a"}]},
        {"dataframe_records": [{"d": 0.5, "s": "a"}, {"s": "a", "d": 0.5}]},
        {"dataframe_records": {"d": 0.5}},
        {**_split([[0.5, "a"]]), "params": None},
        {**_split([[0.5, "a"]]), "inputs": [1]},
        {"inputs": [[0.5, "a"]]},
        {"instances": [{"d": 0.5, "s": "a"}]},
        {"prompt": "a"},
        [[0.5, "a"]],
        None,
    ],
)
def test_other_requests_are_asked_alone(document: Any) -> None:
    assert _RULES.part(_asked(document)) is None


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/csv", "application/JSON", "application/json; charset=latin-1", "text/json"],
)
def test_other_media_types_are_asked_alone(content_type: str | None) -> None:
    assert _RULES.part(_asked(_split([[0.5, "a"]]), content_type)) is None


@pytest.mark.parametrize("charset", ["; charset=utf-8", ";charset=UTF-8", ""])
def test_the_usual_media_types_are_merged(charset: str) -> None:
    part = _RULES.part(_asked(_split([[0.5, "a"]]), f"application/json{charset}"))
    assert part is not None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 9000, b'{"a":' * 1500])
def test_what_is_no_json_is_asked_alone(body: bytes) -> None:
    assert _RULES.part(Asked(body, "application/json")) is None


def test_large_bodies_are_asked_alone() -> None:
    asked = _asked(_split([[0.5, "a" * MAX_BODY_BYTES]]))
    assert _RULES.part(asked) is None


def test_integers_stand_beside_decimals_only_where_the_signature_makes_both_floats() -> None:
    keys = [_RULES.part(_asked(_split([row]))).key for row in ([1, "a"], [0.5, "a"])]  # type: ignore[union-attr]
    assert keys[0] == keys[1]
    other = MergeRules([])
    keys = [other.part(_asked(_split([row]))).key for row in ([1, "a"], [0.5, "a"])]  # type: ignore[union-attr]
    assert keys[0] != keys[1]


@pytest.mark.parametrize("kind", ["binary", "datetime", "array", "object", "map", "tensor", "any"])
def test_models_with_a_column_of_another_kind_are_never_merged(kind: str) -> None:
    assert MergeRules.of_signature([*_INPUTS, {"name": "x", "type": kind}]) is None


@pytest.mark.parametrize("kind", ["boolean", "integer", "long", "float", "double", "string"])
def test_models_with_plain_columns_may_be_merged(kind: str) -> None:
    assert MergeRules.of_signature([{"name": "x", "type": kind}]) is not None
    assert MergeRules.of_signature([]) is not None


# Each column's values are drawn from one of these, so that many requests have the same key.
_VALUES = st.sampled_from(
    [
        st.integers(-9, 9),
        st.integers(-(2**64), 2**64),
        st.floats(),
        st.one_of(st.integers(-9, 9), st.floats(width=16)),
        st.booleans(),
        st.text(max_size=3),
        st.sampled_from(["1", "2.5", "true", "", "nan"]),
        st.one_of(st.none(), st.integers(0, 3)),
    ]
)
_COLUMNS = ("i", "l", "f", "d", "t", "s")


@st.composite
def _requests(draw: st.DrawFn) -> list[Asked]:
    row = st.tuples(*(draw(_VALUES) for _ in _COLUMNS))
    requests = []
    for rows in draw(st.lists(st.lists(row, min_size=1, max_size=3), min_size=3, max_size=6)):
        if draw(st.booleans()):
            requests.append(_asked(_split(list(map(list, rows)), _COLUMNS)))
        else:
            records = [dict(zip(_COLUMNS, one, strict=True)) for one in rows]
            requests.append(_asked({"dataframe_records": records}))
    return requests


@pytest.fixture(scope="module", params=["echo of rows", "echo of rows without signature"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PyfuncModel]:
    folder = tmp_path_factory.mktemp("model") / "m"
    MODELS[request.param](folder)
    assigned = Assigned("m", "1", "champion", str(folder))
    model = open_pyfunc(assigned, ModelSettings(batching="on", threads=1))
    yield model
    model.close()


@settings(max_examples=60, deadline=None)
@given(requests=_requests())
def test_merged_replies_are_those_that_each_gets_alone(
    model: PyfuncModel, requests: list[Asked]
) -> None:
    async def at_once() -> list[Any]:
        return await asyncio.gather(*map(model.answer, [requests[0], *requests]))

    assert asyncio.run(at_once())[1:] == list(map(model.answer_now, requests))
