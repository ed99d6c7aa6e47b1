"""`cratescope audit PATH...`: judge what lock files hold, by name and with --scan by content."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.exits import CODES, decision_code, exit_code
from analyzer.cli.options import (
    AllFeatures,
    AsOf,
    Features,
    Jobs,
    NoDefaultFeatures,
    Offline,
    Output,
    PolicyFile,
    Quiet,
    Rules,
    Targets,
    formats_option,
)
from analyzer.cli.output import plan, publish, warn
from analyzer.cli.ownership import base_for, day_of, owner_for
from analyzer.config import Settings, load_settings
from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Severity, Verdict
from analyzer.project.audit import (
    AuditResult,
    Since,
    audit_names,
    is_from_registry,
    judged_places,
)
from analyzer.project.formats import formats
from analyzer.project.graph.reach import Choice
from analyzer.project.locks import Locks, read_locks
from analyzer.signatures import load_known_bad

if TYPE_CHECKING:
    from analyzer.project.decisions.load import Owner

_Hygiene = Annotated[
    bool, typer.Option("--hygiene", help="Look at pipelines, locks and secrets of the build, too.")
]
_CheckNames = Annotated[
    bool,
    typer.Option(
        "--check-names",
        help="Ask the default registry about names from elsewhere: it learns them.",
    ),
]
_HygieneStrict = Annotated[
    bool, typer.Option("--hygiene-strict", help="The same; what it finds asks for a REVIEW.")
]


def audit(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders, Cargo.lock or Cargo.toml.")
    ],
    format_: Annotated[list[str] | None, formats_option(formats("audit"))] = None,
    output: Output = None,
    *,
    scan: Annotated[
        bool, typer.Option("--scan", help="Fetch and read every locked crate as well.")
    ] = False,
    hygiene: _Hygiene = False,
    hygiene_strict: _HygieneStrict = False,
    check_names: _CheckNames = False,
    changed_only: Annotated[
        str,
        typer.Option(
            "--changed-only",
            metavar="BASE",
            help="Judge only what differs from this commit of the repository.",
        ),
    ] = "",
    offline: Offline = False,
    registry: Annotated[
        str, typer.Option("--registry", metavar="URL", help="A mirror of the public registry.")
    ] = "",
    rules: Rules = None,
    policy: PolicyFile = None,
    as_of: AsOf = "",
    features: Features = None,
    all_features: AllFeatures = False,
    no_default_features: NoDefaultFeatures = False,
    target: Targets = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Judge what lock files hold: by name at once, by content with --scan."""
    pairs = plan(format_ or [], output or [], formats("audit"))
    choice = Choice(_listed(features), not no_default_features, all_features, tuple(target or ()))
    _check_use(is_scanned=scan, rules=rules, choice=choice)
    settings = load_settings(os.environ, registry=registry, is_offline=offline or None, jobs=jobs)
    owner = _owner(paths, changed_only, policy, day_of(as_of), is_quiet=quiet)
    if as_of and not scan and owner is None:
        raise UsageError("--as-of counts ages of contents", remedy="add --scan or --policy")
    is_kept = hygiene or hygiene_strict
    locks = read_locks(paths, limits=DEFAULT_LIMITS, is_required=not is_kept)
    found = _by_name(locks, changed_only, is_scanned=scan)
    if check_names:
        found = _named(found, settings)
    if scan:
        folders = tuple(rules or ())
        found = scanned(found, settings, folders, as_of, choice=choice, is_quiet=quiet)
    if owner is not None:
        found = _decided(found, owner, settings)
    if is_kept:
        from analyzer.project.hygiene import check

        found = replace(found, hygiene=check(paths))

    publish("audit", found, pairs, here=Path())
    raise typer.Exit(_code(found, is_strict=hygiene_strict))


def _listed(texts: list[str] | None) -> tuple[str, ...]:
    """Names as cargo takes them: several options, commas, blanks."""
    return tuple(one for text in texts or () for one in text.replace(",", " ").split())


