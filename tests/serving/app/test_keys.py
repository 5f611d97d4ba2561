"""API keys: made, kept as hashes, revoked, and read again by a server that runs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from podium.errors import NotFound, UsageError
from serving.app.keys import Keys, add_key, hash_of, read_keys, revoke_key
from serving.commands.keys import command


def test_a_key_opens_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    key = add_key(file, "billing")
    assert key not in file.read_text()
    assert read_keys(file) == {"billing": hash_of(key)}
    assert file.stat().st_mode & 0o777 == 0o600
    keys = Keys(file)
    assert keys.name_of(key.encode()) == "billing"
    assert keys.name_of(b"another") is None


def test_a_change_of_the_file_is_noticed_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    file, clock = tmp_path / "keys", [0.0]
    first = add_key(file, "first").encode()
    keys = Keys(file, now=lambda: clock[0])
    second = add_key(file, "second").encode()
    assert keys.name_of(second) is None  # not looked again yet
    clock[0] = 2
    assert keys.name_of(second) == "second"
    revoke_key(file, "first")
    clock[0] = 4
    assert keys.name_of(first) is None
    file.write_text("not a key\n")
    clock[0] = 6
    assert keys.name_of(second) == "second"
    file.unlink()
    clock[0] = 8
    assert keys.name_of(second) == "second"


def test_a_file_that_could_not_be_read_for_a_while_is_read_again(tmp_path: Path) -> None:
    file, clock = tmp_path / "keys", [0.0]
    key = add_key(file, "first").encode()
    keys = Keys(file, now=lambda: clock[0])
    kept = file.rename(tmp_path / "elsewhere")
    clock[0] = 2
    assert keys.name_of(key) == "first"
    revoke_key(kept, "first")
    kept.rename(file)
    clock[0] = 4
    assert keys.name_of(key) is None


def test_what_people_wrote_into_the_file_stays_with_its_mode_and_behind_its_link(
    tmp_path: Path,
) -> None:
    file, link = tmp_path / "keys", tmp_path / "link"
    file.write_text(f"# ours\nold {hash_of('x')}")
    file.chmod(0o644)
    link.symlink_to(file)
    add_key(link, "new")
    assert link.is_symlink()
    assert file.read_text().startswith(f"# ours\nold {hash_of('x')}\nnew ")
    assert file.stat().st_mode & 0o777 == 0o644
    revoke_key(link, "old")
    assert list(read_keys(file)) == ["new"]
    assert file.read_text().startswith("# ours\n")


def test_keys_that_are_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: add_key(file, f"k{number}"), range(40)))
    assert sorted(read_keys(file).values()) == sorted(map(hash_of, made))


def test_lines_that_are_none_of_ours_are_named(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# ours\n\na {hash_of('x')}\nb secret\n")
    with pytest.raises(UsageError, match="line 4") as caught:
        read_keys(file)
    assert "secret" not in str(caught.value)
    file.write_text(f"a {hash_of('x')}\na {hash_of('y')}\n")
    with pytest.raises(UsageError, match="line 2, names a key twice"):
        read_keys(file)


def test_names_are_taken_once_and_hold_no_blanks(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    add_key(file, "a")
    with pytest.raises(UsageError, match="has a key a already"):
        add_key(file, "a")
    with pytest.raises(UsageError, match="cannot name a key"):
        add_key(file, "a b")
    with pytest.raises(NotFound, match="has no key b"):
        revoke_key(file, "b")
    with pytest.raises(NotFound, match="--add NAME"):
        read_keys(tmp_path / "none")


def test_the_command_adds_lists_and_revokes(tmp_path: Path) -> None:
    file = str(tmp_path / "keys")
    runner = CliRunner()
    made = runner.invoke(command, [file, "--add", "a", "--json"])
    key = json.loads(made.stdout)["key"]
    assert Keys(Path(file)).name_of(key.encode()) == "a"
    assert runner.invoke(command, [file]).stdout == "a\n"
    assert runner.invoke(command, [file, "--add", "b", "--revoke", "a"]).exit_code == 2
    assert runner.invoke(command, [file, "--revoke", "a"]).exit_code == 0
    assert "nobody is let in" in runner.invoke(command, [file]).stdout
