"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell that starts the tests in the background makes them ignore Ctrl-C, and nohup a hangup; so
# would all the processes that they start, and end by these signals.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)
