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

_SECOND = timedelta(seconds=1)


class _Serving(PodiumCommand):
    """Its events are printed while it runs, a line of JSON each with --json."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the function; standard output as it is now is for documents."""
        ctx.meta["serving.documents"] = sys.stdout if ctx.params["json"] else None
        return super().invoke(ctx)


def _length(name: str, default: str, help: str) -> Callable[[Any], Any]:
    shown = f"{help}  [default: {default}]"
    return click.option(name, type=Length(), default=default, help=shown)


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
@click.option("--host", default="127.0.0.1", help="Address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=WholeNumber(0, 65_535),
    default="5002",
    help="Port; 0 takes any free one, which is printed.  [default: 5002]",
)
@click.option(
    "--workers",
    type=WholeNumber(1, 512),
    default="1",
    help="Processes that answer, on one port.  [default: 1]",
)
@click.option(
    "--batching",
    type=Choice("auto", "on", "off"),
    default="auto",
    help="Of models that Podium did not make: answer requests that wait in one call of predict; "
    "auto only where the model's own example shows that it changes nothing.  [default: auto]",
)
@_length("--timeout", "60s", "Longest time for one answer; then its caller gets 504.")
@click.option(
    "--max-body",
    type=WholeNumber(1, 1 << 20),
    default="64",
    metavar="MIB",
    help="Largest body of a request, in MiB; more gets 413.  [default: 64]",
)
@click.option(
    "--concurrency",
    type=WholeNumber(1),
    default="256",
    help="Requests at a time for each worker; more get 503 with Retry-After.  [default: 256]",
)
@_length("--keep-alive", "75s", "How long an idle connection stays open.")
@_length("--grace", "30s", "How long requests may go on after the server was told to stop.")
@click.option("--tls-cert", type=Unset(), metavar="FILE", help="Certificate chain, PEM: HTTPS.")
@click.option("--tls-key", type=Unset(), metavar="FILE", help="Its key, PEM, without password.")
@click.option(
    "--api-keys",
    type=Unset(),
    metavar="FILE",
    help="Let in only callers with a key of this file, which podium keys writes.",
)
@_length("--poll", "0.5s", "Time between two looks at the ledger.")
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
    callers = Callers(
        max_body_bytes=given["max_body"] << 20,
        concurrency=given["concurrency"],
        timeout_seconds=given["timeout"] / _SECOND,
        keep_alive_seconds=given["keep_alive"] / _SECOND,
        api_keys=_absolute(given["api_keys"]),
        tls_cert=_absolute(given["tls_cert"]),
        tls_key=_absolute(given["tls_key"]),
        access_log=given["access_log"],
    )
    return Wish(
        names=names,
        model_uri=given["model_uri"],
        host=given["host"],
        port=given["port"],
        workers=given["workers"],
        batching=given["batching"],
        grace_seconds=given["grace"] / _SECOND,
        poll_seconds=given["poll"] / _SECOND,
        cache=None if given["cache"] is None else Path(given["cache"]).expanduser().absolute(),
        callers=callers,
    )


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


def _absolute(file: str | None) -> str | None:
    return None if file is None else str(Path(file).expanduser().absolute())
