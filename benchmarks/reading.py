"""What reading a table costs, against pyarrow's own reader on the same file.

Run with `python benchmarks/reading.py --rows 10000000`. A Parquet and a CSV file are made with 8
columns that are used (5 numeric, 2 categorical, 1 datetime) and 4 that are not. Each reader takes
the 8 in a child process of its own, in turn with the other; the fastest of the repeats and the
median of the peaks count. A peak is the highest resident memory while reading, less what was
resident after the imports. Podium ends with a pandas table, pyarrow with an Arrow one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

NUMERIC = ("n0", "n1", "n2", "i0", "i1")
CATEGORICAL = ("carrier", "origin")
DATETIME = ("at",)
USED = (*NUMERIC, *CATEGORICAL, *DATETIME)
UNUSED = ("u0", "u1", "u2", "u3")
BATCH_ROWS = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the files made")
    parser.add_argument("--repeats", type=int, default=3, help="readings by each reader")
    parser.add_argument("--child", nargs=2, metavar=("READER", "PATH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(_measure(*given.child)))
        return
    with tempfile.TemporaryDirectory() as folder:
        for path in _make(Path(folder), given.rows):
            _compare(path, given.rows, given.repeats)


def _make(folder: Path, rows: int) -> Iterator[Path]:
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    for path in (folder / "table.parquet", folder / "table.csv"):
        batches = _batches(rows)
        first = next(batches)
        writer = pq.ParquetWriter if path.suffix == ".parquet" else pacsv.CSVWriter
        with writer(path, first.schema) as opened:
            opened.write_table(first)
            for batch in batches:
                opened.write_table(batch)
        yield path


def _batches(rows: int):  # type: ignore[no-untyped-def]
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(0)
    carriers = np.array(["AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN"])
    origins = np.array([f"APT{number}" for number in range(300)])
    for start in range(0, rows, BATCH_ROWS):
        size = min(BATCH_ROWS, rows - start)
        reals = {name: random.normal(size=size).round(4) for name in (*NUMERIC[:3], *UNUSED)}
        made = {
            **reals,
            "i0": random.integers(0, 5000, size),
            "i1": random.integers(0, 24, size),
            "carrier": carriers[random.integers(0, len(carriers), size)],
            "origin": origins[random.integers(0, len(origins), size)],
            "at": np.datetime64("2013-01-01", "us") + (start + np.arange(size)) * 1_000_000,
        }
        yield pa.table({name: made[name] for name in (*USED, *UNUSED)})


def _compare(path: Path, rows: int, repeats: int) -> None:
    found: dict[str, list[dict[str, float]]] = {"pyarrow": [], "podium": []}
    for _ in range(repeats):
        for reader, results in found.items():
            results.append(_in_child(reader, path))
    seconds = {r: min(one["seconds"] for one in f) for r, f in found.items()}
    peak = {r: statistics.median(one["peak_bytes"] for one in f) / rows for r, f in found.items()}
    kept = {r: statistics.median(one["kept_bytes"] for one in f) / rows for r, f in found.items()}
    print(f"{path.suffix[1:]}: {rows} rows, {path.stat().st_size / rows:.0f} bytes/row on disk")
    for label, unit, values in (
        ("time", "s", seconds),
        ("peak memory", "bytes/row", peak),
        ("result in memory", "bytes/row", kept),
    ):
        ratio = values["podium"] / values["pyarrow"]
        print(
            f"  {label}: podium {values['podium']:.2f} {unit}, "
            f"pyarrow {values['pyarrow']:.2f} {unit}, ratio {ratio:.2f}"
        )


def _in_child(reader: str, path: Path) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__).resolve()), "--child", reader, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _measure(reader: str, path: str) -> dict[str, float]:
    read = _podium(path) if reader == "podium" else _pyarrow(path)
    before_bytes = _resident_bytes("VmRSS")
    start = time.perf_counter()
    table, size_of = read()
    seconds = time.perf_counter() - start
    peak_bytes = _resident_bytes("VmHWM") - before_bytes
    return {"seconds": seconds, "peak_bytes": peak_bytes, "kept_bytes": size_of(table)}


def _podium(path: str) -> Callable[[], tuple[object, Callable[..., float]]]:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import pandas as pd  # noqa: F401

    import podium.data.tabular  # noqa: F401
    from podium.data import Columns, resolve_source

    columns = Columns(numeric=NUMERIC, text=(*CATEGORICAL, *DATETIME))
    source = resolve_source(path, Path.cwd())
    return lambda: (source.read(columns), lambda df: float(df.memory_usage().sum()))


def _pyarrow(path: str) -> Callable[[], tuple[object, Callable[..., float]]]:
    import pandas as pd  # noqa: F401
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    used = list(USED)
    if path.endswith(".parquet"):
        return lambda: (pq.read_table(path, columns=used), lambda table: float(table.nbytes))
    options = pacsv.ConvertOptions(include_columns=used)
    return lambda: (
        pacsv.read_csv(path, convert_options=options),
        lambda table: float(table.nbytes),
    )


def _resident_bytes(key: str) -> int:
    """VmRSS (now) or VmHWM (highest since the program started) of this process, from Linux."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"{key} is not in /proc/self/status: this benchmark needs Linux.")


if __name__ == "__main__":
    main()
