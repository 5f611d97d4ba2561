"""What `podium export` writes, and that it scores where nothing of ours is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from podium.artifact.edge.score import encode
from podium.artifact.example import example_of
from podium.artifact.export import Origin, _appearing, check_free, export
from podium.artifact.mlflow_model import save_artifact
from podium.artifact.parity import NOT_TRIED, Parity, RealRows, prove
from podium.artifact.scoring import InputColumn, InvalidValue, Scorer
from podium.artifact.scoring.canonical import PARTS
from podium.artifact.scoring.compiled import CompiledScorer
from podium.artifact.scoring.encode import EncodedColumn, Encoder
from podium.artifact.scoring.manifest import write_manifest
from podium.artifact.scoring.probes import probe_rows
from podium.artifact.scoring.proof import TOLERANCE, differences
from podium.errors import PodiumError, UsageError
from tests.artifact.compiled_samples import calibrated, fitted

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
]
NOT_THERE = ("podium", "mlflow", "sklearn", "pandas", "scipy", "xgboost", "skops", "onnx")
FILES = {"README.md", "example.json", "expected.json", "inputs.json", "model.onnx", "score.py"}
ORIGIN = Origin("flights", 3)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def saved(scorer: Scorer, rows: RealRows, folder: Path, parity: Parity) -> Path:
    example = example_of(scorer, pd.DataFrame(list(rows.sent[:3])))
    save_artifact(scorer, example, folder, parity=parity)
    return folder


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scorer, rows = fitted("xgboost", "binary", "text")
    folder = tmp_path_factory.mktemp("artifact") / "model"
    return saved(scorer, rows, folder, prove(scorer, rows))


@pytest.fixture
def own(artifact: Path, tmp_path: Path) -> Path:
    """A copy of the artifact that a test may change."""
    copy = tmp_path / "own"
    subprocess.run(["cp", "-r", str(artifact), str(copy)], check=True)
    return copy


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)


def score_elsewhere(folder: Path, rows: Path) -> list[dict[str, Any]]:
    """What score.py prints in a Python that has only numpy and onnxruntime."""
    code = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({NOT_THERE}))\n"
        f"sys.argv[1:] = [{str(rows)!r}]\n"
        f"runpy.run_path({str(folder / 'score.py')!r}, run_name='__main__')"
    )
    command = [sys.executable, "-I", "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return list(json.loads(done.stdout, parse_constant=pytest.fail))


def scores_of(answers: list[dict[str, Any]]) -> np.ndarray:
    return np.array([list(row.values())[1:] or list(row.values()) for row in answers], dtype=float)


def sendable(compiled: CompiledScorer, typical: Any) -> list[dict[str, Any]]:
    """Probes that Podium takes and that score.py does not leave to its caller."""
    instants = [c.name for c in compiled.encoder.columns if c.column.kind == "datetime"]
    kept = []
    for row in probe_rows(compiled.encoder, typical):
        try:
            compiled.encoder.encode_row(row)
        except InvalidValue:
            continue
        if all(isinstance(row.get(name), str | None) for name in instants):
            kept.append(row)
    return kept


CASES = [
    ("xgboost", "binary", "text", None),
    ("xgboost", "multiclass", "mixed", None),
    ("xgboost", "regression", "numeric", None),
    ("xgboost", "binary", "mixed", "isotonic"),
    ("linear", "binary", "text", None),
    ("linear", "regression", "mixed", None),
    ("random_forest", "multiclass", "text", None),
    ("random_forest", "binary", "text", "sigmoid"),
    ("hist_gradient_boosting", "regression", "text", None),
]


@pytest.mark.parametrize(("estimator", "task", "features", "calibration"), CASES)
def test_the_example_scores_like_podium_without_podium(
    estimator: str, task: str, features: str, calibration: str | None, tmp_path: Path
) -> None:
    scorer, rows = fitted(estimator, task, features)
    scorer = calibrated(scorer, rows, calibration) if calibration else scorer
    parity = prove(scorer, rows)
    model = saved(scorer, rows, tmp_path / "model", parity)
    edge = export(model, ORIGIN, tmp_path / "edge").folder
    decision, compiled = scorer.decision, CompiledScorer.load(scorer, parity.model)
    handed_out = score_elsewhere(edge, edge / "example.json")
    assert len(handed_out) >= 4
    wanted = scores_of(read(edge / "expected.json"))
    assert (differences(decision.task, scores_of(handed_out), wanted) <= TOLERANCE).all()

    sent = sendable(compiled, rows.sent)
    assert len(sent) > 10
    (tmp_path / "rows.json").write_text(json.dumps(sent), encoding="utf-8")
    found = score_elsewhere(edge, tmp_path / "rows.json")
    own = scorer.score_rows(sent)
    expected = [dict(zip(own, row, strict=True)) for row in zip(*own.values(), strict=True)]
    assert [list(row) for row in found] == [list(row) for row in expected]
    assert (differences(decision.task, scores_of(found), scores_of(expected)) <= TOLERANCE).all()
    if task != "regression":
        near = compiled.undecided(compiled.run(compiled.encoder.encode(_by_name(sent), len(sent))))
        labels = [(f["prediction"], e["prediction"]) for f, e in zip(found, expected, strict=True)]
        assert all(a == b for (a, b), close in zip(labels, near, strict=True) if not close)


def _by_name(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = {name for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def test_an_export_holds_the_proved_model_and_what_it_takes_to_port(
    artifact: Path, tmp_path: Path
) -> None:
    done = export(artifact, ORIGIN, tmp_path / "new" / "edge")
    edge = done.folder
    assert set(done.sizes_bytes) == {path.name for path in edge.iterdir()} == FILES
    assert (edge / "model.onnx").read_bytes() == (artifact / "model.onnx").read_bytes()
    assert os.listdir(edge.parent) == ["edge"]
    inputs = read(edge / "inputs.json")
    scorer, _ = fitted("xgboost", "binary", "text")
    assert inputs["decision"] == scorer.decision.to_json()
    assert [column["name"] for column in inputs["columns"]] == ["number", "kind", "when", "words"]
    assert inputs["columns"][1]["categories"] == ["", "blue", "green", "red"]
    example = read(edge / "example.json")
    assert example[0].keys() == {"number", "kind", "when", "words"}
    assert example[3] == {**example[0], "kind": "never seen in training"}
    assert example[4] == {}


def test_the_readme_says_what_is_taken_and_what_is_proved(artifact: Path, tmp_path: Path) -> None:
    done = export(artifact, ORIGIN, tmp_path / "edge")
    text = (done.folder / "README.md").read_text(encoding="utf-8")
    for said in (
        "# flights version 3",
        f"`{done.digest}`",
        "| `features[0]` | number | number |",
        "| `features[1]` | kind | category; 3 are known: `blue`, `green`, `red` |",
        "| `features[2]` to `[3]` | when | instant; its hour, weekday |",
        "| `terms_words` and `counts_words` | words | text; ",
        f"on {done.parity.rows} real rows",
        f"{done.parity.probes} made ones",
        f"onnxruntime {done.parity.onnxruntime}",
        "ai.onnx 17, ai.onnx.ml 3",
        "lies within 1e-5 of the threshold",
        'the text `"7.0"`',
    ):
        assert said in text, said
    assert "$" not in text
    for name in FILES - {"README.md"}:
        assert f"| `{name}` |" in text


def test_every_part_of_an_instant_is_podiums() -> None:
    encoder = Encoder((EncodedColumn(InputColumn("at", "datetime", PARTS), 0),))
    columns = [{**encoder.to_json()["columns"][0], "places": {}}]
    texts = ["2024-02-29T12:00:00+02:00", "1969-12-31T23:59:59.5Z", "2021-01-03", None, ""]
    texts += ["0001-01-01", "9999-12-31T23:59:59.999999Z", "2020-12-31 23:30-0130"]
    for text in texts:
        row = {"at": text}
        np.testing.assert_array_equal(
            encode(columns, row)["features"], encoder.encode_row(row)["features"]
        )


@pytest.mark.parametrize(("value", "code"), [(7, 1), (7.0, 1), ("7", 1), (True, 2), (7.5, -1)])
def test_numbers_and_booleans_are_categories_as_podium_has_them(value: Any, code: int) -> None:
    column = {"name": "c", "kind": "categorical", "places": {"": 0, "7": 1, "true": 2}}
    assert encode([column], {"c": value})["features"].tolist() == [[code]]


# Refused


def refusal(artifact: Path, folder: Path, origin: Origin = ORIGIN) -> PodiumError:
    with pytest.raises(PodiumError) as caught:
        export(artifact, origin, folder)
    assert not folder.exists()
    assert caught.value.exit_code == 1
    assert caught.value.remedy
    return caught.value


def test_a_version_without_a_compiled_form_is_refused_with_its_reason(tmp_path: Path) -> None:
    scorer, rows = fitted("linear", "binary", "numeric")
    model = saved(scorer, rows, tmp_path / "model", NOT_TRIED)
    error = refusal(model, tmp_path / "edge")
    assert error.what == "flights version 3 has no compiled form: it was not tried."
    assert "--estimator" in error.remedy


def test_a_version_older_than_compiled_forms_is_refused(own: Path, tmp_path: Path) -> None:
    (own / "parity.json").unlink()
    write_manifest(own)
    assert "before Podium compiled models" in refusal(own, tmp_path / "edge").what


def test_a_file_that_was_changed_is_refused_by_name(own: Path, tmp_path: Path) -> None:
    with (own / "model.onnx").open("ab") as file:
        file.write(b"\0")
    assert "model.onnx is not the file that was logged" in refusal(own, tmp_path / "edge").what


def test_a_model_without_a_manifest_is_refused(own: Path, tmp_path: Path) -> None:
    (own / "podium.manifest.json").unlink()
    assert "has no podium.manifest.json" in refusal(own, tmp_path / "edge").what


def test_files_of_another_digest_than_the_registered_one_are_refused(
    artifact: Path, tmp_path: Path
) -> None:
    error = refusal(artifact, tmp_path / "edge", Origin("flights", 3, "0123456789abcdef"))
    assert "registered with 0123456789ab" in error.what


def test_a_compiled_form_that_does_not_hold_here_is_refused(tmp_path: Path) -> None:
    scorer, rows = fitted("xgboost", "binary", "mixed")
    other = prove(*fitted("random_forest", "binary", "mixed"))
    model = saved(scorer, rows, tmp_path / "model", other)
    assert "answers otherwise" in refusal(model, tmp_path / "edge").what


def test_a_folder_that_is_taken_is_refused(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError):
            export(artifact, ORIGIN, taken)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_current_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="current folder"):
        check_free(Path())


def test_an_empty_folder_is_filled(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    assert set(export(artifact, ORIGIN, tmp_path / "edge").sizes_bytes) == FILES


def interrupted(folder: Path) -> None:
    with _appearing(folder) as partial:
        (partial / "model.onnx").write_bytes(b"half")
        assert not folder.exists()
        raise KeyboardInterrupt


def test_an_interrupted_export_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "edge")
    assert list(tmp_path.iterdir()) == []


def second_of_two(folder: Path) -> None:
    with _appearing(folder):
        folder.mkdir()
        (folder / "model.onnx").write_bytes(b"first")


def test_of_two_exports_to_one_folder_the_first_one_stays(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not empty"):
        second_of_two(tmp_path / "edge")
    assert [path.name for path in tmp_path.iterdir()] == ["edge"]
    assert (tmp_path / "edge" / "model.onnx").read_bytes() == b"first"
