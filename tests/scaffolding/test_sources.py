"""Tables from other places than one local file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from podium.spec import load_declaration
from tests.scaffolding.made import customers, made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket with three files of customers that have no header line."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_ENDPOINT_URL_S3", "MLFLOW_S3_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="customers")
    for part in range(3):
        rows = customers().iloc[part * 100 : part * 100 + 100]
        content = rows.to_csv(index=False, header=False).encode()
        client.put_object(Bucket="customers", Key=f"part-{part}.csv", Body=content)
    yield "s3://customers/*.csv"
    server.stop()


def test_files_in_s3_are_read_and_named_as_they_are(bucket: str) -> None:
    names = "customer,age,plan,country,left"
    said = made("m", "--data", bucket, "--target", "left", "--columns", names)
    assert (said["rows"], said["source"]) == (300, bucket)
    assert load_declaration(Path("m")).project.data.header == tuple(names.split(","))


@pytest.mark.parametrize("source", ["parts", "parts/*.parquet"])
def test_folders_and_globs_of_parquet_are_one_table(source: str) -> None:
    Path("parts").mkdir()
    for part in range(3):
        rows = customers().iloc[part * 100 : part * 100 + 100]
        rows.to_parquet(f"parts/{part}.parquet", index=False)
    said = made("m", "--data", source, "--target", "left")
    assert (said["rows"], said["source"]) == (300, f"../{source}")