def _check_use(*, is_scanned: bool, rules: list[Path] | None, choice: Choice) -> None:
    """Raises UsageError for an option that means nothing without contents."""
    for what, is_given in (
        ("--rules asks for contents", rules),
        ("features and targets ask for contents", choice.is_made),
    ):
        if is_given and not is_scanned:
            raise UsageError(what, remedy="add --scan")


def _by_name(locks: Locks, base: str, *, is_scanned: bool) -> AuditResult:
    """What names say; with a base of what changed since alone."""
    since: Since | None = None
    if base:
        from analyzer.project.since import changed_since
        from analyzer.project.supply import cargo_home

        home = cargo_home(os.environ)
        locks, since = changed_since(locks, base, DEFAULT_LIMITS, home, is_scanned=is_scanned)
    known, digest = load_known_bad()
    return audit_names(locks, known, digest, is_scanned=is_scanned, since=since)


def _named(found: AuditResult, settings: Settings) -> AuditResult:
    """The result with what the registry has of names that come from elsewhere."""
    from analyzer.project.own_names import check_names
    from analyzer.project.supply import cargo_home

    return check_names(found, settings, DEFAULT_LIMITS, cargo_home(os.environ))


def _owner(
    paths: list[Path], base: str, policy: Path | None, day: str, *, is_quiet: bool
) -> Owner | None:
    """Whose policy decides: against a base the one that stands there, so that no change does."""
    owner = owner_for(policy, day, looks_here=not base, is_quiet=is_quiet)
    if not base or owner is not None:
        return owner
    from analyzer.project.since import repository_of

    return base_for(repository_of(paths[0]), f"{base}..", day)


def _code(found: AuditResult, *, is_strict: bool) -> int:
    """The decision's, else the verdict's; hygiene alone never blocks, and asks for a REVIEW only
    where it is told to.
    """
    habits = found.hygiene.rows if found.hygiene is not None and is_strict else ()
    is_asked = any(one.severity is not Severity.INFO for one in habits)
    own = CODES[found.verdict] if found.decided is None else decision_code(found.decided)
    return exit_code([own, CODES[Verdict.REVIEW] if is_asked else 0])


def _decided(found: AuditResult, owner: Owner, settings: Settings) -> AuditResult:
    """The result with what the policy makes of it; the index is asked if ages matter."""
    from analyzer.project.decisions.ages import ages_of, publishers_of
    from analyzer.project.decisions.judge import decided_audit

    policy = owner.policy
    names = [
        (key.name, key.version) for key in judged_places(found) if is_from_registry(key.source)
    ]
    ages = ages_of(names if policy.asks_age else (), settings, DEFAULT_LIMITS)
    people = publishers_of(names if policy.publishers else (), settings)
    return replace(found, decided=decided_audit(found, owner, ages, people))


def scanned(  # the last two belong to the command line
    found: AuditResult,
    settings: Settings,
    rules: tuple[Path, ...],
    as_of: str,
    *,
    choice: Choice | None = None,
    is_quiet: bool,
) -> AuditResult:
    """The result with contents read; the network and the workers are imported only here."""
    from analyzer.cli.progress import progress
    from analyzer.cli.surroundings import surroundings
    from analyzer.project.scan_lock import Means, scan_locked
    from analyzer.worker.pool import Pool

    total = found.packages - found.unchanged
    known = surroundings(settings, as_of)
    place, jobs = settings.cache_dir, min(settings.jobs, total)
    with (
        Pool(jobs, rules=rules, cache_dir=place, is_eager=False) as pool,
        progress(total, is_quiet=is_quiet) as advance,
    ):
        means = Means(settings, known.contexts, pool, DEFAULT_LIMITS, advance, choice or Choice())
        result = scan_locked(found, means)
    known.close()
    warnings = (*known.warnings, *pool.warnings)
    warn(() if is_quiet else warnings)
    return result
