"""When deliveries are attempted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podium.notify import Delivery, Pace
from podium.notify.schedule import Outcome, after_attempt, is_due, wait_seconds

RETRY = Outcome("retry", "HTTP 500")
WAITING = Delivery("https://x.example", "id")


def test_waits_double_up_to_the_cap() -> None:
    waits = [wait_seconds(n, RETRY, 0.5, Pace()) for n in range(1, 13)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0, 1e9))
def test_a_wait_is_positive_and_at_most_the_cap(n: int, jitter: float, asked: float) -> None:
    assert 0 < wait_seconds(n, Outcome("retry", "", asked), jitter, Pace()) <= 300


def test_the_twelfth_attempt_is_the_last() -> None:
    delivery = WAITING
    for n in range(1, 13):
        assert delivery.state == "waiting"
        delivery = after_attempt(delivery, RETRY, 0.0, 0.0, Pace())
        assert delivery.attempts == n
    assert (delivery.state, delivery.reason) == ("failed", "HTTP 500")


def test_what_was_refused_is_not_tried_again() -> None:
    refused = after_attempt(WAITING, Outcome("refused", "HTTP 404"), 0.0, 0.0, Pace())
    assert (refused.state, refused.attempts) == ("failed", 1)


def test_a_time_beyond_the_cap_is_due_because_the_clock_was_put_back() -> None:
    later = Delivery("u", "id", due_at=1000.0)
    assert not is_due(later, 900.0)
    assert is_due(later, 1000.0)
    assert is_due(later, 100.0)
    assert not is_due(Delivery("u", "id", state="delivered"), 1.0)
