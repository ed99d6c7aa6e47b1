"""Whether everything of the payload's user only waits: a long sleep is not waited for twice."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

_LOOK_S = 0.5


class Stillness:
    """Watches what a user's processes have used of the processor since the last look."""

    def __init__(
        self, user: int, limit_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._user, self._limit_s, self._clock = user, limit_s, clock
        self._spent: dict[str, int] = {}
        self._moved_s = self._looked_s = clock()

    def lasts(self) -> bool:
        """Whether none of them has started, ended or used any time for the limit; 0: never."""
        now_s = self._clock()
        if not self._limit_s or now_s - self._looked_s < _LOOK_S:
            return False
        self._looked_s = now_s
        spent = spent_by(self._user)
        if spent != self._spent:
            self._spent, self._moved_s = spent, now_s
        return now_s - self._moved_s >= self._limit_s


def spent_by(user: int) -> dict[str, int]:
    """Ticks of the processor that each of a user's processes has used, by its number."""
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if entry.stat().st_uid != user:
                    continue
                with open(f"/proc/{entry.name}/stat", "rb") as file:  # noqa: PTH123  # often
                    # The name in brackets is the payload's to choose.
                    fields = file.read().rpartition(b")")[2].split()
                found[entry.name] = int(fields[11]) + int(fields[12])
    return found
