"""What a rule must be beyond its schema: proven by samples, explained, and fair to honest crates.

An error fails the lint; a warning is for the reviewer. Nothing is run here: `samples` does that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from analyzer.addresses import host_of
from analyzer.errors import SignatureError
from analyzer.model import QUIET, Confidence, FactKind, Severity
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.samples import facts_before, given_facts
from analyzer.rules.schema import Joint, Rule, Sample, Scope

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ATTACK = re.compile(r"T\d{4}(?:\.\d{3})?")
_TECHNIQUE = re.compile(r"T\d\d")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_URL = re.compile(r"\b[a-z][a-z0-9+]*://([^\s\"'`<>\\{}$]+)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_RESERVED_NAMES = (".invalid", ".example", ".test", ".localhost", "localhost", "example.com")
_HARMLESS = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "127.0.0.0/8",
        "0.0.0.0/32",
        "169.254.0.0/16",
    )
)
"""Documentation addresses, and those that no packet leaves the link with."""
_LOOKALIKE_LISTS = ("time-services", "known-services")

# All other facts cost a crate's author nothing: a `none` on one is a switch for the attacker.
_NOT_FAKED = ("registry.", "archive.")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with a rule; only errors fail the lint."""

    path: str
    message: str
    is_error: bool = True


def lint(ruleset: RuleSet) -> tuple[Complaint, ...]:
    """All complaints about all rules, by file. Ids, lists and patterns were checked on loading."""
    return tuple(one for rule in ruleset.rules for one in lint_rule(rule, ruleset))


def lint_rule(rule: Rule, ruleset: RuleSet) -> tuple[Complaint, ...]:
    """Complaints about one rule."""
    found: list[Complaint] = []
    for check in _CHECKS:
        found += [Complaint(rule.path, message) for message in check(rule)]
    found += [Complaint(rule.path, message) for message in _hosts(rule, ruleset)]
    found += [Complaint(rule.path, message, is_error=False) for message in _warnings(rule)]
    return tuple(found)


def _head(rule: Rule) -> Iterator[str]:
    if not _ID.fullmatch(rule.id):
        yield f"id `{rule.id}` is not kebab-case"
    for key, text in (("title", rule.title), ("why", rule.why), ("benign", rule.benign)):
        if not text.strip() or text.strip().startswith("TODO"):
            yield f"`{key}` says nothing yet"
    if not _VERSION.fullmatch(rule.since):
        yield "`since` must be a version such as 0.1.0"
    if "\n" in rule.title or rule.title.endswith("."):
        yield "`title` is one line without a full stop: reports put it into sentences"


def _ids(rule: Rule) -> Iterator[str]:
    for one in rule.attack:
        if not _ATTACK.fullmatch(one):
            yield f"`attack`: `{one}` is not of the form T1234 or T1234.001"
    for one in rule.techniques:
        if not _TECHNIQUE.fullmatch(one):
            yield f"`techniques`: `{one}` is not of the form T01"
    if not rule.techniques:
        yield "`techniques` names none"
    if not rule.attack and rule.severity not in (Severity.INFO, Severity.LOW):
        yield "`attack` names none"


def _logic(rule: Rule) -> Iterator[str]:
    if rule.scope in (Scope.FLOW, Scope.GRAPH):
        if len(rule.flow) != 2 or rule.all or rule.any or rule.none:
            yield f"a rule in scope `{rule.scope}` names one `source` and one `sink`, nothing else"
    elif rule.flow:
        yield "`source` and `sink` belong to the scopes `flow` and `graph`"
    elif not rule.all and not rule.any:
        yield "no [[all]] and no [[any]]: the rule would hold everywhere"
    yield from _versions(rule)
    yield from _graph(rule)
    if rule.is_blocking and rule.confidence is not Confidence.HIGH:
        yield '`verdict = "block"` needs confidence high'
    if rule.is_blocking and rule.phases and QUIET.issuperset(rule.phases):
        yield "tests, examples and unreached files alone never make a BLOCK"
    for clause in rule.none:
        for kind in clause.facts:
            if not kind.startswith(_NOT_FAKED):
                yield f"[[none]] on {kind}: the crate's author can write that fact at will"


