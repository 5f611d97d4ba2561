"""Names: of registered models (what MLflow allows, less what the ledger needs), of functions."""

from __future__ import annotations

import re

MAX_LENGTH = 249
LEDGER_SUFFIX = ".ledger"
_FORBIDDEN = {
    "/": "a slash",
    ":": "a colon",
    "'": "a quote",
    '"': "a quote",
    "`": "a quote",
    **dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "a line break"),
    "\x00": "a null character",
}

_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def is_function(text: str) -> bool:
    """Whether `text` has the form `module:function`."""
    return _FUNCTION.fullmatch(text) is not None


def model_name_problem(name: str) -> str:
    """Why `name` cannot name a registered model; empty where it can.

    MLflow refuses empty names, slashes and colons. Podium also refuses line breaks and quotes
    (they break the strings that MLflow's search takes), more than 249 characters, and the suffix
    of its own ledgers.
    """
    if not name.strip() or name != name.strip():
        return "is empty or begins or ends with a space"
    if name in {".", ".."}:
        return "is a relative path"
    if len(name) > MAX_LENGTH:
        return f"has {len(name)} characters; at most {MAX_LENGTH} are allowed"
    if name.endswith(LEDGER_SUFFIX):
        return f"ends in {LEDGER_SUFFIX!r}, which Podium keeps for its ledgers"
    found = sorted({word for character, word in _FORBIDDEN.items() if character in name})
    return f"contains {' and '.join(found)}" if found else ""
