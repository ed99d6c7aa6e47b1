"""`cratescope scan TARGET...`: read crates and report what they can do, with evidence."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.exits import CODES, decision_code, exit_code
from analyzer.cli.options import (
    AsOf,
    Jobs,
    Offline,
    OnlineMetadata,
    Output,
    PolicyFile,
    Quiet,
    Rules,
    formats_option,
)
from analyzer.cli.output import STDOUT, is_terminal, plan, prepare, warn, write
from analyzer.cli.ownership import folders_of, owner_for
from analyzer.cli.progress import progress
from analyzer.cli.sandboxing import (
    Artifacts,
    Features,
    NoTests,
    Project,
    Sandbox,
    SandboxProfile,
    Variables,
    Wish,
    observer,
)
from analyzer.cli.sources import Answer, Sources
from analyzer.cli.surroundings import surroundings
from analyzer.config import load_settings
from analyzer.errors import CratescopeError, UsageError
from analyzer.model import Report, Verdict
from analyzer.registry.targets import FolderTarget, Target, parse_target, read_targets
from analyzer.report import formats
from analyzer.report.text import one_line
from analyzer.worker.pool import Pool

if TYPE_CHECKING:
    from analyzer.project.decisions.load import Owner


RegistryUrl = Annotated[
    str, typer.Option("--registry", metavar="URL", help="A sparse registry, by URL or name.")
]
Vcs = Annotated[
    str,
    typer.Option(
        "--vcs", metavar="PATH|URL", help="Compare with the commit the archive names, there."
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, show_default=False, help="CLEAR crates in full, too."
    ),
]


def scan(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET",
            help="name, name@version, pkg:cargo/name@version, file.crate, folder, or - for a list.",
        ),
    ],
    format_: Annotated[list[str] | None, formats_option(formats())] = None,
    output: Output = None,
    *,
    offline: Offline = False,
    registry: RegistryUrl = "",
    rules: Rules = None,
    as_of: AsOf = "",
    online_metadata: OnlineMetadata = False,
    policy: PolicyFile = None,
    vcs: Vcs = "",
    sandbox: Sandbox = "",
    sandbox_profile: SandboxProfile = "both",
    sandbox_features: Features = "",
    sandbox_project: Project = "",
    env: Variables = None,
    sandbox_no_tests: NoTests = False,
    artifacts: Artifacts = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Read crates and report what they can do, with evidence."""
    pairs = plan(format_ or [], output or [])
    settings = load_settings(os.environ, registry=registry, is_offline=offline or None, jobs=jobs)
    wanted = _targets(targets, vcs)
    known = surroundings(settings, as_of, asks_site=online_metadata)
    owner = owner_for(policy, known.contexts.as_of, folders_of(wanted))
    warnings: list[str] = []
    tests, variables = not sandbox_no_tests, tuple(env or ())
    features, project = sandbox_features, sandbox_project
    wish = Wish(sandbox, sandbox_profile, variables, artifacts, features, project, tests)
    number, place = min(settings.jobs, len(wanted)), settings.cache_dir
    with (
        Pool(number, rules=tuple(rules or ()), cache_dir=place) as pool,
        progress(len(wanted), is_quiet=quiet) as advance,
    ):
        prepare(pairs)
        observe = observer(wish, settings, lambda text: advance(text, by=0))
        sources = Sources(wanted, settings, warnings.append, known.contexts, observe)
        outcome = _Outcome(pairs, owner, sources, is_full=verbose > 0)
        for target, answer in zip(wanted, sources.answers(pool, vcs=vcs), strict=True):
            outcome.add(answer, target)
            advance(_label(answer))
    known.close()
    if outcome.has_reports:
        warnings += known.warnings
    warn(() if quiet else warnings)
    raise typer.Exit(outcome.end())


class _Outcome:
    """What a run found so far. As JSON lines to a pipe, reports go out at once and none is kept."""

    def __init__(
        self,
        pairs: list[tuple[str, str]],
        owner: Owner | None,
        sources: Sources,
        *,
        is_full: bool,
    ) -> None:
        self._pairs, self._is_full = pairs, is_full
        self._owner, self._sources = owner, sources
        self._is_stream = pairs == [("jsonl", STDOUT)] and not is_terminal(sys.stdout)
        self._reports: list[Report] = []
        self._folders: list[Path | None] = []
        self._failures: list[CratescopeError] = []
        self._codes: list[int] = []

    @property
    def has_reports(self) -> bool:
        """Whether anything was judged."""
        return bool(self._codes)

    def add(self, answer: Answer, target: Target) -> None:
        """Take in what came of a target."""
        if not isinstance(answer, Report):
            self._failures.append(answer)
            return
        answer = self._decided(answer)
        if self._is_stream:
            write((answer,), self._pairs)
        else:
            self._reports.append(answer)
            self._folders.append(target.path if isinstance(target, FolderTarget) else None)

    def _decided(self, report: Report) -> Report:
        """The report as the policy sees it, its code noted: the decision's, else the verdict's."""
        if self._owner is None:
            self._codes.append(CODES[report.verdict])
            return report
        from analyzer.project.decisions.judge import decided_report

        found = decided_report(report, self._owner, self._sources.ages)
        assert found.decision is not None
        self._codes.append(decision_code(found.decision))
        policy = self._owner.policy
        if found.decision.stale and policy.fails_on_stale and not policy.is_observing:
            self._codes.append(CODES[Verdict.REVIEW])
        return found

    def end(self) -> int:
        """Write what was kept; the exit code. Raises the error if there is nothing but one."""
        if len(self._failures) == 1 and not self._codes:
            raise self._failures[0]
        for error in self._failures:
            remedy = f"; {error.remedy}" if error.remedy else ""
            typer.echo(f"cratescope: error: {one_line(f'{error}{remedy}')}", err=True)
        if self._reports:
            write(
                tuple(self._reports),
                self._pairs,
                is_full=self._is_full,
                folders=tuple(self._folders),
                here=Path(),
                failures=tuple(str(one) for one in self._failures),
            )
        return exit_code([*self._codes, *(one.exit_code for one in self._failures)])


def _targets(texts: list[str], vcs: str) -> tuple[Target, ...]:
    """What is named. Raises UsageError for nothing, and for too much beside --vcs."""
    found: list[Target] = []
    for text in texts:
        found += read_targets(sys.stdin) if text == "-" else [parse_target(text)]
    if not found:
        raise UsageError("no target", remedy="name a crate, an archive or a folder")
    if vcs and len(found) > 1:
        raise UsageError("--vcs is about one crate", remedy="name one target")
    return tuple(found)


def _label(answer: Answer) -> str:
    if isinstance(answer, Report):
        return f"{answer.crate.name} {answer.verdict}"
    return str(answer)
