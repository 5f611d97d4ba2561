"""How requests are shared: shown, set, and ended by every change of a holder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting


@pytest.fixture
def acts(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    """Version 1 is champion, version 2 the challenger."""
    with acting(one_backend, tmp_path) as made:
        made.champion(1)
        made.staged(2)
        yield made


def test_traffic_is_set_shown_and_ended(acts: Acting) -> None:
    assert "is off: the champion answers all requests" in acts.run("traffic").stdout
    done = acts.run("traffic", "canary", "--share", "0.1", "--key", "header:X-User")
    assert "ada set traffic to canary: version 2 beside version 1" in done.stdout
    shown = acts.run("traffic").stdout
    assert "canary: version 2 beside champion 1, share 0.1, by header:X-User." in shown
    assert acts.document("traffic")["traffic"] == {
        "mode": "canary",
        "champion": 1,
        "challenger": 2,
        "share": 0.1,
        "key": "header:X-User",
        "verdict": None,
    }
    assert acts.document("traffic", "off")["traffic"]["mode"] == "off"
    assert acts.document("traffic", "off")["entries"] == []


def test_the_same_once_more_enters_nothing(acts: Acting) -> None:
    arguments = ("traffic", "ab", "--share", "0.5", "--key", "column:customer id")
    assert len(acts.document(*arguments)["entries"]) == 1
    again = acts.document(*arguments)
    assert (again["entries"], again["notes"][0]) == ([], "Traffic is shared like this already.")


def test_shadow_needs_no_share_and_takes_one(acts: Acting) -> None:
    assert acts.document("traffic", "shadow")["traffic"]["share"] is None
    assert acts.document("traffic", "shadow", "--share", "0.2")["traffic"]["share"] == 0.2


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("promote", ("2", "--to", "production")),
        ("reject", ("2", "--reason", "worse")),
        ("retire", ("1", "--reason", "leak")),
    ],
)
def test_a_change_of_either_holder_ends_it_and_says_so(
    acts: Acting, act: str, arguments: tuple[str, ...]
) -> None:
    acts.run("traffic", "shadow")
    ended = acts.document(act, *arguments)
    assert ended["traffic"]["mode"] == "off"
    assert "This ends the traffic between versions 1 and 2 (shadow): it is off." in ended["notes"]


def test_without_a_challenger_there_is_nothing_to_share_with(acts: Acting) -> None:
    acts.run("reject", 2, "--reason", "worse")
    refused = acts.run("traffic", "shadow", code=1)
    assert f"podium promote {acts.name} VERSION --to staging" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("canary",), "canary needs --share"),
        (("ab",), "ab needs --share"),
        (("off", "--share", "0.1"), "off takes neither"),
        (("off", "--key", "header:X-User"), "off takes neither"),
        (("--share", "0.1"), "need a mode"),
        (("canary", "--share", "0"), "write one like 0.1"),
        (("canary", "--share", "1"), "write one like 0.1"),
        (("canary", "--share", "10%"), "write one like 0.1"),
        (("canary", "--share", "nan"), "write one like 0.1"),
        (("canray", "--share", "0.1"), "Did you mean 'canary'?"),
        (("ab", "--share", "0.1", "--key", "X-User"), "header:X-User or column:customer_id"),
        (("ab", "--share", "0.1", "--key", "header:"), "header:X-User or column:customer_id"),
        (("ab", "--share", "0.1", "--key", "header:X User"), "header:X-User"),
        (("ab", "--share", "0.1", "--key", "column: "), "header:X-User or column:customer_id"),
    ],
)
def test_what_makes_no_sense_is_refused_with_an_example(
    acts: Acting, arguments: tuple[str, ...], said: str
) -> None:
    refused = acts.run("traffic", *arguments, code=2)
    assert said in " ".join(refused.stderr.split())


def test_the_help_says_who_acts_on_it(acts: Acting) -> None:
    shown = " ".join(acts.run("traffic", "--help").stdout.split())
    assert "No server shares requests yet: `podium serve` answers all of them" in shown
