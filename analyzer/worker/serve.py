"""The worker's own program: load everything, give up all powers, answer crates until the pipe closes.

Started by `analyzer.worker.pool` as `python -P -c ...`; never meant to be run by hand.
"""

from __future__ import annotations

import encodings.idna
import encodings.latin_1  # noqa: F401  # late imports fail once confined
import sys
from pathlib import Path
from typing import BinaryIO

from analyzer.limits import Limits
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.worker.confine import confine
from analyzer.worker.protocol import read_request, write_failure, write_report


def main(folder: str, rules: list[str], limits: Limits) -> None:
    """Serve crates on standard input; standard output carries answers and nothing else."""
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    try:
        ruleset = load_ruleset(Path(folder) if folder else None, tuple(Path(one) for one in rules))
    except (ValueError, OSError) as error:
        write_failure(answers, str(error))
        return
    confine(limits)
    while (request := read_request(source)) is not None:
        crate, context = request
        _answer(answers, ruleset, crate, context, limits)


def _answer(
    answers: BinaryIO, ruleset: RuleSet, crate: object, context: object, limits: Limits
) -> None:
    try:
        report = analyze(crate, ruleset=ruleset, context=context, limits=limits)  # type: ignore[arg-type]  # read_request checked both
    except Exception as error:  # noqa: BLE001  # the outermost call of this process: one crate's trouble is an answer
        write_failure(answers, f"{type(error).__name__}: {error}".splitlines()[0])
    else:
        write_report(answers, report)


__all__ = ["encodings", "main"]
