"""A circuit breaker: what does not answer is not asked for a while.

It counts different things that failed in a row, not failures: one poisonous crate must not turn
off an upstream for everybody (threat model P7, G7).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Opens after `most` different things failed with no success between; for `pause_s` seconds."""

    def __init__(
        self, most: int = 5, pause_s: float = 5.0, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._pause_s, self._now = most, pause_s, now
        self._failed: set[str] = set()
        self._until = 0.0
        self._lock = threading.Lock()

    @property
    def left_s(self) -> float:
        """Seconds until one may ask again; 0 while it is closed."""
        return max(0.0, self._until - self._now())

    def worked(self) -> None:
        """Something answered."""
        if self._failed:
            with self._lock:
                self._failed.clear()
                self._until = 0.0

    def failed(self, what: str) -> None:
        """Something did not answer. After a pause the first failure opens it again."""
        with self._lock:
            self._failed.add(what)
            if len(self._failed) >= self._most:
                self._until = self._now() + self._pause_s
