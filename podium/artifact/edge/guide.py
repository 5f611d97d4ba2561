"""README.md of an exported model, for an engineer who has never heard of Podium."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from string import Template

import onnx

from podium.artifact.scoring.compiled import CompiledScorer
from podium.artifact.scoring.encode import EncodedColumn
from podium.artifact.scoring.proof import TOLERANCE, Parity
from podium.reports.text import markdown_table, number, shorten

_RULES = {
    "numeric": "A number is itself; missing is NaN.",
    "categorical": "A category is its place in the column's `categories`, counted from 0. The "
    "first one there stands for missing; one that is not there is -1.",
    "datetime": "The parts of an instant are numbers, in UTC; missing is NaN for each. `weekday` "
    "is 0 on Mondays, `week` is that of ISO 8601, `epoch_days` are the whole seconds since 1970 "
    "divided by 86,400.",
    "text": "A text is the places, in the column's `terms`, of those of its terms that are there, "
    "each once and in ascending order; and how often each comes. Terms are words of two characters "
    "or more in lower case, and pairs of neighbouring words. Where there are none (missing, too): "
    "one place past the last term, with a count of 0. So, too, are shorter rows of a batch padded.",
}
_LEFT = {
    "numeric": 'Numbers: texts such as `"1_0"`, `"nan"` and `"inf"` are taken here and refused by '
    "Podium. Beyond ±3.4e38 Podium refuses numbers, and nothing was proved.",
    "categorical": 'Categories: 7, 7.0 and `"7"` are the same, but the text `"7.0"`, the same to '
    "Podium, is unknown here: send what `categories` lists. Lists and objects are unknown here "
    "and refused by Podium.",
    "datetime": "Instants: send ISO 8601; without a zone it is UTC. Epoch seconds, which Podium "
    "takes too, end in an error here; spellings such as `20240229`, which Podium refuses, are "
    "taken.",
    "text": r"Texts: words are found by `\b\w\w+\b`, where `\w` is any letter or digit of "
    r"Unicode, or `_`. In JavaScript, that is `/[\p{L}\p{N}_]{2,}/gu`.",
}


@dataclass(frozen=True)
class Facts:
    """What there is to say about an exported model. `parity`: what parity.json says."""

    name: str
    version: int
    digest: str
    model: bytes
    scorer: CompiledScorer
    parity: Parity

    @property
    def title(self) -> str:
        """Name and version, on one line."""
        return f"{' '.join(self.name.split())} version {self.version}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the columns, each once."""
        return tuple(dict.fromkeys(c.column.kind for c in self.scorer.encoder.columns))


def guide(facts: Facts) -> str:
    """The text of README.md."""
    template = resources.files("podium.artifact.edge").joinpath("guide.md")
    parity = facts.parity
    regression = facts.scorer.decision.task == "regression"
    categories = "categorical" in facts.kinds
    return Template(template.read_text(encoding="utf-8")).substitute(
        title=facts.title,
        digest=facts.digest,
        size=_size(len(facts.model)),
        last="unknown categories, and nothing at all" if categories else "nothing at all",
        tolerance=_power(TOLERANCE),
        opset=_opset(facts.model),
        onnxruntime=parity.onnxruntime,
        tensors=_tensors(facts.scorer),
        columns=_columns(facts.scorer),
        rules=_list(_RULES[kind] for kind in facts.kinds),
        outputs=_outputs(facts.scorer),
        rows=number(parity.rows),
        probes=number(parity.probes),
        relative=_relative(parity.scale) if regression else "",
        largest=_power(parity.largest_difference),
        near=_near(facts),
        left=_list(_LEFT[kind] for kind in facts.kinds),
    )


def _relative(scale: float) -> str:
    return f" times its size (or {scale:.3g}, where it is smaller)"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _power(value: float) -> str:
    return f"{value:.1g}".replace("e-0", "e-")


def _opset(model: bytes) -> str:
    used = onnx.load_model_from_string(model).opset_import
    return ", ".join(f"{item.domain or 'ai.onnx'} {item.version}" for item in used)


def _tensors(scorer: CompiledScorer) -> str:
    return _list(
        f"`{each.name}`: {each.type.removeprefix('tensor(').removesuffix(')')}, "
        f"shape ({', '.join(map(str, each.shape))})"
        for each in scorer.session.get_inputs()
    )


def _columns(scorer: CompiledScorer) -> str:
    rows = [(_place(column), column.name, _kind(column)) for column in scorer.encoder.columns]
    return markdown_table(("input", "column", "what it is"), rows).rstrip()


def _place(column: EncodedColumn) -> str:
    if column.terms is not None:
        return " and ".join(f"`{name}`" for name in column.text_inputs)
    last = column.place + column.width - 1
    return f"`features[{column.place}]`" + (f" to `[{last}]`" if column.width > 1 else "")


def _kind(column: EncodedColumn) -> str:
    if column.terms is not None:
        return f"text; {len(column.terms):,} terms"
    if column.categories is not None:
        known = [category for category in column.categories if category]
        return f"category; {len(known):,} are known: {_some(known)}"
    parts = column.column.parts
    return f"instant; its {', '.join(parts)}" if parts else "number"


def _some(words: list[str]) -> str:
    shown = ", ".join(f"`{shorten(word, 20)}`" for word in words[:4])
    return shown + (", …" if len(words) > 4 else "")


def _outputs(scorer: CompiledScorer) -> str:
    decision = scorer.decision
    if decision.task == "regression":
        return "`scores`: double, shape (rows, 1): the prediction."
    labels = [f"`{json.dumps(label, ensure_ascii=False)}`" for label in decision.labels]
    if decision.task == "binary":
        return (
            f"`scores`: double, shape (rows, 1): the probability of {labels[1]}.\nThe prediction "
            f"is {labels[1]} where that is at least {decision.least_probability!r}, else "
            f"{labels[0]}."
        )
    return (
        f"`scores`: double, shape (rows, {len(labels)}): the probabilities of "
        f"{', '.join(labels)}.\nThe prediction is the label with the highest; of several, the "
        "first."
    )


def _near(facts: Facts) -> str:
    """What happens where the tolerance could change a decision."""
    near, apart = _power(TOLERANCE), _power(2 * TOLERANCE)
    where = {
        "binary": f"whose probability lies within {near} of the threshold",
        "multiclass": f"whose two highest probabilities lie within {apart} of each other",
    }.get(facts.scorer.decision.task)
    if where is None:
        return "There is no threshold near which that would matter."
    count = number(facts.parity.rows_to_reference)
    return (
        f"For rows {where}, Podium asks the pipeline itself:\n{count} of those real ones. This "
        "export cannot: there its prediction may be another one than\nPodium's, although its score "
        "is within the tolerance."
    )
