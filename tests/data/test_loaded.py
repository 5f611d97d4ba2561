"""Tables that a loader beside project.yaml makes of the files of the source."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from podium.data import Columns, TableSource, declared_source
from podium.errors import DataError, NotFound, UsageError
from podium.spec.parts import Data
from tests.data.tables import write

MODULE = """
import pandas as pd
from podium.errors import UsageError

def rows(files, columns, *, times=1):
    frame = pd.concat([pd.read_csv(file, sep=" ") for file in files], ignore_index=True)
    frame["value"] *= times
    frame["file"] = files[0].name
    return frame if columns is None else frame[columns]

def named(files, columns):
    assert columns is not None, "the names are to be asked for, not the rows"
    return pd.DataFrame({name: [1] for name in columns})

def named_columns(files):
    return ["a", "b"]

def fails(files, columns):
    raise RuntimeError("no such thing")

def refuses(files, columns):
    raise UsageError("These are other files.", remedy="Give mine.")

def without_columns(files):
    return pd.DataFrame()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "project" / "loader.py", MODULE)
    write(tmp_path / "raw" / "b.data", "value\n3\n")
    write(tmp_path / "raw" / "a.data", "value\n1\n2\n")
    write(tmp_path / "raw" / ".hidden", "nothing")
    return tmp_path


def source(folder: Path, loader: str, **more: object) -> TableSource:
    data = Data(**{"source": "raw", "loader": f"loader:{loader}", **more})  # type: ignore[arg-type]
    return declared_source(data, base=folder, folder=folder / "project")


def test_a_loader_gets_the_files_in_order_whatever_they_are_called(folder: Path) -> None:
    found = source(folder, "rows").read(None)
    assert found["value"].tolist() == [1, 2, 3]
    assert set(found["file"]) == {"a.data"}


def test_a_loader_gets_its_options(folder: Path) -> None:
    assert source(folder, "rows", options={"times": 5}).read(Columns(numeric=("value",)))[
        "value"
    ].tolist() == [5, 10, 15]


def test_a_source_of_a_loader_says_which_files_it_is_made_of(folder: Path) -> None:
    found = source(folder, "rows")
    assert [Path(file).name for file in found.files] == ["a.data", "b.data"]
    assert found.kind == "files"


def test_names_come_from_the_table_where_the_loader_names_none(folder: Path) -> None:
    assert source(folder, "rows").column_names() == ("value", "file")


def test_names_come_from_the_function_for_them_without_reading(folder: Path) -> None:
    found = source(folder, "named")
    assert found.column_names() == ("a", "b")
    assert found.read(Columns(other=("b",))).columns.tolist() == ["b"]


def test_an_option_that_the_loader_does_not_take_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"takes no 'time'\. Did you mean 'times'"):
        source(folder, "rows", options={"time": 5})


def test_a_loader_without_the_right_parameters_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="takes no 'columns'"):
        source(folder, "without_columns")


def test_a_function_that_is_not_there_is_refused_with_the_nearest(folder: Path) -> None:
    with pytest.raises(DataError, match=r"no function 'row'\. Did you mean 'rows'"):
        source(folder, "row")


def test_a_loader_that_fails_says_what_it_was_given(folder: Path) -> None:
    with pytest.raises(DataError, match=r"failed with RuntimeError: no such thing"):
        source(folder, "fails").read(None)


def test_an_error_of_podium_s_own_kind_passes_as_it_is(folder: Path) -> None:
    with pytest.raises(UsageError, match="These are other files"):
        source(folder, "refuses").read(None)


def test_a_loader_beside_a_bundled_table_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="about files"):
        source(folder, "rows", source="iris")


def test_files_that_are_not_there_are_got_from_home(folder: Path) -> None:
    with pytest.raises(NotFound, match=r"Get it from https://data\.example/, and name it"):
        source(folder, "rows", source="nothing", home="https://data.example/")


def test_two_projects_may_each_have_a_loader_of_the_same_name(folder: Path) -> None:
    write(
        folder / "other" / "loader.py",
        "import pandas as pd\ndef rows(files, columns):\n    return pd.DataFrame({'z': [1]})\n",
    )
    data = Data(source="raw", loader="loader:rows")
    other = declared_source(data, base=folder, folder=folder / "other")
    assert source(folder, "rows").column_names() == ("value", "file")
    assert other.column_names() == ("z",)
    assert isinstance(source(folder, "rows").read(None), pd.DataFrame)


def test_helpers_of_two_loaders_do_not_mix(folder: Path) -> None:
    loader = (
        "import pandas as pd\nfrom cleaning import clean\n"
        "def rows(files, columns):\n    import late.words\n"
        "    return pd.DataFrame({clean(): [late.words.WORD]})\n"
    )
    for name in "AB":
        write(folder / name / "loader.py", loader)
        write(folder / name / "cleaning.py", f"def clean():\n    return {name!r}\n")
        write(folder / name / "late" / "words.py", f"WORD = {name!r}\n")
    data = Data(source="raw", loader="loader:rows")
    first, second = (declared_source(data, base=folder, folder=folder / name) for name in "AB")
    for _ in range(2):
        assert first.read(None).to_dict("list") == {"A": ["A"]}
        assert second.read(None).to_dict("list") == {"B": ["B"]}


def test_columns_that_a_loader_names_by_numbers_get_names_that_are_text(folder: Path) -> None:
    write(
        folder / "project" / "loader.py",
        "import pandas as pd\ndef rows(files, columns):\n    return pd.DataFrame([[1, 2]])\n",
    )
    found = source(folder, "rows")
    assert found.column_names() == ("0", "1")
    assert list(found.read(None).columns) == ["0", "1"]
    assert found.read(Columns(numeric=("1",)))["1"].tolist() == [2]


@pytest.mark.parametrize("names", ["'ab'", "None", "[0, 1]", "{'a': 1}", "3"])
def test_names_of_columns_are_a_list_of_strings_or_refused(folder: Path, names: str) -> None:
    text = f"{MODULE}\ndef rows_columns(files, times=1):\n    return {names}\n"
    write(folder / "project" / "loader.py", text)
    with pytest.raises(
        DataError, match=r"'loader:rows_columns' returned .*not the names"
    ) as caught:
        source(folder, "rows").column_names()
    assert caught.value.remedy == "Make the function return a list of strings."


def test_names_of_columns_may_be_those_of_a_table(folder: Path) -> None:
    text = (
        f"{MODULE}\ndef rows_columns(files):\n    return pd.DataFrame(columns=['a', 'b']).columns\n"
    )
    write(folder / "project" / "loader.py", text)
    assert source(folder, "rows").column_names() == ("a", "b")
