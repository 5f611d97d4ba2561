"""`podium data` on real trainings: the list, one version, two compared."""

from __future__ import annotations

import mlflow
import pytest

from projects.jobs import snapshots
from tests.data_versions.shops import Shop, document, podium_data


def test_the_same_content_in_another_file_is_one_version(shop: Shop) -> None:
    second, first = document("shop")["versions"]
    assert (first["digest"], second["digest"]) == shop.digests
    assert [run["run_id"] for run in first["runs"]] == [
        shop.trained[1]["run_id"],
        shop.trained[0]["run_id"],
    ]
    assert [version["number"] for version in first["versions"]] == [2, 1]
    assert (first["rows"], first["columns"], second["rows"]) == (400, 6, 390)
    assert first["span"] == {"first": "2026-01-01T00:00:00Z", "last": "2026-01-17T15:00:00Z"}
    assert second["versions"][0]["stages"] == ["production"]


def test_the_list_says_what_comes_next(shop: Shop) -> None:
    one, other = (digest[:12] for digest in shop.digests)
    text = podium_data("shop").stdout
    assert f"podium data diff {one} {other}" in text
    assert "3 @production" in text


def test_a_version_is_named_by_its_digest_its_run_its_number_or_its_stage(shop: Shop) -> None:
    first, second = shop.digests
    run = shop.trained[1]["run_id"]
    for word, digest in [(first[:6], first), (first, first), (run, first), ("2", first)]:
        assert document("shop", word)["digest"] == digest
    assert document("shop", "@production")["digest"] == second


def test_a_version_shows_its_card_who_used_it_and_its_copy(shop: Shop) -> None:
    text = podium_data("shop", "1").stdout
    assert text.startswith(f"# Data of shop, version {shop.digests[0][:12]}")
    assert "| licence | CC0 |" in text
    assert "| email | e-mail |" in text
    assert "@example.com" not in text
    assert shop.trained[0]["run_id"] in text
    assert "Model versions: 2, 1" in text
    assert "Copy of the rows: " in text
    told = document("shop", "1")
    assert told["card"]["source"] == str(shop.folder / "same.parquet")
    assert told["copy"] == "there"


@pytest.mark.usefixtures("shop")
def test_the_difference_counts_rows_by_group_and_time() -> None:
    found = document("diff", "shop", "1", "@production")
    assert found["key"] == ["customer", "when"]
    assert found["rows"] == {
        "first": 400,
        "second": 390,
        "added": 0,
        "removed": 10,
        "changed": 11,
        "unchanged": 379,
        "same_order": True,
    }
    changed = {cell["column"]: cell["changed"] for cell in found["cells"]}
    assert changed == {"amount": 11, "bought": 0, "customer": 0, "email": 0, "region": 0, "when": 0}
    assert "examples" not in found


def test_digests_and_runs_need_no_project_for_a_difference(shop: Shop) -> None:
    first, second = shop.digests
    for one, other in [(first[:8], second[:8]), (shop.trained[0]["run_id"], second)]:
        found = document("diff", one, other)
        assert (found["first"], found["second"]) == (first, second)


@pytest.mark.usefixtures("shop")
def test_rows_are_printed_only_where_they_are_asked_for() -> None:
    words = ("diff", "shop", "1", "3")
    text = podium_data(*words).stdout
    assert "removed           10" in text
    for private in ("@example.com", "c0", "c10"):
        assert private not in text
    text = podium_data(*words, "--show", "2").stdout
    assert "u1@example.com" in text
    assert text.count("when = ") == 4
    examples = document(*words, "--show", "10")["examples"]
    assert [len(examples[what]) for what in ("removed", "added", "changed")] == [10, 0, 10]
    change = examples["changed"][0]
    assert change["key"] == {"customer": "c10", "when": "2026-01-01T10:00:00+00:00"}
    assert list(change["before"]) == ["amount"]


@pytest.mark.usefixtures("shop")
def test_a_key_of_ones_own_is_taken_and_one_that_is_none_is_refused() -> None:
    words = ("diff", "shop", "1", "3")
    assert document(*words, "--key", "when")["key"] == ["when"]
    said = podium_data(*words, "--key", "region,email", code=2).output
    assert "email = (not shown: it looks personal)" in said
    assert "region = " in said
    assert "no column 'emial'" in podium_data(*words, "--key", "emial", code=2).output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "needs the name of a project"),
        (("shop", "1", "2"), 2, "needs the name of a project"),
        (("diff", "shop"), 2, "diff needs two data versions"),
        (("shop", "--key", "when"), 2, "--key and --show are for diff"),
        (("shap",), 4, "Did you mean 'shop'"),
        (("sh:op",), 2, "contains a colon"),
        (("shop", "9"), 4, "Version 9 of shop"),
        (("shop", "0000"), 4, "No training that is still recorded used data '0000'"),
        (("shop", "xyz"), 2, "'xyz' names no data version"),
        (("shop", "@staging"), 4, "shop has no alias @staging"),
        (("shop", "0" * 32), 4, "No training that is still recorded used data"),
        (("diff", "0000", "1111"), 4, "Deleted runs do not count; with the project's name"),
        (("diff", "1", "2"), 2, "the model is not named"),
        (("diff", "shop", "1", "2"), 2, "are the same data"),
        (("diff", "shop", "1", "3", "--show", "11"), 2, "at most 10"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be_meant_is_refused(words: tuple[str, ...], code: int, said: str) -> None:
    assert said in podium_data(*words, code=code).output


def test_pages_of_runs_and_of_experiments_are_all_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_PAGE_RUNS", 1)
    monkeypatch.setattr(snapshots, "_PAGE_EXPERIMENTS", 1)
    mlflow.MlflowClient().create_experiment(f"empty beside {shop.project.name}")
    assert [len(version["runs"]) for version in document("shop")["versions"]] == [1, 2]


def test_digits_that_are_no_model_version_begin_a_digest(shop: Shop) -> None:
    run_id, digest = shop.trained[2]["run_id"], "12345678" + "0" * 56
    client = mlflow.MlflowClient()
    client.set_tag(run_id, "podium.data_digest", digest)
    try:
        assert document("shop", "12345678")["digest"] == digest
        assert document("shop", "1")["digest"] == shop.digests[0]
        assert "Version 12340 of shop" in podium_data("shop", "12340", code=4).output
        said = podium_data("diff", "12345", shop.digests[0][:8], code=2).output
        assert "is that of data" in said
    finally:
        client.set_tag(run_id, "podium.data_digest", shop.digests[1])
