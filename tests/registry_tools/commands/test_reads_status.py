"""`podium status`: who is champion, what waits, and what needs attention."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from podium.cli import main
from registry_tools.commands._one_model import policy_words, standing
from registry_tools.policy import Policy
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, as_client, started
from tests.registry_tools.commands.acting import Acting, acting
from tests.registry_tools.commands.reads import champion_and_challenger
from tests.registry_tools.models import new_name, register_foreign, register_hollow


@pytest.fixture
def flights(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


@pytest.fixture
def own_backend(tmp_path: Path) -> Iterator[Backend]:
    """A registry with nothing in it."""
    with started("sqlite", tmp_path) as backend, as_client(backend):
        yield backend


def overview(code: int = 0) -> str:
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == code, result.output
    return result.stdout


def line_of(table: str, name: str) -> str:
    return next(line for line in table.splitlines() if line.startswith(name))


def test_the_champion_is_shown_with_since_when_and_by_whom(flights: Acting) -> None:
    flights.champion(1)
    said = flights.run("status").stdout
    assert "Production  version 1, since 20" in said
    assert "UTC (just now), by ada" in said or "s ago), by ada" in said
    assert "Last 3 of 3 entries" in said
    assert "Names are what each command said" in said
    document = flights.document("status")
    assert document["production"]["version"] == 1
    assert document["production"]["by"] == "ada"
    assert document["production"]["seconds_ago"] >= 0
    assert document["ledger"] == "ok"
    assert len(document["last_entries"]) == 3


def test_a_forced_promotion_is_marked_with_its_reason(flights: Acting) -> None:
    flights.run("promote", 1, "--to", "production", "--force", "--reason", "outage", by="eve")
    said = flights.run("status").stdout
    assert "by eve [FORCED, past the gates]: outage" in said
    assert "promoted version 1 to production [FORCED]" in said
    assert flights.document("status")["production"]["forced"] is True


def test_approvals_are_counted_as_the_gate_counts_them(flights: Acting) -> None:
    number = flights.version(**{"podium.author": "ada"})
    policy = flights.report.with_name("policy.yaml")
    policy.write_text("promotion:\n  approvals: 1\n  exclude_author: true\n")
    flights.run("policy", "--file", policy, "--reason", "two pairs of eyes")
    flights.staged(number)
    flights.run("approve", number, by="ada")
    before = flights.document("status")["staging"]
    assert (before["approved"], before["not_counting"]) == (False, "ada")
    assert f"podium approve {flights.name} {number}" in flights.run("status").stdout
    flights.run("approve", number, by="bob")
    assert "Approvals   1 (bob); needed: 1, not counting the author ada" in (
        said := flights.run("status").stdout
    )
    assert said.rstrip().endswith(f"podium promote {flights.name} {number} --to production")
    assert "approvals 1 without the author; set 20" in said
    assert "two pairs of eyes" in said


def test_versions_since_the_champion_that_nobody_evaluated_are_listed(flights: Acting) -> None:
    flights.champion(2)
    for auc in range(12):
        tags = {"podium.holdout.auc": f"0.8{auc:02}"}
        register_hollow(flights.backend, flights.name, tags=tags)
    document = flights.document("status")
    assert [c["version"] for c in document["candidates"]] == list(range(14, 4, -1))
    assert document["candidates_total"] == 12
    assert document["candidates"][0]["holdout"] == {"auc": 0.811}
    said = flights.run("status").stdout
    assert "not evaluated (the newest 10 of 12)" in said
    assert "holdout auc" in said


def test_versions_that_were_evaluated_or_turned_down_do_not_wait(flights: Acting) -> None:
    champion_and_challenger(flights)
    third, fourth = (register_hollow(flights.backend, flights.name) for _ in range(2))
    flights.run("reject", third, "--reason", "no")
    assert [c["version"] for c in flights.document("status")["candidates"]] == [fourth]


def test_an_alias_that_was_moved_by_hand_is_shown_and_not_believed(flights: Acting) -> None:
    champion_and_challenger(flights)
    with as_client(flights.backend) as client:
        client.set_registered_model_alias(flights.name, "production", "2")
    said = flights.run("status").stdout
    assert "Production  version 1" in said
    assert "@production points at version 2; the ledger says version 1" in said
    assert said.rstrip().endswith(f"podium verify {flights.name} --repair")
    assert flights.document("status")["differences"] == [
        {"stage": "production", "found": 2, "expected": 1}
    ]


def test_a_model_without_a_ledger_says_so_and_what_comes_next(flights: Acting) -> None:
    said = flights.run("status").stdout
    assert "No ledger yet" in said
    assert f"podium evaluate --candidate models:/{flights.name}/2" in said
    assert flights.document("status")["ledger"] == "none"


def test_aliases_from_before_podium_are_to_be_adopted(flights: Acting) -> None:
    with as_client(flights.backend) as client:
        client.set_registered_model_alias(flights.name, "production", "1")
    said = flights.run("status").stdout
    assert "Aliases from before Podium: @production on version 1" in said
    assert said.rstrip().endswith(f"podium adopt {flights.name}")


def test_a_broken_ledger_shows_what_was_read_before_the_break(flights: Acting) -> None:
    champion_and_challenger(flights)
    with as_client(flights.backend) as client:
        client.delete_model_version(f"{flights.name}.ledger", "4")
    said = flights.run("status", code=7).stdout
    assert "THE LEDGER IS BROKEN at entry 4" in said
    assert "Production  version 1" in said
    assert said.rstrip().endswith(f"podium verify {flights.name}")
    document = flights.document("status", code=7)
    assert (document["ledger"], document["broken"]["number"], document["seq"]) == ("broken", 4, 3)


def test_a_model_that_is_not_there_is_not_found(flights: Acting) -> None:
    result = CliRunner().invoke(main, ["status", new_name("nothing")])
    assert result.exit_code == 4
    assert CliRunner().invoke(main, ["status", f"{flights.name}.ledger"]).exit_code == 2
    assert CliRunner().invoke(main, ["status", "it's"]).exit_code == 2


def test_without_a_name_there_is_one_line_for_each_model(own_backend: Backend) -> None:
    assert "There are no registered models" in overview()
    with acting(own_backend, Path(own_backend.tracking_uri.removeprefix("sqlite:///")).parent) as a:
        a.champion(1)
        a.run("promote", 2, "--to", "staging", "--force", "--reason", "outage")
        for name in ("before", "fresh", "it's"):
            register_foreign(own_backend, name)
        with as_client(own_backend) as client:
            client.set_registered_model_alias("before", "production", "1")
        table = overview()
        assert "staging forced" in line_of(table, a.name)
        assert "ada" in line_of(table, a.name)
        assert "(1)" in line_of(table, "before")
        assert "podium adopt" in line_of(table, "before")
        assert "no ledger yet" in line_of(table, "fresh")
        assert "contains a quote" in line_of(table, "it's")
        assert ".ledger" not in table
        assert table.rstrip().endswith("podium adopt before")
        with as_client(own_backend) as client:
            client.set_registered_model_alias(a.name, "production", "2")
        assert "aliases differ" in line_of(overview(), a.name)
        with as_client(own_backend) as client:
            client.delete_model_version(f"{a.name}.ledger", "2")
        broken = overview(code=7)
        assert "ledger broken" in line_of(broken, a.name)
        assert broken.rstrip().endswith(f"podium verify {a.name}")


def test_the_policy_is_one_line() -> None:
    policy = Policy.model_validate(
        {
            "gate": {"slices": ["carrier"], "latency_p95_ms": 20, "on_inconclusive": "pass"},
            "promotion": {"approvals": 2, "exclude_author": True},
        }
    )
    assert policy_words(policy) == (
        "margin 0, alpha 0.05, slices carrier (margin 0.03), p95 latency up to 20 ms, "
        "inconclusive: pass, approvals 2 without the author"
    )


def test_one_model_costs_three_requests(flights: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    champion_and_challenger(flights)
    with as_client(flights.backend) as client:
        client.set_model_version_tag(flights.name, "2", "podium.author", "ada")  # as train does
        registry = MlflowRegistry()
        asked: list[str] = []
        once = registry._once
        monkeypatch.setattr(registry, "_once", lambda ask: asked.append("") or once(ask))  # type: ignore[func-returns-value]
        standing(registry, flights.name, datetime.now(UTC))
        assert len(asked) == 3


@pytest.mark.parametrize("name", ["status", "history", "verify", "diff", "card"])
def test_help_imports_nothing_heavy(name: str) -> None:
    program = (
        "import sys\nfrom click.testing import CliRunner\nfrom podium.cli import main\n"
        f"result = CliRunner().invoke(main, [{name!r}, '--help'])\n"
        "assert result.exit_code == 0 and 'Examples' in result.output, result.output\n"
        "heavy = {'mlflow', 'pandas', 'sklearn', 'numpy', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.parametrize("name", ["status", "history"])
def test_reading_imports_no_more_than_mlflow_itself(flights: Acting, name: str) -> None:
    champion_and_challenger(flights)
    program = (
        "import sys\nfrom mlflow import MlflowClient\nimport mlflow.artifacts\n"
        "before = set(sys.modules)\n"
        "from click.testing import CliRunner\nfrom podium.cli import main\n"
        f"result = CliRunner().invoke(main, [{name!r}, {flights.name!r}])\n"
        "assert result.exit_code == 0, result.output\n"
        "late = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "heavy = late & {'sklearn', 'scipy', 'onnx', 'onnxruntime', 'pandas', 'xgboost'}\n"
        "assert not heavy, heavy\n"
        "assert not [name for name in sys.modules if name.startswith('podium.artifact')]\n"
    )
    environment = {**flights.backend.environment, "PATH": "", "HOME": str(flights.report.parent)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, env=environment)
