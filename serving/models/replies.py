"""Replies that say what is wrong, as MLflow's server words them: a code and a message."""

from __future__ import annotations

import json

from serving.models.model import Answer


def problem(status: int, error_code: str, message: str) -> Answer:
    """A reply that names what is wrong; `error_code` is one of MLflow's, such as BAD_REQUEST."""
    said = f"{message[:1].upper()}{message[1:]}"
    return Answer(status, json.dumps({"error_code": error_code, "message": said}).encode())
