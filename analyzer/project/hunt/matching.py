"""Which crate names are wanted: those on record by version, and names that a campaign would use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzer.config import is_default_source
from analyzer.facts.near_names import NameIndex, near_of
from analyzer.project.incident.model import BadCrate, Campaign, Knowledge, Match, folded
from analyzer.signatures import fold_name

WORD = re.compile(rb"[A-Za-z0-9_-]+")
_KEPT = 200_000
_CLOSE_KINDS = ("malware", "carrier", "named")
_MIN_CLOSE = 6
"""Below this length, honest names come close to bad ones by chance."""


@dataclass(slots=True)
class Matcher:
    """Answers for one name at a time; names come back often, so answers are kept (in bounds).

    `honest`: folded names that are never near variants, whatever they look like.
    """

    knowledge: Knowledge
    honest: frozenset[str]
    campaign: str = ""
    _listed: dict[str, list[BadCrate]] = field(default_factory=dict)
    _close: NameIndex = field(default_factory=lambda: NameIndex(()))
    _near: list[tuple[str, Campaign]] = field(default_factory=list)
    _known: dict[str, tuple[BadCrate, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = self.knowledge.crates
        if self.campaign:
            wanted = self.knowledge.members(self.campaign)
        for one in wanted:
            self._listed.setdefault(fold_name(one.name), []).append(one)
        self._close = NameIndex(one.name for one in wanted if _is_copied(one))
        self._near = [
            (folded(text), one)
            for one in self.knowledge.campaigns
            if one.id == self.campaign or not self.campaign
            for text in one.near
        ]

    @property
    def size(self) -> int:
        """How many names are on record."""
        return len(self._listed)

    def wanted(self, name: str) -> tuple[BadCrate, ...]:
        """What a name may be: entries on record, or one made up for a near variant."""
        key = fold_name(name)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > _KEPT:
                self._known.clear()
            found = self._known[key] = self._asked(key, name)
        return found

    def match(self, name: str, version: str, source: str | None) -> tuple[Match, BadCrate] | None:
        """The entry that a name and version fall under. `version` may be empty: not told; `source`
        as in a lock file, empty for a package of one's own, None where it is not told.
        """
        for crate in self.wanted(name):
            if crate.kind == "variant":
                is_ours = source is not None and not (source and is_default_source(source))
                return None if is_ours else (Match.VARIANT, crate)
            if crate.is_any_version or (version and crate.covers(version)):
                is_theirs = source is None or (bool(source) and is_default_source(source))
                return (Match.LISTED if is_theirs else Match.NAMESAKE), crate
        return None

    def is_interesting(self, data: bytes) -> bool:
        """Whether any word of a text is a wanted name, and a wanted version stands in it, too.

        Escapes may hide one: then True.
        """
        if b"\\" in data:
            return True
        return any(
            crate.is_any_version
            or crate.affected
            or any(v.encode() in data for v in crate.versions)
            for one in set(WORD.findall(data))
            for crate in self.wanted(one.decode())
        )

    def _asked(self, key: str, name: str) -> tuple[BadCrate, ...]:
        listed = self._listed.get(key)
        if listed is not None:
            return tuple(listed)
        joined = folded(name)
        if key in self.honest or len(joined) > 64:
            return ()
        for pattern, campaign in self._near:
            is_rest = pattern.endswith("*") and joined.startswith(pattern[:-1])
            if joined == pattern or is_rest:
                why = f"a name of the campaign {campaign.id}"
                return (BadCrate(name, ("*",), "variant", campaign.id, summary=why),)
        near = near_of(name, self._close) if len(joined) >= _MIN_CLOSE else None
        if near is None:
            return ()
        meant = self._listed[fold_name(near[0])][0]
        why = f"like {meant.name} ({near[1]})"
        return (
            BadCrate(
                name,
                ("*",),
                "variant",
                meant.campaign,
                published=meant.published,
                triggers=meant.triggers,
                techniques=meant.techniques,
                summary=why,
            ),
        )


def _is_copied(crate: BadCrate) -> bool:
    """Whether its author would try a name like it: not one of honest or confused names."""
    return crate.kind in _CLOSE_KINDS and len(folded(crate.name)) >= _MIN_CLOSE


def honest_names(popular: Iterable[str], knowledge: Knowledge) -> frozenset[str]:
    """Names that only look like bad ones: much-used crates, and those that were imitated."""
    imitated = (one.impersonates for one in knowledge.crates if one.impersonates)
    return frozenset(fold_name(one) for one in (*popular, *imitated))
