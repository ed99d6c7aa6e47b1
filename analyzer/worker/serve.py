"""The worker's own program: load everything, give up all powers, answer until the pipe closes.

Started by `analyzer.worker.process`; never meant to be run by hand.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import hashlib
import json
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import re2

from analyzer.codec import CodecError, from_plain
from analyzer.errors import SignatureError
from analyzer.limits import MIB, Limits
from analyzer.model import Context, CrateSource, Report
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset
from analyzer.worker.confine import confine, grant_processor_time
from analyzer.worker.protocol import (
    Failure,
    Setup,
    read_request,
    write_answer,
    write_greeting,
)

Judge = Callable[[CrateSource, Context], Report]


def main(setup_text: str) -> None:
    """Serve crates on standard input; standard output carries answers and nothing else."""
    setup = from_plain(Setup, json.loads(setup_text))
    folder = Path(setup.folder) if setup.folder else None
    try:
        ruleset = load_ruleset(folder, tuple(Path(one) for one in setup.rules))
    except SignatureError as error:
        write_greeting(sys.stdout.buffer, error)
        return

    def judge(crate: CrateSource, context: Context) -> Report:
        return analyze(crate, ruleset=ruleset, context=context, limits=setup.limits)

    serve(judge, setup.limits)


def serve(judge: Judge, limits: Limits) -> None:
    """Confine this process, then answer every request by `judge`, until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not break into an answer
    hashlib.sha256(b"").digest()  # OpenSSL reads its files at first use, and soon there are none
    collect_rarely()
    let_go = _letting_go()
    confine(limits)
    write_greeting(answers)
    while (request := read_request(source)) is not None:
        grant_processor_time(limits.worker_cpu_s)
        _answer(answers, functools.partial(judge, *request), limits)
        del request
        let_go()


def _letting_go() -> Callable[[], None]:
    """What gives memory back between crates: one's must not stand beside what the next needs."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it

    def let_go() -> None:
        re2.purge()
        gc.collect()
        gc.freeze()  # what stays is what every crate needs: not looked through again
        if trim is not None:
            trim(0)

    return let_go


def collect_rarely() -> None:
    """Look for circles of garbage between crates, and within one only where it makes very many
    objects: parsing makes few circles, and a tenth of the time was spent looking.
    """
    gc.freeze()
    gc.set_threshold(1_000_000, 10, 50)


def _answer(stream: BinaryIO, judge: Callable[[], Report], limits: Limits) -> None:
    try:
        write_answer(stream, judge(), max_size_bytes=limits.answer_size_bytes)
    except BrokenPipeError:
        raise SystemExit(0) from None  # nobody listens any more
    except CodecError as error:
        reason = str(error)
    except MemoryError:
        reason = f"it needs more than {limits.worker_memory_bytes // MIB} MiB of memory"
    except Exception as error:  # noqa: BLE001  # outermost call of this process: one crate's trouble is an answer
        reason = _told(error)
    else:
        return
    write_answer(stream, Failure(reason), max_size_bytes=limits.answer_size_bytes)


def _told(error: Exception) -> str:
    """One line that lets an author find the place without the crate."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        place = f" at {Path(frame.f_code.co_filename).name}:{line}"
    return f"our own failure{place}: {type(error).__name__}: {error}".splitlines()[0]
