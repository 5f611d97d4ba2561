"""`podium quickstart`: the main job end to end, as a user would do it by hand."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from podium.command import Result, WholeNumber
from podium.command import command as podium_command
from podium.interrupts import terminated_like_interrupted
from projects.jobs.by_hand import bring_to_production, podium, show

_PROJECT = "flight_delay"
_CHAMPION = f"models:/{_PROJECT}@production"
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
    """Train on real flights, promote, serve with MLflow, score three flights, and roll back.

    Registers two versions, a linear one and XGBoost, brings one after the other to production, and
    goes back to the first. Uses the tracking server of MLFLOW_TRACKING_URI, or mlflow.db in the
    current folder. Each step is printed as the command that does the same by hand.
    """
    from podium.where import check_reachable
    from projects.jobs import tracking
    from projects.jobs.serve_once import free_port

    check_reachable(tracking.tracking_uri())
    port = free_port() if port is None else free_port(port)
    _say("1. Train and register two versions")
    first, second = _trained("linear", rows), _trained("xgboost", rows)
    _say(f"2. Bring version {first} to production: a verdict, an approval, and the gates between")
    bring_to_production(_PROJECT, first)
    between = datetime.now(UTC)
    _say(f"3. Let version {second} take over")
    bring_to_production(_PROJECT, second)
    _say("4. Serve the champion, and score three flights")
    answer = _served(port)
    _say("5. Go back, and see what happened")
    podium("rollback", _PROJECT, "--reason", "to see that it is one command")
    podium("history", _PROJECT)
    podium("history", _PROJECT, "--at", between.isoformat())
    document = {"model_uri": _CHAMPION, "versions": [first, second], "champion": first, **answer}
    return Result(_text(answer, first, second, tracking.tracking_uri()), document)


def _trained(estimator: str, rows: int | None) -> int:
    """Train and register one version, in a process of its own; returns its number."""
    from projects.jobs import tracking
    from projects.jobs.serve_once import run_to_end

    run_name = f"quickstart-{uuid.uuid4().hex[:8]}"
    train = _train_command(estimator, rows, run_name)
    show(train)
    run_to_end(train)
    return tracking.version_of_run(run_name)


def _served(port: int) -> dict[str, Any]:
    """What the champion answers under `mlflow models serve`."""
    from projects.jobs.serve_once import score, serving

    serve = ["mlflow", "models", "serve", "-m", _CHAMPION, "--env-manager", "local"]
    serve += ["--port", str(port)]
    show(serve)
    with terminated_like_interrupted(), serving(serve, port):
        body = json.dumps({"dataframe_records": _FLIGHTS})
        address = f"http://127.0.0.1:{port}/invocations"
        show(_curl(address, body))
        return score(address, body)


def _train_command(estimator: str, rows: int | None, run_name: str) -> list[str]:
    """`mlflow run` where Podium's MLproject is at hand, else the same module directly."""
    root = Path(__file__).resolve().parents[2]
    if (root / "MLproject").is_file():
        given = {"run_name": run_name, "estimator": estimator}
        given |= {} if rows is None else {"rows": str(rows)}
        pairs = [word for name, value in given.items() for word in ("-P", f"{name}={value}")]
        local = ["--env-manager", "local", "--experiment-name", _PROJECT]
        return ["mlflow", "run", str(root), *pairs, *local]
    limit = [] if rows is None else ["--rows", str(rows)]
    chosen = ["--run-name", run_name, "--estimator", estimator]
    return ["podium", "train", "--project", _PROJECT, *chosen, *limit]


def _curl(address: str, body: str) -> list[str]:
    return ["curl", "-s", address, "-H", "Content-Type: application/json", "-d", body]


def _say(title: str) -> None:
    click.echo(f"\n{title}", err=True)


def _text(answer: dict[str, Any], first: int, second: int, tracking_uri: str) -> str:
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
        f"Version {second} answered that; after the rollback version {first} is champion again.\n"
        "The server was stopped; nothing is left running.\n\n"
        "Next:\n"
        f"  podium status {_PROJECT}\n"
        f"  {how_to_see(tracking_uri)}\n"
        f"  mlflow models serve -m {_CHAMPION} --env-manager local --port 5001"
    )
