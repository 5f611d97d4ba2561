"""What the gates refuse, what is done about it, and how each command ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from click.testing import CliRunner

from podium.cli import COMMANDS, main
from podium.errors import Unreachable
from registry_tools.ledger import Ledger
from registry_tools.registry import MlflowRegistry
from tests.e2e.processes import environment, run
from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting

_ACTS = ("promote", "approve", "reject", "rollback", "retire", "adopt", "policy", "traffic")


@pytest.fixture
def acts(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


def test_a_version_that_was_never_evaluated_is_refused_with_what_to_give(acts: Acting) -> None:
    refused = acts.run("promote", 1, "--to", "staging", code=1)
    command = f"podium evaluate --candidate models:/{acts.name}/1"
    assert "never evaluated" in refused.stdout
    assert "Refused: 1 of 4 checks failed." in refused.stdout
    assert f"Next:\n  {command}" in refused.stdout
    assert acts.aliases() == {}


def test_production_refuses_what_is_not_in_staging_and_names_staging(acts: Acting) -> None:
    evaluated = ("--verdict", "pass", "--report", acts.report)
    found = acts.document("promote", 1, "--to", "production", *evaluated, code=1)
    assert found["next"] == [f"podium promote {acts.name} 1 --to staging"]
    assert [check["name"] for check in found["checks"] if not check["passed"]] == ["in staging"]
    assert (found["done"], found["refused"]) == (False, True)
    assert [entry["action"] for entry in found["entries"]] == ["evaluate"]


def test_a_champion_that_changed_since_asks_for_a_new_evaluation(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1, third)
    acts.staged(2)
    acts.run("rollback", "--reason", "alarms")
    refused = acts.run("promote", 2, "--to", "production", code=1)
    assert "the champion changed since; evaluate again" in refused.stdout
    assert f"podium evaluate --candidate models:/{acts.name}/2" in refused.stdout
    acts.run("promote", 2, "--to", "production", "--verdict", "pass", "--report", acts.report)


def test_a_failing_verdict_is_entered_and_refused(acts: Acting) -> None:
    verdict = ("--verdict", "fail", "--report", acts.report)
    found = acts.document("promote", 1, "--to", "staging", *verdict, code=1)
    assert found["next"] == [f"podium status {acts.name}"]
    assert found["entries"][0]["evidence"]["verdict"] == "fail"


def test_a_lack_of_evidence_ends_with_6_unless_something_else_is_wrong_too(acts: Acting) -> None:
    verdict = ("--verdict", "inconclusive", "--report", acts.report)
    refused = acts.run("promote", 1, "--to", "staging", *verdict, code=6)
    assert "Refused, for lack of evidence" in refused.stdout
    assert "evaluate it on more rows" in refused.stdout
    assert acts.document("promote", 1, "--to", "staging", code=6)["inconclusive"] is True
    acts.run("promote", 1, "--to", "production", code=1)


def test_what_is_not_even_in_staging_is_evaluated_and_then_promoted_there(acts: Acting) -> None:
    found = acts.document("promote", 1, "--to", "production", code=1)
    assert found["next"] == [
        f"podium evaluate --candidate models:/{acts.name}/1",
        f"podium promote {acts.name} 1 --to staging",
    ]


def test_force_goes_past_the_gates_and_stays_visible(acts: Acting) -> None:
    done = acts.run("promote", 1, "--to", "production", "--force", "--reason", "an outage")
    assert "ada promoted version 1 to production by force: an outage" in done.stdout
    assert "By force: 2 of 6 checks failed." in done.stdout
    holder = acts.state().production
    assert holder is not None
    assert (holder.by.forced, holder.by.reason) == (True, "an outage")


def test_force_that_was_not_needed_is_not_entered(acts: Acting) -> None:
    forced = acts.staged(1, "--force", "--reason", "to be sure")
    assert "by force" not in forced.stdout.lower()
    holder = acts.state().staging
    assert holder is not None
    assert not holder.by.forced


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", "  ")])
def test_force_needs_a_reason(acts: Acting, reason: tuple[str, ...]) -> None:
    refused = acts.run("promote", 1, "--to", "production", "--force", *reason, code=2)
    assert '--force --reason "…"' in refused.stderr


def test_a_verdict_needs_its_report_and_a_report_its_verdict(acts: Acting) -> None:
    to = ("promote", 1, "--to", "staging")
    assert "--verdict needs --report" in acts.run(*to, "--verdict", "pass", code=2).stderr
    assert "--report needs --verdict" in acts.run(*to, "--report", acts.report, code=2).stderr
    absent = acts.run(*to, "--verdict", "pass", "--report", "absent.html", code=2)
    assert "absent.html" in absent.stderr
    assert "'pass'" in acts.run(*to, "--verdict", "passed", "--report", acts.report, code=2).stderr


@pytest.mark.parametrize("version", ["0", "abc", "-1", "1.5", "@", "1e3", "@a b"])
def test_what_is_no_version_is_refused_with_an_example(acts: Acting, version: str) -> None:
    for arguments in (("promote", "--to", "staging"), ("reject", "--reason", "worse")):
        refused = acts.run(arguments[0], *arguments[1:], "--", version, code=2)
        assert "Write a number, like 3, an alias, like @staging, or latest." in refused.stderr


@pytest.mark.parametrize(
    ("to", "said"), [((), "Say where to"), (("--to", "prod"), "'prod' is no stage")]
)
def test_a_stage_that_is_missing_or_not_known_is_refused_with_an_example(
    acts: Acting, to: tuple[str, ...], said: str
) -> None:
    refused = acts.run("promote", 1, *to, code=2)
    assert said in refused.stderr
    assert "podium promote flight_delay 3 --to staging" in refused.stderr


@pytest.mark.parametrize("act", ["reject", "rollback", "retire"])
@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", "  ")])
def test_a_missing_reason_is_refused_with_an_example(
    acts: Acting, act: str, reason: tuple[str, ...]
) -> None:
    version = () if act == "rollback" else (1,)
    refused = acts.run(act, *version, *reason, code=2)
    assert f"This needs a reason, as in: podium {act} flight_delay" in refused.stderr


@pytest.mark.parametrize("act", _ACTS)
def test_a_model_that_is_not_there_ends_with_4_and_a_suggestion(acts: Acting, act: str) -> None:
    arguments = {
        "promote": ["1", "--to", "staging"],
        "approve": ["1"],
        "reject": ["1", "--reason", "r"],
        "rollback": ["--reason", "r"],
        "retire": ["1", "--reason", "r"],
    }
    result = CliRunner().invoke(main, [act, f"{acts.name}x", *arguments.get(act, [])])
    assert result.exit_code == 4, result.output
    assert f"Did you mean {acts.name!r}" in result.stderr


def test_a_version_that_is_not_there_ends_with_4_and_those_that_are(acts: Acting) -> None:
    for arguments in (("promote", 9, "--to", "staging"), ("reject", 9, "--reason", "r")):
        refused = acts.run(*arguments, code=4)
        assert "has no version 9" in refused.stderr
        assert "Known: 1, 2." in refused.stderr
    assert "Nothing" in acts.run("approve", "@staging", code=4).stderr
    assert "has no alias @best" in acts.run("approve", "@best", code=4).stderr


def test_latest_is_the_version_with_the_highest_number(acts: Acting) -> None:
    verdict = ("--verdict", "pass", "--report", acts.report)
    found = acts.document("promote", "latest", "--to", "staging", *verdict)
    assert found["staging"] == 2


def test_an_alias_that_was_moved_by_hand_is_not_believed_and_set_right(acts: Acting) -> None:
    acts.champion(1)
    acts.staged(2)
    MlflowRegistry().set_alias(acts.name, "production", 2)
    found = acts.document("reject", "@staging", "--reason", "worse")
    assert found["mended"] == [
        "the alias @production points at version 2; the ledger says version 1"
    ]
    assert acts.aliases() == {"production": 1}
    MlflowRegistry().delete_alias(acts.name, "production")
    assert "Set right: the alias @production" in acts.run("reject", 2, "--reason", "worse").stdout


def test_somebody_else_who_writes_first_wins_and_the_command_ends_with_3(acts: Acting) -> None:
    real = MlflowRegistry.append

    def late(self: MlflowRegistry, *entry: object) -> None:
        acts.patch.setattr(MlflowRegistry, "append", real)
        acts.run("promote", 1, "--to", "production", "--force", "--reason", "mine", by="bob")
        real(self, *entry)  # type: ignore[arg-type]

    acts.patch.setattr(MlflowRegistry, "append", late)
    lost = acts.run("reject", 2, "--reason", "worse", code=3)
    assert "bob promoted version 1" in lost.stderr


def test_what_comes_between_a_verdict_and_its_promotion_stops_the_promotion(acts: Acting) -> None:
    real = Ledger.append

    def then_rejected(self: Ledger, entry: object) -> object:
        acts.patch.setattr(Ledger, "append", real)
        registry = self.registry
        append = registry.append

        def and_another(*written: object) -> None:
            append(*written)  # type: ignore[arg-type]
            registry.append = append  # type: ignore[method-assign]
            acts.run("reject", 1, "--reason", "a leak", by="bob")

        registry.append = and_another  # type: ignore[method-assign,assignment]
        return real(self, entry)  # type: ignore[arg-type]

    acts.patch.setattr(Ledger, "append", then_rejected)
    verdict = ("--verdict", "pass", "--report", acts.report)
    lost = acts.run("promote", 1, "--to", "staging", *verdict, code=3)
    assert "Before that this was entered: ada evaluated version 1: pass" in lost.stderr
    assert acts.state().of(1).barred_as == "rejected"
    assert acts.aliases() == {}


def test_a_registry_that_is_away_ends_with_5(acts: Acting) -> None:
    def away(_: MlflowRegistry) -> None:
        raise Unreachable("Nothing answers.", remedy="Check MLFLOW_TRACKING_URI.")

    acts.patch.setattr(MlflowRegistry, "__init__", away)
    for arguments in (("rollback", "--reason", "alarms"), ("policy",), ("traffic",)):
        assert "Check MLFLOW_TRACKING_URI" in acts.run(*arguments, code=5).stderr


def test_a_broken_ledger_ends_with_7_and_nothing_is_entered(acts: Acting) -> None:
    from mlflow import MlflowClient

    acts.champion(1)
    MlflowClient().delete_model_version(f"{acts.name}.ledger", "2")
    broken = acts.run("rollback", "--reason", "alarms", code=7)
    assert "entry 2 is missing" in broken.stderr


@pytest.mark.parametrize("act", _ACTS)
def test_help_names_every_option_and_has_examples(act: str) -> None:
    shown = CliRunner().invoke(main, [act, "--help"])
    assert shown.exit_code == 0
    for option in ("--reason", "--dry-run", "--json", "--debug"):
        assert option in shown.stdout
    assert f"podium {act} flight_delay" in shown.stdout


def test_the_modules_of_the_acts_import_nothing_heavy(tmp_path: Path) -> None:
    modules = ", ".join(COMMANDS[act].module for act in _ACTS)
    heavy = "{'mlflow', 'pandas', 'sklearn', 'numpy', 'pydantic'}"
    code = f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))"
    done = run(["python", "-c", code], tmp_path, environment(tmp_path))
    assert done.stdout.strip() == "[]"


def test_a_refusal_enters_nothing_of_itself(acts: Acting) -> None:
    before = acts.sight()
    acts.run("promote", 1, "--to", "staging", code=1)
    assert acts.sight() == before


def test_a_dry_run_says_which_alias_would_be_set_right(acts: Acting) -> None:
    acts.staged(1)
    acts.run("promote", 1, "--to", "production")
    mlflow.MlflowClient().set_registered_model_alias(acts.name, "production", "2")
    said = acts.run("reject", 2, "--reason", "worse", "--dry-run").stdout
    assert "Would set right: the alias @production points at version 2" in said
