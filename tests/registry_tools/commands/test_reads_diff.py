"""`podium diff` and `podium card`: two versions side by side, and what one says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mlflow
import pytest

from registry_tools.entry import Draft
from tests.registry_tools.backends import Backend, as_client
from tests.registry_tools.commands.acting import Acting, acting, log_linear
from tests.registry_tools.commands.reads import champion_and_challenger, enter
from tests.registry_tools.models import register_artifact, register_hollow


@pytest.fixture
def flights(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


def from_run(
    flights: Acting,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    *,
    card: str = "",
    description: str = "",
    **tags: str,
) -> int:
    """A version with the files of version 1, of a run that logged these."""
    with mlflow.start_run() as run:
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(metrics))
        mlflow.set_tags(tags)
        if card:
            mlflow.log_text(card, "model_card.md")
    with as_client(flights.backend) as client:
        source = client.get_model_version_download_uri(flights.name, "1")
        version = client.create_model_version(
            flights.name, source, run.info.run_id, description=description or None
        )
    return int(version.version)


def holdout(estimate: float) -> dict[str, float]:
    ends = {"holdout/auc_low": estimate - 0.01, "holdout/auc_high": estimate + 0.01}
    return {"holdout/auc": estimate, **ends}


def test_parameters_metrics_and_data_are_set_side_by_side(flights: Acting) -> None:
    one = from_run(
        flights,
        {"depth": 3, "seed": 1, "podium.rows_train": 80, "podium.source": "a.csv"},
        holdout(0.80),
        **{"podium.data_digest": "a" * 64, "podium.estimator": "xgboost"},
    )
    other = from_run(
        flights, {"depth": 4, "seed": 1}, holdout(0.85), **{"podium.data_digest": "b" * 64}
    )
    said = flights.run("diff", one, other).stdout
    assert "0.800 [0.790, 0.810]" in said
    assert "+0.0500  * apart" in said
    assert "no test" in said
    assert "The data differ" in said
    assert "Equal: 1 (--all shows them)" in said
    assert "seed" not in said
    assert "seed" in flights.run("diff", one, other, "--all").stdout
    assert said.rstrip().endswith(f"podium card {flights.name} {other}")
    document = flights.document("diff", one, other)
    assert document["metrics"][0]["apart"] is True
    assert document["same_data"] is False
    assert {"name": "depth", "first": "3", "second": "4"} in document["params"]


def test_signature_and_requirements_come_from_the_files(flights: Acting) -> None:
    linear, _ = log_linear(flights.backend, flights.name, 2.0)
    renamed, _ = log_linear(flights.backend, flights.name, 2.0, column="z")
    said = flights.run("diff", linear, renamed).stdout
    assert "input 'x' (double) removed" in said
    assert "input 'z' (double) added" in said
    assert "Requirements: the same." in said
    packages = flights.document("diff", 1, linear)["requirements"]
    assert {package["name"] for package in packages} >= {"numpy", "skops"}
    assert "Signature: the same." in flights.run("diff", 1, 2).stdout


def test_what_a_foreign_version_does_not_say_is_a_dash(
    flights: Acting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry_tools.registry._PAUSES_SECONDS", ())
    bare = register_hollow(flights.backend, flights.name)
    said = flights.run("diff", 1, bare).stdout
    assert "Signature: not known of both." in said
    assert "Requirements: not known of both." in said
    assert "Metrics: none were logged." in said
    assert "–" in said


def test_stages_are_what_the_ledger_says(flights: Acting) -> None:
    champion_and_challenger(flights)
    with as_client(flights.backend) as client:
        client.set_registered_model_alias(flights.name, "production", "2")
        client.set_registered_model_alias(flights.name, "best", "1")
    document = flights.document("diff", "@production", "@staging")
    assert (document["first"], document["second"]) == (1, 2)
    assert flights.document("diff", "@best", "latest")["first"] == 1
    assert "Both are version 1" in flights.run("diff", "@best", 1, code=2).stderr
    assert "has no alias" in flights.run("diff", "@nobody", 1, code=4).stderr
    assert flights.run("diff", 1, 99, code=4)


def test_stages_of_a_broken_ledger_are_not_guessed(flights: Acting) -> None:
    champion_and_challenger(flights)
    with as_client(flights.backend) as client:
        client.delete_model_version(f"{flights.name}.ledger", "2")
    assert "is broken" in flights.run("diff", "@production", 2, code=7).stderr
    assert flights.run("diff", 1, 2)


def test_an_empty_stage_is_not_found(flights: Acting) -> None:
    flights.version()
    enter(flights, [Draft("retrain")])
    assert "is in staging" in flights.run("card", "@staging", code=4).stderr


def test_the_card_is_the_description(flights: Acting) -> None:
    number = register_artifact(flights.backend, flights.name, description="# Flights\n\nGood.")
    result = flights.run("card", number)
    assert result.stdout == "# Flights\n\nGood.\n"
    assert f"podium status {flights.name}" in result.stderr
    assert flights.document("card", "latest") == {
        "model": flights.name,
        "version": number,
        "from": "description",
        "card": "# Flights\n\nGood.",
    }


def test_the_card_of_the_run_stands_in_for_a_missing_or_cut_description(flights: Acting) -> None:
    number = from_run(flights, {}, {}, card="# From the run")
    assert flights.run("card", number).stdout == "# From the run\n"
    long = "# Long\n" + "x" * 6000
    number = from_run(flights, {}, {}, card=long, description=long[:5000])
    assert flights.document("card", number)["card"] == long
    number = from_run(flights, {}, {}, card="# Another", description=long[:5000])
    assert flights.document("card", number)["from"] == "description"


def test_a_version_without_a_card_is_told(flights: Acting) -> None:
    number = register_hollow(flights.backend, flights.name)
    result = flights.run("card", number, code=4)
    assert "has no model card" in result.stderr
    assert result.stdout == ""
