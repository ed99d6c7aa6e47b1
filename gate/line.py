"""The line in front of the judges: each release once, urgent ones first, never too long.

Among those who wait equally urgently whoever has least in the line goes first, and nobody may fill
more than half of it (threat model G8).
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum

from gate.errors import Busy
from gate.model import Release, Ruling

OnStep = Callable[[str], None]
Work = Callable[[OnStep], Ruling]


class Urgency(IntEnum):
    """Who waits for an answer; small goes first."""

    DOWNLOAD = 0
    CHECK = 1
    AHEAD = 2
    RESCAN = 3


class Job:
    """One release on its way, for the address that asked first. `state` says where it is."""

    def __init__(self, release: Release, work: Work, urgency: Urgency, who: str) -> None:
        self.release, self.work, self.urgency, self.who = release, work, urgency, who
        self.place = (int(urgency), 0, 0)
        self.future: Future[Ruling] = Future()
        self.state = "waiting"
        self.began = time.monotonic()
        self.is_taken = False

    @property
    def age_s(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self.began

    def say(self, state: str) -> None:
        """Note where it is."""
        self.state = state


class Line:
    """Threads that work off jobs. Closing it drops what waits, and lets what is at work end."""

    def __init__(self, threads: int, most: int) -> None:
        self._most = most
        self._heap: list[tuple[tuple[int, int, int], Job]] = []
        self._jobs: dict[Release, Job] = {}
        self._of: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._change = threading.Condition()
        self._is_closed = False
        self.done = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"judge-{one}", daemon=True)
            for one in range(threads)
        ]
        for one in self._threads:
            one.start()

    def ask(self, release: Release, work: Work, urgency: Urgency, who: str = "") -> Job:
        """The job for a release; the one that is there already, made more urgent if need be.

        `who` is a client's address, empty for the gate itself. Raises Busy when too many wait, all
        in all or for one client; downloads go before scans ahead, which then lose their place.
        """
        with self._change:
            job = self._jobs.get(release)
            if job is None:
                if len(self._jobs) >= self._most and not self._make_room(urgency):
                    raise Busy("too much waits to be read", remedy="come back in a minute")
                if who and self._of[who] >= max(1, self._most // 2):
                    raise Busy("you asked for much that is not read yet", remedy="wait for it")
                job = self._jobs[release] = Job(release, work, urgency, who)
                self._of[who] += 1
            elif urgency >= job.urgency:
                return job
            job.urgency = urgency
            rank = self._of[job.who] if job.who else 0
            job.place = (int(urgency), rank, next(self._numbers))
            heapq.heappush(self._heap, (job.place, job))
            self._change.notify()
        return job

    def _make_room(self, urgency: Urgency) -> bool:
        waiting = [one for one in self._jobs.values() if not one.is_taken]
        last = max(waiting, key=lambda one: one.place, default=None)
        if last is None or last.urgency <= urgency:
            return False
        self._gone(last)
        last.is_taken = True
        last.future.set_exception(Busy("too much waits to be read"))
        return True

    def ahead_of(self, job: Job) -> int:
        """How many jobs are waiting before this one."""
        with self._change:
            others = [one for one in self._jobs.values() if not one.is_taken and one is not job]
        return 0 if job.is_taken else sum(one.place < job.place for one in others)

    def __len__(self) -> int:
        return len(self._jobs)

    def close(self, wait_s: float = 30.0) -> None:
        """No further jobs; those at work may end within `wait_s`."""
        with self._change:
            self._is_closed = True
            left = [one for one in self._jobs.values() if not one.is_taken]
            for one in left:
                one.is_taken = True
                self._gone(one)
            self._change.notify_all()
        for one in left:
            one.future.set_exception(Busy("the gate is stopping"))
        deadline = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                ruling = job.work(job.say)
            except BaseException as error:  # noqa: BLE001  # handed to whoever waits
                self._end(job)
                job.future.set_exception(error)
            else:
                self._end(job)
                job.future.set_result(ruling)
            self.done += 1
            del job

    def _next(self) -> Job | None:
        with self._change:
            while not self._is_closed:
                while self._heap:
                    place, job = heapq.heappop(self._heap)
                    if not job.is_taken and place == job.place:
                        job.is_taken = True
                        return job
                self._change.wait()
        return None

    def _end(self, job: Job) -> None:
        with self._change:
            if self._jobs.get(job.release) is job:
                self._gone(job)

    def _gone(self, job: Job) -> None:
        self._jobs.pop(job.release)
        self._of[job.who] -= 1
        if not self._of[job.who]:
            del self._of[job.who]
