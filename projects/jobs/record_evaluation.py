"""What an evaluation leaves: metrics, figures and reports in its run, a verdict in the ledger."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.actor import current_actor
from podium.command import Result
from podium.documents import to_json
from podium.errors import PodiumError
from podium.progress import Progress
from podium.reports.evaluation_page import evaluation_page
from podium.reports.evaluation_text import evaluation_text
from podium.reports.svg import figure_svg
from podium.where import how_to_see
from projects.evaluating.case import Case
from projects.evaluating.document import document
from projects.evaluating.drawings import drawings
from projects.evaluating.judge import Judged
from projects.jobs import tracking
from projects.jobs.find import project_words
from projects.jobs.run import OpenRun
from registry_tools.entry import Evidence
from registry_tools.outcome import Outcome, Wanted
from registry_tools.registrar import Registrar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HTML, JSON = "report.html", "report.json"


@dataclass(frozen=True, eq=False)
class Report:
    """The report: as a document, and as the two files that are kept. project_words: how a command
    names the project.
    """

    document: Mapping[str, Any]
    json: str
    html: str
    project_words: str = ""

    @property
    def sha256(self) -> str:
        """Of the JSON file, in hex; the ledger's entry has it."""
        return hashlib.sha256(self.json.encode("utf-8")).hexdigest()

    @property
    def verdict(self) -> str:
        """pass, fail or inconclusive."""
        return str(self.document["verdict"])


def log(
    case: Case, judged: Judged, run: OpenRun, progress: Progress, *, opens_gate: bool
) -> Report:
    """Draw, render, and log everything into the open run."""
    actor = current_actor(os.environ, Path.home())
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    facts = document(case, judged, actor=actor, at=at, run_id=run.run_id, opens_gate=opens_gate)
    with progress.stage("figures", "Drawing figures"):
        drawn = {name: draw() for name, draw in drawings(case, judged)}
    words = project_words(case.contest.declaration.folder)
    report = replace(rendered(facts, drawn), project_words=words)
    with progress.stage("log", "Logging metrics, figures and reports"):
        _log_facts(case, report)
        for name, figure in drawn.items():
            tracking.log_figure(figure, f"figures/{name}.png")
        tracking.log_text(report.json, JSON)
        tracking.log_text(report.html, HTML)
    return report


