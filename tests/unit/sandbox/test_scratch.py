"""Folders of a run: gone with it, or with the next run when it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.scratch import Scratch, reap_folders

_OTHER = """
import signal
from sandbox.scratch import Scratch
made = Scratch()
(made.path / "archive").write_bytes(b"x")
print(made.path, flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which runs make theirs."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process with a folder of its own."""
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_leaving_removes_all_that_is_in_it(temporary: Path) -> None:
    with Scratch() as made:
        (made.path / "below").mkdir()
        (made.path / "below/file").write_bytes(b"x")
    assert not list(temporary.iterdir())


def test_a_second_cleanup_is_no_error() -> None:
    made = Scratch()
    made.cleanup()
    made.cleanup()


def test_a_folder_in_use_is_not_reaped(other: tuple[subprocess.Popen[str], Path]) -> None:
    assert reap_folders() == 0
    assert (other[1] / "archive").exists()


def test_a_folder_of_this_process_is_not_reaped() -> None:
    with Scratch() as made:
        (made.path / "file").write_bytes(b"x")
        assert reap_folders() == 0
        assert made.path.exists()


def test_the_folder_of_a_killed_process_is_reaped(
    other: tuple[subprocess.Popen[str], Path],
) -> None:
    process, folder = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert folder.exists()
    assert reap_folders() == 1
    assert not folder.exists()


def test_an_empty_new_folder_is_left_to_who_is_making_it(temporary: Path) -> None:
    (temporary / "cratescope-run-new").mkdir()
    assert reap_folders() == 0


def test_an_old_empty_folder_is_reaped(temporary: Path) -> None:
    (temporary / "cratescope-run-old").mkdir()
    os.utime(temporary / "cratescope-run-old", (1, 1))
    assert reap_folders() == 1


def test_links_and_names_of_others_are_left(temporary: Path) -> None:
    (temporary / "kept").mkdir()
    (temporary / "kept/file").write_bytes(b"x")
    (temporary / "cratescope-run-link").symlink_to(temporary / "kept")
    (temporary / "other-run-x").mkdir()
    os.utime(temporary / "other-run-x", (1, 1))
    assert reap_folders() == 0
    assert (temporary / "kept/file").exists()


def test_another_users_folder_is_left(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary / "cratescope-run-theirs").mkdir()
    os.utime(temporary / "cratescope-run-theirs", (1, 1))
    another = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)
    assert reap_folders() == 0
