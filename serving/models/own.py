"""Models that Podium made: answered by the installed scoring code, without MLflow or pandas."""

from __future__ import annotations

import itertools
import json
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from podium.artifact.scoring import AnyScorer, BrokenArtifact, InvalidTable, InvalidValue
from podium.artifact.scoring.manifest import CheckedFiles
from podium.artifact.scoring.opening import open_checked
from podium.artifact.scoring.tables import table_of_arrow
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.models.batching import Batching, Calls
from serving.models.content import CSV, JSON, PARQUET, Kind, kind_of
from serving.models.lanes import Lanes
from serving.models.merging import MAX_BODY_BYTES, Key, Part
from serving.models.mlmodel import description_of
from serving.models.model import Answer, Asked, Description, Form, Model, ModelSettings
from serving.models.quickness import NEVER_QUICK, Quickness
from serving.models.replies import problem
from serving.models.sent import Sent, sent_as_csv, sent_as_json
from serving.models.traces import SeenErrors

_MOST_ROWS = 1_000_000  # of a request; what is compressed may hold any number of them
_MOST_PARQUET_BYTES = 1 << 30
_ONE_KEY = Key("dataframe_records", (), ())  # all rows may be asked together
_log = logging.getLogger(__name__)

Columns = Mapping[str, Sequence[Any]]


def open_own(assigned: Assigned, settings: ModelSettings) -> Model:
    """Check, load and warm up one of Podium's own artifacts.

    Raises NotServable where its files are not those that the ledger pinned, cannot be loaded, or
    do not answer the artifact's own example.
    """
    try:
        files = CheckedFiles.open(Path(assigned.folder))
        if assigned.digest not in (None, files.digest):
            raise BrokenArtifact(
                f"its files have the digest {files.digest}, not the pinned {assigned.digest}"
            )
        described = description_of(files.folder)
        model = OwnModel(assigned, open_checked(files), described, settings)
        model.warm_up()
    except (BrokenArtifact, OSError) as error:
        raise NotServable(
            f"Version {assigned.version or '?'} of {assigned.model} cannot be served: {error}.",
            remedy=f"podium verify {assigned.model} says what became of its files.",
        ) from error
    return model


