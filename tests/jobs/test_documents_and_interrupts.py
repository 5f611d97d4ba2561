"""Strict JSON, and an orderly end."""

from __future__ import annotations

import json
import os
import signal
import threading

import pytest

from podium.documents import to_json
from podium.interrupts import terminated_like_interrupted


def strict(text: str) -> object:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_what_is_not_a_number_in_json_is_null() -> None:
    nan, inf = float("nan"), float("inf")
    assert strict(to_json({"a": [nan, 1.5, (inf,)], "b": {"c": -inf}})) == {
        "a": [None, 1.5, [None]],
        "b": {"c": None},
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_raises_an_interrupt_within_the_block_only(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), terminated_like_interrupted():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with terminated_like_interrupted():
                pass
        except ValueError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []
