"""What an evaluation's document says, in sentences: for the page and for the terminal alike.

Everywhere `document` is the report of an evaluation, schema 1, as JSON gives it: NaN is None.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from podium.reports.style import rows_text
from podium.reports.text import NOTHING, decimals_of, fixed, percent, plain

Document = Mapping[str, Any]
Standing = Literal["better", "worse", "no clear difference", "the same", "unknown"]
VERDICTS = {"pass": "Pass", "fail": "Fail", "inconclusive": "Inconclusive"}
MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?"}
BASELINE = "the baseline"


@dataclass(frozen=True)
class Step:
    """What to do next: a sentence, and a command where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True)
class Written:
    """A comparison's numbers as text, all with as many decimals as the interval deserves."""

    candidate: str
    champion: str
    difference: str
    low: str
    high: str
    p: str

    @property
    def interval(self) -> str:
        """`+0.0103 to +0.0159`, or a dash."""
        return NOTHING if NOTHING in (self.low, self.high) else f"{self.low} to {self.high}"


def written(comparison: Document, decimals: int | None = None) -> Written:
    """The numbers of one comparison: with the given decimals, or those its interval deserves."""
    low, high = comparison["low"], comparison["high"]
    if decimals is None:
        decimals = decimals_of(_width(comparison), _size(comparison))
    return Written(
        candidate=fixed(comparison["candidate"], decimals),
        champion=fixed(comparison["champion"], decimals),
        difference=fixed(comparison["difference"], decimals, signed=True),
        low=fixed(low, decimals, signed=True),
        high=fixed(high, decimals, signed=True),
        p=p_text(comparison["p"]),
    )


