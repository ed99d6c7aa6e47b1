"""The parent's side: starts workers, hands them crates, believes nothing they say unchecked.

A crate that kills its worker is tried once more alone and then is that crate's INCOMPLETE; the
others go on in a fresh worker (threat model P7).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass, field
from pathlib import Path

from analyzer.codec import CodecError
from analyzer.errors import SignatureError
from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.model import Context, CrateSource, Report
from analyzer.worker.protocol import read_answer, write_request
from analyzer.worker.verdicts import unanswered

_CRATES_PER_WORKER = 64
_PROGRAM = (
    "import sys; from analyzer.limits import Limits; from analyzer.worker.serve import main;"
    "import json; main(sys.argv[1], sys.argv[3:], Limits(*json.loads(sys.argv[2])))"
)
ContextFor = Callable[[CrateSource], Context]


class WorkerGone(Exception):
    """The worker ended, or answered nonsense; the message says how."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    served: int = 0


@dataclass
class Pool:
    """Confined workers, started early so that their start overlaps the parent's own work."""

    jobs: int = 1
    limits: Limits = DEFAULT_LIMITS
    folder: Path | None = None
    rules: tuple[Path, ...] = ()
    _idle: deque[_Worker] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Pool:
        for _ in range(max(1, self.jobs)):
            self._idle.append(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._idle:
            _end(worker)
        self._idle.clear()

    def analyze_many(
        self, crates: Iterable[CrateSource], context_for: ContextFor | None = None
    ) -> Iterator[Report]:
        """Reports in the order of the crates; at most twice `jobs` crates are held at a time."""
        context_of = context_for or (lambda _: Context())
        with ThreadPoolExecutor(max(1, self.jobs)) as threads:
            waiting: deque[Future[Report]] = deque()
            for crate in crates:
                waiting.append(threads.submit(self.analyze_one, crate, context_of(crate)))
                if len(waiting) >= 2 * max(1, self.jobs):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def analyze_one(self, crate: CrateSource, context: Context | None = None) -> Report:
        """The report of one crate; trouble with a worker is part of it, never an exception."""
        reason = ""
        for _ in range(2):
            worker = self._take()
            try:
                answer = self._ask(worker, crate, context or Context())
            except WorkerGone as error:
                reason = str(error)
                _end(worker)
                continue
            self._give_back(worker)
            if isinstance(answer, Report):
                return answer
            if worker.process.poll() is not None and "rule" in answer:
                raise SignatureError(answer)
            reason = answer
            break
        return unanswered(crate, reason, self.limits)

    def _ask(self, worker: _Worker, crate: CrateSource, context: Context) -> Report | str:
        process = worker.process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            write_request(process.stdin, crate, context)  # type: ignore[arg-type]  # IO[bytes] is a BinaryIO
        except OSError:
            pass  # the answer, or how it died, says why
        try:
            answer = read_answer(process.stdout, max_size_bytes=self.limits.answer_size_bytes)  # type: ignore[arg-type]  # as above
        except EOFError:
            raise WorkerGone(_death(process)) from None
        except CodecError as error:
            process.kill()
            raise WorkerGone(f"the worker answered nonsense ({error})") from None
        worker.served += 1
        if isinstance(answer, Report):
            told = (answer.crate.name, answer.crate.version, answer.crate.sha256)
            if told != (crate.ref.name, crate.ref.version, crate.sha256):
                process.kill()
                raise WorkerGone("the worker answered for another crate")
        return answer

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.popleft()
        return self._start()

    def _give_back(self, worker: _Worker) -> None:
        if worker.served >= _CRATES_PER_WORKER or worker.process.poll() is not None:
            _end(worker)
            return
        with self._lock:
            self._idle.append(worker)

    def _start(self) -> _Worker:
        command = [sys.executable, "-P", "-c", _PROGRAM]
        command += [str(self.folder or ""), json.dumps(astuple(self.limits))]
        command += [str(one.resolve()) for one in self.rules]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            start_new_session=False,
        )
        return _Worker(process)


def _environment() -> dict[str, str]:
    """Nothing of the caller's environment but what Python needs to find itself."""
    kept = {"PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    if "SYSTEMROOT" in os.environ:
        kept["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return kept


def _end(worker: _Worker) -> None:
    process = worker.process
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                process.kill()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _death(process: subprocess.Popen[bytes]) -> str:
    code = process.wait()
    if code >= 0:
        return f"the worker ended with status {code}"
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return (
            f"the worker was killed ({signal.Signals(-code).name}: out of processor time or memory)"
        )
    return f"the worker crashed ({signal.Signals(-code).name})"
