"""`podium new` as a person meets it: what it writes, prints and refuses."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from podium.progress import Progress
from podium.spec import load_declaration
from projects.scaffolding.files import FILES
from projects.training.trained import read_case
from tests.scaffolding.made import customers, made, new, refused

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one, with a table in `data`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    customers().to_csv("data/customers.csv", index=False)
    return tmp_path


CHURN = ("churn", "--data", "data/customers.csv", "--target", "left")


def test_a_folder_is_written_and_everything_is_said() -> None:
    result = new(*CHURN)
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in Path("churn").iterdir()) == sorted(FILES)
    for said in (
        "data/customers.csv: 300 rows, 5 columns",
        "yes",
        "customer: it looks like an id",
        "podium train --project churn",
        "mlflow run churn -e train",
    ):
        assert said in result.stdout
    assert sorted(path.name for path in Path().iterdir()) == ["churn", "data"]


def test_the_declaration_is_what_was_found() -> None:
    said = made(*CHURN)
    project = load_declaration(Path("churn")).project
    assert project.name == said["project"] == "churn"
    assert (project.split.holdout, project.split.validation) == (0.2, 0.1)
    assert project.data.source == said["source"] == "../data/customers.csv"
    assert (project.task, project.target.positive) == ("binary", "yes")
    assert project.features is not None
    assert project.features.model_dump(mode="json") == said["features"]
    assert [left["column"] for left in said["left_out"]] == ["customer", "country"]
    assert project.estimator == ("xgboost",)


def test_the_readme_names_the_table_the_target_and_the_commands() -> None:
    made(*CHURN)
    text = Path("churn/README.md").read_text()
    assert "Predicts `left` of `../data/customers.csv` (binary)" in text
    assert "| `customer` | it looks like an id" in text
    assert "podium train" in text
    assert "| `yes` |" in text


def test_a_file_without_a_header_is_named_by_numbers_or_by_columns() -> None:
    customers().to_csv("rows.csv", index=False, header=False)
    made("one", "--data", "rows.csv", "--target", "column_5")
    header = load_declaration(Path("one")).project.data.header
    assert header == ("column_1", "column_2", "column_3", "column_4", "column_5")
    names = "customer,age,plan,country,left"
    made("two", "--data", "rows.csv", "--target", "left", "--columns", names)
    assert load_declaration(Path("two")).project.data.header == tuple(names.split(","))
    message = refused("three", "--data", "rows.csv", "--target", "left")
    assert "no header line" in message
    assert "--columns" in message


def test_words_for_missing_are_declared_and_read_so() -> None:
    frame = customers().astype({"age": object})
    frame.loc[::10, "age"] = "?"
    frame.loc[5, "age"] = " n/a"
    frame.to_csv("gaps.csv", index=False)
    said = made("m", "--data", "gaps.csv", "--target", "left")
    assert said["read"]["missing"] == [" n/a", "?"]
    assert said["features"]["numeric"] == ["age"]


def test_codes_with_leading_zeros_stay_as_they_are_from_file_to_training() -> None:
    frame = customers().assign(zip=[f"{501 + n % 7:05d}" for n in range(300)])
    frame.to_csv("t.csv", index=False)
    said = made("m", "--data", "t.csv", "--target", "left")
    assert said["features"]["categorical"] == ["plan", "zip"]
    assert "begin with a zero are codes, and no numbers: zip" in said["read"]["why"][0]
    frame.to_csv("no.csv", index=False, header=False)
    names = ",".join(frame.columns)
    said = made("n", "--data", "no.csv", "--target", "left", "--columns", names)
    assert "zip" in said["features"]["categorical"]
    case = read_case(
        load_declaration(Path("m")), base=Path("m"), rows=None, seed=0, progress=Progress(None)
    )
    assert set(case.table.features["zip"]) == set(frame.zip)


def test_each_option_overrides_what_was_found() -> None:
    frame = customers().assign(day=pd.date_range("2020-01-01", periods=300), visits=range(300))
    frame["shop"] = "shop " + (frame.visits % 40).astype(str)
    frame["visits"] %= 7
    frame.to_csv("t.csv", index=False)
    options = "--target visits --task regression --time none --group shop --estimator linear"
    made("m", "--data", "t.csv", "--to", "some/folder", *shlex.split(options))
    project = load_declaration(Path("some/folder")).project
    assert (project.task, project.estimator, project.split_by) == (
        "regression",
        ("linear",),
        "group",
    )
    made("n", "--data", "t.csv", "--target", "left", "--positive", "no", "--time", "day")
    project = load_declaration(Path("n")).project
    assert (project.target.positive, project.split_by) == ("no", "time")


def test_a_time_that_leaves_no_class_in_a_part_is_not_split_by() -> None:
    frame = customers().sort_values("left").assign(day=pd.date_range("2020-01-01", periods=300))
    frame.to_csv("t.csv", index=False)
    said = made("m", "--data", "t.csv", "--target", "left")
    assert said["split"]["value"] == "random"
    assert "leaves the class" in said["split"]["why"]
    assert said["features"]["datetime"] == {}
    assert {"day", "customer"} <= {left["column"] for left in said["left_out"]}
    assert "the figures flatter" in said["notes"][0]
    assert ".)" not in Path("m/project.yaml").read_text()
    message = refused("n", "--data", "t.csv", "--target", "left", "--time", "day")
    assert "leaves the class" in message
    assert "Nothing was written" in message


def test_functions_go_along_into_the_folder() -> None:
    table = Path("data/customers.csv").resolve()
    Path("their_rows.py").write_text(
        f"import pandas as pd\ndef table():\n    return pd.read_csv({str(table)!r})\n"
    )
    made("m", "--data", "their_rows:table", "--target", "left")
    assert load_declaration(Path("m")).project.data.source == "their_rows:table"
    assert Path("m/their_rows.py").read_text() == Path("their_rows.py").read_text()


def test_a_function_that_needs_a_module_of_its_folder_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend("")  # as `python -m podium` has it
    table = Path("data/customers.csv").resolve()
    Path("their_helper.py").write_text(f"PATH = {str(table)!r}\n")
    Path("their_rows.py").write_text(
        "import pandas as pd\nimport their_helper\n"
        "def table():\n    return pd.read_csv(their_helper.PATH)\n"
    )
    message = refused("m", "--data", "their_rows:table", "--target", "left")
    assert "No module named 'their_helper'" in message
    assert "Only their_rows.py is copied" in message
    made("m", "--data", "their_rows:table", "--target", "left", "--to", ".", "--force", "yes")


def test_a_folder_behind_a_link_finds_its_rows(tmp_path: Path) -> None:
    elsewhere = tmp_path / "deep" / "er"
    elsewhere.mkdir(parents=True)
    Path("link").symlink_to(elsewhere)
    made("m", "--data", "data/customers.csv", "--target", "left", "--to", "link/m")
    project = load_declaration(elsewhere / "m").project
    assert project.data.source == "../../../data/customers.csv"
    assert (elsewhere / "m" / project.data.source).resolve() == Path("data/customers.csv").resolve()


def test_somebody_who_ends_it_finds_nothing_left_behind() -> None:
    table = Path("data/customers.csv").resolve()
    Path("ending_rows.py").write_text(
        "import os, signal, pathlib, pandas as pd\n\ndef table():\n"
        "    if pathlib.Path(__file__).parent != pathlib.Path.cwd():  # in the temporary folder\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        f"    return pd.read_csv({str(table)!r})\n"
    )
    before = sorted(Path.cwd().iterdir())
    result = new("m", "--data", "ending_rows:table", "--target", "left")
    assert result.exit_code != 0
    assert sorted(Path.cwd().iterdir()) == before


def test_a_project_is_written_beside_its_data() -> None:
    made("m", "--data", "data/customers.csv", "--target", "left", "--to", "data", "--force", "yes")
    assert load_declaration(Path("data")).project.data.source == "customers.csv"


def test_conda_yaml_takes_the_podium_that_was_named() -> None:
    made(*CHURN, "--podium", "podium-mlops==9.9")
    dependencies = yaml.safe_load(Path("churn/conda.yaml").read_text())["dependencies"]
    assert dependencies[-1] == {"pip": ["podium-mlops==9.9"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("churn --target left", "--data is not given"),
        ("churn --data data/customers.csv", "What is to be predicted? The table has 5 columns"),
        ("churn --data data/customers.csv --target lef", "Did you mean 'left'?"),
        ("churn --data data/custmers.csv --target left", "Did you mean 'customers.csv'?"),
        ("a/b --data data/customers.csv --target left", "contains a slash"),
        ("m.ledger --data data/customers.csv --target left", "keeps for its ledgers"),
        ("data --data data/customers.csv --target left", "is not empty: it holds customers.csv"),
        ("m --data data/customers.csv --target country", "'NZ' in every row"),
        ("m --data data/customers.csv --target left --positive maybe", "is not a value of 'left'"),
        ("m --data data/customers.csv --target left --task regression", "no numbers"),
        ("m --data data/customers.csv --target left --task binry", "Did you mean 'binary'"),
        ("m --data data/customers.csv --target left --columns a,b", "looks like one"),
        ("m --data data/customers.csv --target left --podium x.whl", "no file or folder"),
        ("m --data data/customers.csv --target left --to ~nobodyknows/x", "user that is not known"),
        ("m --data ~nobodyknows/x.csv --target left", "user that is not known"),
        ("adult_income --data data/customers.csv --target left", "is that of a bundled project"),
        ("m --data data/customers.csv --target left --time age", "holds no times"),
        ("m --data iris --target target --columns a,b", "about CSV files"),
        ("m --data data/customers.csv --target left --group left", "'left' is the target"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(arguments: str, said: str) -> None:
    assert said in refused(*shlex.split(arguments))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a,y\n", "no rows"),
        ("a,b,a\n1,2,3\n", "'a'"),
        ("sep=;\na;y\n1;2\n3;4\n", "'sep=;' is a line for Excel"),
        ("a|y\n1|2\n3|4\n", "'|' between them, which is not one of comma, semicolon and tab"),
        ("a,,,y\n1,2,3,4\n", "more than once: ''"),
        ("a,y\n1,2\n3\n", "line 3"),
        ('a,y\n"1,2\n', "quote"),
        ("a,y\n" + "1.5,x\n2.5,y\n" * 10, "at least 5 are needed"),
        ("a,y\n1,x\n2,\n3,y\n", "missing in 1 of 3 rows"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_with_the_place(content: str, said: str) -> None:
    Path("x.csv").write_text(content)
    message = refused("m", "--data", "x.csv", "--target", "y")
    assert said in message
    assert len(message.strip().splitlines()) >= 2  # what, and the remedy


def test_classes_too_small_to_be_split_are_named() -> None:
    frame = customers()
    frame.loc[:2, "plan"] = "rare"
    frame.to_csv("t.csv", index=False)
    message = refused("m", "--data", "t.csv", "--target", "plan")
    assert "'rare' (3)" in message
    assert "group them with others" in message


def test_nothing_is_overwritten_without_force() -> None:
    made(*CHURN)
    file = Path("churn/project.yaml")
    file.write_text("mine")
    Path("churn/notes.txt").write_text("mine too")
    assert "--force yes" in refused(*CHURN)
    assert file.read_text() == "mine"
    made(*CHURN, "--force", "yes")
    assert "name: churn" in file.read_text()
    assert Path("churn/notes.txt").read_text() == "mine too"


def test_awkward_names_go_all_the_way() -> None:
    frame = customers().rename(columns={"age": "a: b # c", "plan": "yes", "left": 'it\'s "left"?'})
    frame["1e5"] = np.arange(300) % 11
    frame.to_csv("data/od d [1].csv", index=False)
    made("odd one", "--data", "data/od d [1].csv", "--target", 'it\'s "left"?')
    project = load_declaration(Path("odd one")).project
    assert project.features is not None
    assert project.features.numeric == ("a: b # c", "1e5")
    assert project.features.categorical == ("yes",)
    assert project.target.column == 'it\'s "left"?'
