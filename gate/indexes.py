"""Index files at hand: fetched once for all who ask, edited once for each state of things."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from analyzer.errors import UnknownCrate
from gate.upstream import IndexCopy

_HELD_BYTES = 48 << 20
Fetch = Callable[[], IndexCopy]


@dataclass(slots=True)
class Held:
    """One file; `edited` is what was made of it: key of the state of things, bytes, validator."""

    copy: IndexCopy
    at: float
    edited: tuple[object, bytes, str] = field(default=((), b"", ""))


class Indexes:
    """Safe to share between threads. Absent names are remembered for a short time only."""

    def __init__(self, age_s: float, absent_s: float) -> None:
        self._age_s, self._absent_s = age_s, absent_s
        self._held: OrderedDict[tuple[str, str], Held] = OrderedDict()
        self._absent: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._under_way: dict[tuple[str, str], Future[Held]] = {}
        self._lock = threading.Lock()
        self._size_bytes = 0

    def at_hand(self, mount: str, name: str) -> Held | None:
        """A young file; never waits."""
        held = self._held.get((mount, name))
        return held if held is not None and time.monotonic() - held.at < self._age_s else None

    def is_absent(self, mount: str, name: str) -> bool:
        """Whether the upstream said a moment ago that there is no such crate."""
        at = self._absent.get((mount, name))
        return at is not None and time.monotonic() - at < self._absent_s

    def get(self, mount: str, name: str, fetch: Fetch, *, is_checked: bool = False) -> Held:
        """The file, fetched unless it is young; raises what `fetch` raises, and UnknownCrate."""
        key = (mount, name)
        held = None if is_checked else self.at_hand(mount, name)
        if held is not None:
            return held
        if not is_checked and self.is_absent(mount, name):
            raise UnknownCrate(f"no crate `{name}`")
        with self._lock:
            future = self._under_way.get(key)
            is_mine = future is None
            if future is None:
                future = self._under_way[key] = Future()
        if not is_mine:
            return future.result()
        try:
            held = self._keep(key, fetch())
        except BaseException as error:
            self._failed(key, error)
            future.set_exception(error)
            # Whoever waits gets it; it must not count as never looked at if nobody does.
            future.exception()
            raise
        else:
            future.set_result(held)
            return held
        finally:
            with self._lock:
                self._under_way.pop(key, None)

    def _keep(self, key: tuple[str, str], copy: IndexCopy) -> Held:
        with self._lock:
            self._absent.pop(key, None)
            before = self._held.pop(key, None)
            held = Held(copy, time.monotonic())
            if before is not None:
                self._size_bytes -= len(before.copy.data)
                if before.copy.digest == copy.digest:
                    held = Held(
                        before.copy if before.copy.is_stale == copy.is_stale else copy, held.at
                    )
                    held.edited = before.edited
            self._held[key] = held
            self._size_bytes += len(copy.data)
            while self._size_bytes > _HELD_BYTES and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._size_bytes -= len(gone.copy.data)
        return held

    def _failed(self, key: tuple[str, str], error: BaseException) -> None:
        if not isinstance(error, UnknownCrate):
            return
        with self._lock:
            gone = self._held.pop(key, None)
            self._size_bytes -= len(gone.copy.data) if gone is not None else 0
            self._absent[key] = time.monotonic()
            while len(self._absent) > 50_000:
                self._absent.popitem(last=False)
