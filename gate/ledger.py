"""What may reach the database a moment later: who got what, first checksums. At most one second."""

from __future__ import annotations

import threading

from gate.errors import StoreUnreachable
from gate.model import Release, Taken
from gate.store.store import Store

FLUSH_S = 0.2
_KEPT_MOST = 200_000


class Ledger:
    """Collects rows and writes them together. While the database is away they wait, bounded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._taken: list[Taken] = []
        self._pins: list[Release] = []
        self.lost = 0

    def took(self, one: Taken) -> None:
        """Somebody got an archive."""
        with self._lock:
            self._taken.append(one)

    def pin(self, releases: list[Release]) -> None:
        """Checksums seen for the first time."""
        with self._lock:
            self._pins += releases

    def flush(self) -> None:
        """Write what has come together. Raises StoreUnreachable, and then keeps it."""
        with self._lock:
            taken, self._taken = self._taken, []
            pins, self._pins = self._pins, []
        try:
            self._store.keep_pins(pins)
            pins = []
            self._store.keep_taken(taken)
        except StoreUnreachable:
            with self._lock:
                self._pins = pins + self._pins
                kept = (taken + self._taken)[-_KEPT_MOST:]
                self.lost += len(taken) + len(self._taken) - len(kept)
                self._taken = kept
            raise
