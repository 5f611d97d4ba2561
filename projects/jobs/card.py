"""The words about a training: the model card, and the screen that a person sees at the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from podium.evaluation import Interval
from podium.reports.text import duration, markdown_table, number, text_table
from podium.spec import load_declaration
from podium.where import how_to_see
from projects.jobs.find import project_words
from projects.jobs.run import OpenRun
from projects.training.trained import Trained


@dataclass(frozen=True)
class Registered:
    """Where the model went: a registered version, or only a logged model."""

    uri: str
    digest: str
    version: int | None = None


def model_card(trained: Trained, run_id: str, search: str = "") -> str:
    """The card in Markdown: what it predicts, from what, how well, and what to look at.

    `search`: a section on how its parameters were found.
    """
    project, measured = trained.project, trained.measured
    metrics = markdown_table(_METRIC_HEADERS, _metric_rows(trained, measured.holdout))
    parts = markdown_table(("part", "rows", "span"), _part_rows(trained))
    columns = ", ".join(f"`{c.name}`" for c in trained.table.canonicaliser.columns)
    deciding = measured.holdout[project.metric]
    sections = [
        f"{project.metric} {number(deciding.estimate)} ({number(deciding.low)} to "
        f"{number(deciding.high)}) on {trained.rows()['holdout']:,} holdout rows",
        project.description or f"Predicts `{project.target.column}`.",
        f"{trained.estimator}, {project.task}; trained by run `{run_id}` with seed {trained.seed}.",
        f"## Holdout\n{metrics}\n\n`*` is the metric that decides.",
        *_decision_section(trained),
        search.rstrip(),
        f"## Data\nSource `{project.data.source}`, content `{trained.table.digest[:12]}`, "
        f"split by {project.split_by}.\n\n{parts}",
        *_findings_section(trained),
        f"## Scoring\n{_sentence(str(trained.parity))}",
        f"## Features\n{columns}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def summary(trained: Trained, registered: Registered, run: OpenRun) -> str:
    """One screen for a terminal, ending in the two next commands."""
    project, measured = trained.project, trained.measured
    shown = project.all_metrics if project.metrics else tuple(measured.holdout)
    holdout = {name: measured.holdout[name] for name in shown}
    blocks = [
        f"{project.name}: {trained.estimator} on {len(trained.table):,} rows of "
        f"{project.data.source}, in {duration(sum(trained.seconds.values()))}",
        text_table(("part", "rows", "span"), _part_rows(trained), right={1}).rstrip(),
        text_table(_METRIC_HEADERS, _metric_rows(trained, holdout), right={1, 2, 3, 4})
        + f"* decides{_no_better(trained)}\n{_BASELINE}",
        *(f"Threshold {t.value:.4f}: {t.reason}" for t in [trained.fitted.threshold] if t),
        _findings_text(trained),
        _sentence(str(trained.parity)),
        _registered_text(project.name, registered, run),
        _next_steps(trained, registered, run),
    ]
    return "\n\n".join(blocks)


def document(trained: Trained, registered: Registered, run: OpenRun) -> dict[str, Any]:
    """The same facts for machines."""
    measured = trained.measured
    return {
        "project": trained.project.name,
        "run_id": run.run_id,
        "experiment": run.experiment,
        "tracking_uri": run.tracking_uri,
        "model_uri": registered.uri,
        "model_version": registered.version,
        "digest": registered.digest,
        "data_digest": trained.table.digest,
        "rows": trained.rows(),
        "threshold": trained.fitted.scorer.decision.threshold,
        "holdout": {
            name: {"estimate": i.estimate, "low": i.low, "high": i.high}
            for name, i in measured.holdout.items()
        },
        "validation": dict(measured.values["validation"]),
        "train": dict(measured.values["train"]),
        "baseline": dict(measured.baseline),
        "compiled": trained.parity.to_json(),
        "leakage_checks": [asdict(finding) for finding in trained.findings],
        "notes": list(trained.table.notes),
        "seconds": dict(trained.seconds),
    }


_BASELINE = "Baseline: the same without any feature, deciding alike."
_METRIC_HEADERS = ("metric", "holdout", "95 % interval", "validation", "baseline")


def _metric_rows(trained: Trained, holdout: Mapping[str, Interval]) -> list[tuple[str, ...]]:
    measured = trained.measured
    rows: list[tuple[str, ...]] = []
    for name, interval in holdout.items():
        mark = " *" if name == trained.project.metric else ""
        low, high = number(interval.low), number(interval.high)
        rows.append(
            (
                name + mark,
                number(interval.estimate),
                f"{low} to {high}",
                number(measured.values["validation"][name]),
                number(measured.baseline[name]),
            )
        )
    return rows


def _part_rows(trained: Trained) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = [
        (part, f"{count:,}", trained.span(part)) for part, count in trained.rows().items()
    ]
    if trained.parts.dropped:
        why = ["gap"] * bool(trained.project.split.gap) + ["group"] * bool(
            trained.project.data.group
        )
        rows.append(("left out", f"{trained.parts.dropped:,}", " or ".join(why)))
    return rows


def _no_better(trained: Trained) -> str:
    """A warning where the deciding metric's interval holds what the baseline reaches."""
    interval = trained.measured.holdout[trained.project.metric]
    baseline = trained.measured.baseline[trained.project.metric]
    if not interval.low <= baseline <= interval.high:
        return ""
    return (
        f". Its interval holds the baseline's {number(baseline)}: on these "
        f"{trained.rows()['holdout']:,} rows the model is not shown to be better than none."
    )


def _decision_section(trained: Trained) -> Iterable[str]:
    threshold = trained.fitted.threshold
    if threshold is None:
        return
    positive = trained.table.target.labels[1]
    yield (
        f"## Decision\n`{positive}` where the probability is at least {threshold.value:.4f} "
        f"({threshold.reason})."
    )


def _findings_section(trained: Trained) -> Iterable[str]:
    lines = [finding.message for finding in trained.findings] + list(trained.table.notes)
    if lines:
        yield "## To look at\n" + "\n".join(f"- {line}" for line in lines)


def _findings_text(trained: Trained) -> str:
    if not trained.findings:
        return "Leakage checks: nothing found."
    lines = [f"  ! {finding.message}" for finding in trained.findings]
    return "\n".join(["Leakage checks:", *lines])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _registered_text(name: str, registered: Registered, run: OpenRun) -> str:
    what = f"registered as {name} version {registered.version}"
    if registered.version is None:
        what = f"logged as {registered.uri}, not registered"
    return (
        f"Run {run.name} ({run.run_id}) in experiment {run.experiment!r}: {what} "
        f"(digest {registered.digest[:12]})"
    )


def _next_steps(trained: Trained, registered: Registered, run: OpenRun) -> str:
    steps = [
        how_to_see(run.tracking_uri),
        f"mlflow models serve -m {registered.uri} --env-manager local --port 5001",
    ]
    if registered.version is not None:
        project = project_words(trained.declaration.folder)
        candidate = f"--candidate {shlex.quote(registered.uri)}"
        steps.append(f"podium evaluate {project}{candidate}{_rows_to_judge_by(trained)}")
    return "\n".join(["Next:", *(f"  {step}" for step in steps)])


def _rows_to_judge_by(trained: Trained) -> str:
    """What `evaluate` has to be told where the rows are not those that project.yaml names: where
    they are, and to leave out those that were trained on.
    """
    file, source = trained.declaration.path, trained.project.data.source
    if not file.is_file() or load_declaration(file).project.data.source == source:
        return ""
    return f" --data {shlex.quote(source)} --overlap drop"
