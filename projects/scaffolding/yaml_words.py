"""Values and comments as YAML that people read, and that means the same when it is read back."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import yaml

from podium.spec import label_text
from podium.spec.parts import Label

WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_][\w./*+%-]*( [\w./*+%()-]+)*", re.ASCII)
_PLAIN_PATH = re.compile(r"(\.{0,2}/|s3://)[\w./*-]+", re.ASCII)
# Words that YAML 1.1 or 1.2 takes for something else than text; ours are fewer.
_NOT_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}


def scalar(value: Any) -> str:
    """A text, number, truth value or None on one line; text is quoted where it could be misread."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    plain = _PLAIN.fullmatch(text) or _PLAIN_PATH.fullmatch(text)
    if plain and text.lower() not in _NOT_TEXT and len(text) <= WIDTH:
        return text
    written: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return written.rstrip("\n")


def inline(value: Any) -> str:
    """Any JSON value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    return scalar(value)


def section(key: str, value: Any, *, indent: int = 0) -> list[str]:
    """`key` and any JSON value: lists in their brackets, and the pairs of a mapping below it."""
    if isinstance(value, Mapping) and value and indent == 0:
        lines = (section(str(name), each, indent=indent + 2) for name, each in value.items())
        return [f"{scalar(key)}:", *chain.from_iterable(lines)]
    if isinstance(value, Mapping):
        pairs = [(str(name), inline(each)) for name, each in value.items()]
        return flow_map(key, pairs, indent=indent)
    if isinstance(value, (list, tuple)):
        return _flow(key, [inline(each) for each in value], "[]", indent)
    return [" " * indent + f"{scalar(key)}: {scalar(value)}"]


def flow_list(key: str, values: Iterable[Any], *, indent: int = 0) -> list[str]:
    """`key: [a, b, c]`, its items on more lines where one is too long."""
    return _flow(key, [scalar(value) for value in values], "[]", indent)


def flow_map(key: str, pairs: Iterable[tuple[str, str]], *, indent: int = 0) -> list[str]:
    """`key: {a: b, c: d}` of names and values that are YAML already."""
    return _flow(key, [f"{scalar(name)}: {value}" for name, value in pairs], "{}", indent)


def comment(text: str, *, indent: int = 0, hang: int = 0) -> list[str]:
    """Lines of a comment; nothing in `text` can end it. `hang`: more blanks from line two on."""
    start = " " * indent + "# "
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=start + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def printable(text: str) -> str:
    """`text` on one line, with what is no visible character written as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shown(label: Label) -> str:
    """A label as text on one line, in quotes where it has blanks around it."""
    text = label_text(label)
    return repr(text) if text != text.strip() or not text else printable(text)


def sentence(text: str) -> str:
    """`text` with a capital at the beginning and a full stop at the end."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"


def _flow(key: str, items: list[str], brackets: str, indent: int) -> list[str]:
    start = " " * indent + f"{scalar(key)}: {brackets[0]}"
    whole = start + ", ".join(items) + brackets[1]
    if len(whole) <= WIDTH:
        return [whole]
    return [start, *_packed(items, " " * (indent + 2)), " " * indent + brackets[1]]


def _packed(items: list[str], start: str) -> Iterator[str]:
    """Items on as few lines as hold them, a comma after each."""
    line = start
    for item in items:
        if len(line) + len(item) + 1 > WIDTH and line != start:
            yield line.rstrip()
            line = start
        line += f"{item}, "
    yield line.rstrip()
