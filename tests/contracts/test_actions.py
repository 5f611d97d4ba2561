"""What is written twice, because one side may not import the other, is the same."""

from __future__ import annotations

from podium import settings
from registry_tools import entry


def test_notices_can_be_asked_for_of_every_action_of_the_ledger() -> None:
    assert set(settings.ACTIONS) == set(entry.ACTIONS)
