"""Which data versions were used, from tags; and what a word on the command line names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from podium.errors import NotFound, UsageError
from projects.data_versions.listing import (
    DataVersion,
    ModelVersion,
    Use,
    by_digest,
    by_model,
    by_run,
    is_digest,
    run_named,
    versions_of,
)
from projects.data_versions.listing_text import (
    list_text,
    size_words,
    uses_text,
    version_document,
)

FIRST, SECOND = "ab12" + "0" * 60, "ab13" + "f" * 60


def use(number: int, digest: str, **more: str) -> Use:
    """A training that began `number` seconds after the epoch."""
    tags = {
        "podium.project": "shop",
        "podium.job": "train",
        "podium.data_digest": digest,
        "podium.data_rows": "2000",
        "podium.data_columns": "6",
        "podium.data_span": "2026-01-01T00:00:00Z/2026-03-25T07:00:00Z",
        "podium.snapshot": f"s3://bucket/1/podium-data/{digest}",
        "podium.snapshot_bytes": "21680",
        **more,
    }
    made = Use.of(f"{number:032x}", f"run-{number}", number * 1000, tags)
    assert made is not None
    return made


def versions() -> tuple[DataVersion, ...]:
    uses = [use(5, FIRST), use(9, SECOND), use(7, FIRST), use(3, SECOND)]
    models = [
        ModelVersion(1, FIRST, "1" * 32),
        ModelVersion(2, SECOND, "2" * 32, ("production", "staging")),
        ModelVersion(3, FIRST, "3" * 32),
    ]
    return versions_of(uses, models)


def test_versions_come_with_their_uses_the_latest_first() -> None:
    second, first = versions()
    assert [u.name for u in second.uses] == ["run-9", "run-3"]
    assert [u.name for u in first.uses] == ["run-7", "run-5"]
    assert [m.number for m in first.models] == [3, 1]


def test_a_run_that_is_no_training_or_has_not_read_its_data_is_no_use() -> None:
    tags = {"podium.job": "trial", "podium.data_digest": FIRST}
    assert Use.of("a" * 32, "n", 0, tags) is None
    assert Use.of("a" * 32, "n", 0, {"podium.job": "train"}) is None
    assert Use.of("a" * 32, "n", 0, {"podium.data_digest": FIRST}) is None


def test_an_older_run_says_only_its_digest() -> None:
    made = Use.of("a" * 32, "n", 0, {"podium.job": "tune", "podium.data_digest": FIRST})
    assert made is not None
    assert (made.rows, made.span, made.snapshot, made.bytes) == (None, None, None, None)
    (version,) = versions_of([made])
    assert version.kept is None
    assert list_text([version]).splitlines()[-1].split() == [
        "ab1200000000", "–", "–", "–", "1970-01-01", "1970-01-01", "1", "–", "?",
    ]  # fmt: skip


def test_the_list_tells_a_version_on_a_line() -> None:
    lines = list_text(versions()).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("ab13ffffffff  2,000        6  2026-01-01 to 2026-03-25  1970-01-01")
    assert lines[2].endswith("   2  2 @production @staging  22 kB")
    assert lines[3].split()[-5:] == ["2", "3,", "1", "22", "kB"]


def test_a_copy_counts_where_any_training_kept_one() -> None:
    lost = {"podium.snapshot": "", "podium.snapshot_problem": "disk full"}
    (version,) = versions_of([use(2, FIRST, **lost), use(1, FIRST)])
    assert version.kept is version.uses[1]
    document = version_document(version)
    assert document["snapshot"] == {"uri": f"s3://bucket/1/podium-data/{FIRST}", "bytes": 21680}


def test_no_copy_is_told_only_where_all_runs_say_so() -> None:
    none = use(1, FIRST, **{"podium.snapshot": ""})
    (version,) = versions_of([none])
    assert version.said_none
    assert list_text([version]).splitlines()[-1].endswith("none")
    (version,) = versions_of([none, replace(none, run_id="2" * 32, snapshot=None)])
    assert not version.said_none
    assert list_text([version]).splitlines()[-1].endswith("?")


def test_a_password_in_the_place_of_the_copy_is_not_shown() -> None:
    (version,) = versions_of([use(1, FIRST, **{"podium.snapshot": "ftp://bob:pw@host/1/x"})])
    assert version_document(version)["snapshot"]["uri"] == "ftp://bob:***@host/1/x"


def test_data_whose_runs_were_deleted_is_known_by_its_model_versions() -> None:
    (version,) = versions_of([], [ModelVersion(4, FIRST)])
    assert version.latest is None
    assert "The runs that used it were deleted.\nModel versions: 4" in uses_text(version)
    assert list_text([version]).splitlines()[-1].split()[-3:] == ["0", "4", "?"]
    assert version_document(version)["last_used"] is None


def test_ten_runs_are_told_and_the_others_counted() -> None:
    (version,) = versions_of([use(number, FIRST) for number in range(13)])
    text = uses_text(version)
    assert "run-12" in text
    assert "run-2 " not in text
    assert "and 3 earlier runs" in text


def test_the_beginning_of_a_digest_names_it_where_it_is_the_only_one() -> None:
    assert by_digest(versions(), "ab12").digest == FIRST
    assert by_digest(versions(), FIRST).digest == FIRST
    with pytest.raises(UsageError, match=r"may be ab13ffffffff, ab1200000000\."):
        by_digest(versions(), "ab1")
    with pytest.raises(NotFound, match=r"Known: ab13ffffffff, ab1200000000\."):
        by_digest(versions(), "cd34")


def test_model_versions_and_runs_name_their_data() -> None:
    assert by_model(versions(), 2, "shop").digest == SECOND
    with pytest.raises(NotFound, match="Version 9 of shop"):
        by_model(versions(), 9, "shop")
    found = by_run(versions(), f"{5:032x}")
    assert found is not None
    assert found.digest == FIRST
    assert by_run(versions(), "0" * 32) is None


@pytest.mark.parametrize("word", ["ab1", "ABCD", "ab1g", "", "a" * 65, "@staging"])
def test_what_is_no_digest_is_not_looked_for(word: str) -> None:
    assert not is_digest(word)


def test_a_run_is_named_by_its_id() -> None:
    assert run_named("0" * 32) == run_named("runs:/" + "0" * 32) == "0" * 32
    assert run_named("0" * 31) is None


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "kept"),
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (3_778_707, "3.8 MB"),
        (999_600, "1.0 MB"),
        (12_345_678_901_234, "12346 GB"),
    ],
)
def test_sizes_are_written_in_powers_of_a_thousand(size: int | None, words: str) -> None:
    assert size_words(size) == words
