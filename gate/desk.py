"""Where everything meets: what may be served, what must be read first, and what is said instead.

All of it may wait for the network, the disk or the database, so it runs in threads; what answers at
once (`hot_archive`, `hot_index`) touches memory only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analyzer.errors import ChecksumMismatch, CratescopeError, RegistryUnreachable, UnknownCrate
from analyzer.model import IndexEntry
from analyzer.registry.context import Contexts
from analyzer.registry.semver import is_prerelease, precedence
from analyzer.signatures import fold_name
from gate import probe
from gate.errors import AnalysisDown, Busy, StoreUnreachable
from gate.hot import Hot
from gate.indexes import Held, Indexes
from gate.judge import Judge, Question, is_probe
from gate.ledger import Ledger
from gate.line import Job, Line, OnStep, Urgency
from gate.lines import edited, etag
from gate.model import Cause, Outcome, Release, Ruling
from gate.owners import Owners
from gate.paths import Asked
from gate.screen import foreign, held_versions
from gate.settings import GateSettings
from gate.standings import Known, Standings
from gate.store.store import Store
from gate.upstream import IndexCopy, Upstream

_JUST_NOW_S = 5.0


@dataclass(frozen=True, slots=True)
class Served:
    """Bytes that may go out, and their validator."""

    data: bytes
    tag: str = ""
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A ruling that keeps the bytes in; `allowed` is the last version that is served."""

    ruling: Ruling
    allowed: str


