"""Starts the deliverer as a process of its own, which outlives the one that starts it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import podium
from podium.notify.files import make_private
from podium.notify.outbox import Outbox
from podium.settings import Settings, load_settings, state_folder

_MAX_LOG_BYTES = 1_000_000
_logger = logging.getLogger("podium.notify")


def outbox_of(settings: Settings) -> Outbox:
    """The outbox of this machine's user."""
    return Outbox(settings.state_folder / "notify")


def start_deliverer(settings: Settings, environ: Mapping[str, str] | None = None) -> bool:
    """Start the deliverer and return at once. Never raises.

    False, with the reason in the log `podium.notify`, where it could not be started. Where one
    runs already the new one ends at once. `environ` is what it gets as its environment, this
    process's where None.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "podium.notify"],
            cwd=Path(podium.__file__).parent.parent,
            env=_environment(settings, os.environ if environ is None else environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Somebody has to wait for it, or it stays in the list of processes after its end.
        threading.Thread(target=process.wait, name="podium-notify", daemon=True).start()
    except (OSError, ValueError, RuntimeError) as error:
        _logger.warning("The deliverer of notices did not start: %s", error)
        return False
    return True


def log_to_file(environ: Mapping[str, str], home: Path) -> Path:
    """Let the log `podium.notify` go to a file in the state folder too; two files at most."""
    file = state_folder(environ, home) / "notify" / "deliverer.log"
    make_private(file.parent)
    if file.exists() and file.stat().st_size > _MAX_LOG_BYTES:
        file.replace(file.with_suffix(".log.1"))
    handler = logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    return file


def settings_of_this_process() -> Settings:
    """The settings as this process's environment and user have them."""
    return load_settings(os.environ, home_folder())


def home_folder() -> Path:
    """The user's home folder; the root where the system knows of none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def _environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ`, with the paths that it names made independent of the working folder."""
    given = {**environ, "PODIUM_STATE": str(settings.state_folder)}
    if settings.file is not None:
        given["PODIUM_SETTINGS"] = str(settings.file)
    return given
