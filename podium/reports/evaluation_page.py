"""An evaluation as one HTML page that needs nothing else: no network, no script, no font."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from podium.errors import UsageError
from podium.reports import evaluation_words as words
from podium.reports.evaluation_figures import groups_name
from podium.reports.evaluation_view import facts, flip_rows, metric_rows, slices, speeds
from podium.reports.evaluation_words import Document
from podium.reports.fairness_view import fairness_views
from podium.reports.interval_drawing import scale_of
from podium.reports.text import plain

_TEMPLATE, _STYLE = "evaluation.html.j2", "evaluation.css"
_PNG = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]+")


def evaluation_page(document: Mapping[str, Any], figures: Mapping[str, str]) -> str:
    """The report as HTML, from the evaluation's document (schema 1) alone.

    figures: by name, each one `<svg>` element as `figure_svg` gives it, or a PNG as data URI.
    `slices`, `flips` and what `groups_name` gives for a sensitive column stand beside their
    tables; all others, in their order, where the metrics are set side by side. All texts are
    escaped.

    Raises:
        UsageError: a figure is neither, or the document is of another schema.
    """
    from jinja2 import Environment, StrictUndefined

    if document.get("schema") != 1:
        raise UsageError(
            f"The evaluation's document is of schema {document.get('schema')!r}.",
            remedy="Render it with the version of Podium that wrote it.",
        )
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_read(_TEMPLATE))
    return template.render(_view(document, figures)) + "\n"


def _read(name: str) -> str:
    return resources.files("podium.reports").joinpath(name).read_text(encoding="utf-8")


def _view(document: Document, figures: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the template names."""
    from markupsafe import Markup

    deciding = words.deciding(document)
    drawn = {name: _figure(name, figure) for name, figure in figures.items()}
    groups = {f["column"]: drawn.get(groups_name(f["column"])) for f in document["fairness"]}
    placed = {"slices", "flips", *map(groups_name, groups)}
    one, other = words.names(document)
    return {
        "style": Markup(_read(_STYLE)),  # noqa: S704 - our own file
        "document": document,
        "at": words.moment(document),
        "slices_figure": drawn.get("slices"),
        "flips_figure": drawn.get("flips"),
        "groups_figures": groups,
        "side_by_side": [(f, _is_wide(f)) for name, f in drawn.items() if name not in placed],
        "verdicts": words.VERDICTS,
        "marks": words.MARKS,
        "candidate": one,
        "champion": other,
        "compared": words.compared_words(document),
        "steps": words.next_steps(document),
        "deciding": deciding,
        "deciding_words": words.deciding_words(document),
        "numbers": words.written(deciding) if deciding else None,
        "scale": scale_of(deciding) if deciding else None,
        "margin": plain(deciding["margin"]) if deciding else "",
        "metrics": metric_rows(document),
        "slices": slices(document),
        "fairness": fairness_views(document),
        "flips": words.flips_words(document) if document["flips"] else "",
        "flip_rows": flip_rows(document),
        "speeds": speeds(document),
        "facts": facts(document),
        "use": words.use_words(document),
        "opens_gate": document.get("opens_gate"),
    }


def _is_wide(figure: str) -> bool:
    """Whether an SVG is too wide to stand beside another one: above 7 inches of 72 points."""
    width = re.search(r'^<svg[^>]*? width="([\d.]+)pt"', figure)
    return width is not None and float(width[1]) > 7 * 72


def _figure(name: str, figure: str) -> Any:
    """The figure as HTML.

    Raises:
        UsageError: it is neither an `<svg>` element nor a PNG as data URI.
    """
    from markupsafe import Markup

    if figure.startswith("<svg"):
        return Markup(figure)  # noqa: S704 - drawn by `figure_svg`, which escapes
    if _PNG.fullmatch(figure):
        return Markup('<img alt="{}" src="{}">').format(name, figure)
    raise UsageError(
        f"The figure {name!r} is neither an <svg> element nor a PNG as data URI.",
        remedy="Pass what podium.reports.svg.figure_svg gives.",
    )
