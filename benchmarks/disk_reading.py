"""What reading the drive statistics costs, label included, against pyarrow's own CSV reader.

Run with `python benchmarks/disk_reading.py`. A folder of daily files is made, as wide as those of
2013 and as sparsely filled; `--folder` takes published ones instead. The loader of the project
`disk_failure` reads the columns that its project.yaml uses, and makes the label; pyarrow reads
the same columns file by file, with its own threads and guesses of types, and joins the tables.
Each runs in a child process of its own, in turn with the other; the fastest of the repeats and
the median of the peaks count. Processor time, that of all threads together, says more where other
programs keep the machine busy. A peak is the highest resident memory while reading, less what was
resident after the imports. Podium ends with a pandas table, pyarrow with an Arrow one.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sized
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMART = (
    1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15, 183, 184, 187, 188, 189, 190, 191, 192, 193, 194,
    195, 196, 197, 198, 199, 200, 201, 223, 225, 240, 241, 242, 250, 251, 252, 254, 255,
)  # fmt: skip
FILLED = {"smart_1_raw": 250_000_000, "smart_5_raw": 3, "smart_9_raw": 40_000}
FILLED |= {"smart_194_raw": 45, "smart_197_raw": 2}
FIRST = date(2013, 4, 10)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", help="daily files to read instead of those made")
    parser.add_argument("--days", type=int, default=40, help="files made")
    parser.add_argument("--drives", type=int, default=21_700, help="rows of each file made")
    parser.add_argument("--repeats", type=int, default=5, help="readings by each reader")
    parser.add_argument("--child", nargs=2, metavar=("READER", "PATH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(_measure(*given.child)))
    elif given.folder:
        _compare(Path(given.folder), given.repeats)
    else:
        with tempfile.TemporaryDirectory() as folder:
            _make(Path(folder), given.days, given.drives)
            _compare(Path(folder), given.repeats)


def _make(folder: Path, days: int, drives: int) -> None:
    """Daily files of `drives` drives each, of which some fail and others vanish every day."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pacsv

    random = np.random.default_rng(0)
    models = np.array([f"Hitachi HDS5C30{number:02d}ALA630" for number in range(20)])
    serials = np.arange(drives)
    for place in range(days):
        failed = random.random(drives) < 0.00014
        made = {
            "date": np.full(drives, str(FIRST + timedelta(place))),
            "serial_number": np.char.add("MJ0351YNG", serials.astype(str)),
            "model": models[serials % len(models)],
            "capacity_bytes": np.full(drives, 3_000_592_982_016),
            "failure": failed.astype(np.int64),
        }
        for number in SMART:
            for kind in (f"smart_{number}_normalized", f"smart_{number}_raw"):
                top = FILLED.get(kind)
                made[kind] = random.integers(0, top, drives) if top else pa.nulls(drives)
        options = pacsv.WriteOptions(quoting_style="none")
        pacsv.write_csv(pa.table(made), folder / f"{FIRST + timedelta(place)}.csv", options)
        gone = failed | (random.random(drives) < 0.00015)
        serials = np.where(gone, serials + drives, serials)


def _compare(folder: Path, repeats: int) -> None:
    found: dict[str, list[dict[str, float]]] = {"pyarrow": [], "podium": []}
    for _ in range(repeats):
        for reader, results in found.items():
            results.append(_in_child(reader, folder))
    files = _files(str(folder))
    size_bytes = sum(file.stat().st_size for file in files)
    rows = int(found["pyarrow"][0]["rows"])
    print(f"{len(files)} files, {size_bytes / 1e6:.0f} MB, {rows} rows")
    for label, key, scale, unit, pick in (
        ("time", "seconds", 1.0, "s", min),
        ("processor time", "cpu_seconds", 1.0, "s", min),
        ("peak memory", "peak_bytes", 1e6, "MB", statistics.median),
    ):
        podium, pyarrow = (
            pick([one[key] for one in found[r]]) / scale for r in ("podium", "pyarrow")
        )
        print(
            f"  {label}: podium {podium:.2f} {unit}, pyarrow {pyarrow:.2f} {unit}, "
            f"ratio {podium / pyarrow:.2f}"
        )


def _in_child(reader: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__).resolve()), "--child", reader, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _measure(reader: str, folder: str) -> dict[str, float]:
    read = _podium(folder) if reader == "podium" else _pyarrow(folder)
    before_bytes = _resident_bytes("VmRSS")
    start, start_cpu = time.perf_counter(), time.process_time()
    table = read()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    peak_bytes = _resident_bytes("VmHWM") - before_bytes
    rows = len(table)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": peak_bytes, "rows": rows}


def _files(folder: str) -> list[Path]:
    return sorted(path for path in Path(folder).iterdir() if path.name[:1] != ".")


def _used() -> list[str]:
    """The columns that project.yaml uses, the label in place of `failure`."""
    sys.path.insert(0, str(ROOT))
    from podium.spec import load_declaration

    project = load_declaration(ROOT / "projects" / "disk_failure").project
    named = (project.data.time, project.data.group, project.target.column)
    features = project.features.columns if project.features else ()
    judged = project.gate.judged_columns
    return list(dict.fromkeys(name for name in (*features, *judged, *named) if name))


def _podium(folder: str) -> Callable[[], Sized]:
    used = _used()
    import pandas as pd  # noqa: F401

    from projects.disk_failure.loader import drive_days

    return lambda: drive_days(_files(folder), used)


def _pyarrow(folder: str) -> Callable[[], Sized]:
    used = [*_used(), "failure"]
    import pandas as pd  # noqa: F401
    import pyarrow as pa
    import pyarrow.csv as pacsv

    with _files(folder)[0].open() as first:
        there = set(next(csv.reader(first)))
    options = pacsv.ConvertOptions(include_columns=[name for name in used if name in there])

    def read() -> pa.Table:
        tables = [pacsv.read_csv(file, convert_options=options) for file in _files(folder)]
        return pa.concat_tables(tables, promote_options="permissive")

    return read


def _resident_bytes(key: str) -> int:
    """VmRSS (now) or VmHWM (highest since the program started) of this process, from Linux."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"{key} is not in /proc/self/status: this benchmark needs Linux.")


if __name__ == "__main__":
    main()
