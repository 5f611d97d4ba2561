from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from onnx import helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from podium.artifact.compiling import compile_pipeline
from podium.artifact.compiling.features import OneHotBlock, PlainBlock, ScaledBlock
from podium.artifact.compiling.graph import Graph
from podium.artifact.compiling.trees import Ensemble, Tree
from podium.artifact.parity import NOT_TRIED, Disagreement, Parity, RealRows, compare, prove
from podium.artifact.scoring import BrokenArtifact, InputColumn, Scorer, coding, encode, onnx_file
from podium.artifact.scoring.canonical import PARTS
from podium.artifact.scoring.convert import LARGEST
from podium.artifact.scoring.encode import INPUTS, EncodedColumn, Encoder
from podium.artifact.scoring.probes import probe_rows
from tests.artifact.compiled_samples import (
    TINY,
    around,
    attribute,
    boosted,
    calibrated,
    edited,
    fitted,
    one_after_another,
    ordinal,
    rows_of,
    trees_of,
)
from tests.artifact.samples import NUMBERS, raw_table

pytestmark = pytest.mark.filterwarnings("error")

Patch = pytest.MonkeyPatch
TREES = ("xgboost", "random_forest", "hist_gradient_boosting")
ANYWHERE = r"it differs on .+ by up to [0-9.e+-]+ \(tolerance 1e-05\), first in row \d+"
REAL = ANYWHERE.replace(".+", "real rows")
PROBES = ANYWHERE.replace(".+", "(single probes|probes)")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def _found_out(scorer: Scorer, model: bytes, rows: RealRows, where: str = ANYWHERE) -> None:
    edges = compile_pipeline(scorer).boundaries
    assert compare(scorer, compile_pipeline(scorer).model, rows, edges).reason == ""
    with pytest.raises(Disagreement) as raised:
        compare(scorer, model, rows, edges)
    assert re.fullmatch(where, str(raised.value))


# Preparing columns otherwise


def _scaled_trees(model: Any, shift: float) -> tuple[Scorer, RealRows]:
    """Trees behind a scaler, and rows whose distances lie far from zero."""
    scaled = one_after_another(SimpleImputer(), StandardScaler())
    steps = [("numeric", scaled, NUMBERS), ("categorical", ordinal(), ["carrier"])]
    scorer = around(steps, model, shift=shift)
    raw = raw_table(100, seed=3)
    return scorer, rows_of(scorer, raw.assign(distance=raw["distance"] + shift))


def _in_float32(block: ScaledBlock, graph: Graph) -> str:
    filled = graph.cast(graph.columns(block.source, block.places), "float")
    mean, scale = (graph.constant(part, np.float32) for part in (block.mean, block.scale))
    return graph.cast(graph.node("Div", graph.node("Sub", filled, mean), scale), "double")


def _not_at_all(block: ScaledBlock, graph: Graph) -> str:
    return graph.columns(block.source, block.places)


@pytest.mark.parametrize("matrix", [_in_float32, _not_at_all])
@pytest.mark.parametrize("model", [boosted(), RandomForestClassifier(5, random_state=0)])
def test_trees_behind_a_scaler_that_scales_otherwise(
    model: Any, matrix: Callable[..., str], monkeypatch: Patch
) -> None:
    scorer, rows = _scaled_trees(model, shift=1e7)
    with monkeypatch.context() as broken:
        broken.setattr(ScaledBlock, "matrix", matrix)
        model = compile_pipeline(scorer).model
    _found_out(scorer, model, rows, REAL)


def _one_hot(*, sparse: bool) -> Scorer:
    known = OneHotEncoder(handle_unknown="ignore")
    steps = [("categorical", known, ["carrier"]), ("numeric", "passthrough", NUMBERS)]
    return around(steps, boosted(), sparse_threshold=float(sparse))


def test_zeros_of_a_dense_one_hot_that_became_missing(monkeypatch: Patch) -> None:
    def hidden(block: OneHotBlock, graph: Graph) -> str:
        dense = block.weighted(graph, np.eye(block.width))
        zero = graph.node("Equal", dense, graph.constant(0.0))
        return graph.node("Where", zero, graph.constant(np.nan), dense)

    scorer = _one_hot(sparse=False)
    with monkeypatch.context() as broken:
        broken.setattr(OneHotBlock, "matrix", hidden)
        model = compile_pipeline(scorer).model
    _found_out(scorer, model, rows_of(scorer, raw_table(100, seed=3)), REAL)