def _versions(rule: Rule) -> Iterator[str]:
    asks = [one for one in (*rule.all, *rule.any) if one.is_new]
    if rule.scope is Scope.VERSIONS:
        if not asks:
            yield "a rule in scope `versions` asks for something `new`"
        if any(not one.is_step for one in rule.samples):
            yield "each sample of a rule in scope `versions` has a `before` or `before-facts`"
    elif any(one.is_new is not None for one in (*rule.all, *rule.any, *rule.none, *rule.flow)):
        yield "`new` belongs to scope `versions`"
    if any(one.is_new is False for one in (*rule.all, *rule.any, *rule.none, *rule.flow)):
        yield "`new = false`: what was there before is no excuse, and no evidence"


def _graph(rule: Rule) -> Iterator[str]:
    if rule.scope is not Scope.GRAPH:
        is_by_call = rule.scope is Scope.FLOW and rule.joints == (Joint.CALL,)
        if (rule.joints and not is_by_call) or any(one.crates for one in rule.samples):
            yield "`joint` and `crates` belong to scope `graph`; in scope `flow` it is `call`"
        return
    if not rule.joints:
        yield "a rule in scope `graph` says by which `joint` crates hand over"
    if any(len(one.crates) < 2 for one in rule.samples):
        yield "each sample of a rule in scope `graph` has two `crates` or more"


def _samples(rule: Rule) -> Iterator[str]:
    for is_match, key in ((True, "match"), (False, "no-match")):
        names = [one.name for one in rule.samples if one.is_match is is_match]
        if not names:
            yield f"no [[{key}]] sample"
        if len(set(names)) != len(names) or not all(names):
            yield f"each [[{key}]] needs a name of its own"
    for sample in rule.samples:
        if not (sample.files or sample.observed or sample.given or sample.crate or sample.crates):
            yield f"sample `{sample.name}` holds nothing"
        if "TODO" in "".join(text for _, text in sample.files):
            yield f"sample `{sample.name}` is not written yet"
        try:
            given_facts(rule, sample)
            facts_before(rule, sample)
        except SignatureError as error:
            yield str(error).removeprefix(f"{rule.path}: ")


_CHECKS: tuple[Callable[[Rule], Iterator[str]], ...] = (_head, _ids, _logic, _samples)


def _hosts(rule: Rule, ruleset: RuleSet) -> Iterator[str]:
    """Samples are inert: reserved host names and documentation addresses only."""
    for sample in rule.samples:
        for text in _texts(sample):
            for host in _URL.findall(text):
                if not _is_reserved(host_of(f"x://{host}")) and not _is_service(host, ruleset):
                    yield f"sample `{sample.name}`: host `{host_of(f'x://{host}')}` is not reserved"
            for address in _ADDRESS.findall(text):
                if _is_address(address) and not _is_documentation(address):
                    yield f"sample `{sample.name}`: address {address} is not for documentation"


def _texts(sample: Sample) -> Iterator[str]:
    yield from (text for _, text in (*sample.files, *(sample.before or ())))
    yield from (text for _, files in sample.crates for _, text in files)
    yield from sample.observed
    yield from sample.given


def _is_reserved(host: str) -> bool:
    return not host or host.endswith(_RESERVED_NAMES) or "." not in host or _is_documentation(host)


def _is_service(host: str, ruleset: RuleSet) -> bool:
    """Well-known services may stand in samples, and so may names that imitate one of them."""
    name = host_of(f"x://{host}")
    lists = [ruleset.signatures.indicators.get(one) for one in _LOOKALIKE_LISTS]
    services = [entry.value for one in lists if one is not None for entry in one.entries]
    return any(name.endswith(f".{one}") or OSA.distance(name, one) <= 1 for one in services)


def _is_documentation(text: str) -> bool:
    return _is_address(text) and any(ipaddress.ip_address(text) in one for one in _HARMLESS)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _warnings(rule: Rule) -> Iterator[str]:
    matches = [one for one in rule.samples if one.is_match]
    if rule.is_blocking and (len(matches) < 2 or len(rule.samples) - len(matches) < 2):
        yield "a rule that asks for BLOCK deserves two samples of each kind"
    kinds = {kind for one in (*rule.all, *rule.any) for kind in one.facts}
    if kinds == {FactKind.MENTION}:
        yield "a rule on mentions alone speaks of code that may never run"
