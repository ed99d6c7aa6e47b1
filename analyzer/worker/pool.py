"""Workers for many crates, and the reports that were made before.

A crate that kills its worker is tried once more alone in a fresh one, and then is that crate's
INCOMPLETE; no other crate notices (threat model P7).
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from analyzer.codec import CodecError, to_plain
from analyzer.errors import InternalError, WorkerFailure
from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.model import Context, CrateSource, Report, Verdict
from analyzer.worker.busy import Busy
from analyzer.worker.launch import command
from analyzer.worker.process import OutOfTime, Worker
from analyzer.worker.protocol import Setup
from analyzer.worker.report_cache import ReportCache, Wanted
from analyzer.worker.verdicts import unanswered

_CRATES_PER_WORKER = 64
_PROGRAM = "from analyzer.worker.serve import main; main(sys.argv[2])"
ContextFor = Callable[[CrateSource], Context]
OnDone = Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """A crate to be judged; `is_whole`: its report is needed whole whatever it says."""

    crate: CrateSource
    context: Context
    is_whole: bool = False


class Pool:
    """Confined workers. With a cache folder, what was judged before is not judged again.

    They start at once, so that their start overlaps the parent's own work, unless they are to wait
    (`is_eager`) because all may be known already. Use it in a `with`: leaving it ends all workers,
    also those in the middle of a crate.
    """

    def __init__(  # noqa: PLR0913  # three of seven are for tests or rarely given
        self,
        jobs: int = 1,
        limits: Limits = DEFAULT_LIMITS,
        folder: Path | None = None,
        rules: tuple[Path, ...] = (),
        *,
        cache_dir: Path | None = None,
        is_eager: bool = True,
        worker_command: tuple[str, ...] = (),
    ) -> None:
        """`folder` replaces the shipped rules, `rules` adds; `worker_command` is for tests.

        Raises SignatureError for rules that cannot be read, if there is a cache.
        """
        self._jobs = max(1, jobs)
        self.busy = Busy()
        self._limits = limits
        self.cache = (
            ReportCache(cache_dir, limits, rules, folder=folder) if cache_dir is not None else None
        )
        self._command = worker_command or _command(limits, folder, rules)
        self._lock = threading.Lock()
        self._living: set[Worker] = set()
        self._is_closed = False
        # Each thread owns one worker, for as long as both live: a worker must not outlive the
        # thread that started it, and its death must not be another thread's business.
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(self._jobs, thread_name_prefix="worker")
        for _ in range(self._jobs if is_eager else 0):
            self._threads.submit(self._worker)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went otherwise than meant but stopped nothing, such as a cache on a full disk."""
        return (self.cache.trouble,) if self.cache is not None and self.cache.trouble else ()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers; crates that still wait get no report."""
        with self._lock:
            self._is_closed = True
            for worker in self._living:
                worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            left, self._living = self._living, set()
        for worker in left:
            worker.end()

    def analyze_many(
        self,
        crates: Iterable[CrateSource],
        context_for: ContextFor | None = None,
        on_done: OnDone | None = None,
    ) -> Iterator[Report]:
        """Reports in the order of the crates; at most twice `jobs` crates are held at a time.

        Trouble of a crate is part of its report. `on_done` hears of each report as it is made,
        out of order and in another thread. Raises SignatureError for rules that cannot be read,
        InternalError when no worker can be started, and whatever `crates` raises.
        """
        context_of = context_for or (lambda _: Context())
        waiting: deque[Future[Report]] = deque()
        try:
            for crate in crates:
                waiting.append(self._submit(crate, context_of(crate), on_done))
                while waiting and (waiting[0].done() or len(waiting) >= 2 * self._jobs):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def briefs(self, asked: Iterable[Ask]) -> Iterator[Report]:
        """Reports without facts, indicators and files for those that are CLEAR, whole for others.

        As they are made, not in the order of the crates: a slow one holds up nobody. Raises as
        `analyze_many` does.
        """
        waiting: set[Future[Report]] = set()
        try:
            for one in asked:
                is_brief = not one.is_whole
                job = self._threads.submit(self._answer, one.crate, one.context, is_brief=is_brief)
                waiting.add(job)
                del one
                if len(waiting) > 2 * self._jobs:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (one.result() for one in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        finally:
            for future in waiting:
                future.cancel()

    def analyze_one(self, crate: CrateSource, context: Context | None = None) -> Report:
        """The report of one crate, as `analyze_many` makes it."""
        return self._submit(crate, context or Context(), None).result()

    def analyze_afresh(self, crate: CrateSource) -> Report:
        """The report of one crate by a worker, whatever was made before: a proof that one works."""
        job = self._threads.submit(self._made, crate, Context(), None, is_brief=False)
        return job.result()

    def _submit(
        self, crate: CrateSource, context: Context, on_done: OnDone | None
    ) -> Future[Report]:
        return self._threads.submit(self._judge, crate, context, on_done)

    def _judge(self, crate: CrateSource, context: Context, on_done: OnDone | None) -> Report:
        report = self._answer(crate, context)
        if on_done is not None:
            on_done(report)
        return report

    def _answer(self, crate: CrateSource, context: Context, *, is_brief: bool = False) -> Report:
        """The kept report, or a new one, which is kept."""
        if self.cache is None:
            return self._made(crate, context, None, is_brief=is_brief)
        key = self.cache.key(Wanted.of(crate), context)
        kept = self.cache.get(key, context, is_brief=is_brief)
        return kept or self._made(crate, context, key, is_brief=is_brief)

    def _made(
        self, crate: CrateSource, context: Context, key: str | None, *, is_brief: bool
    ) -> Report:
        reason = ""
        for is_last in (False, True):
            worker = self._worker()
            is_fresh = worker.answered == 0
            try:
                with self.busy.at_work():
                    report, sealed = worker.ask(crate, context)
                if not is_brief or report.verdict is not Verdict.CLEAR:
                    report = sealed.complete(report)
            except InternalError:
                # It did not even start. One that was killed meanwhile must not stay this thread's.
                self._retire(worker)
                if is_last:
                    raise
            except CodecError as error:
                self._retire(worker)
                reason = f"the worker answered nonsense ({error})"
            except WorkerFailure as error:
                self._retire(worker)
                reason = str(error)
                if is_fresh and isinstance(error, OutOfTime):
                    break
            else:
                if self.cache is not None and key is not None:
                    self.cache.put(key, sealed)
                return report
        return unanswered(crate, reason, self._limits)

    def _worker(self) -> Worker:
        """The own worker of this thread; a new one when there is none or it has served its time."""
        worker: Worker | None = getattr(self._own, "worker", None)
        if worker is not None and worker.answered < _CRATES_PER_WORKER:
            return worker
        if worker is not None:
            self._retire(worker)
        with self._lock:
            if self._is_closed:
                raise InternalError("the pool of workers is closed")
            self._own.worker = worker = Worker(self._command, self._limits)
            self._living.add(worker)
        return worker

    def _retire(self, worker: Worker) -> None:
        self._own.worker = None
        with self._lock:
            self._living.discard(worker)
        worker.end()


def _command(limits: Limits, folder: Path | None, rules: tuple[Path, ...]) -> tuple[str, ...]:
    replaced = str(folder.resolve()) if folder is not None else ""
    setup = Setup(replaced, tuple(str(one.resolve()) for one in rules), limits)
    return command(_PROGRAM, json.dumps(to_plain(setup)))
