"""The models that both servers serve, and what they are asked; all in the current folder."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COLUMNS = [f"x{place}" for place in range(20)]
FLIGHT = {
    "scheduled": "2013-12-20T22:30:00Z",
    "carrier": "EV",
    "origin": "EWR",
    "dest": "ATL",
    "distance": 746,
}


def bodies_in(folder: Path) -> dict[str, Path]:
    """Files with requests, by name."""
    draw = random.Random(0)

    def table(rows: int) -> dict[str, Any]:
        data = [[round(draw.gauss(0, 1), 4) for _ in COLUMNS] for _ in range(rows)]
        return {"dataframe_split": {"columns": COLUMNS, "data": data}}

    documents = {
        "one": table(1),
        "hundred": table(100),
        "flight": {"dataframe_records": [FLIGHT]},
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return {name: folder / f"{name}.json" for name in documents}


def make_models() -> None:
    """Register and promote `numbers` and `flight_delay`, and register `pyfunc`."""
    import mlflow
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.ensemble import RandomForestClassifier

    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(size=(6000, 20)), columns=COLUMNS)
    label = table["x0"] + table["x1"] * table["x2"] + draw.normal(size=6000) > 0
    table.assign(y=np.where(label, "yes", "no")).to_csv("numbers.csv", index=False)
    Path("project.yaml").write_text(
        "name: numbers\ntask: binary\ndata: {source: numbers.csv}\n"
        'target: {column: y, positive: "yes"}\nestimator: xgboost\n'
    )
    for options in (["."], ["flight_delay", "--rows", "20000"]):
        _quietly(command_of("train"), "--project", *options)
    for name in ("numbers", "flight_delay"):
        for stage in ("staging", "production"):
            reason = ["--force", "--reason", "a benchmark"]
            _quietly(command_of("promote"), name, "1", "--to", stage, *reason)
    forest = RandomForestClassifier(50, max_depth=8, n_jobs=1, random_state=0).fit(table, label)
    mlflow.set_experiment("pyfunc")
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            forest,
            name="model",
            registered_model_name="pyfunc",
            signature=infer_signature(table, forest.predict(table)),
            input_example=table.head(5),
            skops_trusted_types=["sklearn.tree._tree.Tree"],
        )


def make_certificate() -> None:
    """Write cert.pem and key.pem."""
    subject = ["-subj", "/CN=127.0.0.1", "-days", "1", "-nodes"]
    files = ["-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", *files, *subject],
        capture_output=True,
        check=True,
    )


def command_of(name: str) -> list[str]:
    """The words that run a command of Podium's."""
    return [sys.executable, "-m", "podium", name]


def _quietly(command: Sequence[str], *options: str) -> None:
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join([*command, *options])} failed:\n{done.stderr[-3000:]}")
