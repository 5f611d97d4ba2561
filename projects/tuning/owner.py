"""Whether the process that leads a search is still there."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

OWNER, HEARD = "podium.owner", "podium.heard_at"
BEAT_SECONDS = 20.0
_SILENT_SECONDS = 90.0
_START_FIELD = 21  # starttime in /proc/PID/stat, counted from 0


def owner_tags() -> dict[str, str]:
    """The tags by which this process says that it leads the search, now."""
    pid = os.getpid()
    return {OWNER: f"{socket.gethostname()} {pid} {_started(pid)}".strip(), **heard_tag()}


def heard_tag() -> dict[str, str]:
    """The tag that says when the leading process was last there."""
    return {HEARD: f"{time.time():.0f}"}


def leads_still(tags: Mapping[str, str]) -> str:
    """Which process, in words, leads the search that these tags are of; nothing where none does.

    On this machine by its number and start, on others by when it was last heard of.
    """
    host, _, rest = tags.get(OWNER, "").partition(" ")
    pid, _, started = rest.partition(" ")
    if not pid.isdigit():
        return ""
    if host == socket.gethostname():
        return f"process {pid}" if _is_there(int(pid), started) else ""
    heard = tags.get(HEARD, "0")
    recent = heard.isdigit() and time.time() - int(heard) < _SILENT_SECONDS
    return f"process {pid} on {host}" if recent else ""


def _is_there(pid: int, started: str) -> bool:
    if pid == os.getpid():
        return False  # a search of this very process that is over
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's, and there
    return not started or _started(pid) in ("", started)


def _started(pid: int) -> str:
    """When the process started, in ticks since the system did; nothing where that is not known."""
    with suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[_START_FIELD - 2]
    return ""
