"""When a delivery is attempted, and when it is given up. Pure: the clock and the jitter come in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from podium.notify.notice import Delivery


@dataclass(frozen=True)
class Pace:
    """Attempt n+1 comes `first_seconds` · 2ⁿ⁻¹ after attempt n, at most `cap_seconds`, and each
    wait is varied by up to a quarter, so that many senders do not come at once.
    """

    first_seconds: float = 1.0
    cap_seconds: float = 300.0
    max_attempts: int = 12


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt. `retry_after_seconds` is what the receiver asked for.

    `is_unreachable` says that no answer came at all, so that the URL's other notices need not be
    attempted now.
    """

    result: Literal["delivered", "retry", "refused"]
    reason: str = ""
    retry_after_seconds: float = 0.0
    is_unreachable: bool = False


def after_attempt(
    delivery: Delivery, outcome: Outcome, now: float, jitter: float, pace: Pace
) -> Delivery:
    """`delivery` after an attempt at `now`; `jitter` is uniform in [0, 1)."""
    attempts = delivery.attempts + 1
    tried = replace(delivery, attempts=attempts, reason=outcome.reason, due_at=now)
    if outcome.result == "delivered":
        return replace(tried, state="delivered", reason="")
    if outcome.result == "refused" or attempts >= pace.max_attempts:
        return replace(tried, state="failed")
    return replace(tried, due_at=now + wait_seconds(attempts, outcome, jitter, pace))


def wait_seconds(attempts: int, outcome: Outcome, jitter: float, pace: Pace) -> float:
    """How long to wait after attempt number `attempts`, at most the pace's cap."""
    backoff = pace.first_seconds * 2.0 ** min(attempts - 1, 60) * (0.75 + 0.5 * jitter)
    return min(pace.cap_seconds, max(backoff, outcome.retry_after_seconds))


def is_due(delivery: Delivery, now: float, cap_seconds: float = Pace.cap_seconds) -> bool:
    """Whether to attempt `delivery` at `now`.

    A time further off than the cap was set before the clock was put back: that is due too.
    """
    ahead = delivery.due_at - now
    return delivery.state == "waiting" and (ahead <= 0 or ahead > cap_seconds)