class OwnModel(Model):
    """Answers with the compiled form where it was proved, else with the pipeline itself."""

    def __init__(
        self,
        assigned: Assigned,
        scorer: AnyScorer,
        description: Description,
        settings: ModelSettings,
    ) -> None:
        self.assigned = assigned
        self.form: Form = scorer.form
        self._scorer = scorer
        columns = scorer.canonicaliser.columns
        self._names = frozenset(column.name for column in columns)
        self._spelled = [c.name for c in columns if c.kind in ("categorical", "text")]
        self._description = description
        self._quickness = NEVER_QUICK
        self._errors = SeenErrors(_log)
        self._timeout_seconds = settings.timeout_seconds
        self._lanes = Lanes(settings.threads, assigned.model)
        self._batching = Batching(Calls(self.answer_now, self._together), self._lanes)

    @property
    def stuck(self) -> bool:
        return self._lanes.busy_longer_than(self._timeout_seconds)

    def quick(self, asked: Asked) -> bool:
        return self._quickness.holds_for(asked)

    def answer_now(self, asked: Asked) -> Answer:
        kind = kind_of(asked.content_type)
        if isinstance(kind, Answer):
            return kind
        try:
            return Answer(200, as_predictions(self._columns(kind, asked.body)))
        except (InvalidValue, InvalidTable) as error:
            return problem(400, "BAD_REQUEST", f"{error}.")
        except Exception as error:  # noqa: BLE001 - onnxruntime raises some ten kinds of its own
            self._errors.note(error)
            return problem(500, "INTERNAL_ERROR", f"The model failed ({type(error).__name__}).")

    async def answer(self, asked: Asked) -> Answer:
        return await self._batching.answer(asked, self._part(asked))

    def description(self) -> Description:
        return self._description

    def close(self) -> None:
        self._lanes.close()

    def _part(self, asked: Asked) -> Part | None:
        """The rows of a small request, where the pipeline itself answers: there one call for many
        costs hardly more than for one. Canonical values do not depend on their neighbours.
        """
        if self.form == "compiled" or len(asked.body) > MAX_BODY_BYTES:
            return None
        kind = kind_of(asked.content_type)
        if isinstance(kind, Answer) or kind == PARQUET:
            return None
        try:
            sent = self._sent(kind, asked.body)
        except InvalidTable:
            return None  # which it is told when it is asked alone
        return Part(_ONE_KEY, sent.records) if sent.records else None

    def _together(self, parts: Sequence[Part]) -> list[Answer]:
        rows = [row for part in parts for row in part.rows]
        columns = self._scorer.score_rows(rows)
        answers, start = [], 0
        for end in itertools.accumulate(len(part.rows) for part in parts):
            own = {name: values[start:end] for name, values in columns.items()}
            answers.append(Answer(200, as_predictions(own)))
            start = end
        return answers

    def warm_up(self) -> None:
        """Answer the artifact's own example, and see which requests are answered quickly.

        Raises BrokenArtifact where it does not answer.
        """
        example = self._description.example or {"dataframe_records": [dict.fromkeys(self._names)]}
        answer = self.answer_now(Asked(json.dumps(example).encode(), JSON))
        if answer.status != 200:
            raise BrokenArtifact(f"it does not answer its own example: {answer.body.decode()}")
        if self.form == "compiled":
            texts = any(c.kind == "text" for c in self._scorer.canonicaliser.columns)
            self._quickness = Quickness.measured(self.answer_now, self._names, texts=texts)

    def _columns(self, kind: Kind, body: bytes) -> Columns:
        """The output table by column. Raises InvalidTable and InvalidValue."""
        if kind == PARQUET:
            return self._columns_of_parquet(body)
        sent = self._sent(kind, body)
        if sent.records is not None:
            if sent.rows == 1:
                return self._scorer.score_row(sent.records[0])
            return self._scorer.score_rows(sent.records)
        return self._scorer.score_columns(sent.columns or {}, sent.rows)

    def _sent(self, kind: Kind, body: bytes) -> Sent:
        """Rows with some of the model's columns, or no rows. Raises InvalidTable."""
        sent = sent_as_csv(body) if kind == CSV else sent_as_json(body, self._names)
        if kind == JSON and sent.may_be_rounded(self._spelled):
            sent = sent_as_json(body, self._names, exact=True)
        if sent.rows > _MOST_ROWS:
            raise _too_many_rows()
        if not sent.names_any(self._names):
            raise self._none_sent()
        return sent

    def _columns_of_parquet(self, body: bytes) -> Columns:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(pa.BufferReader(body))
            groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
            if file.metadata.num_rows > _MOST_ROWS:
                raise _too_many_rows()
            if sum(group.total_byte_size for group in groups) > _MOST_PARQUET_BYTES:
                raise InvalidTable(f"the table has more than {_MOST_PARQUET_BYTES} bytes")
            own = [name for name in file.schema_arrow.names if name in self._names]
            table = file.read(own)
        except InvalidTable:
            raise
        except (pa.ArrowException, OSError, ValueError):
            raise InvalidTable("the body is not a Parquet file that can be read") from None
        if not own:
            raise self._none_sent()
        answered = self._scorer.score(table_of_arrow(table))
        return {str(name): answered[name].tolist() for name in answered.columns}

    def _none_sent(self) -> InvalidTable:
        names = ", ".join(sorted(self._names))
        return InvalidTable(f"none of the model's columns was sent; they are {names}")


def _too_many_rows() -> InvalidTable:
    return InvalidTable(f"there are more than {_MOST_ROWS} rows; send them in several requests")


def as_predictions(columns: Columns) -> bytes:
    """MLflow's reply for an output table: `{"predictions": [{…}, …]}`, an object a row."""
    names, rows = tuple(columns), _rows_of(columns)
    numbers = columns.get("prediction", ()) if len(names) == 1 else ()
    try:
        if all(map(math.isfinite, numbers)):  # orjson would make nulls of the others
            return b'{"predictions": ' + orjson.dumps(rows) + b"}"
    except TypeError:  # half of a surrogate pair, or a number of more than 64 bits, in a label
        pass
    return json.dumps({"predictions": rows}).encode()


def _rows_of(columns: Columns) -> list[dict[str, Any]]:
    """An object a row; written out for two columns, which most models have."""
    if len(columns) == 2:
        (first, left), (second, right) = columns.items()
        return [{first: a, second: b} for a, b in zip(left, right, strict=True)]
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
