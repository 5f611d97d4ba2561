"""Messages in the forms in which the collection is passed on."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from podium.errors import DataError
from projects.sms_spam.loader import messages

LINES = 'ham\tIt\'s "ok", see you\nspam\tWIN £100 "now\nham\tTwo words\n'
EXPECTED = [
    ("ham", 'It\'s "ok", see you'),
    ("spam", 'WIN £100 "now'),
    ("ham", "Two words"),
]


def read(path: Path, content: bytes) -> list[tuple[str, str]]:
    path.write_bytes(content)
    frame = messages([path])
    return list(zip(frame["label"], frame["message"], strict=True))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Label\tSMS\n",
        "\ufefflabel\tmessage\n",
        '"v1"\t"v2"\n',
        "\n",
        "\n \nLabel\tSMS\n",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_published_file_and_copies_with_a_header_give_the_same(
    tmp_path: Path, header: str, ends: str
) -> None:
    content = (header + LINES).replace("\n", ends).encode()
    assert read(tmp_path / "SMSSpamCollection", content) == EXPECTED
    assert read(tmp_path / "copy.tsv.gz", gzip.compress(content)) == EXPECTED


def test_a_message_that_comes_again_counts_once_over_all_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(f"spam\tsame\nham\tof {name}\nspam\tsame\n")
    frame = messages([tmp_path / "a", tmp_path / "b"])
    assert frame["message"].tolist() == ["same", "of a", "of b"]


def test_of_a_message_with_two_labels_the_first_counts(tmp_path: Path) -> None:
    content = b"spam\tsame\nham\tother\nham\tsame\n"
    assert read(tmp_path / "x", content) == [("spam", "same"), ("ham", "other")]


def test_a_message_may_hold_tabs_and_any_line_separator_but_a_new_line(tmp_path: Path) -> None:
    content = "ham\tone\ttwo\u2028three\x0bfour\rfive\n".encode()
    assert read(tmp_path / "x", content) == [("ham", "one\ttwo\u2028three\x0bfour\rfive")]


def test_a_part_of_the_columns_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(LINES)
    frame = messages([tmp_path / "x"], ["message"])
    assert list(frame.columns) == ["message"]
    assert frame["message"].tolist() == [message for _, message in EXPECTED]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ham\ta\nHam\tb\n", r"x, line 2: 'Ham\\tb' is not ham or spam, a tab and a message"),
        (b"v1,v2\nham,a\n", r"x, line 1: 'v1,v2' is not"),
        (b"spma\tWIN now\nham\ta\n", r"x, line 1: 'spma\\tWIN now' is not ham or spam"),
        (b"\nlabel\tWIN now\nham\ta\n", r"x, line 2: 'label\\tWIN now' is not ham or spam"),
        (b"ham\ta\nlabel\tsms\n", r"x, line 2: 'label\\tsms' is not ham or spam"),
        (b"", r"x holds no message.*Fetch it again"),
        (b"label\tsms\n\n", r"x holds no message"),
        (b"ham\tgr\xfc\xdfe\n", r"x is not UTF-8"),
    ],
)
def test_other_files_are_refused_with_the_line(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path / "x", content)


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.gz cannot be read"):
        read(tmp_path / "x.gz", b"ham\ta\n")
