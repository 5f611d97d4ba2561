"""The header `Content-Type`, read as MLflow's server reads it."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from serving.models.model import Answer
from serving.models.replies import problem

Kind = Literal["application/json", "text/csv", "application/vnd.apache.parquet"]
JSON: Kind = "application/json"
CSV: Kind = "text/csv"
PARQUET: Kind = "application/vnd.apache.parquet"
KINDS: tuple[Kind, ...] = (CSV, JSON, PARQUET)


@lru_cache(maxsize=256)
def kind_of(content_type: str | None) -> Kind | Answer:
    """What kind of body it announces, or the reply that refuses it.

    The statuses are MLflow's: 415 for other types, for charsets but UTF-8 and for any other
    parameter; 500 where the header is missing, which its server trips over.
    """
    if content_type is None:
        return problem(500, "INTERNAL_ERROR", f"Send a header Content-Type: one of {_known()}.")
    mime, *pairs = map(str.strip, content_type.split(";"))
    given = {key: value for pair in pairs for key, _, value in [pair.partition("=")]}
    if given.get("charset", "utf-8").lower() != "utf-8":
        return _refused("The scoring server only supports UTF-8")
    if set(given) - {"charset"}:
        return _refused("Unrecognized content type parameters: only charset=utf-8 is taken.")
    for kind in KINDS:
        if mime == kind:
            return kind
    return _refused(f"This predictor only supports the following content types: {_known()}.")


def _known() -> str:
    return ", ".join(KINDS)


def _refused(message: str) -> Answer:
    return problem(415, "BAD_REQUEST", message)
