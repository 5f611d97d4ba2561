"""A training whose runs, models and rows are all in a store that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import mlflow
import pytest
from moto.server import ThreadedMotoServer

from tests.jobs.test_reproduce import declare, podium, train

BUCKET = "artifacts"


@pytest.fixture
def bucket(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(store)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL"):
        monkeypatch.setenv(name, f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    mlflow.create_experiment("on_s3", artifact_location=f"s3://{BUCKET}/runs")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "on_s3")
    yield f"s3://{BUCKET}/runs"
    server.stop()


def test_a_training_on_s3_is_reproduced_from_the_rows_kept_there(store: Path, bucket: str) -> None:
    trained = train(declare(store))
    kept = mlflow.get_run(trained["run_id"]).data.tags["podium.snapshot"]
    assert kept == f"{bucket}/podium-data/{trained['data_digest']}"
    said = podium("reproduce", trained["run_id"])
    assert said["equal"]
    assert said["data"]["source"] == "the copy kept with it"
