"""The nouns of an incident: a bad crate, its campaign, and where the knowledge is from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from analyzer.registry.ranges import Range

STALE_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Traces:
    """What an investigator can search for, besides the name. `related`: hosts of the same people
    that were not seen with this crate. `keys`: fingerprints of SSH keys that were added.
    """

    hosts: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadCrate:
    """A crate on record. `versions` is ("*",) for every version; `published` and `removed` are days
    or months as sources have them, empty where unknown. `campaign` is an id. Advisories tell
    versions by ranges, too: what is `affected` and not `safe`.
    """

    name: str
    versions: tuple[str, ...]
    kind: str
    campaign: str = ""
    advisories: tuple[str, ...] = ()
    published: str = ""
    removed: str = ""
    triggers: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    summary: str = ""
    impersonates: str = ""
    traces: Traces = Traces()
    source: str = "shipped"
    affected: tuple[Range, ...] = ()
    safe: tuple[Range, ...] = ()

    @property
    def is_any_version(self) -> bool:
        """Whether every version of the name is bad."""
        return "*" in self.versions

    @property
    def runs_at_build(self) -> bool:
        """Whether building alone runs it; what is not public counts as if it did."""
        quiet = ("runtime-fn", "installed-bin", "ide-open", "none", "test")
        return not self.triggers or any(not one.startswith(quiet) for one in self.triggers)

    def covers(self, version: str) -> bool:
        """Whether exactly this version is named, or a range holds it, or all are."""
        if self.is_any_version or version in self.versions:
            return True
        return any(one.covers(version) for one in self.affected) and not any(
            one.covers(version) for one in self.safe
        )


@dataclass(frozen=True, slots=True)
class Campaign:
    """What belongs together. `near`: further names hunted, folded and without separators, `*` for
    any rest; `lookalikes`: (host, the host it imitates); `secrets`: classes of secrets it takes.
    """

    id: str
    title: str
    label: str = ""
    also: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    lookalikes: tuple[tuple[str, str], ...] = ()
    source: str = "shipped"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where knowledge came from: `as_of` is when it was made, a day or a time."""

    name: str
    as_of: str
    entries: int
    digest: str = ""
    fetched: str = ""

    def age_days(self, now: datetime) -> int:
        """Days since it was fetched, or made if it was never fetched; -1 if that is unknown."""
        try:
            then = datetime.fromisoformat(self.fetched or self.as_of)
        except ValueError:
            return -1
        return max(0, (now - (then if then.tzinfo else then.replace(tzinfo=now.tzinfo))).days)

    def is_stale(self, now: datetime) -> bool:
        """Whether a newer state should be fetched."""
        age = self.age_days(now)
        return age < 0 or age > STALE_AFTER.days


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything hunted for: crates, campaigns by id, and where both came from."""

    crates: tuple[BadCrate, ...]
    campaigns: tuple[Campaign, ...]
    origins: tuple[Origin, ...]

    def campaign(self, name: str) -> Campaign | None:
        """A campaign by its id, its label or another name of it; case and separators fold."""
        wanted = folded(name)
        for one in self.campaigns:
            if wanted in {folded(text) for text in (one.id, one.label, *one.also)}:
                return one
        return None

    def members(self, campaign: str) -> tuple[BadCrate, ...]:
        """The crates of a campaign."""
        return tuple(one for one in self.crates if one.campaign == campaign)


class Match(StrEnum):
    """How sure a sighting is: the listed crate, a name like it, or its name from elsewhere."""

    LISTED = "listed"
    VARIANT = "variant"
    NAMESAKE = "namesake"


def folded(name: str) -> str:
    """A name without case and separators."""
    return name.casefold().replace("_", "").replace("-", "").replace(" ", "")
