"""What is known of names without asking the database: rulings in force, first checksums."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from gate.model import Release, Ruling
from gate.store.store import Store

_NAMES_MOST = 20_000


@dataclass(slots=True)
class Known:
    """One name. `generation` grows with each change, so that what was made from it can be kept."""

    rulings: dict[tuple[str, str], Ruling] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    generation: int = 0

    def ruling(self, version: str, sha256: str, day: str) -> Ruling | None:
        """The ruling in force on a day."""
        one = self.rulings.get((version, sha256))
        return one if one is not None and (not one.until or day <= one.until) else None


class Standings:
    """Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._names: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._generation = 0

    def at_hand(self, mount: str, name: str) -> Known | None:
        """What is in memory; never waits."""
        return self._names.get((mount, name.lower()))

    def of(self, mount: str, name: str) -> Known:
        """What is known of a name, as its index spells it. Raises StoreUnreachable."""
        found = self.at_hand(mount, name)
        if found is not None:
            return found
        generation = self._generation
        rows = self._store.rulings(mount, name)
        known = Known(
            {(one.release.version, one.release.sha256): one for one in rows},
            self._store.pins(mount, name),
            generation,
        )
        with self._lock:
            # What was put or forgotten while we read is newer than what we read.
            key = (mount, name.lower())
            if key in self._names:
                return self._names[key]
            if self._generation == generation:
                self._names[key] = known
            while len(self._names) > _NAMES_MOST:
                self._names.popitem(last=False)
        return known

    def put(self, one: Ruling) -> None:
        """A ruling that was kept just now is in force from here on."""
        release = one.release
        with self._lock:
            generation = self._next()
            known = self._names.get((release.mount, release.name.lower()))
            if known is not None:
                known.rulings[release.version, release.sha256] = one
                known.generation = generation

    def pin(self, releases: list[Release]) -> None:
        """First checksums that are being kept."""
        with self._lock:
            for one in releases:
                known = self._names.get((one.mount, one.name.lower()))
                if known is not None:
                    known.pins.setdefault(one.version, one.sha256)

    def forget(self, mount: str, name: str) -> None:
        """Somebody else wrote about a name: ask the database again."""
        with self._lock:
            self._next()
            self._names.pop((mount, name.lower()), None)

    def forget_all(self) -> None:
        """Ask the database about everything again."""
        with self._lock:
            self._next()
            self._names.clear()

    def _next(self) -> int:
        self._generation += 1
        return self._generation
