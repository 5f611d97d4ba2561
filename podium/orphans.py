"""Ends a child process when the process that started it is gone."""

from __future__ import annotations

import fcntl
import os
import signal
import threading


def end_with_parent() -> None:
    """Kill this process and all that it started once its parent is gone, killed or not: then what
    stands at its standard input ends. Whoever reads standard input finds an empty one.

    The parent keeps a pipe open to it; the process is in a session of its own.
    """
    ours = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    signal.signal(signal.SIGIO, signal.SIG_DFL)  # which ends a process
    # The system sends it then, also amid a long computation that lets no thread of Python run.
    fcntl.fcntl(ours, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(ours, fcntl.F_SETFL, fcntl.fcntl(ours, fcntl.F_GETFL) | os.O_ASYNC)

    def wait() -> None:  # where it had ended before, or the system sends nothing
        os.read(ours, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()
