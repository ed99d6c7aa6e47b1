"""`cratescope.toml` to a Policy and its waivers, strictly; the file is its owner's, no crate's.

Waivers stand in the same file as the policy: one file to review, to guard by code owners and to
take from the base branch; who may change the one may change the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from analyzer.model import Phase, Severity, Waiver
from analyzer.policy.fields import Document, Part, hint, read_document
from analyzer.policy.terms import (
    Ability,
    AgeException,
    Allowance,
    Files,
    Git,
    Policy,
    RuleChange,
    Threshold,
)
from analyzer.registry.semver import precedence
from analyzer.score import CAPABILITY_NAMES

_TABLES = ("settings", "policy", "waiver")
POLICY_KEYS = (
    "mode",
    "stale-waivers",
    "registries",
    "git",
    "trusted-publishers",
    "accept-cargo-vet",
    "cargo-vet",
    "baseline",
    "learned",
    "minimum-age-days",
    "thresholds",
    "rules",
    "capabilities",
)
WAIVER_KEYS = (
    "rule",
    "crate",
    "version",
    "versions",
    "sha256",
    "evidence",
    "reason",
    "author",
    "created",
    "expires",
)
AGE_KEYS = ("version", "name", "exceptions")
EXCEPTION_KEYS = ("crate", "versions", "reason")
THRESHOLD_KEYS = ("quarantine", "deny")
CHANGE_KEYS = ("severity", "disabled", "phases", "reason")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_SHA256 = 64
EVIDENCE_LENGTH = 32
ANY_CRATE = "*"


def read_policy(data: bytes, *, name: str) -> tuple[Policy, tuple[Waiver, ...]]:
    """Policy and waivers of a file. Raises TomlError with file and line for anything odd.

    `[settings]` is left to `analyzer.config`; files that the policy names are not opened here.
    """
    document = read_document(data, name=name)
    document.part((), document.top, _TABLES)
    waivers = tuple(_waiver(one) for one in document.parts("waiver", WAIVER_KEYS))
    seen = set()
    for one in waivers:
        if _meaning(one) in seen:
            raise document.error(
                (), f"two waivers for {one.rule} in {one.crate}", line=_line(one.place)
            )
        seen.add(_meaning(one))
    return _policy(document, hashlib.sha256(data).hexdigest()), waivers


def _policy(document: Document, digest: str) -> Policy:
    part = document.part(("policy",), document.top.get("policy", {}), POLICY_KEYS)
    ages = part.table("minimum-age-days", AGE_KEYS)
    return Policy(
        name=document.name,
        digest=digest,
        is_observing=_one_of(part, "mode", ("enforce", "observe")) == "observe",
        fails_on_stale=_one_of(part, "stale-waivers", ("fail", "report")) == "fail",
        thresholds=tuple(_thresholds(part)),
        changes=tuple(_changes(part)),
        version_age_days=ages.days("version"),
        name_age_days=ages.days("name"),
        age_exceptions=tuple(_exceptions(ages)),
        allowances=tuple(_allowances(part)),
        registries=part.texts("registries") if "registries" in part else None,
        git=part.choice("git", Git) or Git.ALLOW,
        publishers=part.texts("trusted-publishers"),
        criteria=part.texts("accept-cargo-vet"),
        files=Files(part.text("cargo-vet"), part.text("baseline"), part.text("learned")),
    )


def _one_of(part: Part, key: str, words: tuple[str, str]) -> str:
    word = part.text(key) or words[0]
    if word not in words:
        raise part.error(key, f"`{key}`: unknown `{word}`", remedy=hint(word, words))
    return word


def _thresholds(part: Part) -> Iterator[Threshold]:
    for name, row in part.named("thresholds", THRESHOLD_KEYS):
        phase = row.word("quarantine", name, Phase)
        yield Threshold(phase, row.choice("quarantine", Severity), row.choice("deny", Severity))


def _changes(part: Part) -> Iterator[RuleChange]:
    for rule, row in part.named("rules", CHANGE_KEYS):
        is_disabled = row.flag("disabled", default=False)
        severity = row.choice("severity", Severity)
        if is_disabled == (severity is not None):
            raise row.error("severity", f"{rule}: give a `severity`, or `disabled = true`")
        phases = tuple(row.word("phases", one, Phase) for one in row.texts("phases"))
        yield RuleChange(rule, severity, row.text("reason", is_needed=True), phases)


def _exceptions(part: Part) -> Iterator[AgeException]:
    rows = part.values.get("exceptions", [])
    if not isinstance(rows, list):
        raise part.error("exceptions", "`exceptions` must be a list of tables")
    for row in rows:
        path = (*part.path, "exceptions")
        one = part.document.part(path, row, EXCEPTION_KEYS)
        crate = _crate(one, "crate", one.text("crate", is_needed=True))
        yield AgeException(crate, one.range("versions"), one.text("reason", is_needed=True))


def _allowances(part: Part) -> Iterator[Allowance]:
    inner = Part(part.document, (*part.path, "capabilities"), part.free("capabilities"))
    for key in inner.values:
        crate, _, versions = key.partition("@")
        if crate != ANY_CRATE:
            _crate(inner, key, crate)
        if versions == "" and "@" in key:
            raise inner.error(key, f"`{key}`: no versions behind the @")
        abilities = tuple(ability(inner, key, one) for one in inner.texts(key))
        yield Allowance(crate, abilities, inner.range(key, text=versions))


def ability(part: Part, key: str, text: str) -> Ability:
    """A capability as it is written: `network`, or `network: library, binary`."""
    name, _, phases = text.partition(":")
    if name.strip() not in CAPABILITY_NAMES:
        remedy = hint(name.strip(), CAPABILITY_NAMES)
        raise part.error(key, f"no capability `{name.strip()}`", remedy=remedy)
    words = [one.strip() for one in phases.split(",")] if phases.strip() else []
    return Ability(name.strip(), tuple(part.word(key, one, Phase) for one in words))


def _crate(part: Part, key: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise part.error(key, f"`{name}` is no crate's name")
    return name


# Waivers ------------------------------------------------------------------------------------------


def _waiver(part: Part) -> Waiver:
    crate = _crate(part, "crate", part.text("crate", is_needed=True))
    versions = part.text("versions")
    if versions:
        bound = next((one for one in ("version", "sha256", "evidence") if one in part), "")
        if bound:
            raise part.error(bound, f"a waiver for `versions` has no `{bound}`")
        part.range("versions")
    else:
        _exact(part)
    created, expires = part.day("created"), part.day("expires", is_needed=True)
    if created > expires:
        raise part.error("expires", "a waiver that expires before it begins")
    return Waiver(
        rule=part.text("rule", is_needed=True),
        crate=crate,
        reason=part.text("reason", is_needed=True),
        author=part.text("author", is_needed=True),
        expires=expires,
        version=part.text("version"),
        sha256=part.text("sha256"),
        evidence=part.text("evidence"),
        versions=versions,
        created=created,
        place=f"{part.document.name}:{part.line}" if part.line else part.document.name,
    )


def _exact(part: Part) -> None:
    """Nothing of what binds a waiver may be missing, be it empty."""
    version = part.text("version", is_needed=True)
    if precedence(version) is None:
        raise part.error("version", f"`{version}` is no exact version", remedy="or use `versions`")
    for key, length in (("sha256", _SHA256), ("evidence", EVIDENCE_LENGTH)):
        text = part.text(key, is_needed=True)
        if len(text) != length or not _HEX.fullmatch(text):
            raise part.error(key, f"`{key}` must be {length} hexadecimal digits")


def _meaning(one: Waiver) -> tuple[str, ...]:
    return one.rule, one.crate, one.version, one.sha256, one.evidence, one.versions


def _line(place: str) -> int:
    line = place.rpartition(":")[2]
    return int(line) if line.isdigit() else 0
