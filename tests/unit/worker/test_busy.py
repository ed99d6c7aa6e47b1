"""Time at work: two at once count twice in the sum, once on the wall."""

from __future__ import annotations

import pytest

from analyzer.worker.busy import Busy


def test_two_at_once_and_a_pause() -> None:
    clock = [0.0]
    busy = Busy(lambda: clock[0])
    with busy.at_work():
        clock[0] = 1.0
        with busy.at_work():
            clock[0] = 3.0
        clock[0] = 4.0
    clock[0] = 10.0

    def fail() -> None:
        with busy.at_work():
            clock[0] = 10.5
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert (busy.sum_s, busy.wall_s) == (6.5, 4.5)
