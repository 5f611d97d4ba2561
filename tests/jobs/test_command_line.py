"""The `podium` command as a person or a script meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from podium import __version__
from podium.cli import COMMANDS, main
from podium.command import Choice, KeyValues, Result, WholeNumber, YesNo, command
from podium.errors import NotFound, PodiumError, UsageError


def run(*arguments: str) -> click.testing.Result:
    return CliRunner().invoke(main, list(arguments))


def test_help_names_every_command_in_its_group_with_examples() -> None:
    text = run("--help").stdout
    for name, entry in COMMANDS.items():
        assert name in text
        assert f"{entry.group}:" in text
    assert "Examples:" in text


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from podium.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'mlflow', 'pandas', 'numpy', 'sklearn', 'xgboost', 'yaml', 'pydantic'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_version_is_that_of_the_package() -> None:
    assert run("--version").stdout.strip().endswith(__version__)


def test_an_unknown_command_gets_a_suggestion() -> None:
    result = run("trian")
    assert result.exit_code == 2
    assert "Did you mean 'train'?" in result.stderr


def test_an_unknown_option_gets_a_suggestion() -> None:
    result = run("train", "--estimater", "linear")
    assert result.exit_code == 2
    assert "--estimator" in result.stderr


@pytest.mark.parametrize("rows", ["abc", "0", "-3", "1.5"])
def test_rows_that_are_no_number_are_refused_with_the_remedy(rows: str) -> None:
    result = run("train", f"--rows={rows}")
    assert result.exit_code == 2
    assert f"{rows!r} is not a whole number of at least 1" in result.stderr
    assert "leave it out" in result.stderr


def test_an_unknown_estimator_gets_a_suggestion() -> None:
    result = run("train", "--estimator", "xgbost")
    assert result.exit_code == 2
    assert "Did you mean 'xgboost'?" in result.stderr


def test_an_unknown_project_gets_a_suggestion_and_exit_code_4() -> None:
    result = run("train", "--project", "flight_dely")
    assert result.exit_code == 4
    assert "Did you mean 'flight_delay'?" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_is_one_json_document_with_json() -> None:
    result = run("train", "--project", "nothing_like_it", "--json")
    document = json.loads(result.stdout)
    assert document["error"] == "NotFound"
    assert document["remedy"]


def test_a_traceback_is_shown_only_with_debug() -> None:
    assert "Traceback" in run("train", "--project", "no_such", "--debug").stderr
    assert "Traceback" not in run("train", "--project", "no_such").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_PODIUM_COMPLETE" in result.stdout


def test_projects_lists_the_bundled_ones() -> None:
    document = json.loads(run("projects", "--json").stdout)
    assert "flight_delay" in [project["name"] for project in document["projects"]]


def made(function: object) -> click.Command:
    return command("example", examples="example", help="An example.")(function)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "code"), [(PodiumError("a"), 1), (UsageError("b"), 2), (NotFound("c"), 4)]
)
def test_errors_exit_with_their_own_code(error: PodiumError, code: int) -> None:
    def fail() -> Result:
        raise error

    result = CliRunner().invoke(made(fail))
    assert result.exit_code == code
    assert result.stderr.startswith("Error: ")


def test_an_unforeseen_error_is_one_line_without_debug() -> None:
    def fail() -> Result:
        raise RuntimeError("boom")

    result = CliRunner().invoke(made(fail))
    assert result.exit_code == 1
    assert "RuntimeError: boom" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_cannot_be_read_is_named() -> None:
    def fail() -> Result:
        raise PermissionError(13, "Permission denied", "/data/customers.csv")

    result = CliRunner().invoke(made(fail))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: /data/customers.csv: Permission denied.")


def test_a_folder_without_a_declaration_is_told_so(tmp_path: Path) -> None:
    result = run("train", "--project", str(tmp_path))
    assert result.exit_code == 4
    assert f"The folder {tmp_path} has no project.yaml" in result.stderr


def test_a_result_is_text_for_people_and_json_for_machines() -> None:
    def answer() -> Result:
        return Result("forty-two", {"answer": 42})

    assert CliRunner().invoke(made(answer)).stdout == "forty-two\n"
    assert json.loads(CliRunner().invoke(made(answer), ["--json"]).stdout) == {"answer": 42}


def convert(kind: click.ParamType, value: str) -> object:
    return kind.convert(value, None, None)


def test_the_empty_string_counts_as_not_given() -> None:
    for kind in (WholeNumber(1), YesNo(), KeyValues(), Choice("a")):
        assert convert(kind, "") is None


def test_key_values_are_json_or_pairs() -> None:
    expected = {"max_depth": 4, "eta": 0.1, "tree_method": "hist", "flag": True, "none": None}
    pairs = "max_depth=4,eta=0.1,tree_method=hist,flag=true,none=null"
    assert convert(KeyValues(), pairs) == expected
    assert convert(KeyValues(), json.dumps(expected)) == expected


@pytest.mark.parametrize("text", ["max_depth", "=4", "{not json", "a=1,b"])
def test_key_values_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(click.UsageError):
        convert(KeyValues(), text)


def test_yes_and_no_have_their_usual_spellings() -> None:
    assert [convert(YesNo(), word) for word in ("yes", "True", "0", "no")] == [
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(click.UsageError):
        convert(YesNo(), "maybe")
