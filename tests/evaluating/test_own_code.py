from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from projects.evaluating.models import Opened, open_model
from projects.evaluating.own_code import DoesNotAnswer, OwnCode
from tests.artifact.samples import boosted, raw_table
from tests.evaluating import made
from tests.evaluating.made import FEATURES, numbers

LATE = "from own_features import WORTH; from own_later.deep import more"
BODY = f"{LATE}; return [WORTH + more()] * len(model_input)"


def saved(folder: Path, worth: int) -> Path:
    code = {
        "own_features.py": f"WORTH = {worth}\n",
        "own_later/deep.py": f"def more():\n    return {worth * 100}\n",
    }
    return made.python(folder, BODY, top="from own_features import WORTH", code=code)


def answer(opened: Opened) -> int:
    found: list[int] = opened.answers(numbers(1), FEATURES)
    return found[0]


def test_two_models_with_modules_of_one_name_each_run_their_own(tmp_path: Path) -> None:
    folders = saved(tmp_path / "a", 1), saved(tmp_path / "b", 2)
    first, second = map(open_model, folders)
    assert [answer(first), answer(second), answer(first)] == [101, 202, 101]
    first.load_again()
    assert [answer(second), answer(first)] == [202, 101]


def test_modules_of_ours_with_that_name_are_set_aside_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path / "a", 3)
    ours = types.ModuleType("own_features")
    ours.__file__ = str(tmp_path / "elsewhere.py")
    monkeypatch.setitem(sys.modules, "own_features", ours)
    assert answer(open_model(folder)) == 303
    assert sys.modules["own_features"] is ours


def test_nothing_of_a_model_stays_imported(tmp_path: Path) -> None:
    folder = saved(tmp_path / "a", 1)
    paths = list(sys.path)
    assert answer(open_model(folder)) == 101
    podium = open_model(made.podium(tmp_path / "b", boosted()))
    podium.answers(raw_table(5), ())
    assert sys.path == paths
    left = [name for name in sys.modules if name.startswith(("own_", "podium_scoring_"))]
    assert not [name for name in left if str(tmp_path) in str(sys.modules[name].__file__)]


def test_an_artifact_answers_after_another_with_the_same_code_is_gone(tmp_path: Path) -> None:
    import shutil

    first = open_model(made.podium(tmp_path / "a", boosted()))
    second = open_model(made.podium(tmp_path / "b", boosted()))
    shutil.rmtree(tmp_path / "a")
    assert len(second.answers(raw_table(5), ())) == len(first.answers(raw_table(5), ())) == 5


def test_an_interrupt_stays_an_interrupt(tmp_path: Path) -> None:
    code = OwnCode(tmp_path)
    with pytest.raises(KeyboardInterrupt), code.running("waiting"):
        raise KeyboardInterrupt
    with pytest.raises(DoesNotAnswer, match="its own words"), code.running("waiting"):
        raise DoesNotAnswer("its own words")
