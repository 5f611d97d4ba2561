"""Against a server that speaks S3 over HTTP."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from podium.data import Columns, declared_source, resolve_source
from podium.errors import DataError, NotFound, Unreachable
from podium.spec.parts import Data

BUCKET = "tables"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


Put = Callable[[str, bytes], None]


@pytest.fixture(autouse=True)
def put(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Put]:
    for name in ("AWS_ENDPOINT_URL_S3", "MLFLOW_S3_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)

    def put_object(key: str, body: bytes) -> None:
        client.put_object(Bucket=BUCKET, Key=key, Body=body)

    yield put_object
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


def _parquet(**columns: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_an_object_is_read_and_nothing_is_left_behind(put: Put, tmp_path: Path) -> None:
    put("in/t.csv.gz", gzip.compress(b"a,b\n007,2\n"))
    source = resolve_source(f"s3://{BUCKET}/in/t.csv.gz", tmp_path)
    assert (source.kind, source.files) == ("s3", (f"s3://{BUCKET}/in/t.csv.gz",))
    assert source.column_names() == ("a", "b")
    assert source.read(Columns(text=("a",)))["a"].tolist() == ["007"]
    assert list(tmp_path.iterdir()) == []


def test_a_prefix_means_what_lies_directly_below_it(put: Put, tmp_path: Path) -> None:
    for key, value in [("d/b.parquet", 2), ("d/a.parquet", 1), ("d/e/c.parquet", 3)]:
        put(key, _parquet(a=[value], b=["x"]))
    put("d/_SUCCESS", b"")
    put("d/", b"")
    source = resolve_source(f"s3://{BUCKET}/d/", tmp_path)
    assert source.read(None)["a"].tolist() == [1, 2]
    assert source.column_names() == ("a", "b")
    assert source.files == (f"s3://{BUCKET}/d/a.parquet", f"s3://{BUCKET}/d/b.parquet")


def test_globs_stay_within_a_folder_unless_doubled(put: Put, tmp_path: Path) -> None:
    for key, value in [("g/t1.csv", 1), ("g/u2.csv", 2), ("g/x/t3.csv", 3), ("g/_tmp/t4.csv", 4)]:
        put(key, f"a\n{value}\n".encode())

    def values(pattern: str) -> list[int]:
        return resolve_source(f"s3://{BUCKET}/{pattern}", tmp_path).read(None)["a"].tolist()

    assert values("g/t*.csv") == [1]
    assert values("g/*.csv") == [1, 2]
    assert values("*/x/*.csv") == [3]
    assert values("g/**/t*.csv") == [1, 3]


def test_more_objects_than_fit_one_page_are_all_listed(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podium.data.s3._PAGE_KEYS", 2)
    for number in range(5):
        put(f"many/{number}.csv", b"a\n1\n")
    assert len(resolve_source(f"s3://{BUCKET}/many/", tmp_path).files) == 5


def test_only_the_footer_of_a_big_object_is_fetched_for_its_columns(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podium.data import s3

    put("big.parquet", _parquet(a=list(range(300_000)), b=[0.5] * 300_000))
    asked: list[int] = []
    readinto = s3._Object.readinto

    def counting(self: s3._Object, buffer: memoryview) -> int:
        asked.append(readinto(self, buffer))
        return asked[-1]

    monkeypatch.setattr(s3._Object, "readinto", counting)
    source = resolve_source(f"s3://{BUCKET}/big.parquet", tmp_path)
    assert source.column_names() == ("a", "b")
    assert 0 < sum(asked) < 300_000


@pytest.mark.parametrize("key", ["none.csv", "none/", "none/*.csv"])
def test_what_is_not_there_is_not_found(tmp_path: Path, key: str) -> None:
    uri = f"s3://{BUCKET}/{key}"
    with pytest.raises(NotFound) as caught:
        resolve_source(uri, tmp_path)
    assert uri in caught.value.what
    assert caught.value.remedy


def test_a_bucket_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="NoSuchBucket"):
        resolve_source("s3://no-such-bucket/d/", tmp_path)


def test_an_object_that_went_away_is_not_found_and_nothing_is_left(
    put: Put, tmp_path: Path
) -> None:
    put("t.csv", b"a\n1\n")
    source = resolve_source(f"s3://{BUCKET}/t.csv", tmp_path)
    boto3.client("s3").delete_object(Bucket=BUCKET, Key="t.csv")
    for act in (source.column_names, lambda: source.read(None)):
        with pytest.raises(NotFound, match=f"s3://{BUCKET}/t.csv"):
            act()
    assert list(tmp_path.iterdir()) == []


def test_a_broken_row_is_named_by_its_uri_and_nothing_is_left(put: Put, tmp_path: Path) -> None:
    put("bad.csv", b"a,b\n1,2\n3\n")
    with pytest.raises(DataError, match=f"s3://{BUCKET}/bad.csv, line 3: found 1 fields"):
        resolve_source(f"s3://{BUCKET}/bad.csv", tmp_path).read(None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["s3://", "s3://bucket", "s3:///key.csv", "s3://b/notes.txt"])
def test_a_uri_that_names_no_table_is_refused(tmp_path: Path, uri: str) -> None:
    with pytest.raises(DataError) as caught:
        resolve_source(uri, tmp_path)
    assert uri in caught.value.what


def test_the_endpoint_that_mlflow_uses_is_used(
    put: Put, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("t.csv", b"a\n1\n")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", endpoint)
    assert len(resolve_source(f"s3://{BUCKET}/t.csv", tmp_path).read(None)) == 1


def test_a_store_that_does_not_answer_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(Unreachable, match=r"s3://b/t\.csv does not answer") as caught:
        resolve_source("s3://b/t.csv", tmp_path)
    assert "AWS_ENDPOINT_URL" in caught.value.remedy


def test_a_loader_gets_objects_as_local_files_under_their_own_names(
    put: Put, tmp_path: Path
) -> None:
    (tmp_path / "loader.py").write_text(
        "import pandas as pd\n"
        "def rows(files, columns):\n"
        "    texts = [file.read_text() for file in files]\n"
        "    return pd.DataFrame({'n': [file.name for file in files], 't': texts})\n"
    )
    put("raw/b.data", b"two")
    put("raw/a.data", b"one")
    data = Data(source=f"s3://{BUCKET}/raw/", loader="loader:rows")
    table = declared_source(data, base=tmp_path, folder=tmp_path).read(None)
    assert table["n"].tolist() == ["a.data", "b.data"]
    assert table["t"].tolist() == ["one", "two"]


def test_an_object_without_a_header_gets_the_names_given(put: Put, tmp_path: Path) -> None:
    put("rows.csv.gz", gzip.compress(b"1,x\n2,?\n"))
    data = Data(source=f"s3://{BUCKET}/rows.csv.gz", header=("a", "b"), missing=("?",))
    source = declared_source(data, base=tmp_path, folder=tmp_path)
    assert source.column_names() == ("a", "b")
    assert source.read(None)["b"].isna().tolist() == [False, True]
