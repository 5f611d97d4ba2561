"""What holds for all tests."""

from __future__ import annotations

import signal

from hypothesis import settings

# Other work on the machine must not fail a test.
settings.register_profile("podium", deadline=None)
settings.load_profile("podium")

# A shell that starts the tests in the background makes them ignore Ctrl-C, and nohup a hangup; so
# would all the processes that they start, and end by these signals.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)
