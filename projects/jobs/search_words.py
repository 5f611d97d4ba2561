"""The words about a search: its line while it goes on, its table, its section of the model card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from podium.reports.search import value_in_words
from podium.reports.text import NOTHING, duration, markdown_table, number, text_table
from projects.tuning.trials import Ended, Tally

_TOP, _TOP_ON_CARD = 10, 5
_WHOSE = {"champion": "the champion's parameters", "declared": "the declared parameters"}


def progress_line(tally: Tally, metric: str) -> str:
    """How far a search is, on one line: the best so far, what came of the trials, what is left."""
    best = tally.best
    reached = "" if best is None else f"best {metric} {best.outcome.value:.5g} "
    reached += "" if best is None else f"(trial {best.asked.number}), "
    counts = f"{tally.ended:,} of {tally.wanted:,} trials"
    stopped = ((tally.pruned, "pruned"), (tally.failed, "failed"), (tally.running, "running"))
    found = [f"{count:,} {state}" for count, state in stopped if count]
    left = [f"{duration(tally.left_seconds)} left"] if tally.left_seconds is not None else []
    return reached + ", ".join([counts, *found, *left])


@dataclass(frozen=True)
class Summary:
    """What a search found, of its ended trials alone.

    `ended_by`: trials, timeout or stopper. `top`: the best ten, best first, of equal ones the
    earlier. `start`: the best of those whose parameters were given, not sampled. `searched`: the
    parameters that differ between trials of one estimator, in their own order.
    """

    metric: str
    trials: tuple[Ended, ...]
    top: tuple[Ended, ...]
    start: Ended | None
    searched: tuple[str, ...]
    ended_by: str

    @classmethod
    def of(
        cls,
        trials: Sequence[Ended],
        metric: str,
        *,
        higher_is_better: bool,
        ended_by: str = "trials",
    ) -> Summary:
        """The summary of these trials, in whatever order they ended."""
        ordered = tuple(sorted(trials, key=lambda ended: ended.asked.number))
        sign = -1 if higher_is_better else 1
        done = [ended for ended in ordered if ended.outcome.value is not None]
        ranked = sorted(done, key=lambda ended: sign * _value(ended))
        given = (ended for ended in ranked if ended.asked.origin != "sampled")
        top = tuple(ranked[:_TOP])
        return cls(metric, ordered, top, next(given, None), _searched(ordered), ended_by)

    @property
    def best(self) -> Ended | None:
        """The best trial; None where none was completed."""
        return self.top[0] if self.top else None

    @property
    def counts(self) -> dict[str, int]:
        """How many trials were completed, were pruned and failed."""
        states = Counter(ended.outcome.state for ended in self.trials)
        return {state: states[state] for state in ("complete", "pruned", "failed")}

    @property
    def failures(self) -> dict[str, int]:
        """How many trials failed for each reason, the most frequent first."""
        reasons = (e.outcome.reason for e in self.trials if e.outcome.state == "failed")
        return dict(Counter(reasons).most_common())

    def text(self) -> str:
        """For a terminal: what came of it, the top ten, and the best one's parameters."""
        blocks = [f"{self._counted()}, judged by {self._judge()}{self._early()}."]
        if self.top:
            blocks.append(text_table(*self._ranking(self.top), right=self._right()).rstrip())
            blocks.append(f"{self._reached()} {self._chosen()}".rstrip())
        blocks += [
            f"Failed ({count:,} of {len(self.trials):,}): {reason}"
            for reason, count in self.failures.items()
        ]
        return "\n\n".join(blocks)

    def markdown(self) -> str:
        """The model card's section."""
        optimistic = "The best of many looks better on the rows that chose it than it is."
        sentences = [f"{self._counted()}, judged by {self._judge()}{self._early()}."]
        if self.top:
            sentences += [self._reached(), optimistic]
        table = markdown_table(*self._ranking(self.top[:_TOP_ON_CARD], params=True))
        return "\n\n".join(["## Search", " ".join(sentences), *([table] if self.top else [])])

    def table(self) -> dict[str, list[Any]]:
        """The top ten as columns by name, with one for each searched parameter."""
        columns: dict[str, list[Any]] = {
            "rank": list(range(1, len(self.top) + 1)),
            "trial": [ended.asked.number for ended in self.top],
            self.metric: [ended.outcome.value for ended in self.top],
            "seconds": [round(ended.outcome.seconds, 3) for ended in self.top],
            "estimator": [ended.asked.estimator for ended in self.top],
            "parameters": [ended.asked.origin for ended in self.top],
        }
        for name in self._own(self.top):
            columns[name] = [ended.asked.params.get(name) for ended in self.top]
        return columns

    def document(self) -> dict[str, Any]:
        """The same facts for machines."""
        return {
            "metric": self.metric,
            "judged_by": self._judge(),
            "ended_by": self.ended_by,
            "trials": len(self.trials),
            **self.counts,
            "fitting_seconds": sum(ended.outcome.seconds for ended in self.trials),
            "best": trial_document(self.best) if self.best else None,
            "start": trial_document(self.start) if self.start else None,
            "top": [trial_document(ended) for ended in self.top],
            "failures": self.failures,
        }

    def _counted(self) -> str:
        found = [f"{count:,} {state}" for state, count in self.counts.items() if count]
        total = f"{len(self.trials):,} trial{'' if len(self.trials) == 1 else 's'}"
        return f"{total} ({', '.join(found)})" if found else total

    def _judge(self) -> str:
        folds = max((len(ended.outcome.folds) for ended in self.trials), default=0)
        where = f"over {folds} folds" if folds else "on the validation rows"
        return f"{self.metric} {where}"

    def _early(self) -> str:
        words = {"timeout": "no time was left", "stopper": "no more was expected of it"}
        return f"; it ended when {words[self.ended_by]}" if self.ended_by in words else ""

    def _written(self, ended: Ended) -> str:
        values = [_value(each) for each in self.trials if each.outcome.value is not None]
        return value_in_words(_value(ended), values, best=_value(self.top[0]))

    def _reached(self) -> str:
        """The best trial, and what was reached with given parameters."""
        best, start = self.top[0], self.start
        words = f"Trial {best.asked.number} is the best: {self.metric} {self._written(best)}"
        if start is not None and start is not best:
            whose = _WHOSE[start.asked.origin]
            words += f", where {whose} reached {self._written(start)}"
        elif start is best:
            words += f", with {_WHOSE[best.asked.origin]}: the search found none better"
        return f"{words}."

    def _chosen(self) -> str:
        """The searched parameters of the best trial."""
        best = self.top[0].asked
        chosen = [f"{name} {_text(best.params[name])}" for name in self._own(self.top[:1])]
        return f"{best.estimator}: {', '.join(chosen)}." if chosen else ""

    def _own(self, trials: Sequence[Ended]) -> list[str]:
        """The searched parameters that any of these trials has."""
        return [name for name in self.searched if any(name in e.asked.params for e in trials)]

    def _ranking(
        self, top: Sequence[Ended], *, params: bool = False
    ) -> tuple[list[str], list[list[str]]]:
        """Headers and rows; with a column for each searched parameter, or with whose they were."""
        several = len({ended.asked.estimator for ended in self.trials}) > 1
        names = self._own(top) if params else []
        headers = ["rank", "trial", self.metric, "time", *(["estimator"] if several else [])]
        rows = [
            [
                f"{rank}",
                f"{ended.asked.number}",
                self._written(ended),
                duration(ended.outcome.seconds),
                *([ended.asked.estimator] if several else []),
                *([] if params else [ended.asked.origin]),
                *(_text(ended.asked.params.get(name, NOTHING)) for name in names),
            ]
            for rank, ended in enumerate(top, start=1)
        ]
        return [*headers, *([] if params else ["parameters"]), *names], rows

    @staticmethod
    def _right() -> set[int]:
        return {0, 1, 2, 3}


def trial_document(ended: Ended) -> dict[str, Any]:
    """A trial with all that is known of it, but for its curve."""
    asked, outcome = ended.asked, ended.outcome
    return {
        "trial": asked.number,
        "estimator": asked.estimator,
        "origin": asked.origin,
        "state": outcome.state,
        "value": outcome.value,
        "metrics": dict(outcome.metrics),
        "folds": list(outcome.folds),
        "best_round": outcome.best_round,
        "seconds": outcome.seconds,
        "reason": outcome.reason,
        "params": dict(asked.params),
    }


def _value(ended: Ended) -> float:
    return float("nan") if ended.outcome.value is None else ended.outcome.value


def _text(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _searched(trials: Sequence[Ended]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_differing(trials)))


def _differing(trials: Sequence[Ended]) -> Iterator[str]:
    for estimator in dict.fromkeys(ended.asked.estimator for ended in trials):
        own = [ended.asked.params for ended in trials if ended.asked.estimator == estimator]
        for name in dict.fromkeys(name for params in own for name in params):
            if len({repr(params.get(name)) for params in own}) > 1:
                yield name