def common_decimals(comparisons: Sequence[Document]) -> int:
    """Decimals for a column of comparisons of one metric: what the narrower half can show."""
    widths = sorted(width for width in map(_width, comparisons) if width)
    size = max(map(_size, comparisons), default=0.0)
    return decimals_of(widths[(len(widths) - 1) // 2] if widths else None, size)


def _width(comparison: Document) -> float | None:
    low, high = comparison["low"], comparison["high"]
    return None if low is None or high is None else float(high - low)


def _size(comparison: Document) -> float:
    return abs(float(comparison["difference"] or comparison["candidate"] or 0.0))


def p_text(p: float | None) -> str:
    """A p value with three decimals; `<0.001` below that."""
    return "<0.001" if p is not None and p < 0.001 else fixed(p, 3)


def standing(comparison: Document) -> Standing:
    """Where the whole interval of the difference lies, whatever margin is allowed."""
    low, high = comparison["low"], comparison["high"]
    if low is None or high is None:
        return "unknown"
    if low == high == 0:
        return "the same"
    if low <= 0 <= high:
        return "no clear difference"
    return "better" if (low > 0) == comparison["higher_is_better"] else "worse"


def moment(document: Document) -> str:
    """When the evaluation was made: `2026-11-21 19:17 UTC`."""
    at = str(document["at"])
    try:
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return at


def names(document: Document) -> tuple[str, str]:
    """What candidate and champion are called; the champion may be a baseline."""
    champion = document["champion"]
    return document["candidate"]["label"], champion["label"] if champion else BASELINE


def sentence_case(text: str) -> str:
    """`text` with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def deciding(document: Document) -> Document | None:
    """The comparison that decides; None where nothing could be compared."""
    metrics: Sequence[Document] = document["metrics"]
    return metrics[0] if metrics else None


def compared_words(document: Document) -> str:
    """What was compared with what, on which rows."""
    candidate, champion, data = document["candidate"], document["champion"], document["data"]
    other = "the baseline (the best constant answer)" if champion is None else _side(champion)
    span = f", {data['span']}" if data.get("span") else ""
    source = f"{data['part']} of {data['source']}"
    return (
        f"{sentence_case(_side(candidate))} against {other}, on {rows_text(data['rows'])}: "
        f"{source}{span}."
    )


def _side(side: Document) -> str:
    return f"{side['label']} ({side['estimator']})" if side.get("estimator") else side["label"]


def next_steps(document: Document) -> list[Step]:
    """What the verdict asks for: a promotion, more rows, or another candidate."""
    steps = {"pass": _promote, "fail": _mend, "inconclusive": _learn_more}
    return list(steps[document["verdict"]](document))


def _promote(document: Document) -> Iterator[Step]:
    version, model = document["candidate"]["version"], document["model"]
    if version is None:
        yield Step("The candidate is not a registered version. Register it, and evaluate that.")
    elif document.get("opens_gate") is False:
        yield Step(
            "This verdict opens no gate: for the ledger it is no comparison with the present "
            "champion. Evaluate against that:",
            _evaluate(document),
        )
    else:
        yield Step(
            "Bring it to staging:", f"podium promote {shlex.quote(model)} {version} --to staging"
        )


def _mend(document: Document) -> Iterator[Step]:
    for check in document["checks"]:
        if check["verdict"] == "fail":
            yield Step(f"The check “{check['name']}” failed: {_found(check)}.")
    yield Step("The champion stays. Another version has to show better, on all of these checks.")


def _found(check: Mapping[str, str]) -> str:
    return f"{check['found'].rstrip('.')} (needed: {check['needed'].rstrip('.')})"


def _learn_more(document: Document) -> Iterator[Step]:
    comparison = deciding(document)
    metric = comparison["metric"] if comparison else ""
    for check in document["checks"]:
        if check["verdict"] == "inconclusive" and check["name"] != metric:
            yield Step(f"The check “{check['name']}” is open: {_found(check)}.")
    if comparison is None:
        yield Step(
            "Nothing was compared. Evaluate again when that is settled:", _evaluate(document)
        )
    elif comparison["verdict"] == "inconclusive":
        yield Step(
            f"{_rows_wanted(document, comparison)} Give newer labelled rows, which neither model "
            "was trained on:",
            f"{_evaluate(document)} --data FILE",
        )


def _rows_wanted(document: Document, comparison: Document) -> str:
    here = rows_text(comparison["rows"])
    if comparison["rows_needed"] is None:
        return f"{here} are not enough, or not the right ones. {comparison['reason']}"
    often = f" in {percent(document['rules']['power'])} of cases"
    return (
        f"About {rows_text(comparison['rows_needed'])} would decide it"
        f"{'' if comparison['power'] is None else often} if {comparison['rows_needed_if']}; "
        f"these were {comparison['rows']:,}."
    )


def _evaluate(document: Document) -> str:
    version = document["candidate"]["version"]
    uri = f"models:/{document['model']}/{version}" if version else document["candidate"]["uri"]
    return f"podium evaluate --candidate {shlex.quote(uri)}"


def deciding_words(document: Document) -> list[str]:
    """The deciding comparison in plain sentences; why there is none where there is none."""
    comparison = deciding(document)
    if comparison is None:
        return ["Nothing could be compared; the checks say why."]
    one, other = names(document)
    text = written(comparison)
    toward = "higher" if comparison["higher_is_better"] else "lower"
    sentences = [
        f"{comparison['metric']} is {text.candidate} for {one} and {text.champion} for {other} "
        f"on the same {rows_text(comparison['rows'])}; {toward} is better.",
        comparison["reason"],
    ]
    if comparison["power"] is not None and comparison["verdict"] == "inconclusive":
        sentences.append(
            f"With these rows the chance to pass is {percent(comparison['power'])} if "
            f"{comparison['rows_needed_if']}."
        )
    sentences.append(_asked(document, comparison, one))
    return sentences


def _asked(document: Document, comparison: Document, one: str) -> str:
    """What passing takes."""
    if document["champion"] is None:
        return f"To pass without a champion, {one} has to be surely better than the baseline."
    margin, chance = comparison["margin"], percent(comparison["alpha"])
    allowed = f"may be worse by at most {plain(margin)}" if margin else "may not be worse at all"
    return f"To pass, {one} {allowed}, and that has to be sure but for a chance of {chance}."


def use_words(document: Document) -> str:
    """The how-many-th use of these rows this is, and what that does to alpha."""
    rules = document["rules"]
    use, alpha, spent = rules["use"], rules["alpha"], rules["decisive_alpha"]
    after = spent * (use / (use + 1)) ** 2
    return (
        f"This is the {ordinal(use)} question that these rows answer about this model; the same "
        "one again would not count. All answers together may wrongly pass a worse model with a "
        f"chance of {percent(alpha)}; this one may spend "
        f"{_fine(spent)} of it, and the next one {_fine(after)}."
    )


def _fine(share: float) -> str:
    """A small share as a percentage with two significant digits."""
    return f"{float(f'{100 * share:.2g}'):g}%"


def ordinal(count: int) -> str:
    """`1st`, `2nd`, `11th`, `23rd`."""
    last = count % 10 if count % 100 not in (11, 12, 13) else 0
    return f"{count:,}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def flips_words(document: Document) -> str:
    """How many decisions change, and to which side."""
    flips = document["flips"]
    if not flips["flipped"]:
        return f"Both decide the same on all {rows_text(flips['rows'])}."
    still = flips["flipped"] - flips["better"] - flips["worse"]
    wrong = f", {still:,} are wrong under both" if still else ""
    return (
        f"Of {flips['rows']:,} decisions {percent(flips['flipped'] / flips['rows'])} change: "
        f"{flips['better']:,} become right, {flips['worse']:,} become wrong{wrong}."
    )


def ranked_slices(document: Document) -> list[Document]:
    """The judged slices: harmed ones first, then the most to the candidate's disadvantage."""
    judged = [part for part in document["slices"] if part["comparison"] is not None]
    return sorted(judged, key=lambda part: (not part["harmed"], _gain(part["comparison"])))


def _gain(comparison: Document) -> float:
    difference: float = comparison["difference"] or 0.0
    return difference if comparison["higher_is_better"] else -difference