def test_a_sparse_one_hot_whose_hidden_zeros_trees_take_for_missing() -> None:
    scorer = _one_hot(sparse=True)
    reason = prove(scorer, rows_of(scorer, raw_table(100, seed=3))).reason
    assert re.fullmatch(ANYWHERE, reason)


# Trees


@pytest.mark.parametrize("estimator", ["xgboost", "random_forest"])
def test_swapped_comparisons_are_found_at_the_trees_own_thresholds_only(estimator: str) -> None:
    scorer, rows = fitted(estimator, "binary", "numeric")
    other = {b"BRANCH_LT": b"BRANCH_LEQ", b"BRANCH_LEQ": b"BRANCH_LT", b"LEAF": b"LEAF"}

    def swap(proto: Any) -> None:
        modes = attribute(trees_of(proto), "nodes_modes")
        modes.strings[:] = [other[mode] for mode in modes.strings]

    broken = edited(compile_pipeline(scorer).model, swap)
    assert compare(scorer, broken, rows).reason == ""  # no real row finds it
    _found_out(scorer, broken, rows, PROBES)


def _each_tree(change: Callable[[Tree], Tree]) -> Callable[[Ensemble], Ensemble]:
    return lambda ensemble: replace(ensemble, trees=[change(tree) for tree in ensemble.trees])


BROKEN_TREES: dict[str, Callable[[Ensemble], Ensemble]] = {
    "a tree left out": lambda all_of: replace(all_of, trees=all_of.trees[:-1]),
    "no start": lambda all_of: replace(all_of, base=all_of.base + 0.1),
    "thresholds in float16": _each_tree(
        lambda tree: replace(tree, threshold=tree.threshold.astype(np.float16).astype(float))
    ),
    "leaves in float16": _each_tree(
        lambda tree: replace(tree, leaf=tree.leaf.astype(np.float16).astype(float))
    ),
    "missing sent the other way": _each_tree(
        lambda tree: replace(tree, missing_left=~tree.missing_left)
    ),
    "left and right swapped": _each_tree(
        lambda tree: replace(tree, left=tree.right, right=tree.left)
    ),
    "features shifted by one": _each_tree(
        lambda tree: replace(tree, feature=np.maximum(tree.feature - 1, 0))
    ),
}


@pytest.mark.parametrize("how", BROKEN_TREES)
@pytest.mark.parametrize("estimator", TREES)
def test_broken_trees(estimator: str, how: str, monkeypatch: Patch) -> None:
    scorer, rows = fitted(estimator, "binary", "mixed")
    whole = Ensemble.add_to
    with monkeypatch.context() as broken:
        broken.setattr(
            Ensemble, "add_to", lambda all_of, *given: whole(BROKEN_TREES[how](all_of), *given)
        )
        model = compile_pipeline(scorer).model
    _found_out(scorer, model, rows)


def test_float64_thresholds_that_are_compared_in_float32(monkeypatch: Patch) -> None:
    scorer, rows = fitted("hist_gradient_boosting", "binary", "mixed")
    whole = Ensemble.add_to
    with monkeypatch.context() as broken:
        broken.setattr(
            Ensemble, "add_to", lambda all_of, *given: whole(replace(all_of, single=True), *given)
        )
        model = compile_pipeline(scorer).model
    assert compare(scorer, model, rows).reason == ""
    _found_out(scorer, model, rows, PROBES)


# Categories


def _coded_otherwise(take: Callable[[Graph, str], str]) -> Callable[..., str]:
    """Only the last column of `mixed` is a category."""

    def matrix(block: PlainBlock, graph: Graph) -> str:
        numbers = graph.columns(block.source, block.places[:-1])
        category = graph.columns(block.source, block.places[-1:])
        return graph.node("Concat", numbers, take(graph, category), axis=1)

    return matrix


def _unseen_as_missing(graph: Graph, code: str) -> str:
    return graph.node("Max", code, graph.constant(0.0))


def _missing_as_unseen(graph: Graph, code: str) -> str:
    none = graph.node("Equal", code, graph.constant(0.0))
    return graph.node("Where", none, graph.constant(-1.0), code)


