"""Crates as they were when somebody looked: files that `baseline` and `policy learn` write.

They hold checksums and capabilities, never verdicts: what a rule says tomorrow of the same bytes
is asked tomorrow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from analyzer.model import QUIET, Capability, Phase
from analyzer.policy.fields import Document, Part, read_document
from analyzer.policy.read import ability
from analyzer.policy.terms import Ability, Adoption, KnownCrate

CRATE_KEYS = ("name", "version", "sha256", "capabilities", "findings")
BASELINE_KEYS = ("author", "reason", "created", "expires")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FINDING = re.compile(r"\S+ [0-9a-f]{32}", re.ASCII)


def read_known(data: bytes, *, name: str, is_baseline: bool = False) -> tuple[KnownCrate, ...]:
    """The crates of such a file; a baseline says who adopted them. Raises TomlError."""
    document = read_document(data, name=name)
    document.part((), document.top, ("crate", "baseline") if is_baseline else ("crate",))
    adoption = _adoption(document) if is_baseline else None
    found: dict[tuple[str, str], KnownCrate] = {}
    for part in document.parts("crate", CRATE_KEYS):
        sha256 = part.text("sha256", is_needed=True)
        if not _SHA256.fullmatch(sha256):
            raise part.error("sha256", "`sha256` must be 64 hexadecimal digits")
        one = KnownCrate(
            part.text("name", is_needed=True),
            part.text("version", is_needed=True),
            sha256,
            tuple(ability(part, "capabilities", text) for text in part.texts("capabilities")),
            _findings(part, is_baseline=is_baseline),
            adoption,
        )
        if (one.name, one.version) in found:
            raise part.error("name", f"{one.name} {one.version} stands here twice")
        found[one.name, one.version] = one
    return tuple(found.values())


def _adoption(document: Document) -> Adoption:
    part = document.part(("baseline",), document.top.get("baseline", {}), BASELINE_KEYS)
    texts = [part.text(one, is_needed=True) for one in ("author", "reason")]
    days = [part.day(one, is_needed=True) for one in ("created", "expires")]
    if days[0] > days[1]:
        raise part.error("expires", "a baseline that expires before it begins")
    return Adoption(*texts, *days)


def _findings(part: Part, *, is_baseline: bool) -> tuple[str, ...]:
    rows = part.texts("findings")
    if rows and not is_baseline:
        raise part.error("findings", "only a baseline accepts findings")
    for one in rows:
        if not _FINDING.fullmatch(one):
            raise part.error("findings", "`findings` must be texts of a rule and its evidence")
    return rows


def known_text(crates: Iterable[KnownCrate], *, head: str, adoption: Adoption | None = None) -> str:
    """The file for these crates, by name and version; `head` becomes its comment. With an
    `adoption` it is a baseline.
    """
    lines = [f"# {one}".rstrip() for one in head.splitlines()]
    if adoption is not None:
        lines += [
            "",
            "[baseline]",
            f"author = {quoted(adoption.author)}",
            f"reason = {quoted(adoption.reason)}",
            f"created = {adoption.created}",
            f"expires = {adoption.expires}",
        ]
    for one in sorted(crates, key=lambda one: (one.name, one.version)):
        abilities = ", ".join(quoted(ability_text(item)) for item in one.abilities)
        lines += [
            "",
            "[[crate]]",
            f"name = {quoted(one.name)}",
            f"version = {quoted(one.version)}",
            f"sha256 = {quoted(one.sha256)}",
            f"capabilities = [{abilities}]",
        ]
        if one.findings:
            lines += ["findings = [", *(f"    {quoted(item)}," for item in one.findings), "]"]
    return "\n".join(lines) + "\n"


def abilities_of(capabilities: Iterable[Capability]) -> tuple[Ability, ...]:
    """What code can do that gets to a user: each capability with the phases it has now."""
    found = []
    for one in capabilities:
        phases = live_phases(one)
        if phases or not one.phases:
            found.append(Ability(one.name, phases))
    return tuple(found)


def live_phases(one: Capability) -> tuple[Phase, ...]:
    """Phases of a capability less tests, examples, benches and files nobody reaches."""
    return tuple(phase for phase in one.phases if phase not in QUIET)


def ability_text(one: Ability) -> str:
    """A capability as policies write it."""
    return f"{one.name}: {', '.join(one.phases)}" if one.phases else one.name


def quoted(text: str) -> str:
    """A TOML basic string; what cannot be seen is written as an escape."""
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in plain)