def write(report: Report, folder: Path) -> None:
    """Both files into `folder`, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON).write_text(report.json, encoding="utf-8")
    (folder / HTML).write_text(report.html, encoding="utf-8")


def enter(
    registrar: Registrar, case: Case, report: Report, run: OpenRun, progress: Progress
) -> Outcome:
    """Enter the verdict into the ledger, and show it as the run's.

    Raises LedgerConflict where the ledger moved meanwhile: the run then has a report, no verdict.
    """
    candidate, champion = case.contest.candidate, case.contest.champion
    evidence = Evidence(
        run_id=run.run_id,
        verdict=report.verdict,
        report_sha256=report.sha256,
        data_digest=case.digest,
        use=case.rules.use,
    )
    with progress.stage("enter", "Entering the verdict into the ledger"):
        outcome = registrar.evaluate(
            candidate.version.number,
            evidence,
            Wanted(current_actor(os.environ, Path.home())),
            against=None if champion is None else champion.version.number,
            digest=candidate.files.digest or None,
        )
    entry = next(entry for entry in outcome.entries if entry.action == "evaluate")
    tags = {"podium.verdict": report.verdict, "podium.entry": entry.seq}
    problem = tracking.try_to_show(tags, _note(report))
    if not problem:
        return outcome
    note = f"The entry counts; that it was made could not be noted in the run: {problem}"
    return replace(outcome, notes=(*outcome.notes, note))


def result_of(report: Report, outcome: Outcome, run: OpenRun, exit_code: int) -> Result:
    """What the command prints, and how it ends."""
    facts = report.document
    entered = next(entry.seq for entry in outcome.entries if entry.action == "evaluate")
    following = _following(report, outcome)
    lines = [
        evaluation_text(facts).rstrip("\n"),
        "",
        f"Entered as entry {entered} of the ledger.",
        f"Report: {HTML} and {JSON} of run {run.name} ({run.run_id}) in experiment "
        f"{run.experiment!r}",
        *(f"Note: {note}" for note in outcome.notes),
        *_unprojected(outcome.unprojected),
        "",
        "Next:",
        *(f"  {step}" for step in (*following, how_to_see(run.tracking_uri))),
    ]
    document = {
        **facts,
        "experiment": run.experiment,
        "tracking_uri": run.tracking_uri,
        "report_sha256": report.sha256,
        "entry": entered,
        "aliases_set": outcome.unprojected is None,
        "notes": [*facts["notes"], *outcome.notes],
        "next": list(following),
    }
    return Result("\n".join(lines), document, exit_code)


def rendered(facts: Mapping[str, Any], drawn: Mapping[str, Figure]) -> Report:
    """The report of a document, with its figures by name."""
    html = evaluation_page(facts, {name: figure_svg(figure) for name, figure in drawn.items()})
    return Report(facts, to_json(facts, indent=1) + "\n", html)


def _log_facts(case: Case, report: Report) -> None:
    contest, facts = case.contest, report.document
    champion = contest.champion
    tracking.log_params(
        {
            "podium.candidate": facts["candidate"]["uri"],
            "podium.champion": "baseline" if champion is None else facts["champion"]["uri"],
            "podium.source": case.source.source,
            "podium.metric": case.rules.metric,
            "podium.margin": case.rules.margin,
            "podium.alpha": case.rules.alpha,
            "podium.use": case.rules.use,
            "podium.rows": len(case.rows),
        }
    )
    tracking.log_tags(
        {
            "podium.data_digest": case.digest,
            "podium.report_sha256": report.sha256,
        }
    )
    uri = case.source.uri if case.source.files else case.source.source
    tracking.log_data(
        uri,
        case.source.kind,
        contest.project.name,
        case.content_digest,
        case.rows.raw,
        context="evaluation",
    )
    tracking.log_metrics(dict(metrics_of(facts)))


def metrics_of(facts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """What a run keeps of a document: the deciding metric first, and so first in the UI."""
    against = "baseline" if facts["champion"] is None else "champion"
    for found in facts["metrics"]:
        name = found["metric"]
        yield f"difference/{name}", found["difference"]
        yield f"difference/{name}_low", found["low"]
        yield f"difference/{name}_high", found["high"]
        yield f"candidate/{name}", found["candidate"]
        yield f"{against}/{name}", found["champion"]
        yield f"p/{name}", found["p"]
    for side in ("candidate", "champion"):
        footprint = (facts[side] or {}).get("footprint")
        if footprint is not None:
            yield f"{side}/p95_ms", footprint["one_row"]["p95_ms"]
            yield f"{side}/size_bytes", footprint["size_bytes"]
    if facts["flips"] is not None:
        yield "flips/share", facts["flips"]["flipped"] / facts["flips"]["rows"]
    yield "slices/harmed", sum(each["harmed"] for each in facts["slices"])


def _note(report: Report) -> str:
    """What the UI shows as the run's description."""
    facts = report.document
    checks = [f"- {each['verdict']}: {each['name']}: {each['found']}" for each in facts["checks"]]
    first = f"**{report.verdict.capitalize()}.** {facts['sentence']}"
    return "\n".join([first, "", *checks, "", f"`{HTML}` among the artifacts has the rest."])


def _following(report: Report, outcome: Outcome) -> tuple[str, ...]:
    """What comes next in the life of the candidate."""
    facts, state = report.document, outcome.state
    name, number = str(facts["model"]), int(facts["candidate"]["version"])
    against = None if facts["champion"] is None else facts["champion"]["version"]
    if report.verdict == "pass" and against == state.champion:
        return (f"podium promote {shlex.quote(name)} {number} --to staging",)
    uri = shlex.quote(f"models:/{name}/{number}")
    if report.verdict == "inconclusive":
        return (f"podium evaluate {report.project_words}--candidate {uri} --data FILE",)
    return (f"podium status {shlex.quote(name)}",)


def _unprojected(error: PodiumError | None) -> list[str]:
    if error is None:
        return []
    return [f"Warning: the verdict is entered, but the aliases were not looked after: {error}"]
