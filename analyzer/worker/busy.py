"""How long workers were at work: in sum, and by the clock on the wall."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Busy:
    """Safe to share between threads. `sum_s` counts two workers twice, `wall_s` once."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._at_work = 0
        self._since = 0.0
        self.sum_s = 0.0
        self.wall_s = 0.0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A worker works while the block runs."""
        began = self._now()
        with self._lock:
            self._since = self._since if self._at_work else began
            self._at_work += 1
        try:
            yield
        finally:
            ended = self._now()
            with self._lock:
                self._at_work -= 1
                self.sum_s += ended - began
                self.wall_s += 0.0 if self._at_work else ended - self._since
