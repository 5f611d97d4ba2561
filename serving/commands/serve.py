"""`podium serve`: answer requests with whatever version is in production."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.command import Choice, Length, PodiumCommand, Result, Unset, WholeNumber
from podium.errors import UsageError

if TYPE_CHECKING:
    from serving.process.running import Wish


class _Serving(PodiumCommand):
    """Its events are printed while it runs, a line of JSON each with --json."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the function; standard output as it is now is for documents."""
        ctx.meta["serving.documents"] = sys.stdout if ctx.params["json"] else None
        return super().invoke(ctx)


def _length(name: str, help: str) -> Callable[[Any], Any]:
    return click.option(name, type=Length(), help=help)


@click.command(
    "serve",
    cls=_Serving,
    examples="""
    podium serve flight_delay
    podium serve flight_delay diabetes --workers 4 --port 8080
    podium serve flight_delay --host 0.0.0.0 --api-keys keys.txt --tls-cert all.pem
    podium serve -m models:/flight_delay/3
    podium serve -m runs:/4a1f…/model --batching off
    curl http://127.0.0.1:5002/invocations -H 'Content-Type: application/json' \\
    -d '{"dataframe_records": [{"carrier": "DL", "origin": "LGA", "dest": "BOS"}]}'
    """,
)
@click.argument("names", nargs=-1)
@click.option(
    "-m",
    "--model-uri",
    type=Unset(),
    metavar="URI",
    help="Serve this one version instead, whatever becomes of it: models:/NAME/3, "
    "models:/NAME@ALIAS, runs:/RUN/model, or a folder. Any MLflow pyfunc model.",
)
@click.option("--host", type=Unset(), help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=WholeNumber(0, 65_535),
    help="Port; 0 takes any free one, which is printed.  [default: 5002]",
)
@click.option(
    "--workers",
    type=WholeNumber(1, 512),
    help="Processes that answer, on one port.  [default: 1]",
)
@click.option(
    "--batching",
    type=Choice("auto", "on", "off"),
    help="Of models that Podium did not make: answer requests that wait in one call of predict; "
    "auto only where the model's own example shows that it changes nothing.  [default: auto]",
)
@_length("--timeout", "Longest time for one answer; then its caller gets 504.  [default: 60s]")
@click.option(
    "--max-body",
    type=WholeNumber(1, 1 << 20),
    metavar="MIB",
    help="Largest body of a request, in MiB; more gets 413.  [default: 64]",
)
@click.option(
    "--concurrency",
    type=WholeNumber(1),
    help="Requests at a time for each worker; more get 503 with Retry-After.  [default: 256]",
)
@_length("--keep-alive", "How long an idle connection stays open.  [default: 75s]")
@_length(
    "--grace", "How long requests may go on after the server was told to stop.  [default: 30s]"
)
@click.option("--tls-cert", type=Unset(), metavar="FILE", help="Certificate chain, PEM: HTTPS.")
@click.option("--tls-key", type=Unset(), metavar="FILE", help="Its key, PEM, without password.")
@click.option(
    "--api-keys",
    type=Unset(),
    metavar="FILE",
    help="Let in only callers with a key of this file, which podium keys writes.",
)
@_length("--poll", "Time between two looks at the ledger.  [default: 0.5s]")
@click.option(
    "--cache",
    type=Unset(),
    metavar="FOLDER",
    help="Where versions are kept on this machine.  [default: serving in Podium's state folder]",
)
@click.option("--access-log", is_flag=True, help="A line of JSON for each request.")
@click.pass_context
def command(ctx: click.Context, /, names: tuple[str, ...], **given: Any) -> Result:
    """Serve the models NAME over REST, each by the version that is in production.

    Speaks the protocol of `mlflow models serve`: POST /invocations (with several models
    /models/NAME/invocations), GET /ping, /health, /version; also /ready, /metrics, /openapi.json.
    Follows the ledger: within seconds of podium promote or podium rollback every worker answers
    with the other version, and no request fails by it. A version whose files were changed, or that
    does not load, is not taken: the one before stays. While the tracking server is away, what is
    served stays.

    Says what happens on standard error, a line each, with the time in UTC; --json says it on
    standard output too, a line of JSON each. SIGTERM and Ctrl-C let requests end before it stops.
    """
    from serving.process.running import serve
    from serving.process.saying import Saying

    wish = _wish(names, given)
    serve(wish, Saying(sys.stderr, ctx.meta["serving.documents"]), dict(os.environ))
    return Result("Stopped.", {"event": "stopped"})


def _wish(names: tuple[str, ...], given: dict[str, Any]) -> Wish:
    from serving.process.config import Callers
    from serving.process.running import Wish

    _check(names, given)
    said = {name: value for name, value in given.items() if value is not None}
    callers = Callers(**_renamed(said, _OF_CALLERS))
    return Wish(names=names, callers=callers, **_renamed(said, _OF_SERVER))


def _renamed(said: dict[str, Any], known: dict[str, _Meaning]) -> dict[str, Any]:
    """What was said of `known`, under the names and in the units that the server has."""
    return {name: read(said[word]) for word, (name, read) in known.items() if word in said}


def _check(names: tuple[str, ...], given: dict[str, Any]) -> None:
    if bool(names) == bool(given["model_uri"]):
        raise UsageError(
            "Name one or more registered models, or one version with -m, and not both.",
            remedy="podium status lists the models.",
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"{twice[0]} is named twice.", remedy="Name each model once.")
    if given["tls_key"] and not given["tls_cert"]:
        raise UsageError("--tls-key without --tls-cert.", remedy="Give the certificate too.")


def _seconds(length: timedelta) -> float:
    return length.total_seconds()


def _bytes(mib: int) -> int:
    return mib << 20


def _same(value: Any) -> Any:
    return value


def _folder(path: str) -> Path:
    return Path(path).expanduser().absolute()


def _file(path: str) -> str:
    return str(_folder(path))


_Meaning = tuple[str, Callable[[Any], Any]]
_OF_CALLERS: dict[str, _Meaning] = {
    "max_body": ("max_body_bytes", _bytes),
    "concurrency": ("concurrency", _same),
    "timeout": ("timeout_seconds", _seconds),
    "keep_alive": ("keep_alive_seconds", _seconds),
    "api_keys": ("api_keys", _file),
    "tls_cert": ("tls_cert", _file),
    "tls_key": ("tls_key", _file),
    "access_log": ("access_log", _same),
}
_OF_SERVER: dict[str, _Meaning] = {
    "model_uri": ("model_uri", _same),
    "host": ("host", _same),
    "port": ("port", _same),
    "workers": ("workers", _same),
    "batching": ("batching", _same),
    "grace": ("grace_seconds", _seconds),
    "poll": ("poll_seconds", _seconds),
    "cache": ("cache", _folder),
}
