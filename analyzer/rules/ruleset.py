"""The rules that are in force, with the data they lean on and one digest over both."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.errors import SignatureError
from analyzer.model import Exports
from analyzer.rules.exported import entries
from analyzer.rules.schema import Clause, Rule, Scope, parse_rule
from analyzer.signatures import Signatures, load_signatures


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Rules by id order, their signatures, and the digest of all files read."""

    rules: tuple[Rule, ...]
    signatures: Signatures

    @property
    def digest(self) -> str:
        """sha256 over every signature file."""
        return self.signatures.digest

    @functools.cached_property
    def of_one_version(self) -> RuleSet:
        """The rules that need no version before."""
        rules = tuple(one for one in self.rules if one.scope is not Scope.VERSIONS)
        return RuleSet(rules, self.signatures)

    def with_exports(self, exports: tuple[Exports, ...]) -> RuleSet:
        """The same rules over a catalogue that knows functions of dependencies, too."""
        if not exports:
            return self
        apis = dict(self.signatures.apis)
        for one in exports:
            for path, api in entries(one).items():
                apis.setdefault(path, api)
        return RuleSet(self.rules, replace(self.signatures, apis=apis))

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id, or None."""
        return next((one for one in self.rules if one.id == rule_id), None)


def load_ruleset(folder: Path | None = None, extra: tuple[Path, ...] = ()) -> RuleSet:
    """All shipped rules and those below `extra`. Raises SignatureError; an empty set is one."""
    ruleset, errors = read_ruleset(folder, extra)
    if errors:
        raise errors[0]
    return ruleset


def read_ruleset(
    folder: Path | None = None, extra: tuple[Path, ...] = ()
) -> tuple[RuleSet, tuple[SignatureError, ...]]:
    """The rules that can be read, and what is wrong with each of the others.

    For a linter that shows every fault at once; what scans takes `load_ruleset`. Raises
    SignatureError when the indicators or the folders themselves cannot be read.
    """
    signatures = load_signatures(folder, extra)
    rules: dict[str, Rule] = {}
    errors: list[SignatureError] = []
    for text in signatures.rules:
        try:
            rule = parse_rule(text)
            if rule.id in rules:
                raise SignatureError(f"{text.path}: rule id `{rule.id}` is already taken")
            for clause in (*rule.all, *rule.any, *rule.none, *rule.flow):
                _check_lists(rule, clause, signatures)
        except SignatureError as error:
            errors.append(error)
        else:
            rules[rule.id] = rule
    return RuleSet(tuple(rules[one] for one in sorted(rules)), signatures), tuple(errors)


def _check_lists(rule: Rule, clause: Clause, signatures: Signatures) -> None:
    for one in (*clause.subject_in, *clause.subject_not_in, *clause.data_in):
        if one not in signatures.indicators:
            raise SignatureError(f"{rule.path}: no indicator list `{one}`")
