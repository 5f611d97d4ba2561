"""Figures as SVG inside a page: the same on any day, and fit to stand next to each other."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
from matplotlib.figure import Figure

from podium.reports import figures
from podium.reports.svg import figure_svg


def roc(shift: float = 0.0) -> Figure:
    y = np.arange(40) % 2
    score = np.linspace(0, 1, 40)
    return figures.both_roc_figure(y, score, score * (1 - shift) + shift * y, ("<b>", "v2"))


def ids(svg: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', svg)


def test_the_same_figure_gives_the_same_text() -> None:
    assert figure_svg(roc()) == figure_svg(roc())
    assert figure_svg(roc()) != figure_svg(roc(0.5))


def test_ids_are_unique_within_a_figure_and_between_figures() -> None:
    one, other = ids(figure_svg(roc())), ids(figure_svg(roc(0.5)))
    assert len(set(one)) == len(one) > 5
    assert not set(one) & set(other)


def test_every_reference_leads_to_an_id_of_its_own_figure() -> None:
    svg = figure_svg(roc())
    wanted = re.findall(r'href="#([^"]+)"', svg) + re.findall(r"url\(#([^)]+)\)", svg)
    assert len(wanted) > 5
    assert set(wanted) <= set(ids(svg))


def test_it_is_one_element_without_date_style_sheet_comment_or_namespace_prefix() -> None:
    svg = figure_svg(roc())
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not re.search(r"<metadata|<style|<!--|<\?xml|xlink:|dc:date|<text", svg)


def test_its_title_is_the_figures_own_and_escaped() -> None:
    svg = figure_svg(roc())
    assert re.search(r"<title>ROC AUC 0\.\d+ of &lt;b&gt;, 0\.\d+ of v2</title>", svg)
    assert "<b>" not in svg


def test_hexagons_and_empty_figures_are_drawn() -> None:
    many = np.linspace(0, 1, 5000)
    assert "<svg" in figure_svg(figures.both_predicted_figure(many, many, many))
    assert "<title>Figure</title>" in figure_svg(Figure())
