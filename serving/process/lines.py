"""The sentences that a running server says, one function for each event."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime

from podium.errors import PodiumError
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.news import Again, Contact, Rejected, Unread
from serving.process.deaths import MOST_DEATHS, WITHIN_SECONDS
from serving.process.saying import Saying, named, plural
from serving.process.standing import Change, Damaged, Emptied, NotTaken, Swapped

_MOST_SECONDS_AFTER = 3_600.0
_MOST_CHARACTERS = 240


def ready(saying: Saying, url: str, workers: int, served: Mapping[str, Assigned | None]) -> None:
    """All workers accept connections."""
    shown = ", ".join(named(one) for one in served.values() if one is not None) or "nothing yet"
    saying.say(
        "ready",
        f"Serving {shown} at {url}, {plural(workers, 'worker')}",
        url=url,
        workers=workers,
        models={name: None if one is None else one.version for name, one in served.items()},
    )
    for name, one in served.items():
        if one is None:
            saying.say("waiting", f"{name}: {_how_to_begin(name)}", model=name)


def kept(saying: Saying, why: PodiumError) -> None:
    """A start without the registry."""
    text = f"Starting with what was served here last: {_shortly(why.what)}"
    saying.say("started_from_cache", text, why=why.what)


def changed(saying: Saying, change: Change, workers: int, since: Mapping[str, str | None]) -> None:
    """All workers serve another version, or none any more."""
    if isinstance(change, Emptied):
        name = change.before.model
        text = f"{name}: version {change.before.version} is served no more. {_how_to_begin(name)}"
        saying.say("emptied", text, model=name, before=change.before.version)
        return
    if not isinstance(change, Swapped):
        return
    now, before = change.now, change.before
    same = before is not None and before.version == now.version
    instead = "" if before is None else f" in place of version {before.version}"
    instead = ", as before" if same else instead
    seconds = seconds_after(since.get(now.model), datetime.now(UTC))
    after = "" if seconds is None else f", {seconds:.1f} s after that entry"
    saying.say(
        "swapped",
        f"Serving {named(now)}{instead}{after}, {plural(workers, 'worker')}",
        model=now.model,
        version=now.version,
        before=None if before is None else before.version,
        entry=now.entry,
        seconds_after_entry=seconds,
    )


def not_taken(saying: Saying, change: NotTaken) -> None:
    """A version that does not load."""
    wanted = change.wanted
    text = f"Not taken: {change.reason.rstrip('.')}. {_goes_on(wanted.model, change.good)}"
    facts = {"model": wanted.model, "version": wanted.version, "why": change.reason}
    saying.say("refused", text, **facts)


def cannot_begin(change: NotTaken) -> NotServable:
    """Why a server does not start."""
    name = shlex.quote(change.wanted.model)
    remedy = f"podium verify {name} says more; podium rollback {name} --reason … goes back."
    if change.wanted.role == "fixed":
        remedy = "Load it with mlflow.pyfunc.load_model, in this environment, to see more."
    return NotServable(change.reason, remedy=remedy)


def damaged(saying: Saying, place: int, change: Damaged) -> None:
    """A worker that was started later cannot load what the others serve."""
    name = f"version {change.wanted.version} of {change.wanted.model}"
    text = f"Worker {place} cannot load {name}: bringing its files once more. {change.reason}"
    saying.say("damaged", text, model=change.wanted.model, worker=place, why=change.reason)


def rejected(saying: Saying, news: Rejected, good: Assigned | None) -> None:
    """A version whose files are not those that were pinned."""
    text = (
        f"Not taken: version {news.version} of {news.model}: {news.error.what.rstrip('.')}. "
        f"{_goes_on(news.model, good)}"
    )
    facts = {"model": news.model, "version": news.version, "why": news.error.what}
    saying.say("refused", text, **facts)


def contact(saying: Saying, news: Contact) -> None:
    """The registry is lost, or back."""
    if news.reachable:
        away = f"{news.seconds_away:.0f} s"
        saying.say("registry_back", f"The registry is back after {away}; following again")
    else:
        text = f"The registry is lost; what is served stays: {_shortly(news.why)}"
        saying.say("registry_lost", text, why=news.why)


def unread(saying: Saying, news: Unread) -> None:
    """What is to be served of a model cannot be found out, for a reason of its own."""
    why = _shortly(news.error.what)
    text = f"{news.model}: what is served stays. {why} {news.error.remedy}"
    saying.say("not_followed", text, model=news.model, why=news.error.what)


def again(saying: Saying, news: Again) -> None:
    """It can be found out again."""
    saying.say("followed_again", f"{news.model}: following again", model=news.model)


def trouble(saying: Saying, what: str, error: Exception) -> None:
    """This machine refuses something that the server can do without for a while."""
    why = f"{type(error).__name__}: {error}"
    saying.say("trouble", f"Serving goes on, but {what}: {_shortly(why)}", what=what, why=why)


def died(saying: Saying, place: int, how: str) -> None:
    """A worker ended by itself."""
    saying.say("worker_died", f"Worker {place} ended {how}; starting another", worker=place)


def died_too_often(place: int, how: str) -> PodiumError:
    """Why the server gives up."""
    return PodiumError(
        f"Worker {place} ended more than {MOST_DEATHS} times within {WITHIN_SECONDS:.0f} s, the "
        f"last time {how}.",
        remedy="What it said of that stands above; signal 9 often means that memory ran out.",
    )


def silent(saying: Saying, place: int, seconds: float) -> None:
    """A worker hangs."""
    text = f"Worker {place} has said nothing for {seconds:.0f} s: killing it"
    saying.say("worker_silent", text, worker=place)


def stopping(saying: Saying, why: str, grace_seconds: float) -> None:
    """The server was told to stop."""
    text = f"Stopping ({why}): requests that are there get up to {grace_seconds:g} s"
    saying.say("stopping", text, why=why)


def killed(saying: Saying) -> None:
    """It was told to stop once more."""
    saying.say("killed", "Told to stop twice: killing the workers")


def seconds_after(at: str | None, now: datetime) -> float | None:
    """How long ago an entry was made; None where clocks differ, or it is long ago."""
    if at is None:
        return None
    seconds = (now - datetime.fromisoformat(at)).total_seconds()
    return seconds if 0 <= seconds < _MOST_SECONDS_AFTER else None


def _shortly(why: str) -> str:
    """MLflow's own words can be as long as a page."""
    return why if len(why) <= _MOST_CHARACTERS else f"{why[:_MOST_CHARACTERS]}…"


def _goes_on(name: str, good: Assigned | None) -> str:
    after = f"podium verify {shlex.quote(name)} says more"
    return (
        f"{'Nothing' if good is None else f'Version {good.version}'} goes on being served; {after}"
    )


def _how_to_begin(name: str) -> str:
    begin = f"podium promote {shlex.quote(name)} VERSION --to production"
    return f"No version is in production; callers get 503 until {begin}"


def open_to_all(saying: Saying, host: str) -> None:
    """Others than this machine's users can ask, and nothing keeps anybody out."""
    text = f"Whoever reaches {host} may ask; --api-keys lets in only those who have a key"
    saying.say("open_to_all", text, host=host)