@dataclass(frozen=True, slots=True)
class Errand:
    """For whom and why a release is judged; `who` is a client's address, if one waits."""

    mount: str
    urgency: Urgency
    cause: Cause = Cause.JUDGED
    who: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a desk works with."""

    settings: GateSettings
    store: Store
    standings: Standings
    owners: Owners
    judge: Judge
    line: Line
    ledger: Ledger
    upstreams: Mapping[str, Upstream]
    contexts: Callable[[str], Contexts]
    today: Callable[[], str]


class Desk:
    """Safe to share between threads."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        told = parts.settings
        self.hot = Hot(told.hot_size_bytes)
        self.indexes = Indexes(float(told.index_age_s), told.absent_age_s)
        self.is_store_up = True
        self.is_behind = False
        self._alarmed: set[Release] = set()

    # Index -------------------------------------------------------------------------------------

    def hot_index(self, mount: str, name: str) -> Served | None:
        """The edited index file if nothing changed since it was made."""
        held = self.indexes.at_hand(mount, name)
        known = self.parts.standings.at_hand(mount, name)
        if held is None or known is None or held.edited[0] != self._state(held, known):
            return None
        return Served(held.edited[1], held.edited[2], held.copy.is_stale)

    def _state(self, held: Held, known: Known) -> tuple[object, ...]:
        return held.copy.digest, known.generation, self.parts.today()

    def index(self, mount: str, name: str) -> Served:
        """The edited index file. Raises UnknownCrate, RegistryUnreachable, StoreUnreachable."""
        held = self.held(mount, name)
        known = self.known(mount, held.copy)
        state = self._state(held, known)
        if held.edited[0] != state:
            data = self._edit(mount, held.copy, known)
            held.edited = (state, data, etag(data))
        return Served(held.edited[1], held.edited[2], held.copy.is_stale)

    def held(self, mount: str, name: str, *, is_checked: bool = False) -> Held:
        """The index file as it came. `name` is lower-cased. Raises as `index` does."""
        if name == probe.NAME:
            file = probe.index_file()
            copy = IndexCopy(probe.index_data(), file, probe.checksum())
            return self.indexes.get(mount, name, lambda: copy)
        upstream = self.parts.upstreams[mount]
        if fold_name(name) in self.parts.settings.internal and upstream.mount.is_public:
            raise UnknownCrate(f"`{name}` is an internal name: the public registry is not asked")
        return self.indexes.get(
            mount, name, lambda: upstream.index(name, is_checked=is_checked), is_checked=is_checked
        )

    def known(self, mount: str, copy: IndexCopy) -> Known:
        """What is known of the releases in an index file; new ones are pinned (G1)."""
        entries = copy.file.entries
        name = entries[0].name if entries else ""
        known = self.parts.standings.of(mount, name)
        new = [
            Release(mount, one.name, one.version, one.checksum)
            for one in entries
            if one.version not in known.pins
        ]
        if new:
            self.parts.standings.pin(new)
            self.parts.ledger.pin(new)
        return known

    def _edit(self, mount: str, copy: IndexCopy, known: Known) -> bytes:
        entries = copy.file.entries
        if entries and is_probe(entries[0]):
            return copy.data  # cargo shall ask for its archive, and hear why not
        own = self.parts.upstreams[mount].mount.access.index_url
        policy = self.parts.owners.policy(mount)
        held = held_versions(entries, known, policy, own, self.parts.today())
        return edited(copy.data, copy.file, held)

    # Archives ----------------------------------------------------------------------------------

    def hot_archive(self, mount: str, asked: Asked) -> bytes | None:
        """The bytes of a release that is served, if they are in memory."""
        known = self.parts.standings.at_hand(mount, asked.name)
        if known is None or self._closed() is not None:
            return None
        ruling = known.ruling(asked.version, asked.sha256, self.parts.today())
        if ruling is None or ruling.outcome is not Outcome.SERVE:
            return None
        return self.hot.get(asked.sha256) if ruling.release.name == asked.name else None

    def _closed(self) -> CratescopeError | None:
        """Why nothing is served at all, if an outage and the settings say so."""
        told = self.parts.settings.outages
        if not (self.is_store_up or told.is_served_kept):
            return StoreUnreachable("the database does not answer, and the setting is `closed`")
        if not (self.parts.judge.analysis.is_up or told.is_judged_kept):
            return AnalysisDown("the analysis does not work, and the setting is `closed`")
        return None

    def archive(self, mount: str, asked: Asked, who: str = "") -> Served | Refused | Job:
        """The bytes, a refusal, or the job that has to end before either can be said.

        Raises UnknownCrate, RegistryUnreachable, StoreUnreachable, AnalysisDown, Busy.
        """
        trouble = self._closed()
        if trouble is not None:
            raise trouble
        copy, entry = self.entry(mount, asked)
        known = self.known(mount, copy)
        ruling = self.ruling(mount, entry, known)
        if ruling is None:
            return self.ask(entry, copy, Errand(mount, Urgency.DOWNLOAD, who=who))
        if ruling.outcome is not Outcome.SERVE:
            return Refused(ruling, self.last_allowed(copy, known, ruling))
        data = probe.archive() if is_probe(entry) else self._bytes(mount, entry)
        # It may have been revoked while the bytes were on their way (G15).
        now = known.ruling(entry.version, entry.checksum, self.parts.today())
        current = self.parts.standings.of(mount, entry.name)
        now = current.ruling(entry.version, entry.checksum, self.parts.today()) or now
        if now is None or now.outcome is not Outcome.SERVE:
            return Refused(now or ruling, self.last_allowed(copy, current, ruling))
        self.hot.put(entry.checksum, data)
        return Served(data)

    def _bytes(self, mount: str, entry: IndexEntry) -> bytes:
        try:
            return self.parts.upstreams[mount].archive(entry)
        except ChecksumMismatch as error:
            raise self._alarm(
                Release(mount, entry.name, entry.version, entry.checksum), error
            ) from None

    def _alarm(self, release: Release, error: ChecksumMismatch) -> RegistryUnreachable:
        """The upstream lies, or a mirror is broken: nothing is served, and it is told once."""
        if release not in self._alarmed:
            self._alarmed.add(release)
            line = f"{error}: {error.actual}"
            self.parts.store.tell("gate", "checksum-alarm", _subject(release), line)
        return RegistryUnreachable(str(error), remedy=error.remedy)

    def entry(self, mount: str, asked: Asked) -> tuple[IndexCopy, IndexEntry]:
        """The index line that names exactly this release; an old copy is checked once (G5).

        Raises UnknownCrate if there is none: a digest alone opens nothing.
        """
        for is_checked in (False, True):
            held = self.held(mount, asked.name.lower(), is_checked=is_checked)
            for one in held.copy.file.entries:
                if (one.name, one.version, one.checksum) == (
                    asked.name,
                    asked.version,
                    asked.sha256,
                ):
                    return held.copy, one
            if time.monotonic() - held.at < _JUST_NOW_S:
                break  # guessing versions must not become traffic upstream (G8)
        raise UnknownCrate(f"the index names no {asked.name} {asked.version} with this checksum")

    def ruling(self, mount: str, entry: IndexEntry, known: Known) -> Ruling | None:
        """The ruling in force; one that needs no judge is made here and kept."""
        release = Release(mount, entry.name, entry.version, entry.checksum)
        pinned = known.pins.get(entry.version, entry.checksum)
        one = known.ruling(entry.version, entry.checksum, self.parts.today())
        if one is not None and (pinned == entry.checksum or one.cause is Cause.CHECKSUM):
            return one
        if pinned != entry.checksum:
            why = f"its bytes are not those of its first publication (sha256 {pinned[:16]}...)"
            return self.keep(_plain_ruling(release, Outcome.DENY, why, Cause.CHECKSUM))
        other = foreign(entry, self.parts.upstreams[mount].mount.access.index_url)
        if other:
            why = f"a dependency is asked from another registry, past this gate: {other}"
            return self.keep(_plain_ruling(release, Outcome.HOLD, why, Cause.JUDGED))
        return None

    def keep(self, ruling: Ruling) -> Ruling:
        """Write a ruling, then put it in force: in this order, so that none is ever lost."""
        kept = self.parts.store.keep(ruling)
        self.parts.standings.put(kept)
        return kept

    def last_allowed(self, copy: IndexCopy, known: Known, ruling: Ruling) -> str:
        """The highest version below a refused one that is served, else that nobody held."""
        entries = [one for one in copy.file.entries if not one.is_yanked]
        own = precedence(ruling.release.version) or ()
        day = self.parts.today()
        policy = self.parts.owners.policy(ruling.release.mount)
        url = self.parts.upstreams[ruling.release.mount].mount.access.index_url
        held = held_versions(copy.file.entries, known, policy, url, day)
        lower = [one for one in entries if (precedence(one.version) or ()) < own]
        free = [one for one in lower if one.version not in held and not is_prerelease(one.version)]
        served = [one for one in free if known.ruling(one.version, one.checksum, day) is not None]
        best = max(served or free, key=lambda one: precedence(one.version) or (), default=None)
        return best.version if best is not None else ""

    # Judging -----------------------------------------------------------------------------------

    def ask(self, entry: IndexEntry, copy: IndexCopy, errand: Errand) -> Job:
        """Have a release judged; who asks at the same time gets the same job. Raises Busy."""
        release = Release(errand.mount, entry.name, entry.version, entry.checksum)

        def work(on_step: OnStep) -> Ruling:
            return self._judge(release, entry, copy, errand.cause, on_step)

        return self.parts.line.ask(release, work, errand.urgency, errand.who)

    def _judge(
        self, release: Release, entry: IndexEntry, copy: IndexCopy, cause: Cause, on_step: OnStep
    ) -> Ruling:
        day = self.parts.today()
        known = self.parts.standings.of(release.mount, release.name)
        if cause is Cause.JUDGED:
            found = known.ruling(release.version, release.sha256, day)
            if found is not None:
                return found

        before = known.rulings.get((release.version, release.sha256))
        if before is not None and before.cause is Cause.ADVISORY and self.is_behind:
            raise AnalysisDown(
                f"another gate knows an advisory against {release.label} that this one does not",
                remedy="run `cratescope db update` on this gate's machine",
            )

        def outcome_of(one: IndexEntry) -> Outcome | None:
            ruling = known.ruling(one.version, one.checksum, day)
            return ruling.outcome if ruling is not None else None

        owner = self.parts.owners.of(release, day)
        asked = Question(release, entry, copy, outcome_of, owner, day, cause)
        upstream = self.parts.upstreams[release.mount]
        try:
            ruling, shown = self.parts.judge.rule(asked, upstream, on_step)
        except ChecksumMismatch as error:
            raise self._alarm(release, error) from None
        kept = self.parts.store.keep(ruling, shown)
        self.parts.standings.put(kept)
        if before is not None and kept.outcome is not Outcome.SERVE is before.outcome:
            self.tell_late(kept, before)
        return kept

    def tell_late(self, kept: Ruling, before: Ruling) -> None:
        """What went out is held now: whoever got it has to hear of it."""
        got = self.parts.store.who_got(kept.release.name, kept.release.version)
        clients = len({one.client for one in got})
        line = f"was {before.verdict}, is {kept.verdict}; {clients} clients got it: {kept.why}"
        self.parts.store.tell("gate", "late-verdict", _subject(kept.release), line[:400])

    def look_ahead(self, mount: str, name: str, who: str = "") -> None:
        """Have the newest release of a name read before anybody downloads it; quietly, or not."""
        try:
            held = self.held(mount, name)
            known = self.known(mount, held.copy)
            open_ones = [
                one
                for one in held.copy.file.entries
                if not one.is_yanked and not is_prerelease(one.version)
            ]
            best = max(open_ones, key=lambda one: precedence(one.version) or (), default=None)
            if best is not None and self.ruling(mount, best, known) is None:
                self.ask(best, held.copy, Errand(mount, Urgency.AHEAD, who=who))
        except (Busy, UnknownCrate, RegistryUnreachable, StoreUnreachable):
            return

    def judge_again(
        self, ruling: Ruling, cause: Cause, urgency: Urgency = Urgency.RESCAN
    ) -> Job | None:
        """Have a release judged anew; None if its index no longer names it."""
        release = ruling.release
        asked = Asked(release.name, release.version, release.sha256)
        try:
            copy, entry = self.entry(release.mount, asked)
            return self.ask(entry, copy, Errand(release.mount, urgency, cause))
        except UnknownCrate:
            return None


def _plain_ruling(release: Release, outcome: Outcome, why: str, cause: Cause) -> Ruling:
    return Ruling(release, outcome, "BLOCK" if outcome is Outcome.DENY else "", why, "", cause, "")


def _subject(release: Release) -> str:
    return f"{release.mount} {release.name} {release.version} {release.sha256}"
