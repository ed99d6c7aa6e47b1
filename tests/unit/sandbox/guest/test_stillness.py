"""Waiting is told from working by what the kernel counts, on our own processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from sandbox.guest import stillness
from sandbox.guest.stillness import Stillness, spent_by


class Clock:
    """A clock that a test moves."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def looks(
    monkeypatch: pytest.MonkeyPatch, *spent: dict[str, int], limit_s: float = 2.0
) -> list[bool]:
    clock, rows = Clock(), iter(spent)
    monkeypatch.setattr(stillness, "spent_by", lambda _: next(rows))
    still = Stillness(1000, limit_s, clock)
    found = []
    for _ in spent:
        clock.now_s += 1
        found.append(still.lasts())
    return found


def test_processes_that_only_wait_are_still_after_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert looks(monkeypatch, *[{"7": 3}] * 4) == [False, False, True, True]


def test_work_a_new_process_and_an_end_start_the_wait_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    same, worked, born, gone = {"7": 3}, {"7": 4}, {"7": 4, "8": 0}, {"8": 0}
    rows = (same, same, worked, worked, born, born, gone, gone, gone)
    assert looks(monkeypatch, *rows) == [False] * 8 + [True]


def test_without_a_limit_nothing_is_ever_still(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks(monkeypatch, *[{"7": 3}] * 9, limit_s=0) == [False] * 9


def test_a_process_cannot_hide_its_work_behind_its_name() -> None:
    text = (
        "import ctypes, time\nctypes.CDLL(None).prctl(15, b') 0 0 (')\n"
        "while time.process_time() < 0.3: pass\ntime.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", text])
    try:
        deadline_s = time.monotonic() + 20
        while spent_by(os.getuid()).get(str(child.pid), 0) < 1 and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert 0 < spent_by(os.getuid())[str(child.pid)] < 100_000
    finally:
        child.kill()
        child.wait()
