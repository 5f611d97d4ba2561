"""`podium quickstart`: the main job end to end, as a user would do it by hand."""

from __future__ import annotations

import json
import shlex
import sys
import uuid
from pathlib import Path
from typing import Any

import click

from podium.command import Result, WholeNumber
from podium.command import command as podium_command
from podium.interrupts import terminated_like_interrupted

_PROJECT = "flight_delay"
_FLIGHTS: list[dict[str, Any]] = [
    {
        "scheduled": "2013-12-20T22:30:00Z",
        "carrier": "EV",
        "origin": "EWR",
        "dest": "ATL",
        "distance": 746,
        "temp": 48.0,
        "humid": 96.0,
        "wind_speed": 14.0,
        "precip": 0.12,
        "visib": 2.0,
    },
    {
        "scheduled": "2013-12-21T11:00:00Z",
        "carrier": "DL",
        "origin": "LGA",
        "dest": "BOS",
        "distance": 184,
        "temp": 52.0,
        "humid": 60.0,
        "wind_speed": 6.0,
        "precip": 0.0,
        "visib": 10.0,
    },
    {"scheduled": "2013-12-21T23:45:00Z", "carrier": "B6", "origin": "JFK", "dest": "LAX"},
]


@podium_command(
    "quickstart", examples="podium quickstart\npodium quickstart --rows 20000 --port 5002"
)
@click.option("--rows", type=WholeNumber(1), help="Train on so many flights instead of all.")
@click.option("--port", type=WholeNumber(1), help="Port of the server.  [default: a free one]")
def command(rows: int | None, port: int | None) -> Result:
    """Train on real flights, register, serve with MLflow, score three flights, and stop.

    Uses the tracking server of MLFLOW_TRACKING_URI, or mlflow.db in the current folder. Each step
    is printed as the command that does the same by hand.
    """
    from podium.where import check_reachable
    from projects.jobs import tracking
    from projects.jobs.serve_once import free_port, run_to_end, score, serving

    check_reachable(tracking.tracking_uri())
    port = free_port() if port is None else free_port(port)
    run_name = f"quickstart-{uuid.uuid4().hex[:8]}"
    _say("1. Train and register", train := _train_command(rows, run_name))
    run_to_end(train)
    uri = f"models:/{_PROJECT}/{tracking.version_of_run(run_name)}"
    serve = ["mlflow", "models", "serve", "-m", uri, "--env-manager", "local", "--port", str(port)]
    _say("2. Serve", serve)
    with terminated_like_interrupted(), serving(serve, port):
        body = json.dumps({"dataframe_records": _FLIGHTS})
        address = f"http://127.0.0.1:{port}/invocations"
        _say("3. Score three flights", _curl(address, body))
        answer = score(address, body)
    return Result(_text(answer, uri, tracking.tracking_uri()), {"model_uri": uri, **answer})


def _train_command(rows: int | None, run_name: str) -> list[str]:
    """`mlflow run` where Podium's MLproject is at hand, else the same module directly."""
    root = Path(__file__).resolve().parents[2]
    if (root / "MLproject").is_file():
        limit = [] if rows is None else ["-P", f"rows={rows}"]
        local = ["--env-manager", "local", "--experiment-name", _PROJECT]
        return ["mlflow", "run", str(root), "-P", f"run_name={run_name}", *limit, *local]
    limit = [] if rows is None else ["--rows", str(rows)]
    return ["podium", "train", "--project", _PROJECT, "--run-name", run_name, *limit]


def _curl(address: str, body: str) -> list[str]:
    return ["curl", "-s", address, "-H", "Content-Type: application/json", "-d", body]


def _say(title: str, command: list[str]) -> None:
    click.echo(f"\n{title}\n  $ {shlex.join(command)}\n", err=True)
    sys.stderr.flush()


def _text(answer: dict[str, Any], uri: str, tracking_uri: str) -> str:
    from podium.reports.text import percent, text_table
    from podium.where import how_to_see

    rows = [
        (
            flight["scheduled"],
            f"{flight['carrier']} {flight['origin']}-{flight['dest']}",
            percent(row["probability"]),
            "late" if row["prediction"] else "on time",
        )
        for flight, row in zip(_FLIGHTS, answer["predictions"], strict=True)
    ]
    headers = ("scheduled (UTC)", "flight", "chance of being late", "prediction")
    return (
        f"{text_table(headers, rows)}\n"
        f"The server was stopped; nothing is left running. {uri} stays registered.\n\n"
        "Next:\n"
        f"  {how_to_see(tracking_uri)}\n"
        f"  mlflow models serve -m {uri} --env-manager local --port 5001"
    )
