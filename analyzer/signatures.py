"""Loads `signatures/`: the API catalogue, indicator lists, known-bad crates and the rules' text.

The engine knows no host, path or program by itself: all of it comes through here, and the digest
of everything read stands in each report. Rules are kept as text; `analyzer.rules` parses them.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import re2

from analyzer.addresses import host_of
from analyzer.errors import SignatureError, TomlError
from analyzer.model import FactKind, KnownBad
from analyzer.program_table import PROGRAMS_FILE, Program, read_programs
from analyzer.toml import TomlTable, read_toml

KNOWN_BAD_FILE = "known-malicious-crates.toml"
_SLASHES = re.compile("/+")
LIST_KINDS = ("path", "host", "env", "program", "name", "text", "crate")


@dataclass(frozen=True, slots=True)
class Api:
    """One catalogued function, method or macro (its path ends in `!`): what a call of it means.

    `subject` is an argument's position, `receiver`, `added` (the first text that a builder's method
    added), or a fixed text in quotes; with several facts maybe one for each (`subjects`); `data`
    positions of arguments that carry data; `adds` positions whose texts join the data of the call
    that made the receiver (builders); `value` the known text of the result; `returns` the type of
    the result (`Self`: the receiver's type); `is_loose`: the method's name alone is telling enough.
    """

    path: str
    is_method: bool
    facts: tuple[FactKind, ...] = ()
    subject: int | str | None = None
    data: tuple[int, ...] = ()
    adds: tuple[int, ...] = ()
    returns: str = ""
    value: str = ""
    is_loose: bool = False
    subjects: tuple[int | str, ...] = ()

    def subject_of(self, kind: FactKind) -> int | str | None:
        """What a fact of this kind is about."""
        return self.subjects[self.facts.index(kind)] if self.subjects else self.subject


@dataclass(frozen=True, slots=True)
class IndicatorEntry:
    """One literal known to matter, with the class of thing it is and technique ids."""

    value: str
    group: str = ""
    techniques: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def is_met(self, data: bytes) -> bool:
        """Whether a file says one of `needs`; what escapes hide may be any of them."""
        return not self.needs or b"\\u" in data or any(one.encode() in data for one in self.needs)


@dataclass(frozen=True)
class IndicatorList:
    """A named list; `kind` decides how a subject is compared with an entry.

    path: glob over whole path segments, anywhere in the path unless the entry starts with `/`
    (a subject's own `*` is left out: `**/.env*` looks for `.env`);
    host: the host or any host below it, in a URL, `host:port` or alone; env, name: glob, case
    folded; program: file name without `.exe`; text: substring, case folded; crate: folded name.
    """

    id: str
    kind: str
    title: str
    entries: tuple[IndicatorEntry, ...]

    def match(self, subject: str) -> IndicatorEntry | None:
        """The first entry that `subject` falls under, or None."""
        if self.kind == "host":
            return self._match_host(host_of(subject))
        folded = self._fold(subject)
        if not folded or not self._quick.search(folded):
            return None
        hit = self._pattern.search(folded)
        return self.entries[int((hit.lastgroup or "e0")[1:])] if hit else None

    def _fold(self, subject: str) -> str:
        if not subject.isascii():
            subject = subject.encode("utf-8", "replace").decode()  # lone surrogates are no text
        if self.kind == "path":
            plain = subject.replace("\\", "/").replace("*", "")
            return "/" + _SLASHES.sub("/", plain).casefold().lstrip("/")
        if self.kind == "program":
            return re.split(r"[/\\]", subject.casefold())[-1].removesuffix(".exe")
        if self.kind == "crate":
            return subject.casefold().replace("_", "-")
        return subject.casefold()

    @functools.cached_property
    def _quick(self) -> re2._Regexp:
        """Whether any entry matches at all, in linear time: most subjects match none."""
        parts = (f"(?:{self._regex(one.value)})" for one in self.entries)
        return re2.compile("(?s)" + "|".join(parts).replace(r"\Z", r"\z"))

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = (f"(?P<e{i}>{self._regex(one.value)})" for i, one in enumerate(self.entries))
        return re.compile("|".join(parts), re.DOTALL)

    def _regex(self, value: str) -> str:
        folded = value.casefold()
        if self.kind == "path":
            body = "/".join(_segment(one) for one in folded.strip("/").split("/"))
            start = r"\A/" if folded.startswith("/") else "/"
            return rf"{start}{body}(?:/|\Z)"
        if self.kind == "text":
            return re.escape(folded)
        if self.kind == "crate":
            return rf"\A{re.escape(folded.replace('_', '-'))}\Z"
        return rf"\A{_glob(folded)}\Z"

    @functools.cached_property
    def _hosts(self) -> Mapping[str, IndicatorEntry]:
        return {one.value.casefold(): one for one in self.entries}

    def _match_host(self, host: str) -> IndicatorEntry | None:
        while host:
            if host in self._hosts:
                return self._hosts[host]
            host = host.partition(".")[2]
        return None


def _glob(glob: str) -> str:
    """A linear-time pattern for a name: `*` and `?` stand for any characters."""
    return "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in glob)


def _segment(glob: str) -> str:
    """A linear-time pattern for one path segment: `*` and `?` never cross a `/`."""
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(one, re.escape(one)) for one in glob)


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule file as it stands; `path` is relative to its rules folder."""

    path: str
    data: bytes


@dataclass(frozen=True, eq=False)
class Signatures:
    """The whole set. `apis` is keyed by canonical path (`std::process::Command::new`)."""

    apis: Mapping[str, Api]
    aliases: Mapping[str, str]
    indicators: Mapping[str, IndicatorList]
    programs: Mapping[str, Program]
    known_bad: Mapping[str, KnownBad]
    rules: tuple[RuleText, ...]
    digest: str


def default_folder() -> Path:
    """The shipped `signatures/`: inside the wheel, else beside the package in a checkout."""
    inside = Path(__file__).parent / "_signatures"
    beside = Path(__file__).parent.parent / "signatures"
    for folder in (inside, beside):
        if (folder / "rules").is_dir():
            return folder
    raise SignatureError(
        "the rule set is missing from this installation", remedy="install cratescope again"
    )


def load_signatures(folder: Path | None = None, extra_rules: tuple[Path, ...] = ()) -> Signatures:
    """Read everything below `folder` (default: the shipped set) and rules of one's own.

    Raises SignatureError for an unreadable or malformed file, and for a set without rules.
    """
    digest = hashlib.sha256()
    apis: dict[str, Api] = {}
    aliases: dict[str, str] = {}
    indicators: dict[str, IndicatorList] = {}
    programs: Mapping[str, Program] = {}
    known: Mapping[str, KnownBad] = {}
    rules: list[RuleText] = []
    for part, path, data in _everything(folder, extra_rules, digest):
        if part == "apis":
            _read_catalogue(path, _table(path, data), apis, aliases)
        elif part == "indicators":
            one = _read_list(path, _table(path, data))
            indicators[one.id] = one
        elif part == PROGRAMS_FILE:
            programs = read_programs(_table(path, data))
        elif part == KNOWN_BAD_FILE:
            known = _read_known_bad(_table(path, data))
        else:
            rules.append(RuleText(path, data))
    return Signatures(apis, aliases, indicators, programs, known, tuple(rules), digest.hexdigest())


def signature_digest(folder: Path | None = None, extra_rules: tuple[Path, ...] = ()) -> str:
    """The digest that `load_signatures` would give, without understanding a file.

    Raises SignatureError for a file that cannot be read, and for a set without rules.
    """
    digest = hashlib.sha256()
    for _ in _everything(folder, extra_rules, digest):
        continue
    return digest.hexdigest()


def _everything(
    folder: Path | None, extra_rules: tuple[Path, ...], digest: hashlib._Hash
) -> Iterator[tuple[str, str, bytes]]:
    """(part of the set, path in it, content) of every file, in the order of the digest."""
    root = folder or default_folder()
    for part in ("apis", "indicators"):
        yield from ((part, path, data) for path, data in _files(root / part, digest))
    for part in (PROGRAMS_FILE, KNOWN_BAD_FILE):
        yield part, part, _read(root / part, digest)
    is_empty = True
    for path, data in _files(root / "rules", digest):
        is_empty = False
        yield "rules", path, data
    if is_empty:
        raise SignatureError(f"no rules below {root}", remedy="install cratescope again")
    for own in extra_rules:
        if not own.is_dir():
            raise SignatureError(f"{own}: no such folder of rules")
        yield from (("rules", path, data) for path, data in _files(own, digest))


def load_known_bad(folder: Path | None = None) -> tuple[Mapping[str, KnownBad], str]:
    """Only the known-bad crates, by folded name, and the digest of their list."""
    root = folder or default_folder()
    digest = hashlib.sha256()
    known = _read_known_bad(_table(KNOWN_BAD_FILE, _read(root / KNOWN_BAD_FILE, digest)))
    return known, digest.hexdigest()


def _read(path: Path, digest: hashlib._Hash) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror}") from None
    digest.update(f"{path.name}\0{len(data)}\0".encode() + data)
    return data


def _files(folder: Path, digest: hashlib._Hash) -> Iterable[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.toml")):
        yield path.relative_to(folder).as_posix(), _read(path, digest)


def _table(path: str, data: bytes) -> TomlTable:
    try:
        return read_toml(data, name=path)
    except TomlError as error:
        raise SignatureError(str(error)) from None


def _read_catalogue(
    path: str, table: TomlTable, apis: dict[str, Api], aliases: dict[str, str]
) -> None:
    crate = table.get("crate")
    if not isinstance(crate, str):
        raise SignatureError(f"{path}: `crate` must name the crate")
    for alias in _texts(table.get("aliases", []), path, "aliases"):
        aliases[alias] = crate
    for kind, mark in (("api", ""), ("method", ""), ("macro", "!")):
        sections = table.get(kind, {})
        if not isinstance(sections, dict):
            raise SignatureError(f"{path}: [{kind}] must be a table")
        for owner, entries in sections.items():
            for name, entry in entries.items():
                full = f"{owner}::{name}{mark}"
                if full in apis:
                    raise SignatureError(f"{path}: {full} is listed twice")
                apis[full] = _read_api(path, full, entry, is_method=kind == "method")
    unknown = set(table) - {"crate", "aliases", "source", "checked", "api", "method", "macro"}
    if unknown:
        raise SignatureError(f"{path}: unknown key {sorted(unknown)[0]}")


_API_KEYS = {"fact", "subject", "data", "adds", "returns", "value", "loose"}


def _read_api(path: str, full: str, entry: object, *, is_method: bool) -> Api:
    if not isinstance(entry, dict) or set(entry) - _API_KEYS:
        raise SignatureError(f"{path}: {full}: keys are {', '.join(sorted(_API_KEYS))}")
    facts = entry.get("fact", [])
    names = [facts] if isinstance(facts, str) else facts
    subject, subjects = entry.get("subject"), ()
    if isinstance(subject, list) and len(subject) == len(names):
        subject, subjects = subject[0], tuple(subject)
    if not all(isinstance(one, (int, str)) for one in (subject or 0, *subjects)):
        raise SignatureError(f"{path}: {full}: subject is a position, `receiver` or a text")
    try:
        kinds = tuple(FactKind(one) for one in names)
        data = tuple(int(one) for one in entry.get("data", []))
        adds = tuple(int(one) for one in entry.get("adds", []))
    except (TypeError, ValueError) as error:
        raise SignatureError(f"{path}: {full}: {error}") from None
    returns = str(entry.get("returns", ""))
    owner = full.rpartition("::")[0]
    return Api(
        path=full,
        is_method=is_method,
        facts=kinds,
        subject=subject,
        data=data,
        adds=adds,
        returns=owner if returns == "Self" else returns,
        value=str(entry.get("value", "")),
        is_loose=bool(entry.get("loose", False)),
        subjects=subjects,
    )


def _read_list(path: str, table: TomlTable) -> IndicatorList:
    name = Path(path).stem
    if table.get("id") != name:
        raise SignatureError(f"{path}: `id` must equal the file name")
    kind = table.get("kind")
    if kind not in LIST_KINDS:
        raise SignatureError(f"{path}: `kind` must be one of {', '.join(LIST_KINDS)}")
    rows = table.get("entries")
    if not isinstance(rows, list) or not rows:
        raise SignatureError(f"{path}: `entries` must hold at least one entry")
    entries = tuple(_read_entry(path, row) for row in rows)
    return IndicatorList(name, str(kind), str(table.get("title", "")), entries)


def _read_entry(path: str, row: object) -> IndicatorEntry:
    if isinstance(row, str):
        return IndicatorEntry(row)
    if not isinstance(row, dict) or not isinstance(row.get("value"), str):
        raise SignatureError(f"{path}: an entry is a text or a table with `value`")
    if set(row) - {"value", "group", "techniques", "needs"}:
        raise SignatureError(f"{path}: an entry knows value, group, techniques, needs")
    techniques = _texts(row.get("techniques", []), path, "techniques")
    needs = _texts(row.get("needs", []), path, "needs")
    return IndicatorEntry(str(row["value"]), str(row.get("group", "")), techniques, needs)


def _read_known_bad(table: TomlTable) -> dict[str, KnownBad]:
    rows = table.get("crate")
    if not isinstance(rows, list):
        raise SignatureError(f"{KNOWN_BAD_FILE}: no [[crate]] tables")
    known: dict[str, KnownBad] = {}
    for row in rows:
        name = str(row["name"])
        known[fold_name(name)] = KnownBad(
            name=name,
            versions=_texts(row["versions"], KNOWN_BAD_FILE, name),
            kind=str(row["kind"]),
            advisories=_texts(row.get("advisories", []), KNOWN_BAD_FILE, name),
            campaign=str(row.get("campaign", "")),
            summary=str(row.get("summary", "")),
            techniques=_texts(row.get("techniques", []), KNOWN_BAD_FILE, name),
        )
    return known


def fold_name(name: str) -> str:
    """A crate name as the registry compares it: lower case, `_` and `-` alike."""
    return name.casefold().replace("_", "-")


def _texts(value: object, path: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SignatureError(f"{path}: {key} must be a list of texts")
    return tuple(value)
