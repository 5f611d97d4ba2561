"""Why a library refused to fit, in the one sentence of its error that says so."""

from __future__ import annotations

import re

from podium.errors import PodiumError

_LONGEST = 300
_XGBOOST_PLACE = re.compile(r"^\[\d\d:\d\d:\d\d\] \S+:\d+: ")
_XGBOOST_CHECK = re.compile(r"^Check failed: .+? ?: (?=\S)")


def message_of(error: BaseException) -> str:
    """The first line of what `error` says; more of it where that announces what comes.

    Of XGBoost's messages, time, place in its C++ code, condition and stack trace are left out.
    """
    lines = str(error).partition("\nStack trace:")[0].strip().splitlines() or [""]
    shown = lines if lines[0].endswith(":") else lines[:1]
    said = _XGBOOST_PLACE.sub("", " ".join(line.strip() for line in shown))
    said = _XGBOOST_CHECK.sub("", said)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def reason_of(error: BaseException) -> str:
    """Type and message of an error; of Podium's own, all that it says, which needs no type."""
    if isinstance(error, PodiumError):
        return str(error)
    return ": ".join(part for part in (type(error).__name__, message_of(error)) if part)
