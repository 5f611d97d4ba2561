"""`podium notify`: what is on its way to the URLs that are told of the ledger's entries."""

from __future__ import annotations

import time
import uuid
from typing import Any

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.errors import NotFound, UsageError
from podium.notify.deliver import Attempt, deliver_now
from podium.notify.notice import Delivery, Notice, Queued, delivery_id
from podium.notify.outbox import Outbox
from podium.notify.post import body_of, headers_of, send
from podium.notify.schedule import Pace, after_attempt
from podium.notify.start import outbox_of, settings_of_this_process, start_deliverer
from podium.settings import Settings, Target, shown_url


@podium_command(
    "notify",
    examples="""
    podium notify
    podium notify --test
    PODIUM_NOTIFY_URL=https://example.com/hook podium notify --test
    podium notify --retry
    """,
)
@click.option("--flush", is_flag=True, help="Deliver now what is waiting, and say what happened.")
@click.option("--retry", is_flag=True, help="Put the failed ones back among the waiting.")
@click.option("--test", "is_test", is_flag=True, help="Send a test notice to every URL now.")
def command(flush: bool, retry: bool, is_test: bool) -> Result:
    """Show the notices that are waiting, prepared or failed; deliver, retry or test them.

    After each entry of the ledger (a promotion, a rollback) a JSON document with a sentence for
    people goes to the URLs in ~/.config/podium/settings.yaml, or in the file that PODIUM_SETTINGS
    names:

    \b
    notify:
      - url: https://hooks.slack.com/services/...
        actions: [promote, rollback]   # without it: every action
      - url: https://ci.example.com/hook
        secret_env: HOOK_SECRET        # or secret: ..., signs as MLflow's webhooks do
        allow_http: false              # true permits http://
        allow_private: false           # true permits addresses of a private network

    PODIUM_NOTIFY_URL (several: separated by blanks), PODIUM_NOTIFY_SECRET and PODIUM_NOTIFY_ALLOW
    (http,private) replace the list of the file. What cannot be delivered is tried 12 times within
    about twenty minutes, then kept as failed until --retry. PODIUM_STATE is the folder
    that holds the outbox (default ~/.local/state/podium).
    """
    if flush + retry + is_test > 1:
        raise UsageError(
            "--flush, --retry and --test exclude each other.", remedy="Give one of them."
        )
    settings = settings_of_this_process()
    if is_test:
        return _test(settings)
    outbox = outbox_of(settings)
    if retry:
        return _retry(outbox, settings)
    return _flush(outbox, settings) if flush else _show(outbox, settings)


def _show(outbox: Outbox, settings: Settings) -> Result:
    outbox.expire(time.time())
    rows = [_row("waiting", q, d) for q in outbox.waiting() for d in _left(q)]
    rows += [
        {"state": "prepared", "entry_id": n.entry_id, "model": n.model, "action": n.action}
        for n in outbox.prepared()
    ]
    rows += [_row("failed", q, d) for q in outbox.failed() for d in _left(q)]
    corrupt = [str(file) for file in outbox.corrupt_files()]
    urls = [shown_url(target.url) for target in settings.notify]
    document = {"urls": urls, "notices": rows, "corrupt": corrupt, "folder": str(outbox.folder)}
    return Result(_text(document), document)


def _flush(outbox: Outbox, settings: Settings) -> Result:
    attempts = deliver_now(outbox, settings.notify, is_forced=True)
    return _attempted(attempts, "Nothing was waiting.")


def _retry(outbox: Outbox, settings: Settings) -> Result:
    failed = outbox.failed()
    for queued in failed:
        outbox.retry(queued, time.time())
    is_started = bool(failed) and start_deliverer(settings)
    then = "they are being delivered" if is_started else "`podium notify --flush` delivers them"
    text = f"{len(failed)} put back; {then}." if failed else "Nothing has failed."
    entries = [queued.notice.entry_id for queued in failed]
    return Result(text, {"put_back": entries, "deliverer_started": is_started})


def _test(settings: Settings) -> Result:
    if not settings.notify:
        raise NotFound(
            "No URL is configured.",
            remedy="Set PODIUM_NOTIFY_URL, or write the file that `podium notify --help` shows.",
        )
    return _attempted([_tested(target) for target in settings.notify], "")


def _tested(target: Target) -> Attempt:
    notice = Notice(str(uuid.uuid4()), "(none)", "test", "This is a test of Podium.", {})
    delivery = Delivery(target.url, delivery_id(notice.entry_id, target.url))
    now = time.time()
    queued = Queued(notice, now, (delivery,))
    body = body_of(queued)
    outcome = send(target, body, headers_of(target, delivery.delivery_id, body, now), now)
    return Attempt(queued, after_attempt(delivery, outcome, now, 0.0, Pace(max_attempts=1)))


def _attempted(attempts: list[Attempt], if_none: str) -> Result:
    rows = [_row(each.delivery.state, each.queued, each.delivery) for each in attempts]
    has_failed = any(each.delivery.state != "delivered" for each in attempts)
    text = "\n".join(map(str, attempts)) or if_none
    return Result(text, {"attempts": rows}, exit_code=int(has_failed))


def _left(queued: Queued) -> list[Delivery]:
    return [delivery for delivery in queued.deliveries if delivery.state != "delivered"]


def _row(state: str, queued: Queued, delivery: Delivery) -> dict[str, Any]:
    notice = queued.notice
    return {
        "state": delivery.state if state == "waiting" else state,
        "entry_id": notice.entry_id,
        "model": notice.model,
        "action": notice.action,
        "url": shown_url(delivery.url),
        "attempts": delivery.attempts,
        "next_at": delivery.due_at if delivery.state == "waiting" else None,
        "reason": delivery.reason,
    }


def _text(document: dict[str, Any]) -> str:
    from podium.reports.text import text_table

    lines = [f"Told of entries: {', '.join(document['urls']) or 'nobody'}."]
    keys = ("state", "model", "action", "entry_id", "url", "attempts", "reason")
    rows = [tuple(row.get(key) for key in keys) for row in document["notices"]]
    if rows:
        headers = ("state", "model", "action", "entry", "url", "attempts", "reason")
        lines += ["", text_table(headers, rows).rstrip()]
    else:
        lines.append("Nothing is waiting, prepared or failed.")
    if document["corrupt"]:
        lines.append(f"{len(document['corrupt'])} unreadable files in {document['folder']}/corrupt")
    return "\n".join(lines)