@pytest.mark.parametrize("take", [_unseen_as_missing, _missing_as_unseen])
def test_missing_and_unseen_categories_taken_for_each_other(
    take: Callable[[Graph, str], str], monkeypatch: Patch
) -> None:
    scorer, rows = _where_missing_matters()
    with monkeypatch.context() as broken:
        broken.setattr(PlainBlock, "matrix", _coded_otherwise(take))
        model = compile_pipeline(scorer).model
    where = PROBES if take is _unseen_as_missing else ANYWHERE
    _found_out(scorer, model, rows, where)


def test_an_unseen_category_that_is_coded_as_missing(monkeypatch: Patch) -> None:
    scorer, rows = fitted("linear", "binary", "mixed")
    compiled = compile_pipeline(scorer)
    assert compare(scorer, compiled.model, rows).reason == ""
    monkeypatch.setattr(coding, "UNSEEN", coding.MISSING)
    with pytest.raises(Disagreement, match=PROBES):
        compare(scorer, compiled.model, rows)


def _where_missing_matters() -> tuple[Scorer, RealRows]:
    """Codes -1 and 0 end in different leaves in every row: the training rows hold both."""
    scorer = around(None, boosted(max_depth=1, learning_rate=1.0), unseen="ZZ")
    return scorer, rows_of(scorer, raw_table(100, seed=3))


def _with_inputs(model: bytes, change: Callable[[list[dict[str, Any]]], Any]) -> bytes:
    def rewrite(proto: Any) -> None:
        entry = next(each for each in proto.metadata_props if each.key == INPUTS)
        document = json.loads(entry.value)
        change(document["columns"])
        entry.value = json.dumps(document)

    return edited(model, rewrite)


@pytest.mark.parametrize("estimator", TINY)
def test_metadata_that_describe_other_inputs_are_not_loaded(estimator: str) -> None:
    scorer, rows = fitted(estimator, "binary", "mixed")
    for change in (_other_order, _one_less, _other_parts, list.reverse):
        broken = _with_inputs(compile_pipeline(scorer).model, change)
        with pytest.raises(BrokenArtifact, match=r"has other podium\.inputs"):
            compare(scorer, broken, rows)


def test_terms_in_another_order_are_not_loaded() -> None:
    scorer, rows = fitted("linear", "binary", "text")
    broken = _with_inputs(compile_pipeline(scorer).model, _other_terms)
    with pytest.raises(BrokenArtifact, match=r"has other podium\.inputs"):
        compare(scorer, broken, rows)


def _other_order(columns: list[dict[str, Any]]) -> None:
    known = next(column["categories"] for column in columns if "categories" in column)
    known[1:] = known[:0:-1]


def _one_less(columns: list[dict[str, Any]]) -> None:
    next(column["categories"] for column in columns if "categories" in column).pop()


def _other_parts(columns: list[dict[str, Any]]) -> None:
    next(column for column in columns if column["parts"])["parts"].reverse()


def _other_terms(columns: list[dict[str, Any]]) -> None:
    next(column["terms"] for column in columns if "terms" in column).sort(key=len)


# Scores


def _after(model: bytes, operator: str, *more: Any) -> bytes:
    """The model with one operator more before its output."""

    def add(proto: Any) -> None:
        last = proto.graph.node[-1]  # the cast to double
        last.output[0] = "before"
        names = []
        for place, values in enumerate(more):
            names.append(f"more{place}")
            proto.graph.initializer.append(onnx.numpy_helper.from_array(values, names[-1]))
        keys = {"axis": 1} if operator == "Gather" else {}
        inputs = [*names, "before"] if operator == "Sub" else ["before", *names]
        proto.graph.node.append(helper.make_node(operator, inputs, ["scores"], **keys))

    return edited(model, add)


@pytest.mark.parametrize("estimator", TINY)
def test_the_probability_of_the_other_class(estimator: str) -> None:
    scorer, rows = fitted(estimator, "binary", "mixed")
    complement = _after(compile_pipeline(scorer).model, "Sub", np.array(1.0))
    _found_out(scorer, complement, rows, REAL)


