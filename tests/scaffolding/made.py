"""Tables and requests that the tests of `podium new` share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from click.testing import CliRunner, Result

from projects.jobs.new import command
from projects.scaffolding.asked import Asked
from projects.scaffolding.findings import Findings, Read
from projects.scaffolding.looking import look


def customers(rows: int = 300) -> pd.DataFrame:
    """Numbers, categories, an id and a constant; `left` depends on `age` and `plan`."""
    draw = np.random.default_rng(3)
    age = draw.normal(40, 12, rows).round(1)
    plan = draw.choice(["basic", "plus", "pro"], rows)
    chance = 1 / (1 + np.exp(-(age - 40) / 6 - (plan == "basic")))
    return pd.DataFrame(
        {
            "customer": [f"C{number:05d}" for number in range(rows)],
            "age": age,
            "plan": plan,
            "country": "NZ",
            "left": np.where(draw.random(rows) < chance, "yes", "no"),
        }
    )


def looked(frame: pd.DataFrame, target: str, **asked: Any) -> Findings:
    return look(frame, Asked("m", "made", target, **asked), Read())


def new(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def made(*arguments: str) -> dict[str, Any]:
    """What `podium new` says as JSON, where it goes well."""
    result = new(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


def refused(*arguments: str) -> str:
    """What `podium new` says where it refuses; the current folder holds what it held before."""
    before = sorted(Path.cwd().iterdir())
    result = new(*arguments)
    assert result.exit_code in (2, 4), result.output
    assert "Traceback" not in result.stderr
    assert "did not foresee" not in result.stderr
    assert sorted(Path.cwd().iterdir()) == before
    return result.stderr
