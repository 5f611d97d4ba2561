"""What a bundled project reaches on its holdout, over seeds of the split and of the model.

    python -m benchmarks.bundled disk_failure --data PATH [--seeds 31] [--first 0]

The data are read once. For each seed the rows are split, the project's first estimator is fitted
as `project.yaml` says, and the holdout is measured, as `podium train --seed N` does. Printed are
the metric that decides and, for two classes, the share of positives in the holdout, how many
times that share average precision is, and the area under the ROC curve. Where the features are one
text: how many positives of the holdout have a twin outside it, which is a text with the same
letters in the same order, and average precision on the rows that have none. Then mean, median,
least and most over the seeds, and how many seeds reach the project's bar.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from podium.evaluation import Scores, measure
from podium.progress import Progress
from podium.spec import load_declaration
from projects.jobs.find import bundled_projects
from projects.training.deciding import deciding_metric
from projects.training.fit import fit, scores_of
from projects.training.split import Parts, split_rows
from projects.training.trained import Case, read_case

TIMES, TWINS, UNLIKE = "times the share", "with twins", "without twins"
BARS = {"disk_failure": (TIMES, 20.0), "sms_spam": ("average_precision", 0.97)}
_NO_LETTERS = re.compile(r"[\W\d_]+")
_SUMMARIES: Mapping[str, Callable[[list[float]], float]] = {
    "mean": statistics.mean,
    "median": statistics.median,
    "least": min,
    "most": max,
}
Reached = Mapping[str, float]
"""Values by name, of one seed's holdout."""


def main() -> None:
    """Train with each seed, and print what that reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("project", choices=sorted(bundled_projects()))
    parser.add_argument("--data", help="instead of the place that project.yaml names")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    case = case_of(given.project, given.data)
    rows = []
    for seed in range(given.first, given.first + given.seeds):
        rows.append(reached(case, seed))
        if len(rows) == 1:
            print(f"{given.project}: {len(case.table):,} rows")
            print(_line("seed", rows[0]))
        print(_line(str(seed), [f"{value:.5g}" for value in rows[-1].values()]), flush=True)
    for line in _summary(given.project, rows):
        print(line)


def case_of(name: str, data: str | None) -> Case:
    """The bundled project `name` with its rows read, from `data` where that is named."""
    overrides = {} if data is None else {"data.source": data}
    declaration = load_declaration(bundled_projects()[name], overrides)
    return read_case(declaration, base=Path.cwd(), rows=None, seed=0, progress=Progress(None))


def reached(case: Case, seed: int) -> Reached:
    """What the holdout says of a model that is split and fitted with `seed`."""
    project, table = case.project, case.table
    parts = split_rows(project, table, seed)
    fitted = fit(project, table, parts, estimator=project.estimator[0], seed=seed, tick=_silent)
    rows = parts.holdout
    scores = scores_of(fitted.scorer, table.features.iloc[rows], table.target.y[rows])
    metric = deciding_metric(project).name
    if project.task != "binary":
        return measure(project.task, scores, [metric])
    found = measure("binary", scores, [metric, "average_precision", "roc_auc"])
    share = float(scores.y.mean())
    times = {"share": share, TIMES: found["average_precision"] / share}
    return {
        metric: found[metric],
        **times,
        "roc_auc": found["roc_auc"],
        **_twins(case, parts, scores),
    }


def _twins(case: Case, parts: Parts, scores: Scores) -> Reached:
    """How many positives have a twin outside the holdout, and what the other rows give."""
    features = case.table.features
    if len(features.columns) != 1 or scores.probability is None:
        return {}
    letters = features.iloc[:, 0].map(lambda text: _NO_LETTERS.sub("", text.lower())).to_numpy()
    known = np.isin(letters[parts.holdout], letters[np.r_[parts.train, parts.validation]])
    others = Scores(scores.y[~known], scores.prediction[~known], scores.probability[~known])
    found = measure("binary", others, ["average_precision"])
    return {TWINS: int(scores.y[known].sum()), UNLIKE: found["average_precision"]}


def _silent(*_: object) -> None:
    """Nobody waits for rounds or trees."""


def _line(first: str, others: Sequence[str] | Reached) -> str:
    return f"{first:8}" + "".join(f"{text:>19}" for text in others)


def _summary(name: str, rows: Sequence[Reached]) -> Iterator[str]:
    for label, of in _SUMMARIES.items():
        yield _line(label, [f"{of([row[key] for row in rows]):.5g}" for key in rows[0]])
    if name in BARS:
        key, bar = BARS[name]
        count = sum(row[key] >= bar for row in rows)
        yield f"{key} of at least {bar:g}: {count} of {len(rows)} seeds"


if __name__ == "__main__":
    main()
