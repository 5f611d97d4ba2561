"""A zip file from somewhere else, checked before anything in it is read."""

from __future__ import annotations

import io
import stat
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from .errors import BrokenArtifact
from .names import fault_of, first_twin

MOST_ENTRIES = 500_000  # boosting of 10 classes in 5,000 rounds has about 150,000
_ENCRYPTED = 0x1 | 0x40  # bits of the flags: by password, and "strong"
_DIRECTORY_MARK = b"PK\x01\x02"


def open_archive(content: bytes) -> ZipFile:
    """The zip file with the bytes `content`, all of whose entries can be read.

    What skops writes is stored, not compressed. So anything compressed is refused, and as the
    entries together may not claim more bytes than the file has, reading each of them once takes
    no more memory than the file itself: there is nothing to inflate, whatever the headers say.
    Raises BrokenArtifact for such a file, and whatever zipfile raises for what is no zip file.
    Reading an entry raises BadZipFile where header or content are not what the directory says.
    """
    if content.count(_DIRECTORY_MARK) > MOST_ENTRIES:
        raise BrokenArtifact(f"it has more than {MOST_ENTRIES} entries")
    archive = ZipFile(io.BytesIO(content))
    fault = _fault_of_all(archive.infolist(), len(content))
    if fault:
        raise BrokenArtifact(fault)
    return archive


def _fault_of_all(entries: list[ZipInfo], size_bytes: int) -> str | None:
    for entry in entries:
        fault = _fault(entry)
        if fault:
            return f"the entry {entry.orig_filename!r} {fault}"
    if (twin := first_twin(entry.filename for entry in entries)) is not None:
        return f"the entry {twin!r} comes twice"
    if sum(entry.file_size for entry in entries) > size_bytes:
        return "its entries overlap: together they claim more bytes than the file has"
    return None


def _fault(entry: ZipInfo) -> str | None:
    mode = entry.external_attr >> 16
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type != ZIP_STORED or entry.compress_size != entry.file_size:
        return "is compressed, which no pipeline of ours is"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or entry.is_dir():
        return "is no plain file"
    return fault_of(entry.orig_filename)
