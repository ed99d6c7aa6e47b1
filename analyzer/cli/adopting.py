"""What `policy learn` and `baseline` share: reading what is locked, telling what is left out."""

from __future__ import annotations

from pathlib import Path

import typer

from analyzer.cli.exits import CODES
from analyzer.cli.output import replace_file, show
from analyzer.config import Settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Verdict
from analyzer.policy.case import Case
from analyzer.project.audit import audit_names
from analyzer.project.decisions.adopt import Adopted
from analyzer.project.decisions.judge import audit_cases
from analyzer.project.locks import read_locks
from analyzer.report.text import one_line
from analyzer.signatures import load_known_bad

NAMED = 20


def judged_now(
    paths: list[Path], settings: Settings, rules: tuple[Path, ...], as_of: str, *, is_quiet: bool
) -> tuple[Case, ...]:
    """A case for each locked package, with its contents read as `audit --scan` reads them."""
    from analyzer.cli.audit import scanned

    locks = read_locks(paths, limits=DEFAULT_LIMITS)
    known, digest = load_known_bad()
    found = audit_names(locks, known, digest, is_scanned=True)
    found = scanned(found, settings, rules, as_of, is_quiet=is_quiet)
    for gap in found.gaps:
        if gap.is_blocking:
            _say(f"{gap.path}: {gap.reason}")
    return tuple(audit_cases(found, {}))


def write_file(found: Adopted, output: Path | None, key: str, count: str) -> None:
    """The file to its place, or to standard output; what to do with it on standard error."""
    if output is None:
        show(found.text)
        return
    replace_file(output, found.text)
    _say(f'wrote {output}: {count}; name it in the policy: {key} = "{output.name}"')


def tell_left_out(found: Adopted) -> int:
    """Tell what a person should read and what the file does not hold; the exit code of that."""
    for names, text in (
        (found.to_read, "taken in, and should be read by a person"),
        (found.unread, "left out, since they were not read whole"),
        (found.blocked, "LEFT OUT, since they are BLOCK: do not build them"),
    ):
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            _say(f"{len(names)} {text}: {', '.join(names[:NAMED])}{more}")
    if found.unread:
        _say("a waiver for what could not be read: cratescope policy explain CRATE@VERSION")
    if found.blocked:
        return CODES[Verdict.BLOCK]
    return CODES[Verdict.INCOMPLETE] if found.unread else 0


def _say(text: str) -> None:
    typer.echo(f"cratescope: {one_line(text)}", err=True)
