"""Zip files as somebody would write them by hand."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import warnings
import zipfile
from typing import Any

import pytest
import skops.io

from podium.artifact.scoring import BrokenArtifact
from podium.artifact.scoring.pipeline_file import load_pipeline
from podium.artifact.scoring.schema import SCHEMA
from tests.artifact.samples import linear

_MIB = 1 << 20
_END = struct.Struct("<4s4H2LH")


def _honest() -> bytes:
    return skops.io.dumps(linear().pipeline)  # type: ignore[no-any-return]


def _with(name: str, content: bytes = b"", *, attributes: int = 0o600 << 16, **how: Any) -> bytes:
    """An honest file with one more entry."""
    buffer = io.BytesIO(_honest())
    entry = zipfile.ZipInfo()
    entry.filename, entry.external_attr = name, attributes
    with zipfile.ZipFile(buffer, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that comes twice
        archive.writestr(entry, content, **how)
    return buffer.getvalue()


def _directory(content: bytes) -> int:
    """Where the directory of a zip file begins."""
    return int(_END.unpack_from(content, content.rindex(b"PK\5\6"))[6])


def _patched(content: bytes, offset: int, value: bytes) -> bytes:
    """`content` with `value` at `offset` of the first entry in its directory."""
    place = _directory(content) + offset
    return content[:place] + value + content[place + len(value) :]


def test_a_file_by_hand_that_says_the_same_is_loaded() -> None:
    load_pipeline(_honest())
    load_pipeline(_with("more.npy"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../../etc/cron.d/x", "is no plain relative path"),
        ("/etc/passwd", "is no plain relative path"),
        ("a/./b", "is no plain relative path"),
        ("..\\x", "is a path of another system"),
        ("C:x", "is a path of another system"),
        ("a\nb", "has characters that cannot be printed"),
        ("a\0b", "has characters that cannot be printed"),
        ("folder/", "is no plain file"),
        (SCHEMA, "comes twice"),
        (SCHEMA.upper(), "comes twice"),
    ],
)
def test_a_name_that_leads_elsewhere_or_comes_twice_is_refused(name: str, message: str) -> None:
    with pytest.raises(BrokenArtifact, match=f"^pipeline.skops cannot be loaded: .*{message}"):
        load_pipeline(_with(name))


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_an_entry_that_is_a_link_or_worse_is_refused(mode: int) -> None:
    with pytest.raises(BrokenArtifact, match=r"the entry 'more' is no plain file"):
        load_pipeline(_with("more", b"/etc/passwd", attributes=(mode | 0o777) << 16))


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x41])
def test_an_encrypted_entry_is_refused(flag: int) -> None:
    with pytest.raises(BrokenArtifact, match="is encrypted"):
        load_pipeline(_patched(_honest(), 8, struct.pack("<H", flag)))


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_is_refused_before_it_is_inflated(how: int) -> None:
    bomb = _with("more.npy", bytes(64 * _MIB), compress_type=how)
    assert len(bomb) < _MIB
    tracemalloc.start()
    with pytest.raises(BrokenArtifact, match=r"the entry 'more.npy' is compressed"):
        load_pipeline(bomb)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2 * _MIB


def test_a_bomb_whose_header_calls_it_stored_stays_as_it_is() -> None:
    bomb = _with("a.npy", bytes(_MIB), compress_type=zipfile.ZIP_DEFLATED)
    for entry in _entries(bomb):
        if bomb[entry + 46 :].startswith(b"a.npy"):
            small = struct.pack("<L", struct.unpack_from("<L", bomb, entry + 20)[0])
            bomb = bomb[: entry + 10] + b"\0\0" + bomb[entry + 12 :]
            bomb = bomb[: entry + 24] + small + bomb[entry + 28 :]
    load_pipeline(bomb)  # nobody reads it, and nothing in it is inflated


def _entries(content: bytes) -> list[int]:
    """Where the entries of the directory begin."""
    places, place = [], _directory(content)
    while (place := content.find(b"PK\1\2", place)) >= 0:
        places.append(place)
        place += 4
    return places


@pytest.mark.parametrize("size", [0, 1, 2**32 - 2])
def test_a_header_that_lies_about_a_size_is_refused(size: int) -> None:
    for lie in (struct.pack("<L", size), struct.pack("<LL", size, size)):
        with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded"):
            load_pipeline(_patched(_honest(), 24 - 4 * (len(lie) == 8), lie))


def test_entries_that_share_their_bytes_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(SCHEMA, bytes(_MIB))
        for number in range(9):
            twin = zipfile.ZipInfo(f"{number}.npy")
            first = archive.filelist[0]
            twin.file_size, twin.compress_size, twin.CRC = _MIB, _MIB, first.CRC
            twin.header_offset = 0
            archive.filelist.append(twin)
    assert len(buffer.getvalue()) < 2 * _MIB
    with pytest.raises(BrokenArtifact, match="its entries overlap"):
        load_pipeline(buffer.getvalue())


def test_a_directory_of_millions_is_refused_before_it_is_read() -> None:
    tracemalloc.start()
    with pytest.raises(BrokenArtifact, match=r"has more than 500000 entries"):
        load_pipeline(b"PK\1\2".ljust(46, b"\0") * 600_000)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 64 * _MIB
