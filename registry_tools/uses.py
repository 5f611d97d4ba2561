"""How often the same rows have judged a model: each question that they answer makes chance likelier
to have answered one of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from registry_tools.entry import Entry


def use_of(
    entries: Iterable[Entry], data_digest: str, model_digest: str, against: int | None
) -> int:
    """Which use of the data it is to judge the files of `model_digest` against a version, from 1.

    entries: the model's ledger, in order. Each other question that the data has answered counts;
    to ask the same one again tells nothing new, and keeps its number.
    """
    asked = [
        (entry.model_digest, entry.replaced)
        for entry in entries
        if entry.action == "evaluate" and entry.evidence.data_digest == data_digest
    ]
    now = (model_digest, against)
    return list(dict.fromkeys([*asked, now])).index(now) + 1
