from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import pytest

from analyzer.cli.output import plan, rendered, replace_file, show
from analyzer.errors import InternalError, UsageError


def test_without_a_word_a_person_reads_standard_output() -> None:
    assert plan([], []) == [("human", "-")]


def test_formats_and_files_pair_up(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    assert plan(["json", "human"], [a, b]) == [("json", str(a)), ("human", str(b))]
    assert plan(["json", "human"], [a]) == [("json", str(a)), ("human", "-")]


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("r.json", "json"),
        ("r.jsonl", "jsonl"),
        ("r.txt", "human"),
        ("r.SARIF", "sarif"),
        ("r.sarif.json", "sarif"),
        ("json", "human"),
    ],
)
def test_a_file_alone_takes_its_format_from_its_name(
    tmp_path: Path, name: str, format_: str
) -> None:
    assert plan([], [tmp_path / name]) == [(format_, str(tmp_path / name))]


@pytest.mark.parametrize(
    ("chosen", "files", "says"),
    [
        (["xml"], [], "no format `xml`"),
        (["xml"], ["a"], "no format `xml`"),
        (["json"], ["a", "b"], "more -o files"),
        (["json", "human"], [], "several formats for standard output"),
        (["json", "human"], ["a", "a"], "two formats for one file"),
        ([], ["-", "-"], "several formats for standard output"),
        ([], ["missing/a"], "no such folder"),
        ([], ["."], "is a folder"),
    ],
)
def test_what_does_not_pair_up_is_told_before_any_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chosen: list[str],
    files: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        plan(chosen, [Path(one) for one in files])


def test_a_file_that_may_not_be_written_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="cannot be written"):
        plan([], [tmp_path / "a"])


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, "new ─\n")
    assert path.read_bytes() == "new ─\n".encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("true")
    replace_file(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "true").read_text() == "text"


def test_a_device_is_written_and_not_replaced() -> None:
    replace_file(Path(os.devnull), "text")
    assert Path(os.devnull).is_char_device()
    assert plan([], [Path(os.devnull)]) == [("human", os.devnull)]


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, InternalError), (errno.EDQUOT, InternalError), (errno.EROFS, UsageError)],
)
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    path = tmp_path / "report"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(error):
        replace_file(path, "new")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["report"]


def test_old_encodings_get_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    show("── … é 漢\n")
    assert raw.getvalue() == b"-- ... \xe9 \\u6f22\n"


def test_a_closed_standard_output_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    show("text")


def test_an_ending_whose_format_the_command_lacks_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format `sarif`"):
        plan([], [tmp_path / "a.sarif"], ("human", "json"))


def test_a_format_gets_what_it_asks_for_by_name() -> None:
    def wide(result: object, *, width: int) -> str:
        return f"{result} {width}"

    assert rendered(wide, "r", width=7, color=True) == "r 7"
    assert rendered(lambda one: f"{one}!", "r", width=7) == "r!"
