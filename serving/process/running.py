"""From what the command was given to a server that runs, and to its end."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import NotFound, PodiumError
from podium.interrupts import terminated_like_interrupted
from podium.settings import state_folder
from podium.where import without_password
from registry_tools.port import Registry
from serving.app.keys import read_keys
from serving.assignment import Assigned
from serving.following.naming import name_of
from serving.models.model import Batching
from serving.process import lines
from serving.process.config import Callers, WorkerConfig
from serving.process.fixed_files import FixedFiles
from serving.process.listening import bind, check_certificate, is_loopback, url_of
from serving.process.saying import Saying
from serving.process.supervisor import Message, Plan, Supervisor

if TYPE_CHECKING:
    from serving.following.cache import Cache
    from serving.following.following import Begun, Following

_MLFLOW = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@dataclass(frozen=True)
class Wish:
    """What is to be served, to whom, and how.

    names: registered models that are followed; or model_uri: one model that is not. cache: where
    files are kept; None is Podium's own state folder.
    """

    names: tuple[str, ...] = ()
    model_uri: str | None = None
    host: str = "127.0.0.1"
    port: int = 5002
    workers: int = 1
    batching: Batching = "auto"
    grace_seconds: float = 30.0
    poll_seconds: float = 0.5
    cache: Path | None = None
    callers: Callers = field(default_factory=Callers)


def serve(wish: Wish, saying: Saying, environ: Mapping[str, str]) -> None:
    """Serve until told to stop by a signal."""
    _check(wish.callers)
    root = wish.cache or state_folder(environ, Path.home()) / "serving"
    with bind(wish.host, wish.port) as bound:
        url = url_of(bound, tls=wish.callers.tls_cert is not None)
        inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        config = WorkerConfig(
            wish.names if wish.model_uri is None else (name_of(wish.model_uri),),
            grace_seconds=wish.grace_seconds,
            batching=wish.batching,
            callers=wish.callers,
        )
        metrics = state_folder(environ, Path.home()) / "serving" / "metrics"
        plan = Plan(bound, url, wish.workers, config, environ, metrics)
        supervisor = Supervisor(plan, saying, inbox)
        with ExitStack() as stack:
            with terminated_like_interrupted():
                stack.enter_context(supervisor.workers())  # they import while the ledger is read
                following, begun = _begin(wish, root, inbox, environ)
            if begun.kept_because is not None:
                lines.kept(saying, begun.kept_because)
            if wish.callers.api_keys is None and not is_loopback(bound):
                lines.open_to_all(saying, wish.host)
            renew = _renewing(wish, root, begun, inbox) if following is None else following.renew
            supervisor.run(begun.models, following, renew)


def _check(callers: Callers) -> None:
    """What a worker would fail on."""
    if callers.tls_cert is not None:
        check_certificate(callers.tls_cert, callers.tls_key)
    if callers.api_keys is not None:
        read_keys(Path(callers.api_keys))


def _begin(
    wish: Wish, root: Path, inbox: queue.SimpleQueue[Message], environ: Mapping[str, str]
) -> tuple[Following | None, Begun]:
    for name, value in _MLFLOW.items():
        os.environ.setdefault(name, value)
    from serving.following.cache import Cache  # imports scikit-learn: slow
    from serving.following.following import Begun, Following, Source
    from serving.following.last import registry_key

    if wish.model_uri is not None:
        fixed = _fixed(wish.model_uri, Cache(root))
        return None, Begun({fixed.model: fixed})
    import registry_tools.registry  # noqa: F401 - MLflow takes seconds, which are not its server's

    key = registry_key(environ, Path.cwd())
    source = Source(open_registry, key, root, wish.poll_seconds)
    following = Following(wish.names, source, inbox.put)
    return following, following.begin()


def _renewing(
    wish: Wish, root: Path, begun: Begun, inbox: queue.SimpleQueue[Message]
) -> Callable[[str], None]:
    """For one version that is not followed."""
    from serving.following.cache import Cache

    served = next(one for one in begun.models.values() if one is not None)
    uri = f"models:/{served.model}/{served.version}" if served.version else f"{wish.model_uri}"
    return FixedFiles(served, lambda: _fixed(uri, Cache(root)), inbox.put).renew


def open_registry() -> Registry:
    """The registry that MLflow is set to use."""
    from registry_tools.registry import MlflowRegistry  # imports MLflow: slow

    return MlflowRegistry()


def _fixed(uri: str, cache: Cache) -> Assigned:
    from serving.following.fixed import fix

    @contextmanager
    def download(other: str) -> Iterator[Path]:
        from podium.artifact.mlflow_model import downloaded

        try:
            scratch = downloaded(other)
            folder = scratch.__enter__()
        except PodiumError:
            raise
        except Exception as error:
            said = without_password(str(error).partition("\n")[0])
            raise NotFound(
                f"MLflow cannot download {without_password(other)}: {said}",
                remedy="Check the URI, MLFLOW_TRACKING_URI, and that the model is there.",
            ) from error
        try:
            yield folder
        finally:
            scratch.__exit__(None, None, None)

    return fix(uri, cache, open_registry, download)
