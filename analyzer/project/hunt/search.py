"""`hunt`: all the work of a search, spread over processes, its results brought together.

A process that dies (a hostile file may kill it) is a gap for what it had in hand, never silence.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

from analyzer.model import Gap, GapKind
from analyzer.project.hunt.archives import read_archive
from analyzer.project.hunt.history import read_history
from analyzer.project.hunt.matching import Matcher
from analyzer.project.hunt.model import Batch, Counts, Sighting
from analyzer.project.hunt.names import Reader
from analyzer.project.hunt.readers import DEP_INFO_BYTES, MAX_BYTES, read
from analyzer.project.hunt.times import iso
from analyzer.project.hunt.walk import Task, Walk, Work
from analyzer.project.locks import shown

_FEW = 4
"""With fewer pieces of work, starting processes costs more than it saves."""
_MEMORY_BYTES = 4 << 30
_IN_HAND = 4

OnDone = Callable[[str], None]
OnPlan = Callable[[int], OnDone]


def search(paths: Sequence[Path], walk: Walk, *, jobs: int, on_plan: OnPlan) -> Batch:
    """Sightings, gaps and counts of everything below the paths. Raises UsageError.

    `on_plan` is told how many pieces of work there are, and gives what is called as each ends.
    """
    tasks = tuple(walk.tasks(paths))
    done = on_plan(len(tasks))
    sightings: list[Sighting] = list(walk.sightings)
    gaps: list[Gap] = list(walk.gaps)
    counts = Counts(files=walk.files)
    for task, batch in _results(tasks, walk.matcher, jobs):
        sightings += batch.sightings
        gaps += batch.gaps
        counts = counts + batch.counts
        done(task.paths[0])
    return Batch(tuple(sightings), tuple(gaps), counts)


def run(task: Task, matcher: Matcher) -> Batch:
    """One piece of work."""
    if task.work is Work.HISTORY:
        return read_history(task.paths[0], matcher)
    if task.work is Work.ARCHIVE:
        return read_archive(task.paths[0], task.root, matcher)
    return _files(task, matcher)


def _files(task: Task, matcher: Matcher) -> Batch:
    sightings: list[Sighting] = []
    gaps: list[Gap] = []
    locks = 0
    for path, reader in zip(task.paths, task.readers, strict=True):
        locks += reader is Reader.LOCK
        for one in _file(path, reader, matcher):
            if isinstance(one, Gap):
                gaps.append(one)
            else:
                sightings.append(replace(one, root=task.root))
    manifests = sum(one is Reader.MANIFEST for one in task.readers)
    return Batch(tuple(sightings), tuple(gaps), Counts(lockfiles=locks, manifests=manifests))


def _file(path: str, reader: Reader, matcher: Matcher) -> Iterator[Sighting | Gap]:
    most = DEP_INFO_BYTES if reader is Reader.DEP_INFO else MAX_BYTES
    where = shown(Path(path))
    try:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            data = file.read(most + 1)
            time = iso(os.fstat(file.fileno()).st_mtime)
    except OSError as error:
        yield Gap(GapKind.UNREADABLE, error.strerror or "not readable", where, is_blocking=True)
        return
    if len(data) > most:
        # A dep-info beyond the bound names thousands of sources; the rest of a build tells, too.
        is_blocking = reader is not Reader.DEP_INFO
        yield Gap(GapKind.TOO_LARGE, f"over {most} bytes", where, is_blocking=is_blocking)
        if is_blocking:
            return
    for one in read(reader, where, data, matcher):
        yield replace(one, seen_at=time) if isinstance(one, Sighting) else one


# Processes ----------------------------------------------------------------------------------------

_matcher: list[Matcher] = []
"""The matcher of a worker process, handed over once."""


def _start(matcher: Matcher) -> None:
    _matcher[:] = [matcher]
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(hard, _MEMORY_BYTES)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _work(task: Task) -> Batch:
    return run(task, _matcher[0])


def _results(tasks: Sequence[Task], matcher: Matcher, jobs: int) -> Iterator[tuple[Task, Batch]]:
    if jobs < 2 or len(tasks) < _FEW:
        yield from ((one, _guarded(one, lambda one=one: run(one, matcher))) for one in tasks)  # type: ignore[misc]
        return
    left: Iterable[Task] = tasks
    while left:
        left = yield from _pooled(tuple(left), matcher, jobs)
        jobs = 1  # what was in hand when a process died is tried again, each by itself


def _pooled(
    tasks: tuple[Task, ...], matcher: Matcher, jobs: int
) -> Generator[tuple[Task, Batch], None, list[Task]]:
    """Yields results; returns what is to be tried again after a process died."""
    context = multiprocessing.get_context("spawn")
    again: list[Task] = []
    waiting = list(reversed(_largest_first(tasks)))
    in_hand = jobs * _IN_HAND if jobs > 1 else 1
    with ProcessPoolExecutor(jobs, context, _start, (matcher,)) as pool:
        running: dict[Future[Batch], Task] = {}
        while waiting or running:
            while waiting and len(running) < in_hand and not again:
                task = waiting.pop()
                running[pool.submit(_work, task)] = task
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for one in finished:
                task = running.pop(one)
                if isinstance(one.exception(), BrokenProcessPool):
                    again.append(task)
                else:
                    yield task, _guarded(task, one.result)
            if again and not running:
                again += waiting
                break
    if again and jobs == 1:
        yield again[0], _lost(again[0], "the process that read it died")
        again = again[1:]
    return again


def _largest_first(tasks: Iterable[Task]) -> list[Task]:
    order = {Work.HISTORY: 0, Work.ARCHIVE: 1, Work.FILES: 2}
    return sorted(tasks, key=lambda one: order[one.work])


def _guarded(task: Task, result: Callable[[], Batch]) -> Batch:
    """A result; what goes wrong in one piece of work is that one's gap."""
    try:
        return result()
    except (RecursionError, MemoryError, OSError, ValueError) as error:
        return _lost(task, f"not read: {type(error).__name__}: {error}")


def _lost(task: Task, reason: str) -> Batch:
    where = (shown(Path(one)) for one in task.paths)
    gaps = (Gap(GapKind.UNREADABLE, reason, one, is_blocking=True) for one in where)
    return Batch(gaps=tuple(gaps))
