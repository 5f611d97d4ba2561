"""Interrupts that wait until they are let through."""

from __future__ import annotations

import signal
import threading

import pytest

from podium.interrupts import interrupts_held, terminated_like_interrupted


def interrupt(number: int = signal.SIGINT) -> None:
    signal.raise_signal(number)


def test_an_interrupt_waits_until_it_is_let_through() -> None:
    done = []
    with interrupts_held() as held:
        interrupt()
        done.append("what was begun")
        with pytest.raises(KeyboardInterrupt), held.let_through():
            done.append("what comes after")
    assert done == ["what was begun"]


def test_an_interrupt_comes_at_once_where_it_is_let_through() -> None:
    with interrupts_held() as held, pytest.raises(KeyboardInterrupt), held.let_through():
        interrupt()


def test_an_interrupt_that_was_never_let_through_comes_at_the_end() -> None:
    done = []

    def work() -> None:
        with interrupts_held():
            interrupt()
            done.append("what was begun")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["what was begun"]


def test_a_second_interrupt_does_not_wait() -> None:
    with interrupts_held():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts_held():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_being_terminated_waits_too_where_it_is_like_an_interrupt() -> None:
    done = []
    with terminated_like_interrupted(), interrupts_held() as held:
        interrupt(signal.SIGTERM)
        done.append("what was begun")
        with pytest.raises(KeyboardInterrupt), held.let_through():
            done.append("what comes after")
    assert done == ["what was begun"]


def test_nothing_changes_outside_the_main_thread() -> None:
    seen = []

    def look() -> None:
        with interrupts_held() as held, held.let_through():
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_what_is_ignored_stays_ignored_as_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminated_like_interrupted():
            interrupt(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
