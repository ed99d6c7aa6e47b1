"""All recordings of a run, joined: who sent what where, which decoys it held, what differed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analyzer.model import (
    Fact,
    FactKind,
    Gap,
    GapKind,
    Moment,
    Observation,
    ObservedProcess,
    Payload,
    Phase,
    Stage,
    Trace,
)
from analyzer.signatures import Signatures
from sandbox.bait import Decoy
from sandbox.conduct import NOBODY, Conduct, Doing, Reader, fact_of
from sandbox.leaks import (
    Depth,
    Leak,
    LeakBudget,
    dns_leaks,
    find_leaks,
    is_opaque,
    split_leaks,
)
from sandbox.lineage import PHASES, Lineage, Part, Places, Process
from sandbox.network import METADATA, Exchange, Lookup, read_records
from sandbox.observers.strace import lines_of, read_calls
from sandbox.sameness import essence, once
from sandbox.senders import Owners, endpoint_of, payload_of, shown

if TYPE_CHECKING:
    from sandbox.machine import Machine, Recording

_PAYLOADS_MAX, _PROCESSES_MAX, _LOOKUPS_MAX = 400, 400, 400
_FILES_SEARCHED_BYTES = 48 << 20
_COMPARED = frozenset(
    {
        FactKind.NET_CONNECT,
        FactKind.NET_RESOLVE,
        FactKind.PROCESS_SPAWN,
        FactKind.FILE_READ,
        FactKind.FILE_WRITE,
        FactKind.DECOY_SENT,
    }
)
OTHER_BAIT = "other bait"
_SHALLOW = LeakBudget(depth=Depth.SHALLOW)
_DEEP = LeakBudget()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a stage showed, for deciding what to run next."""

    has_opened: bool
    has_left: bool
    has_sent: bool
    has_asked: bool
    is_refused: bool
    """Somebody hung up on the sinkhole: its certificate was not good enough."""
    long_sleeps: int

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was opened, left, sent or asked for."""
        return not (self.has_opened or self.has_left or self.has_sent or self.has_asked)


class Witness:
    """Takes in recordings; `trace` gives it all."""

    def __init__(self, label: str, places: Places, signatures: Signatures, began_s: float) -> None:
        """`label` is the crate's name and version, `began_s` the time that moments count from."""
        self._label, self._places, self._signatures = label, places, signatures
        self._began_ms = int(began_s * 1000)
        self._stages: list[Stage] = []
        self._facts: dict[str, list[Fact]] = {}
        self._conducts: dict[str, Conduct] = {}
        self._exchanges: dict[str, tuple[Exchange, ...]] = {}
        self._payloads: list[Payload] = []
        self._lookups: dict[str, None] = {}
        self._gaps: list[Gap] = []
        self._expected: frozenset[str] = frozenset()
        self._searched: set[bytes] = set()
        self._unsent = 0
        self.altered: tuple[str, ...] = ()

    def seen(self, *stages: str) -> Seen:
        """What these stages showed."""
        conducts = [self._conducts[one] for one in stages]
        exchanges = [one for stage in stages for one in self._exchanges[stage]]
        kinds = {one.kind for stage in stages for one in self._facts[stage]}
        return Seen(
            has_opened=any(one.opened & set(self._decoy_paths) for one in conducts),
            has_left=FactKind.DECOY_LEFT in kinds,
            has_sent=any(one.size_bytes for one in exchanges),
            has_asked=bool(kinds & {FactKind.NET_CONNECT, FactKind.NET_RESOLVE}),
            is_refused=any(one.answer == "handshake" for one in exchanges),
            long_sleeps=sum(one.long_sleeps for one in conducts),
        )

    def has_acted(self, phase: Phase, *stages: str) -> bool:
        """Whether anything was seen of a part in these stages."""
        return any(phase in one.phases for stage in stages for one in self._facts[stage])

    def read(
        self,
        recording: Recording,
        part: Part,
        machine: Machine,
        *,
        places: Places | None = None,
    ) -> None:
        """Take in a stage whose program plays this part."""
        told, stage = recording.told, recording.name
        outcome, code = str(told["outcome"]), int(told["code"])
        self._stages.append(
            Stage(stage, recording.mode, outcome, code, told["took_ms"], told["cpu_ms"])
        )
        bait = machine.bait
        decoys = {
            machine.path_of(one.place): _spelled(one.place)
            for one in bait.decoys
            if not one.is_variable
        }
        self._decoy_paths = decoys
        variables = {one.place for one in bait.decoys if one.is_variable}
        here = places or self._places
        calls, lost = read_calls(lines_of(recording.trace))
        is_consumer = here.project == self._places.project
        lineage = Lineage(here, bait.persona.project if is_consumer else self._label, part)
        names = {**decoys, **{one: one for one in variables}}
        conduct = Reader(stage, here, names, self._signatures).read(lineage, calls)
        facts = list(conduct.facts)
        records = read_records(recording.network)
        self._gaps += records.gaps
        everything = bait.decoys + machine.handed_out
        facts += self._network(stage, conduct, records.exchanges, records.lookups, everything)
        facts += self._outputs(stage, recording, everything)
        facts += self._events(stage, recording, conduct, decoys)
        self._losses(recording, lost)
        self._conducts[stage], self._exchanges[stage] = conduct, records.exchanges
        if not is_consumer:
            quiet = PHASES[Part.TEST if part is Part.CARGO else part]
            facts = [_in_phase(one, quiet) for one in facts]
        self._facts[stage] = facts

    # Network --------------------------------------------------------------------------------------

    def _network(
        self,
        stage: str,
        conduct: Conduct,
        exchanges: tuple[Exchange, ...],
        lookups: tuple[Lookup, ...],
        decoys: tuple[Decoy, ...],
    ) -> Iterator[Fact]:
        owners = Owners(conduct)
        for lookup in lookups:
            self._lookups[lookup.name] = None
            process = owners.asked(lookup.name)
            if process is not None or not _is_reverse(lookup.name):
                who = process or NOBODY
                yield fact_of(
                    Doing(stage, who, lookup.at_ms), FactKind.NET_RESOLVE, lookup.name, ()
                )
        names = [one.name for one in lookups]
        for leak in dns_leaks(names, decoys, budget=_DEEP).leaks:
            process = owners.asked(names[0]) if names else None
            where = f"names asked for, {leak.encoding}"
            yield self._sent(stage, process or NOBODY, leak, where, lookups[0].at_ms)
        by_host: dict[str, list[Exchange]] = {}
        known: dict[bytes, tuple[Leak, ...]] = {b"": ()}
        for one in exchanges:
            by_host.setdefault(one.host or one.address, []).append(one)
            if one.data not in known:
                known[one.data] = find_leaks(one.data, decoys, budget=_DEEP).leaks
            yield from self._exchange(stage, one, owners.reached(one), known[one.data])
        for host, group in by_host.items():
            pieces = list(dict.fromkeys(one.data for one in group))
            if len(pieces) > 1:
                found = split_leaks(pieces, decoys, budget=_DEEP)
                for leak in found.leaks:
                    process = owners.reached(group[0]) or NOBODY
                    text = f"{host} in pieces, {leak.encoding}"
                    yield self._sent(stage, process, leak, text, group[0].at_ms)

    def _exchange(
        self, stage: str, one: Exchange, process: Process | None, found: tuple[Leak, ...]
    ) -> Iterator[Fact]:
        who = process or NOBODY
        endpoint = endpoint_of(one)
        yield fact_of(Doing(stage, who, one.at_ms), FactKind.NET_CONNECT, endpoint, ())
        if one.answer.startswith("metadata"):  # what it gave out itself is asked for with
            found = tuple(leak for leak in found if leak.decoy.place != METADATA)
        words = (f"{_spelled(leak.decoy.place)} ({leak.encoding})" for leak in found)
        if one.size_bytes:
            text = shown(one.data)[:200]
            yield fact_of(Doing(stage, who, one.at_ms), FactKind.NET_SEND, endpoint, (text,))
        for leak in found:
            yield self._sent(stage, who, leak, f"{endpoint}, {leak.encoding}", one.at_ms)
        if len(self._payloads) < _PAYLOADS_MAX:
            at_ms, told = max(0, one.at_ms - self._began_ms), tuple(dict.fromkeys(words))
            self._payloads.append(payload_of(one, stage, at_ms, who.owner, told))

    def _sent(self, stage: str, process: Process, leak: Leak, where: str, at_ms: int) -> Fact:
        place = _spelled(leak.decoy.place)
        return fact_of(Doing(stage, process, at_ms), FactKind.DECOY_SENT, place, (where,))

    # What stays -----------------------------------------------------------------------------------

    def _outputs(
        self, stage: str, recording: Recording, decoys: tuple[Decoy, ...]
    ) -> Iterator[Fact]:
        """Decoys in what the build printed and in the files it left."""
        left = _FILES_SEARCHED_BYTES
        planted = set(self._decoy_paths)
        rows = [("the build's log", bytes(recording.output)), *recording.files.items()]
        for name, data in rows:
            if name in planted or "/.git/" in name:
                continue
            digest = hashlib.sha256(data).digest()
            if digest in self._searched:  # links of one file, and what is built the same again
                continue
            left -= len(data)
            if left < 0:
                continue
            self._searched.add(digest)
            for leak in find_leaks(data, decoys, budget=_SHALLOW).leaks:
                data_words = (self._subject(name), leak.encoding)
                place = _spelled(leak.decoy.place)
                yield fact_of(Doing(stage, _BUILDER, 0), FactKind.DECOY_LEFT, place, data_words)
        if left < 0:
            reason = f"{stage}: {-left} bytes of what it left were not searched for decoys"
            self._gaps.append(Gap(GapKind.SANDBOX, reason))

    def _subject(self, name: str) -> str:
        places = self._places
        for folder, word in ((places.target, "{target}"), (places.home, "{home}")):
            if name.startswith(f"{folder}/"):
                return word + name.removeprefix(folder)
        return name

    def _events(
        self, stage: str, recording: Recording, conduct: Conduct, decoys: Mapping[str, str]
    ) -> Iterator[Fact]:
        """Decoys opened behind the tracer's back, and children that outlive their parent."""
        known = {one.pid: one for one in conduct.processes}
        for one in recording.told["survivors"]:
            argv = " ".join(str(word) for word in one.get("argv", []))[:300]
            who = known.get(int(one.get("pid", 0)), NOBODY)
            yield fact_of(Doing(stage, who, 0), FactKind.PROCESS_DETACH, argv, ())
        opened = {
            str(one.get("path")): int(one.get("at_ms", 0))
            for one in recording.events
            if one.get("event") == "opened"
        }
        self._expected |= conduct.expected
        for path, at_ms in opened.items():
            is_known = path in conduct.opened or path in self._expected or _is_cargos(path)
            if path in decoys and not is_known:
                subject = decoys[path]
                yield fact_of(Doing(stage, NOBODY, at_ms), FactKind.FILE_READ, subject, ())

    def _losses(self, recording: Recording, unread: int) -> None:
        stage, told = recording.name, recording.told
        cut = sum(int(one.get("bytes", 0)) for one in recording.events if one.get("event") == "cut")
        for count, what in (
            (told["lost_protected"], "lines of the trace that matter had no room"),
            (told["lost"], "lines of the trace had no room"),
            (unread, "lines of the trace could not be read"),
            (cut, "bytes of what it printed were not kept"),
        ):
            if count:
                self._gaps.append(Gap(GapKind.SANDBOX, f"{stage}: {count} {what}"))
        self._unsent = max(self._unsent, told.get("unsent", 0))

    # Differences ----------------------------------------------------------------------------------

    def compare(self, first: Iterable[str], second: str, words: str) -> None:
        """What a later run did that the first ones did not, nor the one with other bait: a payload
        that chooses its moment.
        """
        before = (one for stage in (*first, OTHER_BAIT) for one in self._facts.get(stage, []))
        known = {essence(one) for one in before}
        for one in list(self._facts[second]):
            if one.kind in _COMPARED and essence(one) not in known:
                subject = f"{one.kind} {one.subject}"
                self._facts[second].append(
                    replace(one, kind=FactKind.RUN_DIFFERS, subject=subject, data=(words,))
                )

    def compare_sizes(self, first: str, second: str) -> None:
        """Unreadable payloads whose size follows the bait's hold it (S5)."""
        sizes = [
            {endpoint_of(one): one.size_bytes for one in self._exchanges[stage]}
            for stage in (first, second)
        ]
        for one in self._exchanges[first]:
            endpoint = endpoint_of(one)
            is_closed = not one.is_readable or is_opaque(one.data)
            is_told = any(row.endpoint == endpoint and row.decoys for row in self._payloads)
            before, after = sizes[0][endpoint], sizes[1].get(endpoint)
            if is_closed and not is_told and after not in (None, before):
                words = (f"{before} bytes, {after} with longer bait",)
                process = Owners(self._conducts[first]).reached(one) or NOBODY
                doing = Doing(second, process, one.at_ms)
                subject = f"size sent to {endpoint}"
                told = fact_of(doing, FactKind.RUN_DIFFERS, subject, words)
                self._facts[second].append(told)

    # The end --------------------------------------------------------------------------------------

    def trace(self, *, image: str, toolchain: str, profile: str) -> Trace:
        """Facts, gaps, and everything for people to look at."""
        told = (one for stage in self._facts.values() for one in stage)
        facts = tuple(self._relative(one) for one in once(told))
        if self._unsent:
            reason = f"{self._unsent} large files that a run left were not searched for decoys"
            self._gaps.append(Gap(GapKind.SANDBOX, reason))
        observation = Observation(
            image,
            toolchain,
            profile,
            tuple(self._stages),
            tuple(self._processes(facts)),
            tuple(self._payloads),
            tuple(self._lookups)[:_LOOKUPS_MAX],
            self.altered,
        )
        return Trace(facts, tuple(self._gaps), observation)

    def _relative(self, fact: Fact) -> Fact:
        assert isinstance(fact.where, Moment)
        at_ms = max(0, fact.where.at_ms - self._began_ms) if fact.where.at_ms else 0
        return replace(fact, where=replace(fact.where, at_ms=at_ms))

    def _processes(self, facts: Iterable[Fact]) -> Iterator[ObservedProcess]:
        """Processes that facts are about, and those between them and cargo."""
        wanted: dict[str, set[int]] = {}
        for one in facts:
            assert isinstance(one.where, Moment)
            wanted.setdefault(one.where.stage, set()).add(one.where.pid)
        left = _PROCESSES_MAX
        for stage, pids in wanted.items():
            conduct = self._conducts[stage]
            parents = {one.pid: one.parent for one in conduct.processes}
            for start in tuple(pids):
                pid = start
                while pid in parents and parents[pid] not in pids:
                    pid = parents[pid]
                    pids.add(pid)
            for process in conduct.processes:
                if process.pid in pids and not process.is_ours and left > 0:
                    left -= 1
                    yield ObservedProcess(
                        stage,
                        process.pid,
                        process.parent,
                        max(0, process.began_us // 1000 - self._began_ms),
                        process.owner,
                        process.argv,
                    )


_BUILDER = Process(0, 0, part=Part.BUILD_SCRIPT)


def _in_phase(fact: Fact, phase: Phase) -> Fact:
    """Nobody knows who did it: then the program that was run, not the build before it."""
    is_known = isinstance(fact.where, Moment) and fact.where.pid > 0
    return fact if is_known else replace(fact, phases=(phase,))


def _spelled(place: str) -> str:
    """A decoy's place as facts spell it."""
    if place.startswith("~/"):
        return "{home}/" + place.removeprefix("~/")
    return place.removeprefix("{project}/").removeprefix("env:")


def _is_cargos(path: str) -> bool:
    """Whether cargo itself may have opened it, as it does in every build."""
    return "/.cargo/" in path


def _is_reverse(name: str) -> bool:
    return name.endswith(".arpa")
