"""An evaluation as one screen for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from podium.reports.evaluation_words import (
    MARKS,
    VERDICTS,
    Document,
    common_decimals,
    compared_words,
    flips_words,
    names,
    p_text,
    ranked_slices,
    standing,
    written,
)
from podium.reports.text import NOTHING, fixed, percent, shorten, text_table

_COLUMNS = 100
_MAX_METRICS, _MAX_SLICES = 8, 8
_STANDINGS = {"no clear difference": "unclear", "the same": "same", "unknown": NOTHING}


def evaluation_text(document: Mapping[str, Any]) -> str:
    """Verdict, checks, metrics, and what is harmed, within 100 columns; ends with a line break.

    Names are put on one line and what does not print is escaped, since terminals obey it.
    """
    blocks = [_head(document), _checks(document), _metrics(document), *_harmed(document)]
    if document["flips"]:
        blocks.append(_wrapped(flips_words(document)))
    blocks += [_wrapped(f"Note: {note}") for note in document["notes"]]
    return _visible("\n\n".join(block.rstrip("\n") for block in blocks if block)) + "\n"


def _head(document: Document) -> str:
    verdict = document["verdict"]
    first = f"{MARKS[verdict]} {VERDICTS[verdict].upper()}: {document['sentence']}"
    return f"{_wrapped(first)}\n{_wrapped(compared_words(document))}"


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _COLUMNS))


def _checks(document: Document) -> str:
    rows = [row for check in document["checks"] for row in _check_rows(check)]
    return text_table(("check", "verdict", "found", "needed"), rows, right=()) if rows else ""


def _check_rows(check: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """One check, in as many lines as its words need."""
    first = (textwrap.wrap(check["name"], 22), [check["verdict"]])
    cells = (*first, textwrap.wrap(check["found"], 36), textwrap.wrap(check["needed"], 24))
    yield from zip_longest(*cells, fillvalue="")


def _metrics(document: Document) -> str:
    shown = document["metrics"][:_MAX_METRICS]
    if not shown:
        return ""
    one, other = (shorten(name, 12) for name in names(document))
    headers = ("metric", one, other, "difference", "interval", "p", "is")
    rows = [_metric_row(found, decides=place == 0) for place, found in enumerate(shown)]
    level = percent(shown[0]["level"])
    rest = len(document["metrics"]) - len(shown)
    more = f"; {rest} more in the report" if rest else ""
    return f"{text_table(headers, rows, right=range(1, 6))}* decides; its interval is {level}{more}"


def _metric_row(found: Document, *, decides: bool) -> Sequence[str]:
    text, word = written(found), standing(found)
    name = shorten(found["metric"], 18) + (" *" if decides else "")
    numbers = (text.candidate, text.champion, text.difference, text.interval, text.p)
    return (name, *numbers, _STANDINGS.get(word, word))


def _harmed(document: Document) -> Iterator[str]:
    """Tables of harmed slices and of disparities that grew."""
    harmed = [part for part in ranked_slices(document) if part["harmed"]]
    if harmed:
        decimals = common_decimals([part["comparison"] for part in harmed])
        rows = [_slice_row(part, decimals) for part in harmed[:_MAX_SLICES]]
        rest = len(harmed) - len(rows)
        more = f"{rest} more in the report" if rest else ""
        headers = ("harmed slice", "rows", "difference", "interval", "p adjusted")
        yield text_table(headers, rows, right=range(1, 5)) + more
    grown = [row for found in document["fairness"] for row in _disparity_rows(found)]
    if grown:
        one, other = (shorten(name, 12) for name in names(document))
        yield text_table(("groups further apart", one, other, "change"), grown, right=range(1, 4))


def _slice_row(part: Document, decimals: int) -> Sequence[str]:
    text = written(part["comparison"], decimals)
    where = shorten(f"{part['column']} = {part['value']}", 44)
    return where, f"{part['rows']:,}", text.difference, text.interval, p_text(part["p_adjusted"])


def _disparity_rows(found: Document) -> Iterator[Sequence[str]]:
    for each in found["disparities"]:
        if each["harmed"]:
            champion = each["champion"]
            yield (
                shorten(f"{found['column']}: {each['measure']}", 56),
                fixed(each["candidate"]["estimate"], 3),
                fixed(champion["estimate"] if champion else None, 3),
                fixed(each["change"], 3, signed=True),
            )


def _visible(text: str) -> str:
    """`text` with all that does not print escaped, but for line breaks."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )
