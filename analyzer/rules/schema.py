"""A rule file to a Rule, strictly: a misspelt key is an error, not a rule that never fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePosixPath

import re2

from analyzer.errors import SignatureError, TomlError
from analyzer.model import Confidence, FactKind, Phase, Severity
from analyzer.signatures import RuleText
from analyzer.toml import read_toml


class Scope(StrEnum):
    """Where the clauses of a rule must meet."""

    FLOW = "flow"
    FUNCTION = "function"
    FILE = "file"
    PHASE = "phase"
    CRATE = "crate"
    GRAPH = "graph"
    VERSIONS = "versions"


MATCHED_SCOPES = frozenset(Scope) - {Scope.GRAPH}
"""Scopes that one crate's facts answer."""


class Joint(StrEnum):
    """What hands a value from one crate to another."""

    METADATA = "metadata"
    ENVIRONMENT = "environment"
    FILE = "file"
    CALL = "call"


GUESSED_CLIENT = "foreign:*"
"""The `api` of what a method of a foreign crate's object seems to send."""


@dataclass(frozen=True)
class Clause:
    """What one fact must be; empty conditions hold for any. `minimum`: how many distinct facts."""

    facts: tuple[FactKind, ...]
    subjects: tuple[str, ...] = ()
    subject_in: tuple[str, ...] = ()
    subject_not_in: tuple[str, ...] = ()
    subject_glob: tuple[str, ...] = ()
    subject_pattern: str = ""
    subject_host: str = ""
    subject_unknown: bool | None = None
    api: tuple[str, ...] = ()
    api_not: tuple[str, ...] = ()
    data_in: tuple[str, ...] = ()
    data_pattern: str = ""
    data_not_pattern: str = ""
    guards: tuple[FactKind, ...] = ()
    phases: tuple[Phase, ...] = ()
    decoded: bool | None = None
    is_new: bool | None = None
    is_observed: bool | None = None
    minimum: int = 1
    role: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """A small crate, or a recorded observation, on which the rule must fire or stay quiet."""

    name: str
    is_match: bool
    files: tuple[tuple[str, str], ...] = ()
    observed: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    phase: Phase | None = None
    crate: str = ""
    lines: tuple[int, ...] = ()
    before: tuple[tuple[str, str], ...] | None = None
    before_crate: str = ""
    before_given: tuple[str, ...] | None = None
    crates: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def is_step(self) -> bool:
        """Whether the sample tells of a version before."""
        return self.before is not None or self.before_given is not None


@dataclass(frozen=True)
class Rule:
    """One rule as its file states it."""

    id: str
    title: str
    namespace: str
    severity: Severity
    confidence: Confidence
    scope: Scope
    phases: tuple[Phase, ...]
    since: str
    attack: tuple[str, ...]
    techniques: tuple[str, ...]
    why: str
    benign: str
    is_blocking: bool
    all: tuple[Clause, ...]
    any: tuple[Clause, ...]
    none: tuple[Clause, ...]
    samples: tuple[Sample, ...]
    path: str = ""
    flow: tuple[Clause, ...] = field(default=())
    joints: tuple[Joint, ...] = ()
    within: int = 0
    """How many functions with facts the one may reach in which the clauses meet; 0: any number."""
    is_foreign_only: bool = False
    """What goes to the service that a secret belongs to is not asked about."""


_CLAUSE_TABLES = frozenset({"all", "any", "none"})
_SAMPLE_TABLES = frozenset({"match", "no-match"})
_FLOW_ENDS = frozenset({"source", "sink"})
HEAD_KEYS = frozenset(
    {"id", "title", "namespace", "severity", "confidence", "scope", "phase", "since", "attack"}
    | {"techniques", "why", "benign", "verdict", "joint", "within", "foreign-only"}
)
RULE_KEYS = HEAD_KEYS | _CLAUSE_TABLES | _SAMPLE_TABLES | _FLOW_ENDS
CLAUSE_KEYS = frozenset(
    {"fact", "subject", "subject-in", "subject-not-in", "subject-glob", "subject-matches"}
    | {"subject-host"}
    | {
        "subject-unknown",
        "api",
        "api-not",
        "data-in",
        "data-matches",
        "data-not-matches",
        "guard",
        "phase",
        "decoded",
        "new",
        "observed",
    }
    | {"min", "role"}
)
SAMPLE_KEYS = frozenset(
    {"name", "path", "code", "files", "observed", "facts", "phase", "crate", "lines"}
    | {"before", "before-crate", "before-facts", "crates"}
)


class _Reader:
    """Typed access to one table; every complaint names the file and the key."""

    def __init__(self, path: str, table: Mapping[str, object], keys: frozenset[str]) -> None:
        self.path, self.table = path, table
        for key in table:
            if key not in keys:
                known = ", ".join(sorted(keys))
                raise SignatureError(f"{path}: unknown key `{key}` (known: {known})")

    def fail(self, key: str, what: str) -> SignatureError:
        """An error about a key."""
        return SignatureError(f"{self.path}: `{key}` {what}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.fail(key, "must be a text" if key in self.table else "is missing")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        rows = [value] if isinstance(value, str) else value
        if not isinstance(rows, list) or not all(isinstance(one, str) for one in rows):
            raise self.fail(key, "must be a text or a list of texts")
        return tuple(rows)

    def needed_texts(self, key: str) -> tuple[str, ...]:
        if key not in self.table:
            raise self.fail(key, "is missing")
        return self.texts(key)

    def flag(self, key: str) -> bool | None:
        value = self.table.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def number(self, key: str, default: int) -> int:
        value = self.table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fail(key, "must be a whole number")
        return value

    def tables(self, key: str, keys: frozenset[str]) -> list[_Reader]:
        """Readers of the tables written `[[key]]`, each named by its number in errors."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.fail(key, f"must be tables, written [[{key}]]")
        return [
            _Reader(f"{self.path}: [[{key}]] number {number}", one, keys)
            for number, one in enumerate(value, 1)
        ]

    def phases(self, key: str = "phase") -> tuple[Phase, ...]:
        try:
            return tuple(Phase(one) for one in self.texts(key))
        except ValueError as error:
            raise self.fail(key, str(error)) from None

    def kinds(self, key: str) -> tuple[FactKind, ...]:
        try:
            return tuple(FactKind(one) for one in self.texts(key))
        except ValueError as error:
            raise self.fail(key, str(error)) from None

    def pattern(self, key: str) -> str:
        text = self.text(key, "")
        if text:
            try:
                re2.compile(text)
            except re2.error as error:
                raise self.fail(key, f"is no linear-time pattern: {error}") from None
        return text


def parse_rule(source: RuleText) -> Rule:
    """The rule in a file. Raises SignatureError naming the file and the key that is wrong."""
    try:
        table = read_toml(source.data, name=source.path)
    except TomlError as error:
        raise SignatureError(str(error)) from None
    reader = _Reader(source.path, table, RULE_KEYS)
    where = PurePosixPath(source.path)
    rule_id, namespace = reader.text("id"), reader.text("namespace")
    if rule_id != where.stem:
        raise reader.fail("id", f"must equal the file's name, `{where.stem}`")
    if namespace != str(where.parent):
        raise reader.fail("namespace", f"must equal the folder, `{where.parent}`")
    try:
        severity, scope = Severity(reader.text("severity")), Scope(reader.text("scope"))
        confidence = Confidence(reader.text("confidence"))
    except ValueError as error:
        raise SignatureError(f"{source.path}: {error}") from None
    verdict = reader.text("verdict", "")
    if verdict not in ("", "block"):
        raise reader.fail("verdict", "can only be `block`")
    return Rule(
        id=rule_id,
        title=reader.text("title"),
        namespace=namespace,
        severity=severity,
        confidence=confidence,
        scope=scope,
        phases=reader.phases(),
        since=reader.text("since"),
        attack=reader.needed_texts("attack"),
        techniques=reader.needed_texts("techniques"),
        why=reader.text("why"),
        benign=reader.text("benign"),
        is_blocking=verdict == "block",
        all=_clauses(reader, "all"),
        any=_clauses(reader, "any"),
        none=_clauses(reader, "none"),
        samples=_samples(reader),
        path=source.path,
        flow=_flow(reader),
        joints=_joints(reader),
        within=reader.number("within", 0),
        is_foreign_only=bool(reader.flag("foreign-only")),
    )


def _joints(reader: _Reader) -> tuple[Joint, ...]:
    try:
        return tuple(Joint(one) for one in reader.texts("joint"))
    except ValueError as error:
        raise reader.fail("joint", str(error)) from None


def _clauses(reader: _Reader, key: str) -> tuple[Clause, ...]:
    """What stands together says nothing of a guessed client, unless a clause asks for one."""
    found = (_clause(one) for one in reader.tables(key, CLAUSE_KEYS))
    return tuple(
        one if one.api else replace(one, api_not=(*one.api_not, GUESSED_CLIENT)) for one in found
    )


def _flow(reader: _Reader) -> tuple[Clause, ...]:
    ends = []
    for key in sorted(_FLOW_ENDS & set(reader.table), reverse=True):
        value = reader.table[key]
        if not isinstance(value, dict):
            raise reader.fail(key, "must be one table of conditions")
        ends.append(_clause(_Reader(f"{reader.path}: {key}", value, CLAUSE_KEYS)))
    return tuple(ends)


def _clause(reader: _Reader) -> Clause:
    facts = reader.kinds("fact")
    if not facts:
        raise reader.fail("fact", "is missing")
    minimum = reader.number("min", 1)
    if minimum < 1:
        raise reader.fail("min", "must be 1 or more")
    return Clause(
        facts=facts,
        subjects=reader.texts("subject"),
        subject_in=reader.texts("subject-in"),
        subject_not_in=reader.texts("subject-not-in"),
        subject_glob=reader.texts("subject-glob"),
        subject_pattern=reader.pattern("subject-matches"),
        subject_host=_host(reader),
        subject_unknown=reader.flag("subject-unknown"),
        api=reader.texts("api"),
        api_not=reader.texts("api-not"),
        data_in=reader.texts("data-in"),
        data_pattern=reader.pattern("data-matches"),
        data_not_pattern=reader.pattern("data-not-matches"),
        guards=reader.kinds("guard"),
        phases=reader.phases(),
        decoded=reader.flag("decoded"),
        is_new=reader.flag("new"),
        is_observed=reader.flag("observed"),
        minimum=minimum,
        role=reader.text("role", ""),
    )


def _host(reader: _Reader) -> str:
    told = reader.text("subject-host", "")
    if told not in ("", "fixed", "whole"):
        raise reader.fail("subject-host", "can be `fixed` or `whole`")
    return told


def _samples(reader: _Reader) -> tuple[Sample, ...]:
    return tuple(
        _sample(one, is_match=is_match)
        for key, is_match in (("match", True), ("no-match", False))
        for one in reader.tables(key, SAMPLE_KEYS)
    )


def _sample(reader: _Reader, *, is_match: bool) -> Sample:
    phases = reader.phases()
    if len(phases) > 1:
        raise reader.fail("phase", "must be one phase")
    lines = reader.table.get("lines", [])
    if not isinstance(lines, list) or not all(isinstance(one, int) for one in lines):
        raise reader.fail("lines", "must be a list of line numbers")
    return Sample(
        name=reader.text("name"),
        is_match=is_match,
        files=_sample_files(reader),
        observed=reader.texts("observed"),
        given=reader.texts("facts"),
        phase=phases[0] if phases else None,
        crate=reader.text("crate", ""),
        lines=tuple(lines),
        before=_texts_by_path(reader, "before") if "before" in reader.table else None,
        before_crate=reader.text("before-crate", ""),
        before_given=reader.texts("before-facts") if "before-facts" in reader.table else None,
        crates=_sample_crates(reader),
    )


def _sample_crates(reader: _Reader) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Several crates, each a table of paths to texts."""
    table = reader.table.get("crates", {})
    if not isinstance(table, dict):
        raise reader.fail("crates", "must map names to tables of files")
    inner = _Reader(f"{reader.path}: crates", table, frozenset(table))
    return tuple((str(name), _texts_by_path(inner, str(name))) for name in table)


def _sample_files(reader: _Reader) -> tuple[tuple[str, str], ...]:
    """`code` stands at `path`; `files` adds more. The first one is the one that `lines` means."""
    files: list[tuple[str, str]] = []
    if "code" in reader.table:
        files.append((reader.text("path", "build.rs"), reader.text("code")))
    elif "path" in reader.table:
        raise reader.fail("path", "stands without `code`")
    return (*files, *_texts_by_path(reader, "files"))


def _texts_by_path(reader: _Reader, key: str) -> tuple[tuple[str, str], ...]:
    table = reader.table.get(key, {})
    if not isinstance(table, dict) or not all(isinstance(one, str) for one in table.values()):
        raise reader.fail(key, "must map paths to texts")
    return tuple((str(path), str(text)) for path, text in table.items())
