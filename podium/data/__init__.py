"""From a declared source to a table, reading only the columns used."""

from __future__ import annotations

from podium.data.bundled import BUNDLED
from podium.data.columns import Columns
from podium.data.digest import columns_digest, content_digest
from podium.data.resolve import declared_source, resolve_source
from podium.data.source import TableSource

__all__ = [
    "BUNDLED",
    "Columns",
    "TableSource",
    "columns_digest",
    "content_digest",
    "declared_source",
    "resolve_source",
]
