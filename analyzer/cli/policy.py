"""`cratescope policy init|check|explain|learn`: write, check, understand what a build lets in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.adopting import judged_now, tell_left_out, write_file
from analyzer.cli.exits import CODES, decision_code
from analyzer.cli.options import AsOf, Jobs, Offline, Quiet, Rules
from analyzer.cli.ownership import day_of, folders_of, owner_for
from analyzer.config import PROJECT_FILE, Settings, load_settings
from analyzer.errors import CratescopeError, UsageError
from analyzer.model import ClauseKind, Lockfile, Report, Verdict
from analyzer.project.decisions.adopt import learned
from analyzer.project.decisions.check import Complaint, complaints
from analyzer.project.decisions.explain import allowance_text, applying, waiver_texts
from analyzer.project.decisions.judge import Ages, decided_report
from analyzer.project.decisions.load import Owner
from analyzer.project.decisions.start import TEXT
from analyzer.registry.targets import Target, parse_target
from analyzer.report import decisions
from analyzer.report.text import one_line, printable

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
File = Annotated[Path, typer.Argument(metavar="[FILE]", help="The policy.")]
_HERE = Path(PROJECT_FILE)
_DEFAULT = f"give the policy's name, or write one with `cratescope policy init` ({PROJECT_FILE})"


@app.command("init")
def init(file: File = _HERE) -> None:
    """Write a policy to begin with: what is in force, and all else as comments."""
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(TEXT)
    except FileExistsError:
        raise UsageError(f"{file} is already there", remedy="name another file") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    typer.echo(one_line(f"wrote {file}; next: cratescope policy check {file}"))


@app.command("check")
def check(
    file: File = _HERE,
    *,
    lock: Annotated[
        list[Path] | None,
        typer.Option("--lock", metavar="PATH", help="A Cargo.lock or folder to compare with."),
    ] = None,
    rules: Rules = None,
    as_of: AsOf = "",
) -> None:
    """Is the policy sound, and are its waivers still of use? With --lock: for what is locked."""
    from analyzer.rules.ruleset import load_ruleset

    owner = _owner(file, day_of(as_of))
    known = [one.id for one in load_ruleset(extra=tuple(rules or ())).rules]
    found = list(complaints(owner, known, _locks(lock or [])))
    for one in found:
        word = "wrong" if one.is_wrong else "note"
        typer.echo(one_line(f"{one.place}: {word}: {one.text}"))
    typer.echo(one_line(_summary(file, owner, found)))
    if any(one.is_wrong for one in found):
        raise typer.Exit(CODES[Verdict.REVIEW])


def _owner(file: Path, day: str) -> Owner:
    try:
        owner = owner_for(file, day)
    except UsageError as error:
        if not file.exists():
            raise UsageError(str(error), remedy=_DEFAULT) from None
        raise
    assert owner is not None
    return owner


def _locks(paths: list[Path]) -> tuple[Lockfile, ...]:
    if not paths:
        return ()
    from analyzer.limits import DEFAULT_LIMITS
    from analyzer.project.locks import read_locks

    found = read_locks(paths, limits=DEFAULT_LIMITS)
    for gap in (one for one in found.gaps if one.is_blocking):
        raise UsageError(f"{gap.path}: {gap.reason}", remedy=gap.remedy)
    return found.lockfiles


def _summary(file: Path, owner: Owner, found: list[Complaint]) -> str:
    policy = owner.policy
    wrong = sum(one.is_wrong for one in found)
    counts = [
        f"{what}: {len(rows)}"
        for rows, what in (
            (owner.waivers, "waivers"),
            (policy.allowances, "entries of capabilities"),
            (policy.thresholds, "thresholds"),
            (policy.changes, "changed rules"),
            (policy.known, "crates on record"),
            (policy.audits.audits, "audits"),
        )
        if rows
    ]
    mode = "it only observes" if policy.is_observing else "it decides"
    state = f"{wrong} to mend" if wrong else "sound"
    return "; ".join((f"{file}: {state}", mode, *counts, f"sha256 {policy.digest}"))


# explain ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    report: Report
    ages: Ages


@app.command("explain")
def explain(
    target: Annotated[str, typer.Argument(metavar="CRATE@VERSION", help="What `scan` takes, too.")],
    file: File = _HERE,
    *,
    offline: Offline = False,
    registry: Annotated[
        str, typer.Option("--registry", metavar="URL", help="A sparse registry, by URL or name.")
    ] = "",
    rules: Rules = None,
    as_of: AsOf = "",
) -> None:
    """Which parts of the policy speak of a crate, why, and a waiver to fill in."""
    wanted = parse_target(target)
    day = day_of(as_of)
    owner = owner_for(file, day, folders_of((wanted,))) if file.exists() else _owner(file, day)
    assert owner is not None
    settings = load_settings(os.environ, registry=registry, is_offline=offline or None)
    found = _read(wanted, settings, day, tuple(rules or ()))
    report = decided_report(found.report, owner, found.ages)
    for line in _explained(report, owner, found.ages):
        typer.echo(line)
    assert report.decision is not None
    raise typer.Exit(decision_code(report.decision))


def _read(target: Target, settings: Settings, day: str, rules: tuple[Path, ...]) -> _Answer:
    from analyzer.cli.sources import Sources
    from analyzer.cli.surroundings import surroundings
    from analyzer.worker.pool import Pool

    known = surroundings(settings, day)
    sources = Sources((target,), settings, lambda _: None, known.contexts)
    with Pool(jobs=1, rules=rules) as pool:
        (answer,) = sources.answers(pool)
    known.close()
    if isinstance(answer, CratescopeError):
        raise answer
    return _Answer(answer, sources.ages)


def _explained(report: Report, owner: Owner, ages: Ages) -> Iterator[str]:
    crate, decision = report.crate, report.decision
    assert decision is not None
    name = printable(f"{crate.name} {crate.version}", max_characters=160)
    by = printable(decisions.by_whom(decision.policy, decision.digest))
    yield f"{name}: {decisions.word_of(decision)} {by}; the verdict is {report.verdict}"
    for label, text in decisions.rows_of(decision):
        yield f"  {label:<7} {printable(text, max_characters=1000)}"
    rows = list(applying(report, owner, ages))
    yield ""
    yield "What the policy says of it" if rows else "The policy says nothing of it by name."
    for part, text in rows:
        yield f"  {part:<18} {printable(text, max_characters=600)}"
    if any(one.kind is ClauseKind.CAPABILITY for one in decision.clauses):
        yield ""
        yield "To allow what it can do, once you know why it has to, in [policy.capabilities]:"
        yield ""
        yield printable(allowance_text(report), max_characters=2000)
    ready = list(waiver_texts(decision, crate, owner.today))
    if ready:
        yield ""
        yield "To accept it, once you have read the evidence (cratescope scan), add to the policy:"
        for text in ready:
            yield ""
            yield from (printable(line) for line in text.split("\n"))
    yield ""
    target = f"{crate.name}@{crate.version}"
    steps = decisions.steps_of(decision, target)
    yield from (f"- {printable(one)}" for one in steps if "policy explain" not in one)


# learn --------------------------------------------------------------------------------------------


@app.command("learn")
def learn(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders, Cargo.lock or Cargo.toml.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, not to the screen."),
    ] = None,
    *,
    offline: Offline = False,
    rules: Rules = None,
    as_of: AsOf = "",
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Read what lock files hold, and list what each crate can do today."""
    day = day_of(as_of)
    settings = load_settings(os.environ, is_offline=offline or None, jobs=jobs)
    cases = judged_now(paths, settings, tuple(rules or ()), as_of, is_quiet=quiet)
    found = learned(cases, day)
    write_file(found, output, "learned", f"{len(found.taken)} crates")
    raise typer.Exit(tell_left_out(found))
