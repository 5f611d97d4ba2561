"""`podium quickstart`: the main job end to end, as a user would do it by hand."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from podium.command import Result, WholeNumber
from podium.command import command as podium_command
from podium.errors import PodiumError
from podium.interrupts import terminated_like_interrupted
from projects.jobs.by_hand import bring_to_production, podium, show

_PROJECT = "flight_delay"
_CHAMPION = f"models:/{_PROJECT}@production"
_SEARCH = {"trials": "6", "workers": "2"}
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
    """Train on real flights, tune, evaluate, promote, serve, roll back, and reproduce.

    Registers two versions, a linear one and the best XGBoost of a short search, compares each with
    the champion, brings one after the other to production, serves it with MLflow's server and with
    Podium's, goes back to the first while the latter answers, and trains the first again from the
    rows that were kept with it, to see that it is the same. Uses the tracking server of
    MLFLOW_TRACKING_URI, or mlflow.db in the current folder. Each step is printed as the command
    that does the same by hand.
    """
    from podium.where import check_reachable
    from projects.jobs import tracking
    from projects.jobs.serve_once import free_port

    check_reachable(tracking.tracking_uri())
    port = free_port() if port is None else free_port(port)
    _say("1. Train and register a linear model")
    first = _registered("train", rows, {"estimator": "linear"})
    _say(f"2. Bring version {first} to production: a verdict, an approval, and the gates between")
    bring_to_production(_PROJECT, first)
    between = datetime.now(UTC)
    _say(f"3. Search for better parameters of XGBoost, {_SEARCH['trials']} trials")
    second = _registered("tune", rows, {"estimator": "xgboost", **_SEARCH})
    _say(f"4. Let version {second} take over")
    bring_to_production(_PROJECT, second)
    _say("5. Serve the champion with MLflow, and score three flights")
    answer = _served(port)
    _say("6. Serve it with Podium, which follows the ledger; go back while it answers")
    seconds = _gone_back(port, answer, second, first)
    _say("7. See what happened")
    podium("history", _PROJECT)
    podium("history", _PROJECT, "--at", between.isoformat())
    _say(f"8. Which data it was trained on; version {first} trained again from what was kept")
    podium("data", _PROJECT)
    podium("reproduce", f"models:/{_PROJECT}/{first}")
    document = {"model_uri": _CHAMPION, "versions": [first, second], "champion": first}
    document |= {"seconds_to_follow": round(seconds, 2), **answer}
    return Result(_text(answer, first, second, tracking.tracking_uri()), document)


def _registered(job: str, rows: int | None, chosen: Mapping[str, str]) -> int:
    """Run a job that registers a version, in a process of its own; returns its number."""
    from projects.jobs import tracking
    from projects.jobs.serve_once import run_to_end

    run_name = f"quickstart-{uuid.uuid4().hex[:8]}"
    limit = {} if rows is None else {"rows": str(rows)}
    command = _command(job, {"run-name": run_name, **chosen, **limit})
    show(command)
    run_to_end(command)
    return tracking.version_of_run(run_name)


def _served(port: int) -> dict[str, Any]:
    """What the champion answers under `mlflow models serve`."""
    from projects.jobs.serve_once import score, serving

    serve = ["mlflow", "models", "serve", "-m", _CHAMPION, "--env-manager", "local"]
    serve += ["--port", str(port)]
    show(serve)
    with terminated_like_interrupted(), serving(serve, port):
        address, body = _request(port)
        show(_curl(address, body))
        answer = score(address, body)
        click.echo(f"  {json.dumps(answer)}", err=True)
        return answer


def _gone_back(port: int, expected: dict[str, Any], before: int, after: int) -> float:
    """Roll back while `podium serve` answers; seconds from the entry to an answer with `after`.

    Raises PodiumError where it does not answer as MLflow's server did.
    """
    from projects.jobs.serve_once import follows, score, serving

    serve = ["podium", "serve", _PROJECT, "--port", str(port)]
    show(serve)
    with terminated_like_interrupted(), serving(serve, port):
        address, body = _request(port)
        show(_curl(address, body))
        answer = score(address, body)
        click.echo(f"  {json.dumps(answer)}", err=True)
        if not _same(answer, expected):
            raise PodiumError("The two servers do not give the same predictions.")
        click.echo(f"  The same predictions, from version {before}.", err=True)
        podium("rollback", _PROJECT, "--reason", "to see that it is one command")
        seconds = (follows(port, _PROJECT, after) - _entered()).total_seconds()
        click.echo(f"  Version {after} answers, {seconds:.1f} s after it was entered.", err=True)
        return seconds


def _entered() -> datetime:
    """When the present champion was entered as such."""
    from registry_tools.registrar import Registrar
    from registry_tools.registry import MlflowRegistry

    production = Registrar(MlflowRegistry(), _PROJECT).state.production
    return datetime.now(UTC) if production is None else datetime.fromisoformat(production.by.at)


def _request(port: int) -> tuple[str, str]:
    """Where and what to ask."""
    return f"http://127.0.0.1:{port}/invocations", json.dumps({"dataframe_records": _FLIGHTS})


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the rows have the same predictions, and probabilities that differ by 1e-5 at most."""
    pairs = zip(one["predictions"], other["predictions"], strict=True)
    return all(
        a["prediction"] == b["prediction"] and abs(a["probability"] - b["probability"]) <= 1e-5
        for a, b in pairs
    )


def _command(job: str, given: Mapping[str, str]) -> list[str]:
    """`mlflow run` where Podium's MLproject is at hand, else the same module directly."""
    root = Path(__file__).resolve().parents[2]
    if (root / "MLproject").is_file():
        named = {name.replace("-", "_"): value for name, value in given.items()}
        pairs = [word for name, value in named.items() for word in ("-P", f"{name}={value}")]
        local = ["--env-manager", "local", "--experiment-name", _PROJECT]
        return ["mlflow", "run", str(root), "-e", job, *pairs, *local]
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    return ["podium", job, "--project", _PROJECT, *options]


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
        "The servers were stopped; nothing is left running.\n\n"
        "Next:\n"
        f"  podium status {_PROJECT}\n"
        f"  {how_to_see(tracking_uri)}\n"
        f"  mlflow models serve -m {_CHAMPION} --env-manager local --port 5001\n"
        f"  podium serve {_PROJECT}"
    )