@pytest.mark.parametrize("estimator", TINY)
def test_classes_in_another_order(estimator: str) -> None:
    scorer, rows = fitted(estimator, "multiclass", "mixed")
    other = _after(compile_pipeline(scorer).model, "Gather", np.array([1, 0, 2]))
    _found_out(scorer, other, rows, REAL)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(("more", "holds"), [(8e-6, True), (1.2e-5, False)])
def test_what_differs_by_more_than_the_tolerance(task: str, more: float, holds: bool) -> None:
    scorer, rows = fitted("linear", task, "mixed")
    scorer = replace(scorer, pipeline=scorer.pipeline)
    model = _after(compile_pipeline(scorer).model, "Add", np.array(more))
    if holds:
        assert compare(scorer, model, rows).largest_difference == pytest.approx(more, rel=1e-3)
        return
    with pytest.raises(Disagreement, match=REAL):
        compare(scorer, model, rows)


def test_numbers_are_compared_by_their_size() -> None:
    scorer, rows = fitted("linear", "regression", "mixed")
    model = scorer.pipeline.named_steps["model"]
    before = model.intercept_
    try:
        model.intercept_ = before + 1e6
        right = compile_pipeline(scorer).model
        assert compare(scorer, _after(right, "Add", np.array(5.0)), rows).reason == ""
        with pytest.raises(Disagreement, match="by up to 1"):
            compare(scorer, _after(right, "Add", np.array(15.0)), rows)
    finally:
        model.intercept_ = before


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_answers_that_are_no_numbers(value: float) -> None:
    scorer, rows = fitted("linear", "binary", "mixed")
    model = _after(compile_pipeline(scorer).model, "Add", np.array(value))
    _found_out(scorer, model, rows, "it differs on real rows by up to (nan|inf) .*, first in row 0")


def test_a_calibration_left_out() -> None:
    plain, rows = fitted("xgboost", "binary", "mixed")
    scorer = calibrated(plain, rows, "sigmoid")
    _found_out(scorer, compile_pipeline(plain).model, rows, REAL)


def _by_number_of_rows(power: float) -> Callable[[Any], None]:
    """Adds rows ** power to each score."""

    def add(proto: Any) -> None:
        proto.graph.node[-1].output[0] = "before"
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.array(power), "power"))
        proto.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0]), "first"))
        proto.graph.node.extend(
            [
                helper.make_node("Shape", ["before"], ["shape"]),
                helper.make_node("Gather", ["shape", "first"], ["rows"]),
                helper.make_node("Cast", ["rows"], ["count"], to=onnx.TensorProto.DOUBLE),
                helper.make_node("Pow", ["count", "power"], ["more"]),
                helper.make_node("Add", ["before", "more"], ["scores"]),
            ]
        )

    return add


def test_a_single_row_that_is_scored_otherwise_than_many(monkeypatch: Patch) -> None:
    more = onnx_file.OPERATORS | {"Shape", "Pow"}
    monkeypatch.setattr(onnx_file, "OPERATORS", more)
    scorer, rows = fitted("linear", "binary", "mixed")
    broken = edited(compile_pipeline(scorer).model, _by_number_of_rows(-4.0))
    _found_out(scorer, broken, rows, ANYWHERE.replace(".+", "single real rows"))


def test_a_value_that_only_one_of_them_refuses(monkeypatch: Patch) -> None:
    scorer, rows = fitted("linear", "binary", "mixed")
    taken = encode.coded_number
    monkeypatch.setattr(encode, "coded_number", lambda v: 0.0 if v == 1e300 else taken(v))
    with pytest.raises(Disagreement, match=r"the forms refuse differently: .*column 'number'"):
        compare(scorer, compile_pipeline(scorer).model, rows)


def test_small_numbers_of_a_regression_are_compared_in_their_own_scale() -> None:
    scorer, rows = fitted("linear", "regression", "numeric")
    small = copy.deepcopy(scorer)
    model = small.pipeline.named_steps["model"]
    model.coef_, model.intercept_ = model.coef_ * 1e-6, model.intercept_ * 1e-6
    proved = prove(small, rows)
    assert proved.reason == ""
    assert proved.scale < 1e-4
    broken = _after(proved.model, "Mul", np.array(0.0))
    with pytest.raises(Disagreement, match="differs on real rows"):
        compare(small, broken, rows)


# What the proof says


