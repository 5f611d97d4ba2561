"""The policy in force for a model: what a candidate must show, and who must agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from podium.errors import SpecError
from podium.spec.parts import Declared, Gate, Promotion


class Policy(Declared):
    """The sections `gate` and `promotion` of a project.yaml, kept in the ledger."""

    gate: Gate = Gate()
    promotion: Promotion = Promotion()

    def to_json(self) -> dict[str, Any]:
        """As it stands in a `policy` entry."""
        return self.model_dump(mode="json")


def read_policy(raw: Mapping[str, Any], where: str) -> Policy:
    """The policy that the keys `gate` and `promotion` of `raw` declare; others are left alone.

    Raises SpecError, which begins with `where`, for everything that is wrong in it.
    """
    sections = {key: raw[key] for key in ("gate", "promotion") if raw.get(key) is not None}
    try:
        return Policy.model_validate(sections)
    except ValidationError as error:
        from podium.spec.problems import problem_sentences  # knows all of project.yaml: slow

        raise SpecError(f"{where}: {'; '.join(problem_sentences(error, sections))}") from None
