"""`cratescope rules list|lint|test|new`: the rules in force, and help for writing one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.explain import known_rule
from analyzer.errors import SignatureError, UsageError
from analyzer.model import Context, CrateSource, Finding
from analyzer.pipeline import analyze
from analyzer.project.graph.join import Part, joined
from analyzer.report.text import one_line
from analyzer.rules.lint import lint_rule
from analyzer.rules.ruleset import RuleSet, load_ruleset, read_ruleset
from analyzer.rules.samples import run_samples
from analyzer.rules.schema import Rule
from analyzer.rules.template import new_rule_text

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Only these rules.")]
Own = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="A folder of rules of your own; may repeat."),
]


@app.command("list")
def list_rules(rules: Own = None) -> None:
    """Every rule with severity, confidence and title."""
    for rule in load_ruleset(extra=tuple(rules or ())).rules:
        verdict = "block" if rule.is_blocking else "-"
        typer.echo(
            f"{rule.id:44} {rule.severity:9} {rule.confidence:7} {verdict:6} {one_line(rule.title)}"
        )


@app.command("lint")
def lint_rules(ids: Ids = None, rules: Own = None) -> None:
    """Check that rules are well formed, explained and proven."""
    ruleset, unreadable = read_ruleset(extra=tuple(rules or ()))
    for error in unreadable:
        typer.echo(one_line(f"error: {error}"))
    chosen = _chosen(ruleset, ids)
    complaints = [one for rule in chosen for one in lint_rule(rule, ruleset)]
    for one in complaints:
        word = "error" if one.is_error else "warning"
        typer.echo(one_line(f"{word}: {one.path}: {one.message}"))
    wrong = len(unreadable) + sum(one.is_error for one in complaints)
    typer.echo(f"{len(chosen)} rules, {wrong} errors, {len(complaints)} complaints in all")
    if wrong:
        raise typer.Exit(SignatureError.exit_code)


@app.command("test")
def try_samples(ids: Ids = None, rules: Own = None) -> None:
    """Run every sample and say which rule breaks its word."""
    ruleset = load_ruleset(extra=tuple(rules or ()))
    count = failed = 0
    for rule in _chosen(ruleset, ids):
        for result in run_samples(rule, ruleset, found):
            count += 1
            if not result.is_ok:
                failed += 1
                typer.echo(one_line(f"{rule.path}: {result.sample}: {result.complaint}"))
    typer.echo(f"{count} samples, {failed} failed")
    if failed:
        raise typer.Exit(SignatureError.exit_code)


@app.command("new")
def new_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Kebab-case, as it will be cited.")],
    rules: Annotated[
        Path, typer.Option("--rules", metavar="DIR", help="The folder of your own rules.")
    ] = Path("rules"),
    namespace: Annotated[str, typer.Option(help="The folder below it.")] = "own",
) -> None:
    """Write a rule file to fill in; the linter says what is missing."""
    if load_ruleset().rule(rule_id) is not None:
        raise UsageError(f"{rule_id}: a shipped rule has this id", remedy="choose another one")
    text = new_rule_text(rule_id, namespace)
    path = rules / namespace / f"{rule_id}.toml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is already there", remedy="choose another id") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    typer.echo(f"wrote {path}; next: cratescope rules lint --rules {rules} {rule_id}")


def found(
    crate: CrateSource,
    ruleset: RuleSet,
    /,
    before: CrateSource | None = None,
    others: tuple[CrateSource, ...] = (),
) -> tuple[Finding, ...]:
    """What the analysis finds in a sample, seen from the version before if there is one; with
    other crates, what only all of them together show.
    """
    if others:
        reports = [analyze(one, ruleset=ruleset) for one in (crate, *others)]
        parts = [
            Part(f"{one.crate.name}-{one.crate.version}", frozenset(range(place)), one.halves)
            for place, one in enumerate(reports)
        ]
        return tuple(one.finding for one in joined(parts))
    previous = analyze(before, ruleset=ruleset) if before is not None else None
    return analyze(crate, ruleset=ruleset, context=Context(previous=previous)).findings


def _chosen(ruleset: RuleSet, ids: list[str] | None) -> tuple[Rule, ...]:
    """Rules by the ids given, all without. Raises UsageError for an unknown one."""
    return tuple(known_rule(ruleset, one) for one in ids) if ids else ruleset.rules
