"""Which process leads a search: at most one, as a unique key in its database has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy
from sqlalchemy.exc import IntegrityError

from podium.errors import Conflict
from projects.tuning.owner import HEARD, leads_still, owner_tags

_CLAIM = "podium.claim."
_REMEDY = "Wait for it, or end that process first; it is taken for gone after 90 s without a sign."


class Claim:
    """This process's lead of a study; every process that goes on with it makes the next one."""

    def __init__(self, engine: sqlalchemy.Engine, study_id: int, heard: Mapping[str, str]) -> None:
        """heard: tags that say when the process that led it was last there.

        Raises Conflict where another process leads it, or was faster to take it over.
        """
        self._engine, self._study_id = engine, study_id
        self._table = sqlalchemy.Table(
            "study_user_attributes", sqlalchemy.MetaData(), autoload_with=engine
        )
        number, tags = self._last()
        leader = leads_still({**tags, HEARD: max(tags.get(HEARD, "0"), heard.get(HEARD, "0"))})
        if leader:
            raise Conflict(f"The search is led by {leader}.", remedy=_REMEDY)
        self._number = number + 1
        self._take()

    def check(self) -> None:
        """Raises Conflict where another process has taken the search over meanwhile."""
        number, tags = self._last()
        if number != self._number:
            leader = leads_still(tags) or "another process"
            raise Conflict(
                f"The search was taken over by {leader}, which goes on with it.",
                remedy="Nothing of it is lost; look at its run.",
            )

    def _last(self) -> tuple[int, dict[str, str]]:
        """The number and the tags of the last claim; 0 where nobody made one."""
        mine = self._table.c.study_id == self._study_id
        sought = sqlalchemy.select(self._table.c.key, self._table.c.value_json).where(
            mine, self._table.c.key.startswith(_CLAIM)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(sought).all()
        claims = {int(row[0].removeprefix(_CLAIM)): str(row[1]) for row in rows}
        last = max(claims, default=0)
        tags: dict[str, Any] = json.loads(claims[last]) if last else {}
        return last, tags

    def _take(self) -> None:
        values = {
            "study_id": self._study_id,
            "key": f"{_CLAIM}{self._number}",
            "value_json": json.dumps(owner_tags()),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(self._table.insert().values(**values))
        except IntegrityError as error:
            raise Conflict(
                "Another process was faster to go on with the search.", remedy=_REMEDY
            ) from error
