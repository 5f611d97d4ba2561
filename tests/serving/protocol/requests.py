"""What is sent to both servers: to every model, and to each what concerns it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pandas as pd

from tests.serving.protocol.rows import ROWS
from tests.serving.protocol.servers import Request

# In what is refused these stand for what no reply may repeat.
TEXT = "s3cr3t"
NUMBER = 918273645


def json_request(name: str, document: Any, content_type: bytes = b"application/json") -> Request:
    """A request with a JSON body."""
    return Request(name, json.dumps(document).encode(), content_type)


def split(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as dataframe_split."""
    columns = list(rows[0])
    return {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}


def requests_of(model: str) -> Iterator[Request]:
    """All that is sent to a model of that name."""
    for title, rows in ROWS[model].items():
        yield from _tables(title, rows)
    first = next(iter(ROWS[model].values()))
    yield from _media_types(first)
    yield from _bent(first)
    yield from _WRONG


def _tables(title: str, rows: list[dict[str, Any]]) -> Iterator[Request]:
    """The same rows in all the ways there are to send rows."""
    yield json_request(f"{title}: split", {"dataframe_split": split(rows)})
    yield json_request(f"{title}: records", {"dataframe_records": rows})
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    yield json_request(f"{title}: inputs by column", {"inputs": columns})
    yield json_request(f"{title}: instances", {"instances": rows})
    yield json_request(f"{title}: inputs by row", {"inputs": rows})
    table = pd.DataFrame(rows)
    yield Request(f"{title}: csv", table.to_csv(index=False).encode(), b"text/csv")
    yield from _parquet(title, table)


def _parquet(title: str, table: pd.DataFrame) -> Iterator[Request]:
    buffer = BytesIO()
    try:
        table.to_parquet(buffer)
    except Exception:  # noqa: BLE001 - pyarrow refuses columns of several types
        return
    yield Request(f"{title}: parquet", buffer.getvalue(), b"application/vnd.apache.parquet")


def _media_types(rows: list[dict[str, Any]]) -> Iterator[Request]:
    body = json.dumps({"dataframe_split": split(rows)}).encode()
    for media_type in (
        b"application/json; charset=utf-8",
        b"application/json;charset=UTF-8",
        b"application/json ; charset=utf-8",
        b"application/json; charset=latin-1",
        b"application/json; charset=",
        b"application/json;",
        b"application/json; version=1",
        b"application/json; charset=utf-8; version=1",
        b"Application/JSON",
        b"text/json",
        b"text/plain",
        b"text/csv",
        b"application/vnd.apache.parquet",
        b"",
        None,
    ):
        yield Request(f"JSON as {media_type!r}", body, media_type)
    csv = pd.DataFrame(rows).to_csv(index=False).encode()
    for media_type in (b"text/csv; charset=utf-8", b"text/csv; charset=ascii", b"text/csv; header"):
        yield Request(f"CSV as {media_type!r}", csv, media_type)


def _bent(rows: list[dict[str, Any]]) -> Iterator[Request]:
    """Rows that the model takes, changed in one way each."""
    table = split(rows)
    columns, data = table["columns"], table["data"]
    frame = {"columns": columns, "data": data}
    yield json_request(
        "with an index", {"dataframe_split": {**frame, "index": list(range(len(data)))}}
    )
    yield json_request(
        "with other index", {"dataframe_split": {**frame, "index": ["r"] * len(data)}}
    )
    yield json_request("with a short index", {"dataframe_split": {**frame, "index": []}})
    yield json_request(
        "columns turned", {"dataframe_records": [dict(reversed(r.items())) for r in rows]}
    )
    more = [{**row, f"{TEXT}_name": TEXT} for row in rows]
    yield json_request("a column more", {"dataframe_records": more})
    fewer = [dict(list(row.items())[1:]) for row in rows]
    yield json_request("a column less", {"dataframe_records": fewer})
    yield json_request(
        "a column less, others more", {"dataframe_records": [{**r, TEXT: NUMBER} for r in fewer]}
    )
    yield json_request("no rows", {"dataframe_split": {"columns": columns, "data": []}})
    yield json_request("no columns", {"dataframe_split": {"data": data}})
    yield json_request(
        "ragged", {"dataframe_split": {"columns": columns, "data": [[*data[0], TEXT]]}}
    )
    yield json_request(
        "twice the name",
        {"dataframe_split": {"columns": [columns[0]] * len(columns), "data": data}},
    )
    for what, value in (
        ("text", TEXT),
        ("a number", NUMBER),
        ("a decimal", NUMBER / 7),
        ("a huge number", NUMBER**4),
        ("nothing", None),
        ("a boolean", True),
        ("a list", [NUMBER, NUMBER]),
        ("an object", {TEXT: NUMBER}),
        ("an odd text", "\ud800"),
    ):
        changed = [{**row, columns[0]: value} for row in rows]
        yield json_request(
            f"{what} in the first column: split", {"dataframe_split": split(changed)}
        )
        yield json_request(f"{what} in the first column: instances", {"instances": changed})
        last = [{**row, columns[-1]: value} for row in rows]
        yield json_request(f"{what} in the last column", {"dataframe_records": last})
    yield json_request("params", {"dataframe_split": frame, "params": {"scale": 2}})
    for what, params in (
        ("all", {"scale": 2.5, "word": "other", "many": [3]}),
        ("none", {"scale": None, "word": None, "many": None}),
        ("wrong", {"scale": TEXT, "word": NUMBER, "many": [TEXT]}),
        ("wrong depth", {"scale": [NUMBER], "word": {TEXT: NUMBER}, "many": NUMBER}),
    ):
        yield json_request(f"params: {what}", {"dataframe_split": frame, "params": params})
    yield json_request("params of nobody", {"dataframe_split": frame, "params": {TEXT: NUMBER}})
    yield json_request("params null", {"dataframe_split": frame, "params": None})
    yield json_request("params no object", {"dataframe_split": frame, "params": [TEXT]})
    yield json_request("another key", {"dataframe_split": frame, "more": TEXT})
    yield json_request("two formats", {"dataframe_split": frame, "inputs": TEXT})


