from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from podium.data import Columns, resolve_source
from podium.errors import DataError
from tests.data.tables import write

MODULE = """
import pandas as pd

def table():
    return pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[5, 6])

def chosen(columns=None):
    return pd.DataFrame({name: [1.5] for name in columns or ["a", "b", "c"]})

def fails():
    raise RuntimeError("the database is away")

def nothing():
    return None

def empty():
    return table().iloc[:0]

def twice():
    return pd.concat([table(), table()], axis=1)

def needs(key):
    return table()

VALUE = 3
"""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "made_tables.py", MODULE)
    monkeypatch.delitem(sys.modules, "made_tables", raising=False)
    return tmp_path


def test_a_function_gives_the_table_and_only_what_is_wanted(base: Path) -> None:
    before = list(sys.path)
    source = resolve_source("made_tables:table", base)
    assert (source.kind, source.uri, source.files) == ("function", "made_tables:table", ())
    assert source.column_names() == ("a", "b")
    frame = source.read(Columns(text=("b",)))
    assert list(frame.columns) == ["b"]
    assert frame.index.tolist() == [0, 1]
    assert sys.path == before


def test_a_function_that_takes_columns_is_told_which(base: Path) -> None:
    source = resolve_source("made_tables:chosen", base)
    assert source.column_names() == ("a", "b", "c")
    assert list(source.read(Columns(numeric=("z",))).columns) == ["z"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("made_tables:tabel", "has no function 'tabel'.*'table'"),
        ("made_tables:VALUE", "has no function 'VALUE'"),
        ("no_such_module:table", "importing 'no_such_module' failed"),
        ("made_tables:fails", "RuntimeError: the database is away"),
        ("made_tables:needs", "failed with TypeError"),
        ("made_tables:nothing", "returned NoneType"),
        ("made_tables:empty", "There are no rows"),
        ("made_tables:twice", "more than once: 'a', 'b'"),
    ],
)
def test_a_function_that_gives_no_table_is_refused_by_name(
    base: Path, name: str, said: str
) -> None:
    with pytest.raises(DataError, match=said) as caught:
        resolve_source(name, base).read(None)
    assert caught.value.remedy
    assert name in str(caught.value)


def test_a_column_that_the_table_lacks_is_named(base: Path) -> None:
    with pytest.raises(DataError, match="made_tables:table has no column 'c'"):
        resolve_source("made_tables:table", base).read(Columns(numeric=("c",)))


def test_two_projects_may_each_have_a_module_of_the_same_name(base: Path) -> None:
    text = "import pandas as pd\ndef table():\n    return pd.DataFrame({'a': [%d]})\n"
    for number in (1, 2):
        write(base / str(number) / "made_tables.py", text % number)
    first, second = (resolve_source("made_tables:table", base / n) for n in ("1", "2"))
    assert second.read(None)["a"].tolist() == [2]
    assert first.read(None)["a"].tolist() == [1]
    assert second.read(None)["a"].tolist() == [2]
    assert "made_tables" not in sys.modules


def test_a_helper_that_one_project_lacks_is_not_taken_from_another(base: Path) -> None:
    loader = "import pandas as pd\nimport made_help\ndef table():\n    return made_help.TABLE\n"
    write(base / "1" / "made_tables.py", loader)
    write(base / "1" / "made_help.py", "import pandas as pd\nTABLE = pd.DataFrame({'a': [1]})\n")
    write(base / "2" / "made_tables.py", loader)
    assert resolve_source("made_tables:table", base / "1").column_names() == ("a",)
    with pytest.raises(DataError, match="No module named 'made_help'"):
        resolve_source("made_tables:table", base / "2")


def test_what_the_program_imported_itself_stays_imported(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(base / "here" / "made_help.py", "WHO = 'here'\n")
    monkeypatch.syspath_prepend(base / "here")
    mine = importlib.import_module("made_help")
    monkeypatch.delitem(sys.modules, "made_help")
    monkeypatch.setitem(sys.modules, "made_help", mine)
    write(base / "there" / "made_help.py", "WHO = 'there'\n")
    write(
        base / "there" / "made_tables.py",
        "import pandas as pd\nimport made_help\n"
        "def table():\n    return pd.DataFrame({made_help.WHO: [1]})\n",
    )
    assert resolve_source("made_tables:table", base / "there").column_names() == ("there",)
    assert sys.modules["made_help"] is mine
    write(
        base / "here" / "made_tables.py", "import made_help\ndef table():\n    return made_help\n"
    )
    resolve_source("made_tables:table", base / "here")
    assert sys.modules["made_help"] is mine


def test_columns_named_by_numbers_get_names_that_are_text(base: Path) -> None:
    write(
        base / "made_tables.py",
        "import pandas as pd\nKEPT = pd.DataFrame([[1, 2]])\n"
        "def table():\n    assert list(KEPT.columns) == [0, 1]\n    return KEPT\n",
    )
    source = resolve_source("made_tables:table", base)
    assert source.column_names() == ("0", "1")
    assert source.read(Columns(numeric=("1",))).columns.tolist() == ["1"]


@pytest.mark.parametrize(
    "series",
    [
        "pd.Series(['ä', None, chr(0xDC80)], dtype=object)",
        "pd.Categorical(['ä', 'ä', 'b'], pd.Index(['ä', 'b', chr(0xD800)], dtype=object))",
        "pd.Series(['ä', 1, chr(0xDFFF)])",
    ],
)
def test_text_that_is_not_unicode_is_refused_with_its_column(base: Path, series: str) -> None:
    table = f"pd.DataFrame({{'good': ['ä', '😀', 'c'], 'bad': {series}}})"
    write(base / "made_tables.py", f"import pandas as pd\ndef table():\n    return {table}\n")
    source = resolve_source("made_tables:table", base)
    with pytest.raises(DataError, match="column 'bad': text must be valid Unicode") as caught:
        source.read(None)
    str(caught.value).encode()
    assert source.read(Columns(text=("good",)))["good"].tolist() == ["ä", "😀", "c"]


def test_a_name_that_is_not_unicode_is_refused(base: Path) -> None:
    table = "pd.DataFrame([[1, 2]], columns=pd.Index([0, chr(0xDC80)], dtype=object))"
    write(base / "made_tables.py", f"import pandas as pd\ndef table():\n    return {table}\n")
    with pytest.raises(DataError, match=r"column '.udc80': text must be valid Unicode"):
        resolve_source("made_tables:table", base).read(None)


def test_text_that_pandas_refuses_as_not_unicode_is_said_to_be_that(base: Path) -> None:
    table = "pd.DataFrame({'bad': [chr(0xD800)]}, dtype='str')"
    write(base / "made_tables.py", f"import pandas as pd\ndef table():\n    return {table}\n")
    with pytest.raises(DataError, match="text must be valid Unicode"):
        resolve_source("made_tables:table", base).read(None)
