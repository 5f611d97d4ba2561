"""What a training leaves of its data: the card with the run, and a snapshot beside the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.data.facts import About, DataFacts, facts_of
from podium.progress import Progress
from podium.reports.data_card import data_card
from podium.where import without_password
from projects.data_versions.snapshot import CARD, CARD_DOCUMENT
from projects.jobs import snapshots, tracking
from projects.training.content import content_kinds
from projects.training.trained import Trained

if TYPE_CHECKING:
    import pandas as pd

_PROBLEM_LENGTH = 500


def keep_data(trained: Trained, run_id: str, progress: Progress) -> dict[str, str]:
    """Log the data's card into the open run `run_id`, keep the snapshot unless `data.snapshot` is
    false, and return the tags that say so.

    A store that takes no snapshot does not cost the training: it is said on the terminal and in
    the tag `podium.snapshot_problem`, and the next training on the same data tries again.
    """
    frame = trained.table.content(trained.project)
    facts = data_facts(trained, frame)
    card, document = data_card(facts.to_json()), facts.to_json()
    tracking.log_text(card, CARD)
    tracking.log_json(document, CARD_DOCUMENT)
    tags = {
        "podium.data_rows": str(facts.rows),
        "podium.data_columns": str(len(facts.columns)),
        "podium.data_span": "" if facts.span is None else "/".join(facts.span),
        "podium.snapshot": "",
    }
    if not trained.project.data.snapshot:
        return tags
    place = snapshots.place_of(run_id, facts.digest)
    try:
        size = snapshots.keep(frame, place, facts.digest, document, card)
    except Exception as error:  # noqa: BLE001 - each kind of store raises its own
        said = without_password((str(error).strip() or type(error).__name__).splitlines()[0])
        progress.say(f"No snapshot of the data is kept: {said}")
        return tags | {"podium.snapshot_problem": said[:_PROBLEM_LENGTH]}
    shown = without_password(place)  # whoever reads it finds the secret with the experiment
    return tags | {"podium.snapshot": shown, "podium.snapshot_bytes": str(size)}


def data_facts(trained: Trained, frame: pd.DataFrame) -> DataFacts:
    """The facts of a training's canonical table `frame`."""
    project, table = trained.project, trained.table
    about = About(
        project=project.name,
        task=project.task,
        target=project.target.column,
        kinds=content_kinds(project, table.declared, table.raw),
        time=project.data.time,
        group=project.data.group,
        source=project.data.source,
        licence=project.data.licence,
        owner=project.data.owner,
        home=project.data.home,
    )
    return facts_of(frame, table.digest, about)
