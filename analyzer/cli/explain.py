"""`cratescope explain RULE`: why a rule exists, what triggers it, what is benign."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from analyzer.cli.options import Rules
from analyzer.errors import UsageError
from analyzer.report.text import printable
from analyzer.rules.describe import describe
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.rules.schema import Rule


def _ids(incomplete: str) -> list[str]:
    """Ids for shell completion."""
    return [one.id for one in load_ruleset().rules if one.id.startswith(incomplete)]


def explain(
    rule_id: Annotated[
        str,
        typer.Argument(
            metavar="RULE", help="A rule's id, as reports name it.", autocompletion=_ids
        ),
    ],
    rules: Rules = None,
) -> None:
    """Why a rule exists, what triggers it and what is benign."""
    ruleset = load_ruleset(extra=tuple(rules or ()))
    for line in describe(known_rule(ruleset, rule_id)).split("\n")[:-1]:
        typer.echo(printable(line))


def known_rule(ruleset: RuleSet, rule_id: str) -> Rule:
    """The rule with this id. Raises UsageError that names the nearest ids."""
    rule = ruleset.rule(rule_id)
    if rule is not None:
        return rule
    near = difflib.get_close_matches(rule_id, [one.id for one in ruleset.rules], n=3, cutoff=0.5)
    remedy = f"did you mean {' or '.join(near)}?" if near else "see `cratescope rules list`"
    raise UsageError(f"no rule `{rule_id}`", remedy=remedy)
