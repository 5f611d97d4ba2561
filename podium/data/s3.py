"""Tables in S3 or a store that speaks its protocol: an object, a prefix, or a glob."""

from __future__ import annotations

import fnmatch
import gzip
import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from podium.data.columns import Columns
from podium.data.datafile import PLAIN, DataFile, Reading, format_of, is_gzipped, select
from podium.data.filed import FiledSource
from podium.errors import DataError, NotFound, PodiumError, Unreachable

if TYPE_CHECKING:
    import pandas as pd
    from mypy_boto3_s3 import S3Client

_HEAD_BYTES = 1 << 16
_PAGE_KEYS = 1000
_WILD = frozenset("*?[")


@dataclass(frozen=True)
class S3Source(FiledSource):
    """Objects in one bucket, `files` being their URIs."""

    def column_names(self) -> tuple[str, ...]:
        from podium.data.csv_header import read_header
        from podium.data.parquet_read import read_schema_names
        from podium.data.tabular import union

        headers = []
        with _s3_errors(self.uri):
            client = _client(os.environ)
            for uri in self.files:
                stream = cast(IO[bytes], io.BufferedReader(_Object(client, uri), _HEAD_BYTES))
                if format_of(uri) == "parquet":
                    headers.append(read_schema_names(stream, uri))
                else:
                    plain = cast(IO[bytes], gzip.GzipFile(fileobj=stream))
                    opened = plain if is_gzipped(uri) else stream
                    headers.append(read_header(opened, uri, self.reading.header).names)
        return union(headers)

    def read(self, columns: Columns | None) -> pd.DataFrame:
        from podium.data.tabular import read_files

        with self.on_disk() as paths:
            files = zip(paths, self.files, strict=True)
            return read_files([DataFile(p, uri, self.reading) for p, uri in files], columns)

    @contextmanager
    def on_disk(self) -> Iterator[list[Path]]:
        with tempfile.TemporaryDirectory(prefix="podium-") as folder:
            yield _download(self.files, Path(folder), self.uri)


def resolve_s3(source: str, *, reading: Reading = PLAIN, any_format: bool = False) -> S3Source:
    """The objects that `source` means, sorted; a prefix means those directly below it.

    Raises:
        NotFound: There is no such bucket or object, or no table at the prefix.
        DataError: No bucket or key is named, an object is no table, or formats differ.
        Unreachable: The store does not answer, or refuses the credentials.
    """
    bucket, _, key = source.removeprefix("s3://").partition("/")
    if not bucket or (not key and not source.endswith("/")):
        raise DataError(
            f"{source!r} names no object of a bucket.",
            remedy="Write s3://bucket/key, s3://bucket/prefix/ or s3://bucket/prefix/*.parquet.",
        )
    with _s3_errors(source):
        client = _client(os.environ)
        if not key or key.endswith("/") or _WILD & set(key):
            found = list(_listed(client, bucket, key))
            files = select(found, source, any_format=any_format)
            return S3Source(source, "s3", source, files, reading)
        if not any_format:
            format_of(source)
        client.head_object(Bucket=bucket, Key=key)
    return S3Source(source, "s3", source, (source,), reading)


def _listed(client: S3Client, bucket: str, key: str) -> Iterator[tuple[str, str]]:
    """URIs and keys below the part of `key` that holds no wildcard."""
    parts = key.split("/")
    literal = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts) - 1)
    prefix = "".join(f"{part}/" for part in parts[:literal])
    pattern = parts[literal:] if parts[-1] else ["*"]
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": _PAGE_KEYS}
    )
    for page in pages:
        for item in page.get("Contents", []):
            below = item["Key"].removeprefix(prefix)
            if below and not below.endswith("/") and _matches(below.split("/"), pattern):
                yield f"s3://{bucket}/{item['Key']}", below


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path fits a glob: `*` stays within a part, `**` is any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skip:], pattern[1:]) for skip in range(len(parts) + 1))
    fits = bool(parts) and fnmatch.fnmatchcase(parts[0], pattern[0])
    return fits and _matches(parts[1:], pattern[1:])


def _download(uris: Sequence[str], folder: Path, where: str) -> list[Path]:
    """Each object in a folder of its own, under its own name, which a loader may look at."""
    files = []
    with _s3_errors(where):
        client = _client(os.environ)
        for number, uri in enumerate(uris):
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            files.append(folder / str(number) / key.rpartition("/")[2])
            files[-1].parent.mkdir()
            client.download_file(bucket, key, str(files[-1]))
    return files


def _client(environ: Mapping[str, str]) -> S3Client:
    """A client; boto3 itself follows AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL."""
    import boto3
    from botocore.config import Config

    own = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    return boto3.session.Session().client(
        "s3",
        endpoint_url=own or environ.get("MLFLOW_S3_ENDPOINT_URL") or None,
        config=Config(retries={"max_attempts": 3, "mode": "standard"}, connect_timeout=10),
    )


@contextmanager
def _s3_errors(where: str) -> Iterator[None]:
    """Turns what boto3 raises into Podium's errors about `where`."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refusal(where, error.response) from error
    except (BotoCoreError, Boto3Error) as error:
        raise Unreachable(
            f"The store of {where} does not answer: {error}.",
            remedy="Check AWS_ENDPOINT_URL, the network and the credentials (AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY or a profile).",
        ) from error


def _refusal(where: str, response: Mapping[str, object]) -> PodiumError:
    detail = cast(Mapping[str, object], response.get("Error", {}))
    code = str(detail.get("Code", "unknown"))
    if code in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
        return NotFound(
            f"There is no {where} ({code}).",
            remedy="Check bucket and key; a prefix ends in '/', as in s3://bucket/prefix/.",
        )
    return Unreachable(
        f"The store of {where} refused ({code}).",
        remedy="Check that the credentials may list and read it, and AWS_ENDPOINT_URL.",
    )


class _Object(io.RawIOBase):
    """An object as a file that is read by ranges, so that a header costs no download."""

    def __init__(self, client: S3Client, uri: str) -> None:
        self._client = client
        self._bucket, _, self._key = uri.removeprefix("s3://").partition("/")
        head = client.head_object(Bucket=self._bucket, Key=self._key)
        self._size_bytes = head["ContentLength"]
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}
        self._position = max(0, start[whence] + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        last = min(self._position + len(buffer), self._size_bytes) - 1
        if last < self._position:
            return 0
        asked = f"bytes={self._position}-{last}"
        body = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=asked)["Body"]
        block = body.read()
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)
