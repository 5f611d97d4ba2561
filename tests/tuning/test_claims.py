"""At most one process leads a search."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from podium.errors import Conflict
from projects.tuning.owner import HEARD, OWNER
from projects.tuning.storage import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/study.db"


@pytest.fixture
def kept(url: str) -> Iterator[Store]:
    opened = Store.open(url, "search", direction="maximize", attrs={"podium.project": "made"})
    yield opened
    opened.close()


def _owned_by(url: str, number: int, owner: str, heard: float) -> None:
    """Claim it as another process would."""
    engine = sqlalchemy.create_engine(url)
    table = sqlalchemy.Table("study_user_attributes", sqlalchemy.MetaData(), autoload_with=engine)
    tags = json.dumps({OWNER: owner, HEARD: f"{heard:.0f}"})
    values = {"study_id": 1, "key": f"podium.claim.{number}", "value_json": tags}
    with engine.begin() as connection:
        connection.execute(table.insert().values(**values))
    engine.dispose()


def test_who_claims_a_search_leads_it_until_another_takes_it_over(kept: Store) -> None:
    first = kept.claim({})
    first.check()
    second = kept.claim({})  # by the same process, whose first search is over
    second.check()
    with pytest.raises(Conflict, match="taken over") as refused:
        first.check()
    assert refused.value.exit_code == 3
    assert kept.attrs["podium.project"] == "made"


def test_a_search_that_a_living_process_leads_is_not_claimed(url: str, kept: Store) -> None:
    asleep = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        _owned_by(url, 1, f"{socket.gethostname()} {asleep.pid}", time.time())
        with pytest.raises(Conflict, match=f"led by process {asleep.pid}"):
            kept.claim({})
    finally:
        asleep.kill()
        asleep.wait()
    kept.claim({}).check()


def test_one_of_another_machine_leads_while_anything_was_heard_of_it(url: str, kept: Store) -> None:
    _owned_by(url, 1, "elsewhere 7", time.time() - 600)
    with pytest.raises(Conflict, match="process 7 on elsewhere"):
        kept.claim({HEARD: f"{time.time():.0f}"})
    kept.claim({HEARD: "0"}).check()


def test_of_two_that_go_on_at_once_one_is_told_that_it_was_too_late(
    url: str, kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one claims between this one's look and its claim."""
    seen = "projects.tuning.claims.leads_still"
    monkeypatch.setattr(seen, lambda _: _owned_by(url, 1, "elsewhere 7", time.time()) or "")
    with pytest.raises(Conflict, match="faster"):
        kept.claim({})
