"""Tells other systems of the ledger's entries: signed, from an outbox that outlives a crash.

Around an entry: `prepare` its notice, append the entry, `release` the notice (or `drop` it), and
`start_deliverer`. None of them fails or delays the entry.
"""

from podium.notify.deliver import Attempt, deliver_now, run_deliverer
from podium.notify.notice import Delivery, Notice, Queued
from podium.notify.outbox import Outbox
from podium.notify.schedule import Pace
from podium.notify.signature import verify_signature
from podium.notify.start import outbox_of, settings_of_this_process, start_deliverer
from podium.settings import Settings, Target, load_settings

__all__ = [
    "Attempt",
    "Delivery",
    "Notice",
    "Outbox",
    "Pace",
    "Queued",
    "Settings",
    "Target",
    "deliver_now",
    "load_settings",
    "outbox_of",
    "run_deliverer",
    "settings_of_this_process",
    "start_deliverer",
    "verify_signature",
]