def test_a_proof_that_holds_says_so() -> None:
    scorer, rows = fitted("xgboost", "binary", "mixed")
    proved = prove(scorer, rows)
    assert str(proved) == f"compiled: parity proved on 48 rows and {proved.probes} probes"
    assert proved.to_json() == {
        "schema": 1,
        "compiled": True,
        "tolerance": 1e-5,
        "rows": 48,
        "probes": proved.probes,
        "rows_to_reference": proved.rows_to_reference,
        "largest_difference": proved.largest_difference,
        "scale": 1.0,
        "bulk_form": proved.bulk_form,
        "onnxruntime": onnxruntime.__version__,
    }
    assert json.loads(json.dumps(proved.to_json())) == proved.to_json()
    assert proved.model == compile_pipeline(scorer).model
    assert proved.bulk_form in ("compiled", "reference")


def test_a_proof_that_fails_says_why() -> None:
    assert str(NOT_TRIED) == "not compiled: it was not tried"
    reason = {"schema": 1, "compiled": False, "reason": "it was not tried"}
    assert NOT_TRIED.to_json() == reason
    assert NOT_TRIED.model == Parity(reason="other").model == b""
    proved = prove(around(None, RandomForestClassifier(2, n_jobs=None)), RealRowsOf.none)
    assert proved.reason.startswith("the conversion failed: ")


class RealRowsOf:
    none = RealRows(pd.DataFrame(), np.empty(0, dtype=int), [])


class _Odd:
    @property
    def steps(self) -> Any:
        raise RuntimeError("no steps\n  at /home/somebody/lib.so(+0x1)")


@pytest.mark.parametrize("pipeline", [None, 7, _Odd(), object()])
def test_whatever_fails_is_a_reason_of_one_line(pipeline: Any) -> None:
    scorer, rows = fitted("linear", "binary", "mixed")
    reason = prove(replace(scorer, pipeline=pipeline), rows).reason
    assert "\n" not in reason
    assert "/home/somebody" not in reason
    assert reason


def test_rows_that_the_reference_takes_are_counted() -> None:
    scorer, rows = fitted("random_forest", "binary", "mixed")
    scores = scorer.scores(rows.features)
    at = float(np.sort(scores)[20])
    decided = replace(scorer, decision=replace(scorer.decision, threshold=at))
    count = int((np.abs(scores - at) < 1e-6).sum())
    assert prove(decided, rows).rows_to_reference == count > 0
    far = replace(scorer, decision=replace(scorer.decision, threshold=at + 2e-5))
    assert prove(far, rows).rows_to_reference == int((np.abs(scores - at - 2e-5) < 1e-5).sum())


# Real rows and probes


def test_real_rows_are_sent_as_callers_would_spread_evenly() -> None:
    scorer, _ = fitted("linear", "binary", "mixed")
    raw = pd.DataFrame(
        {
            "number": [None, *np.arange(2998.0), "x"],
            "kind": [7, None] * 1500,
            "when": ["", "2024-02-29T12:00:00+02:00"] * 1500,
        },
        index=range(5, 3005),
        dtype=object,
    )
    features, _ = scorer.canonicaliser.transform_tolerantly(raw)
    rows = RealRows.of(scorer, features, raw)
    assert len(rows.sent) == len(rows.places) == 1000
    assert rows.places[[0, -1]].tolist() == [0, 2999]
    assert len(np.unique(rows.places)) == 1000
    assert rows.sent[0] == {"number": None, "kind": "7", "when": None}
    assert rows.sent[-1] == {"number": None, "kind": None, "when": "2024-02-29T10:00:00.000000Z"}
    sent = pd.DataFrame(list(rows.sent), dtype=object)
    again = scorer.canonicaliser.transform(sent)
    expected = features.iloc[rows.places].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, expected, check_exact=True)


KNOWN = ("", *(f"kind {place}" for place in range(250)))
ENCODER = Encoder(
    (
        EncodedColumn(InputColumn("number", "numeric"), 0),
        EncodedColumn(InputColumn("few", "categorical"), 1, categories=("", "a", "b")),
        EncodedColumn(InputColumn("many", "categorical"), 2, categories=KNOWN),
        EncodedColumn(InputColumn("words", "text"), 3, terms=("late", "late again")),
        EncodedColumn(InputColumn("when", "datetime", PARTS), 3),
        EncodedColumn(InputColumn("plain", "numeric"), 3 + len(PARTS)),
    )
)
TYPICAL = [{"number": 1.5, "few": "a", "many": "kind 7", "words": "late", "when": 0, "plain": 2.0}]
_EDGES = np.array([0.1, 1 / 3, 2.0**24 + 1, 1e39, -LARGEST])


