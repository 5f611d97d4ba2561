"""A search for parameters as one interactive HTML page that needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

_TEMPLATE = "search.html.j2"


@dataclass(frozen=True)
class PagePart:
    """A part of the page: what it shows, a sentence on how to read it, and its figures.

    `figures`: HTML elements with their scripts, as they are; nothing in them is escaped.
    """

    title: str
    sentence: str
    figures: tuple[str, ...] = ()


def search_page(title: str, sentence: str, parts: Sequence[PagePart], *, script: str) -> str:
    """The page as HTML. `script`: what the figures need, inlined once, as it is."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = resources.files("podium.reports").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    shown = [
        {
            "title": part.title,
            "sentence": part.sentence,
            "figures": [Markup(figure) for figure in part.figures],  # noqa: S704 - drawn by Plotly
        }
        for part in parts
    ]
    page = environment.from_string(source)
    own = Markup(script)  # noqa: S704 - Plotly's own
    return page.render(title=title, sentence=sentence, parts=shown, script=own) + "\n"
