"""One worker process as its parent sees it: started, asked, watched, ended.

Nothing it says is believed unchecked, and nothing it does can block the parent for longer than
the limits allow. It knows no order of crates and no second tries: that is the pool's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import BinaryIO, cast

from analyzer.codec import CodecError
from analyzer.errors import InternalError, WorkerFailure
from analyzer.limits import Limits
from analyzer.model import Context, CrateInfo, CrateSource, Report
from analyzer.worker.launch import environment
from analyzer.worker.protocol import (
    Failure,
    Sealed,
    read_answer,
    read_greeting,
    write_request,
)

_GRACE_S = 10
_TAIL_BYTES = 65_536
_LINE_MAX = 200


class OutOfTime(WorkerFailure):
    """The worker used up its processor time or kept silent too long: a second try is no use."""


class Worker:
    """A child that analyzes one crate at a time. Made by one thread and used by that thread alone:
    Linux ends it together with that thread.
    """

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        """Start it, and do not wait for it. Raises InternalError when it cannot be started."""
        self.answered = 0
        self._limits = limits
        self._is_greeted = False
        self._is_late = False
        try:
            self._process, self._errors = _start(command)
        except OSError as error:
            raise InternalError(
                f"no worker process can be started: {error.strerror}",
                remedy="free memory, or raise the limits of processes and open files",
            ) from None
        self._requests = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)

    def ask(self, crate: CrateSource, context: Context) -> tuple[Report, Sealed]:
        """The worker's report on this crate in its brief form, and all of it, sealed.

        Raises WorkerFailure when there is none (the worker must be ended then), SignatureError
        when it refuses the rules, InternalError when it cannot even start.
        """
        watchdog = threading.Timer(self._limits.worker_wall_s, self._stop_late)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._greet()
            answer = self._exchange(crate, context)
        finally:
            watchdog.cancel()
        self.answered += 1
        return answer

    def _greet(self) -> None:
        if self._is_greeted:
            return
        try:
            read_greeting(self._answers)
        except (EOFError, CodecError):
            raise InternalError(
                f"a worker process does not start: {self._death()}",
                remedy="run `cratescope doctor`",
            ) from None
        self._is_greeted = True

    def _exchange(self, crate: CrateSource, context: Context) -> tuple[Report, Sealed]:
        sender = threading.Thread(target=self._send, args=(crate, context), daemon=True)
        sender.start()
        try:
            answer = read_answer(self._answers, max_size_bytes=self._limits.answer_size_bytes)
            brief = answer.open_brief() if isinstance(answer, Sealed) else None
        except EOFError:
            raise self._failure() from None
        except CodecError as error:
            self._process.kill()  # it may never read the rest of the request
            raise WorkerFailure(f"the worker answered nonsense ({error})") from None
        finally:
            sender.join(_GRACE_S)
        if isinstance(answer, Failure) or brief is None:
            raise WorkerFailure(answer.reason if isinstance(answer, Failure) else "no report")
        if sender.is_alive():
            raise WorkerFailure("the worker answered before it had read the crate")
        ref = crate.ref
        if brief.crate != CrateInfo(ref.name, ref.version, crate.sha256, crate.origin):
            raise WorkerFailure("the worker answered for another crate")
        return brief, answer

    def _send(self, crate: CrateSource, context: Context) -> None:
        try:
            write_request(self._requests, crate, context)
        except (OSError, ValueError):  # it has ended, or was ended: the answer tells
            return

    def _stop_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def _failure(self) -> WorkerFailure:
        death = self._death()
        if self._is_late or self._process.returncode == -signal.SIGXCPU:
            return OutOfTime(death)
        return WorkerFailure(death)

    def _death(self) -> str:
        """How it ended, in words. One that lives on without a word is ended."""
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return "the worker stopped answering"
        if self._is_late:
            return f"the worker gave no answer in {self._limits.worker_wall_s} s"
        if code == -signal.SIGXCPU:
            return f"it needs more than {self._limits.worker_cpu_s} s of processor time"
        if code == -signal.SIGKILL:
            return "the worker was killed (SIGKILL), as systems do that run out of memory"
        how = f"the worker crashed ({_signal_name(-code)})"
        if code >= 0:
            how = f"the worker ended with status {code}"
        return f"{how}{self._last_words()}"

    def _last_words(self) -> str:
        try:
            text = os.read(self._errors, _TAIL_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""
        lines = [one.strip() for one in text.splitlines() if one.strip()]
        return f": {lines[-1][:_LINE_MAX]}" if lines else ""

    def kill(self) -> None:
        """End the process at once; may be called from any thread."""
        self._process.kill()

    def end(self) -> None:
        """End the process and give back all it held."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers):
            try:
                stream.close()
            except OSError:  # bytes that were still to be sent
                continue
        os.close(self._errors)


def _start(command: Sequence[str]) -> tuple[subprocess.Popen[bytes], int]:
    """The child, and the end of a pipe where its complaints can be read."""
    errors, complaints = os.pipe()
    try:
        # a full pipe drops what comes: nobody has to read it while the child lives
        os.set_blocking(complaints, False)
        os.set_blocking(errors, False)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd="/",
            env=environment(),
            start_new_session=True,  # keys typed at the terminal are the parent's
        )
    except OSError:
        os.close(errors)
        raise
    finally:
        os.close(complaints)
    return process, errors


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
