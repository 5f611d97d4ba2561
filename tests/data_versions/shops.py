"""Trainings of a small shop, and the command that looks at their data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from podium.artifact import parity
from projects.jobs import data, record
from projects.jobs import train as job

NAME = "shop"


@dataclass(frozen=True)
class Shop:
    """A store with three trainings: `first` of sales.csv and, as Parquet, again; `second` of a
    table with ten rows less, and eleven amounts changed.
    """

    folder: Path
    project: Path
    trained: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]

    @property
    def digests(self) -> tuple[str, str]:
        return self.trained[0]["data_digest"], self.trained[2]["data_digest"]


def sales(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Sales of 40 customers with their e-mail addresses; `bought` depends on the amount."""
    draw = np.random.default_rng(seed)
    amount = draw.normal(size=rows).round(3)
    return pd.DataFrame(
        {
            "customer": [f"c{i % 40}" for i in range(rows)],
            "when": pd.date_range("2026-01-01", periods=rows, freq="h"),
            "amount": amount,
            "region": draw.choice(["north", "south"], rows),
            "email": [f"u{i % 40}@example.com" for i in range(rows)],
            "bought": (amount + draw.normal(scale=0.5, size=rows) > 0).astype(int),
        }
    )


def declare(folder: Path, *, name: str = NAME, **declared: Any) -> Path:
    """A folder with the project.yaml of the shop, which reads sales.csv beside it.

    declared: keys of `data`.
    """
    spec = {
        "name": name,
        "task": "binary",
        "data": {"source": "sales.csv", "time": "when", "group": "customer", **declared},
        "target": {"column": "bought"},
        "features": {"numeric": ["amount"], "categorical": ["region", "email"]},
        "split": {"by": "random"},
        "estimator": "linear",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(yaml.safe_dump(spec))
    return folder


def train(project: Path, source: Path | None = None) -> dict[str, Any]:
    """The document of `podium train`; without figures, which take most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "BULK_ROWS", 50)
        patch.setattr(record, "drawings", lambda _: ())
        words = ["--project", str(project), "--json"]
        words += ["--data", str(source)] if source else []
        result = CliRunner().invoke(job.command, words)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout)) | {"said": result.stderr}


def podium_data(*words: object, code: int = 0) -> Result:
    """`podium data` in this process."""
    result = CliRunner().invoke(data.command, [str(word) for word in words])
    assert "Traceback" not in result.output
    assert result.exit_code == code, result.output
    return result


def document(*words: object, code: int = 0) -> Any:
    """What `podium data --json` prints."""
    return json.loads(podium_data(*words, "--json", code=code).stdout)