_WRONG = (
    Request("nothing"),
    Request("no JSON", f'{{"inputs": {TEXT}'.encode()),
    Request("cut off", f'{{"dataframe_split": {{"columns": ["{TEXT}"'.encode()),
    Request("no UTF-8", b'{"inputs": "\xff\xfe s3cr3t"}'),
    Request("UTF-16", json.dumps({"inputs": [TEXT]}).encode("utf-16")),
    Request("deep", b"[" * 5000),
    Request("CSV of nothing", b"", b"text/csv"),
    Request("CSV with ragged rows", b"a,b\n1,2\n3,4,918273645,s3cr3t\n", b"text/csv"),
    Request("CSV no UTF-8", b"a,b\n\xff,s3cr3t\n", b"text/csv"),
    Request("CSV of others", b"q,r\ns3cr3t,918273645\n", b"text/csv"),
    Request("no parquet", b"PAR1 s3cr3t", b"application/vnd.apache.parquet"),
    *(
        json_request(name, document)
        for name, document in (
            ("null", None),
            ("a number", NUMBER),
            ("a text", TEXT),
            ("a list", [TEXT]),
            ("an empty object", {}),
            ("an unknown key", {TEXT: [NUMBER]}),
            ("split of null", {"dataframe_split": None}),
            ("split of a list", {"dataframe_split": [TEXT]}),
            ("split of a text", {"dataframe_split": TEXT}),
            ("split without data", {"dataframe_split": {"columns": [TEXT]}}),
            ("split with more", {"dataframe_split": {"data": [[NUMBER]], TEXT: NUMBER}}),
            ("split of no rows", {"dataframe_split": {"columns": [TEXT], "data": NUMBER}}),
            ("split of others", {"dataframe_split": {"columns": [TEXT], "data": [[NUMBER]]}}),
            ("records of an object", {"dataframe_records": {TEXT: NUMBER}}),
            ("records of null", {"dataframe_records": None}),
            ("records of texts", {"dataframe_records": [TEXT, TEXT]}),
            ("records of none", {"dataframe_records": []}),
            ("records that differ", {"dataframe_records": [{TEXT: NUMBER}, {"other": TEXT}]}),
            ("inputs of null", {"inputs": None}),
            ("inputs of a number", {"inputs": NUMBER}),
            ("inputs of a text", {"inputs": TEXT}),
            ("inputs of numbers", {"inputs": [NUMBER, NUMBER]}),
            ("inputs of rows of numbers", {"inputs": [[NUMBER, NUMBER, NUMBER]]}),
            ("inputs that are ragged", {"inputs": [[NUMBER], [NUMBER, NUMBER]]}),
            ("inputs of texts", {"inputs": [TEXT, TEXT]}),
            ("inputs of nothing", {"inputs": []}),
            ("inputs of an object", {"inputs": {TEXT: [NUMBER]}}),
            ("inputs of an empty object", {"inputs": {}}),
            ("instances of null", {"instances": None}),
            ("instances of numbers", {"instances": [NUMBER, NUMBER]}),
            ("instances of rows", {"instances": [[NUMBER, NUMBER, NUMBER]]}),
            ("instances of unequal objects", {"instances": [{TEXT: NUMBER}, {}]}),
            ("instances and more", {"instances": [NUMBER], "signature_name": TEXT}),
            ("inputs and instances", {"inputs": [NUMBER], "instances": [NUMBER]}),
            ("messages", {"messages": [{"role": "user", "content": TEXT}]}),
            ("messages and params", {"messages": [{"role": "user", "content": TEXT}], "scale": 2}),
            ("a prompt", {"prompt": TEXT, "n": NUMBER}),
            ("input", {"input": [TEXT, TEXT]}),
        )
    ),
)
