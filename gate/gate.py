"""A gate put together: from settings to a desk that answers, and all of it ended in order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from analyzer.config import load_settings
from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.worker.pool import Pool
from gate.advisories import Databases
from gate.clerk import Clerk
from gate.desk import Desk, Parts
from gate.judge import Judge
from gate.ledger import Ledger
from gate.line import Line
from gate.owners import Owners
from gate.settings import GateSettings
from gate.standings import Standings
from gate.store.engine import Database, sqlite_url
from gate.store.people import People
from gate.store.store import Store
from gate.upstream import Upstream
from gate.web.auth import Auth

_THREADS_PER_JOB = 3
"""Judges fetch while others read; the pool of workers keeps to the number of processors."""


def now() -> str:
    """The time as everything here writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> str:
    """The day, UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def open_database(settings: GateSettings) -> Database:
    """The database of a gate, its tables there. Raises UsageError, StoreUnreachable."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Database(settings.database_url or sqlite_url(settings.data_dir))


class Gate:
    """Everything that serves. Raises UsageError, StoreUnreachable when it cannot begin."""

    def __init__(
        self,
        settings: GateSettings,
        limits: Limits = DEFAULT_LIMITS,
        *,
        day: Callable[[], str] = today,
        worker_command: tuple[str, ...] = (),
    ) -> None:
        """`day` and `worker_command` are for tests."""
        self.settings = settings
        self.store = Store(open_database(settings), now)
        self.people = People(self.store)
        self.auth = Auth(settings, self.people)
        self.owners = Owners(settings, self.people, datetime.now(UTC).date())
        self.pool = Pool(
            settings.jobs,
            limits,
            cache_dir=settings.data_dir / "store",
            worker_command=worker_command,
        )
        contexts = Databases(load_settings(os.environ).data_dir)
        contexts(day())  # a damaged one is told now
        self.judge = Judge(self.pool, settings, limits, contexts)
        upstreams = {one.name: Upstream(one, settings, limits) for one in settings.mounts}
        self.line = Line(settings.jobs * _THREADS_PER_JOB, settings.queue_size)
        ledger = Ledger(self.store)
        standings = Standings(self.store)
        parts = Parts(
            settings,
            self.store,
            standings,
            self.owners,
            self.judge,
            self.line,
            ledger,
            upstreams,
            contexts,
            day,
        )
        self.desk = Desk(parts)

        def judged_by(mount: str) -> str:
            return self.judge.digest(self.owners.policy(mount), contexts(day()).labels)

        self.clerk = Clerk(self.desk, self.auth.refresh, judged_by)

    def start(self) -> None:
        """Begin what goes on without being asked. Raises StoreUnreachable."""
        self.clerk.start()

    def close(self) -> None:
        """End in order: no further work, what is at work ends, what is known is written."""
        self.line.close()
        self.clerk.close()
        for one in self.desk.parts.upstreams.values():
            one.close()
        self.pool.close()
        self.store.database.close()