def _tried(name: str) -> list[Any]:
    """Values of a column in the probes where it is the one that was replaced."""
    probes = probe_rows(ENCODER, TYPICAL, {"number": _EDGES})
    assert probes[0] == {}
    assert all(list(probe) == list(TYPICAL[0]) for probe in probes[1:])
    others = [{k: v for k, v in probe.items() if k != name} for probe in probes]
    typical = {k: v for k, v in TYPICAL[0].items() if k != name}
    return [probe[name] for probe, rest in zip(probes, others, strict=True) if rest == typical]


def _holds(values: list[Any], wanted: list[Any]) -> bool:
    return all(any(type(v) is type(w) and v == w for v in values) for w in wanted)


@pytest.mark.parametrize("name", ["number", "plain"])
def test_each_number_is_tried_missing_extreme_and_beyond_float32s_whole_numbers(name: str) -> None:
    extremes = [1e300, -1e300, LARGEST, -LARGEST, 2.0**24 + 1]
    assert _holds(_tried(name), [None, "", "nan", 0.0, True, *extremes])


@pytest.mark.parametrize("name", ["few", "many", "words"])
def test_each_category_and_text_is_tried_missing_empty_unseen_and_as_the_word_nan(
    name: str,
) -> None:
    tried = _tried(name)
    known = [*KNOWN, "a", "b", "late", "late again"]
    assert _holds(tried, [None, "", "nan", 7])
    assert [value for value in tried if isinstance(value, str) and value not in known]
    assert [1] in tried  # is refused


def test_each_known_category_is_tried_or_many_of_many() -> None:
    assert _holds(_tried("few"), ["", "a", "b"])
    tried = {value for value in _tried("many") if value in KNOWN[1:]} - {TYPICAL[0]["many"]}
    assert len(tried) == 99
    assert KNOWN[-1] in tried


def test_each_known_term_is_tried_and_all_at_once() -> None:
    tried = [value for value in _tried("words") if isinstance(value, str)]
    assert _holds(tried, ["late", "late again", "late late again"])
    assert [value for value in tried if "LATE AGAIN" in value]


def test_each_datetime_is_tried_missing_at_the_ends_and_before_1970() -> None:
    ends = ["0001-01-01", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59.5Z"]
    assert _holds(_tried("when"), [None, "", "nan", 0, 1e300, *ends])


def test_thresholds_are_tried_with_their_neighbours_in_both_precisions() -> None:
    tried = _tried("number")
    for edge in _EDGES[:3]:
        assert _holds(tried, [float(edge), float(np.nextafter(edge, np.inf))])
        assert _holds(tried, [float(np.nextafter(edge, -np.inf)), float(np.float32(edge))])
        single = np.float32(edge)
        for way in (np.float32(-np.inf), np.float32(np.inf)):
            assert _holds(tried, [float(np.nextafter(single, way))])
    assert 1e39 not in tried
    assert len(probe_rows(ENCODER, TYPICAL, {"number": np.arange(1000.0)})) < 600


def test_probes_take_turns_with_the_typical_rows_and_do_without() -> None:
    typical = [{"number": 1.0, "few": "a"}, {"number": 2.0, "few": "b"}]
    probes = probe_rows(ENCODER, typical)
    assert {probe["few"] for probe in probes[1:] if "words" in probe} == {"a", "b"}
    assert all(len(probe) <= 1 for probe in probe_rows(ENCODER, ()))


def test_what_is_missing_or_unseen_is_tried_on_many_typical_rows() -> None:
    typical = [{"number": float(place), "few": "a", "words": "b"} for place in range(40)]
    probes = probe_rows(ENCODER, typical)
    for column in ("number", "few", "words"):
        tried = [probe for probe in probes[1:] if probe[column] is None]
        assert len({probe["number"] for probe in tried} - {None}) >= (
            16 if column != "number" else 0
        )
        assert len(tried) >= 16
