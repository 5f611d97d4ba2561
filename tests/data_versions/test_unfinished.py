"""What a writer that was killed leaves, and what a newer version wrote: whole or not there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from podium.data import content_digest
from podium.errors import DataError, NotFound
from projects.data_versions.snapshot import DESCRIBED, FILES, read_rows
from projects.jobs import snapshots
from tests.data_versions.kept import folder_of, kept, names
from tests.data_versions.made import orders
from tests.registry_tools.backends import Backend, process_environment

KILLED = """
import os, shutil, signal, sys
from projects.jobs import snapshots
from podium.data import content_digest
from tests.data_versions.made import orders

copy = shutil.copyfileobj

def copy_or_die(source, target, length=0):
    if source.name.endswith(sys.argv[2]):
        target.write(source.read(os.path.getsize(source.name) // 2))
        target.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    copy(source, target)

shutil.copyfileobj = copy_or_die
frame = orders(seed=int(sys.argv[3]))
digest = content_digest(frame)
snapshots.keep(frame, snapshots.place_of(sys.argv[1], digest), digest, {}, "")
"""


@pytest.mark.parametrize("killed_in", FILES)
def test_a_writer_killed_in_a_file_leaves_what_the_next_one_completes(
    local: Backend, local_run: str, tmp_path: Path, killed_in: str
) -> None:
    seed = 100 + FILES.index(killed_in)
    frame = orders(seed=seed)
    digest = content_digest(frame)
    place = snapshots.place_of(local_run, digest)
    (tmp_path / "temporary").mkdir()
    environment = process_environment(local, TMPDIR=str(tmp_path / "temporary"))
    command = [sys.executable, "-c", KILLED, local_run, killed_in, str(seed)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert names(place) == set(FILES[: FILES.index(killed_in)])
    assert snapshots.described_at(place) is None
    with pytest.raises(NotFound):
        snapshots.fetch(place, digest, tmp_path)
    kept(frame, local_run)
    assert content_digest(read_rows(snapshots.fetch(place, digest, tmp_path))) == digest


def test_what_a_newer_version_wrote_is_not_written_over(local_run: str) -> None:
    frame = orders(seed=13)
    place, _ = kept(frame, local_run)
    folder = folder_of(place)
    newer = json.dumps({**json.loads((folder / DESCRIBED).read_text()), "schema": 2})
    (folder / DESCRIBED).write_text(newer)
    (folder / "data_card.md").unlink()  # it may name its files in another way
    for ask in (lambda: snapshots.described_at(place), lambda: kept(frame, local_run)):
        with pytest.raises(DataError, match="has schema 2; this version of Podium reads 1"):
            ask()
    assert (folder / DESCRIBED).read_text() == newer
    assert names(place) == set(FILES) - {"data_card.md"}
