"""Any name survives the way through project.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.spec import load_declaration
from podium.spec.parts import Features
from podium.spec.yaml_file import read_yaml
from projects.scaffolding.declared import project_yaml
from projects.scaffolding.findings import (
    Choice,
    Findings,
    Leak,
    LeftOut,
    Personal,
    Read,
    TargetFound,
)
from projects.scaffolding.mlproject import conda_text, mlproject_text
from projects.scaffolding.yaml_words import WIDTH, comment, flow_list, flow_map, scalar

AWKWARD = [
    "yes", "No", "on", "~", "null", "true", "1e5", "007", "12:30", "1_000", "0x1F", ".5", "-", "?",
    " ?", "# no", "a # b", "a: b", "a:b", "it's", 'say "hi"', "[x]", "{x}", "a, b", "&a", "*a",
    "!a", "%", "@x", "`x`", " leading", "trailing ", "two  blanks", "Ünïcødé", "列", "tab\there",
    "nl\nx", "x\u2028y", "x\x85y", "\x07", "2013-01-01", "=", "<<", "default payment next month",
    "", "x" * 300, "NaN", ".inf", "mean radius (mm)", "🚲", "\ufeffbom", "back\\slash", "...",
    "---", "- item", "|", ">",
]  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(AWKWARD)


def read(folder: Path, text: str) -> dict[str, object]:
    file = folder / "some.yaml"
    file.write_text(text, encoding="utf-8", newline="")
    return read_yaml(file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@given(st.lists(WORDS, max_size=20), WORDS)
def test_texts_come_back_as_they_were(folder: Path, words: list[str], one: str) -> None:
    text = "\n".join([f"one: {scalar(one)}", *flow_list("many", words, indent=0)])
    assert read(folder, text) == {"one": one, "many": words}


@given(st.lists(WORDS, max_size=8, unique=True), WORDS)
def test_names_of_keys_come_back_as_they_were(folder: Path, names: list[str], said: str) -> None:
    lines = [*comment(said), *flow_map("map", [(name, "[hour]") for name in names])]
    assert read(folder, "\n".join(lines)) == {"map": {name: ["hour"] for name in names}}


@given(WORDS)
def test_no_comment_ends_before_its_line(folder: Path, said: str) -> None:
    assert read(folder, "\n".join([*comment(said), "key: 1"])) == {"key": 1}


@pytest.mark.parametrize("value", [True, False, 0, 1, -7, 0.5, 1e-9, 1e22, 12345.678])
def test_numbers_and_truth_values_keep_their_type(folder: Path, value: object) -> None:
    back = read(folder, f"key: {scalar(value)}")["key"]
    assert back == value
    assert type(back) is type(value)


def test_plain_words_are_not_quoted() -> None:
    plain = [
        "age",
        "default payment next month",
        "emp.var.rate",
        "../data/x.csv.gz",
        "s3://b/*.csv",
    ]
    assert [scalar(word) for word in plain] == plain


def test_long_lists_are_wrapped() -> None:
    lines = flow_list("numeric", [f"column_{number}" for number in range(100)], indent=2)
    assert len(lines) > 5
    assert max(map(len, lines)) <= WIDTH


@given(st.lists(WORDS.filter(str.strip), min_size=6, max_size=6, unique=True), WORDS)
def test_a_whole_declaration_of_any_names_loads(folder: Path, names: list[str], word: str) -> None:
    number, category, when, target, leak, left = names
    found = Findings(
        rows=10,
        columns=6,
        read=Read((number, left), (word,), (f"{word} stands for missing",)),
        target=TargetFound(target, "binary", word, ((word, 6), (f"{word}2", 4)), word, word),
        features=Features(numeric=(number,), categorical=(category,), datetime={when: ("hour",)}),
        left_out=(LeftOut(left, word),),
        leaks=(Leak((leak,), word, True), Leak((number,), word, False)),
        personal=(Personal(left, "name", word),),
        time=when,
        group=left,
        split=Choice("time", word),
        metric=Choice("roc_auc", word),
        estimator=Choice("xgboost", word),
    )
    file = folder / "project.yaml"
    file.write_text(project_yaml("m", "x.csv", found), encoding="utf-8", newline="")
    project = load_declaration(folder).project
    assert project.features == found.features
    assert project.forbidden == (leak,)
    assert (project.data.time, project.data.group) == (when, left)
    assert (project.data.header, project.data.missing) == ((number, left), (word,))
    assert (project.target.column, project.target.positive) == (target, word)


@given(WORDS, WORDS)
def test_mlproject_and_conda_yaml_of_any_name_load(folder: Path, name: str, line: str) -> None:
    assert read(folder, mlproject_text(name))["name"] == name
    dependencies = read(folder, conda_text(name, line))["dependencies"]
    assert isinstance(dependencies, list)
    assert dependencies[-1] == {"pip": [line]}
