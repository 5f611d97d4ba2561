"""What holds for all tests."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell that starts the tests in the background makes them ignore Ctrl-C, and so would all
    # the processes that they start, and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
