"""How many requests a server answers, against `mlflow models serve` with the same model.

    python -m benchmarks.serving [--seconds 4] [--repeats 3] [--only NAME]

wrk (apt-get install wrk) asks each server over as many connections as are named; both have one
worker, are warm, get the same bytes, and were seen to give the same predictions. They run one after
another, in turns; the median of the repeats' ratios counts. A bare ASGI echo on the same uvicorn
stands beside, as what no server on it can beat. The models:
- `numbers`: XGBoost over 20 numbers, compiled. One row, and 100 rows.
- `flights`: the bundled project on 20,000 flights, compiled: texts, numbers, a date.
- `pyfunc`: scikit-learn's forest over the same 20 numbers, logged by plain MLflow.
Then, without bars: start, memory, two workers, and what each feature costs.
Ends with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import Server, check_wrk, free_port, served, wrk
from benchmarks.served import bodies_in, command_of, make_certificate, make_models

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Case:
    """One comparison. bar: the least ratio of requests a second."""

    name: str
    model: str
    body: str
    connections: int
    bar: float


CASES = (
    Case("numbers, 1 row, 8 connections", "numbers", "one", 8, 60),
    Case("numbers, 100 rows, 8 connections", "numbers", "hundred", 8, 12),
    Case("flights, 1 row, 8 connections", "flight_delay", "flight", 8, 40),
    Case("pyfunc, 1 row, 32 connections", "pyfunc", "one", 32, 8),
)
LATENCY_BAR = 4.0  # times the echo's median, on one connection


def main() -> int:
    """Measure, print, and say whether every bar was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    given = parser.parse_args()
    check_wrk()
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["MLFLOW_TRACKING_URI"] = "sqlite:///models.db"
        os.environ["PODIUM_STATE"] = f"{scratch}/state"
        os.environ["PYTHONPATH"] = str(ROOT)
        bodies = bodies_in(Path(scratch))
        make_models()
        reached = [
            _compare(case, bodies[case.body], given.seconds, given.repeats)
            for case in CASES
            if given.only in case.name
        ]
        if given.only in "latency":
            reached.append(_latency(bodies["one"], given.seconds, given.repeats))
        if not given.only or given.only == "more":
            _two_workers(bodies["one"], given.seconds, given.repeats)
            _memory()
            _features(bodies["one"], given.seconds, given.repeats)
    return 0 if all(reached) else 1


def _compare(case: Case, body: Path, seconds: float, repeats: int) -> bool:
    ours, theirs = free_port(), free_port()
    uri = f"models:/{case.model}/1"
    with (
        served(_mlflow(uri, theirs), theirs) as mlflow,
        served(_podium(ours, "-m", uri), ours, page="/ready") as podium,
    ):
        _check_same(mlflow, podium, body.read_bytes())
        rates = _in_turns([mlflow, podium], body, case.connections, seconds, repeats)
        starts = f"start {mlflow.seconds:.1f} s, {podium.seconds:.1f} s"
    ratio = statistics.median(b / a for a, b in zip(*rates, strict=True))
    theirs_median, ours_median = map(statistics.median, rates)
    print(
        f"{case.name}: mlflow models serve {theirs_median:,.0f}/s, podium serve "
        f"{ours_median:,.0f}/s: {ratio:.1f} times (bar {case.bar:g}); {starts}",
        flush=True,
    )
    return ratio >= case.bar


def _latency(body: Path, seconds: float, repeats: int) -> bool:
    """The median and the 99th percentile on one connection, and the rate on eight."""
    ours, bare = free_port(), free_port()
    with (
        served([sys.executable, "-m", "benchmarks.echo", str(bare)], bare) as echo,
        served(_podium(ours, "-m", "models:/numbers/1"), ours, page="/ready") as podium,
    ):
        for server in (echo, podium):
            wrk(f"{server.url}/invocations", body, 1, 1)
        pairs = [
            [wrk(f"{server.url}/invocations", body, 1, seconds) for server in (echo, podium)]
            for _ in range(repeats)
        ]
        rates = _in_turns([echo, podium], body, 8, seconds, repeats)
    p50, p99 = ([[getattr(x, p) for x in pair] for pair in pairs] for p in ("p50", "p99"))
    ratio = statistics.median(b / a for a, b in p50)
    middle = [[statistics.median(values) for values in zip(*p, strict=True)] for p in (p50, p99)]
    print(
        f"numbers, 1 row, 1 connection: p50 {middle[0][1]:.0f} µs, echo {middle[0][0]:.0f} µs: "
        f"{ratio:.1f} times (bar {LATENCY_BAR:g}); p99 {middle[1][1]:.0f} µs, echo "
        f"{middle[1][0]:.0f} µs"
    )
    slower = statistics.median(a / b for a, b in zip(*rates, strict=True))
    print(
        f"echo, 8 connections: {statistics.median(rates[0]):,.0f}/s, {slower:.1f} times "
        "podium serve",
        flush=True,
    )
    return ratio <= LATENCY_BAR


def _two_workers(body: Path, seconds: float, repeats: int) -> None:
    one, two = free_port(), free_port()
    for model, connections in (("numbers", 16), ("pyfunc", 32)):
        with (
            served(_podium(one, "-m", f"models:/{model}/1"), one, page="/ready") as first,
            served(
                _podium(two, "-m", f"models:/{model}/1", "--workers", "2"), two, page="/ready"
            ) as second,
        ):
            rates = _in_turns([first, second], body, connections, seconds, repeats)
        ratio = statistics.median(b / a for a, b in zip(*rates, strict=True))
        print(
            f"{model}, two workers against one, {connections} connections, {os.cpu_count()} cores "
            f"shared with wrk: {ratio:.2f} times",
            flush=True,
        )


def _memory() -> None:
    """Of the supervisor, a worker, a second one, and a second model; what no other process has."""
    for what, *options in (
        ("numbers, one worker", "numbers"),
        ("numbers, two workers", "numbers", "--workers", "2"),
        ("numbers and flights, one worker", "numbers", "flight_delay"),
    ):
        port = free_port()
        with served(_podium(port, *options), port, page="/ready") as server:
            sizes = ", ".join(f"{size / 2**20:.0f}" for size in server.memory_bytes())
            print(f"memory, {what}: {sizes} MiB by process; ready after {server.seconds:.1f} s")
    port = free_port()
    with served(_mlflow("models:/numbers/1", port), port) as server:
        server.ask(b'{"dataframe_records": [{"x0": 1}]}')
        sizes = ", ".join(f"{size / 2**20:.0f}" for size in server.memory_bytes())
        print(f"memory, numbers, mlflow models serve: {sizes} MiB by process", flush=True)


def _features(body: Path, seconds: float, repeats: int) -> None:
    """Requests a second with one feature more, against the default in the same turn."""
    keys = subprocess.run(
        [*command_of("keys"), "keys.txt", "--add", "bench", "--json"],
        capture_output=True,
        check=True,
    )
    key = json.loads(keys.stdout)["key"]
    make_certificate()
    features: dict[str, tuple[list[str], str, dict[str, str]]] = {
        "API keys": (["--api-keys", "keys.txt"], "http", {"X-Api-Key": key}),
        "access log": (["--access-log"], "http", {}),
        "TLS": (["--tls-cert", "cert.pem", "--tls-key", "key.pem"], "https", {}),
        "following the ledger": ([], "http", {}),
    }
    for name, (options, scheme, headers) in features.items():
        plain, other = free_port(), free_port()
        fixed = ["-m", "models:/numbers/1"]
        asked = ["numbers"] if name == "following the ledger" else fixed
        with (
            served(_podium(plain, *fixed), plain, page="/ready") as first,
            served(_podium(other, *asked, *options), other, page="/ready", scheme=scheme) as second,
        ):
            rates = _in_turns([first, second], body, 8, seconds, repeats, **headers)
        ratio = statistics.median(b / a for a, b in zip(*rates, strict=True))
        print(f"with {name}: {ratio:.2f} times the requests without", flush=True)


def _in_turns(
    servers: Sequence[Server],
    body: Path,
    connections: int,
    seconds: float,
    repeats: int,
    **headers: str,
) -> list[list[float]]:
    """Requests a second of each server, by repeat. Every reply has to be a good one."""
    for server in servers:
        wrk(f"{server.url}/invocations", body, connections, 1, **headers)
    rates: list[list[float]] = [[] for _ in servers]
    for _ in range(repeats):
        for server, own in zip(servers, rates, strict=True):
            load = wrk(f"{server.url}/invocations", body, connections, seconds, **headers)
            if load.failed:
                sys.exit(f"{load.failed} of {load.requests} requests to {server.url} failed.")
            own.append(load.rate)
    return rates


def _check_same(mlflow: Server, podium: Server, body: bytes) -> None:
    expected, found = mlflow.ask(body)["predictions"], podium.ask(body)["predictions"]
    if not _same(expected, found):
        sys.exit("The two servers do not give the same predictions.")


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return math.isclose(a, b, abs_tol=1e-5) if isinstance(a, float) else bool(a == b)


def _podium(port: int, *options: str) -> list[str]:
    return [*command_of("serve"), "--port", str(port), *options]


def _mlflow(uri: str, port: int) -> list[str]:
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", uri]
    return [*command, "--env-manager", "local", "--port", str(port), "--workers", "1"]


if __name__ == "__main__":
    sys.exit(main())
