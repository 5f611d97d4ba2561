"""What a data version costs a training, and what comparing two costs.

Run with `python benchmarks/data_versions.py --rows 1000000`. A canonical table is made with 14
numbers, 4 categories, an id and a time. Keeping it (card, then the rows as Parquet) is measured
against pandas' own `to_parquet` with the same compression; the difference of two such tables
against an outer `merge` of pandas on the same key, which finds rows added and removed, but no
changed cell. The fastest of the repeats counts. Without --rows: the flights, read as a training
reads them, and keeping them as a share of that reading.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.data import declared_source
from podium.data.facts import About, facts_of
from podium.reports.data_card import data_card
from podium.spec import load_declaration
from projects.data_versions.difference import columns_of, rows_by_content, rows_by_key
from projects.data_versions.snapshot import write_rows
from projects.training.content import content_kinds
from projects.training.table import read_table

FLIGHTS = Path(__file__).parents[1] / "projects" / "flight_delay"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, help="rows of the tables made")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.rows is None:
            _flights(Path(folder), given.repeats)
        else:
            _made(given.rows, Path(folder), given.repeats)


def _flights(folder: Path, repeats: int) -> None:
    declaration = load_declaration(FLIGHTS)
    project = declaration.project

    def read() -> Any:
        source = declared_source(project.data, base=FLIGHTS, folder=FLIGHTS)
        return read_table(project, source)

    table, frame = read(), read().content(project)
    kinds = content_kinds(project, table.declared, table.raw)
    about = About(project.name, project.task, project.target.column, kinds, project.data.time)
    reading = _seconds(read, repeats)
    parts = {
        "canonical table": _seconds(lambda: table.content(project), repeats),
        "card": _seconds(
            lambda: data_card(facts_of(frame, table.digest, about).to_json()), repeats
        ),
        "rows": _seconds(lambda: write_rows(frame, folder, table.digest), repeats),
    }
    print(f"{len(frame):,} flights, {frame.shape[1]} columns: reading {reading:.2f} s")
    for what, seconds in parts.items():
        print(f"  {what:16} {seconds:6.2f} s  {seconds / reading:5.2f} x reading")
    print(
        f"  {'together':16} {sum(parts.values()):6.2f} s  "
        f"{sum(parts.values()) / reading:5.2f} x reading"
    )


def _made(rows: int, folder: Path, repeats: int) -> None:
    first = _table(rows)
    second = first.iloc[rows // 1000 :].reset_index(drop=True)
    second.loc[: rows // 100, "n3"] = 0.5
    kinds = {str(n): _kind(str(d)) for n, d in first.dtypes.items()}
    about = About("made", "regression", "n0", kinds, "time")
    naive = first.assign(time=first["time"].dt.tz_convert(None))

    def written() -> None:
        naive.to_parquet(folder / "plain.parquet", index=False, compression="zstd")

    _say("card", lambda: facts_of(first, "", about), repeats)
    _say("rows", lambda: write_rows(first, folder, ""), repeats, "to_parquet", written)
    columns = columns_of(first, second)
    key = ("id",)

    def merged() -> Any:
        return first.merge(second, on=list(key), how="outer", indicator=True)

    _say(
        "difference by key",
        lambda: rows_by_key(first, second, columns, key),
        repeats,
        "merge",
        merged,
    )
    _say(
        "difference by content",
        lambda: rows_by_content(first, second, columns),
        repeats,
        "merge",
        merged,
    )


def _table(rows: int) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    times = pd.Series(draw.integers(0, 2 * 10**9, rows).astype("datetime64[s]"))
    words = {f"c{i}": pd.Series(draw.integers(0, 50, rows)).astype("str") for i in range(4)}
    return pd.DataFrame(
        {
            **words,
            "id": pd.Series(np.arange(rows)).astype("str"),
            **{f"n{i}": draw.normal(size=rows) for i in range(14)},
            "time": times.dt.tz_localize("UTC").dt.as_unit("us"),
        }
    )


def _kind(dtype: str) -> Any:
    return {"str": "category", "float64": "number"}.get(dtype, "time")


def _seconds(act: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _say(
    what: str,
    act: Callable[[], object],
    repeats: int,
    against: str = "",
    baseline: Callable[[], object] | None = None,
) -> None:
    seconds = _seconds(act, repeats)
    line = f"{what:22} {seconds:6.2f} s"
    if baseline is not None:
        base = _seconds(baseline, repeats)
        line += f"  {seconds / base:5.2f} x {against} ({base:.2f} s)"
    print(line)


if __name__ == "__main__":
    main()
