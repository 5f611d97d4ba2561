"""What every Podium command has in common: `--json`, `--debug`, errors that name the remedy."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import click

from podium.documents import to_json
from podium.errors import PodiumError, did_you_mean
from podium.spec.durations import parse_duration


@dataclass(frozen=True)
class Result:
    """What a command found out: `text` for people, `document` for machines."""

    text: str
    document: dict[str, Any] = field(default_factory=dict)
    exit_code: int = 0


class PodiumCommand(click.Command):
    """A command whose function returns a `Result`.

    Results go to standard output, progress and errors to standard error. The exit code is that of
    the result or of the error: 0 done, 1 refused or failed, 2 usage, 3 conflict, 4 not found,
    5 unreachable, 6 inconclusive, 7 ledger broken.
    """

    def __init__(
        self,
        *args: Any,
        examples: str = "",
        on_refusal: Callable[[str], None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self._on_refusal = on_refusal
        self.params += [
            click.Option(["--json"], is_flag=True, help="Print the result as one JSON document."),
            click.Option(["--debug"], is_flag=True, help="Show the traceback of an error."),
        ]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples come last, line by line as they were written."""
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples.strip().splitlines():
                    formatter.write(f"  {line.strip()}\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; `on_refusal` is told what is wrong with arguments before the command ends."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if self._on_refusal is not None:
                self._on_refusal(error.format_message())
            if "--json" in args:
                document = {"error": "UsageError", "what": error.format_message(), "remedy": ""}
                click.echo(to_json(document))
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the function, print what it returns, and exit with its code."""
        as_json, debug = ctx.params.pop("json"), ctx.params.pop("debug")
        try:
            with redirect_stdout(sys.stderr):  # libraries print; standard output is the result's
                result = super().invoke(ctx)
        except PodiumError as error:
            _fail(error, as_json=as_json, debug=debug)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(130)
        except click.exceptions.Exit:
            raise
        except OSError as error:
            _fail(_of_the_system(error), as_json=as_json, debug=debug)
        except Exception as error:  # noqa: BLE001 - the last resort of a command
            unforeseen = PodiumError(
                f"{type(error).__name__}: {error}",
                remedy="This is not an error that Podium foresaw; --debug shows where it arose.",
            )
            unforeseen.__cause__ = error
            _fail(unforeseen, as_json=as_json, debug=debug)
        click.echo(to_json(result.document) if as_json else result.text)
        ctx.exit(result.exit_code)


def command(
    name: str, *, examples: str, **settings: Any
) -> Callable[[Callable[..., Result]], PodiumCommand]:
    """Decorator: make a function that returns a `Result` a Podium command."""

    def decorate(function: Callable[..., Result]) -> PodiumCommand:
        make = click.command(name, cls=PodiumCommand, examples=examples, **settings)
        made: PodiumCommand = make(function)
        return made

    return decorate


def _of_the_system(error: OSError) -> PodiumError:
    """A file that cannot be read or written, a full disk: the system's word, and which file."""
    where = f"{error.filename}: " if error.filename else ""
    said = f"{where}{error.strerror or error}."
    found = PodiumError(said, remedy="Check that path, its permissions and the free space.")
    found.__cause__ = error
    return found


def _fail(error: PodiumError, *, as_json: bool, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    if as_json:
        document = {"error": type(error).__name__, "what": error.what, "remedy": error.remedy}
        click.echo(to_json(document))
    click.echo(f"Error: {error.what}", err=True)
    if error.remedy:
        click.echo(error.remedy, err=True)
    sys.exit(error.exit_code)


if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:  # older versions of click do not take a type there
    _ParamType = click.ParamType


class Unset(_ParamType):
    """Base of Podium's parameter types: the empty string, which `mlflow run` passes for a
    parameter that was not given, counts as not given.
    """

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """`value` as `read` understands it; None for the empty string."""
        if not isinstance(value, str):
            return value
        return None if value == "" else self.read(value, param, ctx)

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What a non-empty `value` means; calls `self.fail` where it means nothing."""
        return value


class Choice(Unset):
    """One of a few words, with the nearest one suggested."""

    name = "choice"

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`value` where it is one of the words."""
        if value not in self.words:
            self.fail(f"{value!r} is not known. {did_you_mean(value, self.words)}", param, ctx)
        return value


class WholeNumber(Unset):
    """A whole number from `least` to `most`."""

    name = "number"

    def __init__(self, least: int, most: int = 2**63) -> None:
        self.least = least
        self.most = most

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """`value` as an integer; 10_000 and 1e4 are integers too."""
        try:
            number = float(value.replace("_", ""))
        except ValueError:
            number = float("nan")
        if not number.is_integer() or not self.least <= number <= self.most:
            most = "" if self.most == 2**63 else f" and at most {self.most}"
            self.fail(
                f"{value!r} is not a whole number of at least {self.least}{most}; write one like "
                f"{min(self.most, max(self.least, 1000))}, or leave it out.",
                param,
                ctx,
            )
        return int(number)


class Length(Unset):
    """A length of time as project.yaml writes it: 90s, 30m, 2h. A `timedelta`, not 0."""

    name = "time"

    def read(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """`value` as a length of time."""
        try:
            length = parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} is {error}.", param, ctx)
        if not length:
            self.fail(f"{value!r} is no time at all; leave it out for no limit.", param, ctx)
        return length


class Choices(Unset):
    """One or more of a few words, separated by commas; each once."""

    name = "choices"

    def __init__(self, *words: str) -> None:
        self._one = Choice(*words)

    def read(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The words, in their order."""
        words = [self._one.read(word.strip(), param, ctx) for word in value.split(",")]
        return tuple(dict.fromkeys(words))


class YesNo(Unset):
    """yes or no, in the usual spellings."""

    name = "yes|no"
    _WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}  # noqa: RUF012

    def read(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> bool:
        """True or False."""
        if value.lower() not in self._WORDS:
            self.fail(f"{value!r} is neither yes nor no.", param, ctx)
        return self._WORDS[value.lower()]


class KeyValues(Unset):
    """A JSON object, or k=v pairs separated by commas."""

    name = "json|k=v"

    def read(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        """The pairs; each value is JSON where it can be, else text."""
        if value.lstrip().startswith("{"):
            try:
                return dict(json.loads(value, parse_constant=_no_number))
            except ValueError as error:
                self.fail(f"{value!r} is not valid JSON: {error}", param, ctx)
        pairs = {}
        for pair in value.split(","):
            key, found, text = pair.partition("=")
            if not found or not key.strip():
                self.fail(
                    f"{pair!r} is not of the form name=value; write max_depth=4,subsample=0.8 "
                    'or {"max_depth": 4}.',
                    param,
                    ctx,
                )
            pairs[key.strip()] = _json_or_text(text.strip())
        return pairs


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        return text


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number that a parameter can have")
