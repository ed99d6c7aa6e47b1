"""What a family of facts may look at: one crate, read and resolved, frozen while it is asked."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import re2

from analyzer.facts.phases import added, is_build_helper
from analyzer.limits import Limits
from analyzer.model import (
    BUILD_TIME,
    Context,
    CrateRef,
    Fact,
    FactKind,
    Manifest,
    Phase,
    SourceFile,
    SourceTree,
    Span,
)
from analyzer.signatures import Signatures
from analyzer.syntax.code import CrateCode
from analyzer.syntax.expansion import Macro
from analyzer.syntax.flow.tables import Tables
from analyzer.syntax.outline import Outline
from analyzer.syntax.sites import Site, Sites
from analyzer.syntax.texts import (
    STANDARD_OUTPUT,
    MacroSite,
    TextSite,
    attributes,
    composed,
    macros,
    written,
)
from analyzer.syntax.values import ONE_OF

_OWN_CFG = frozenset({Phase.BUILD_SCRIPT})
"""Code whose cfgs no build script sets: the build script itself."""
PRINTING = ("println", "print", "writeln", "write", "format")
"""Macros whose text may be a line for cargo."""
_FOR_CARGO = re.compile(rb'cargo|(?:[(,\[{]\s*r?#*"|\\n)(?:c(?:a(?:rg?)?)?)?\{|concat')
ASIDE = frozenset({Phase.TEST, Phase.EXAMPLE, Phase.BENCH})
"""Code that only its reader runs."""
_SHIPPED = frozenset({Phase.LIBRARY, Phase.BINARY, Phase.PROC_MACRO, Phase.BUILD_SCRIPT})


@dataclass(frozen=True)
class CrateView:
    """`phases` says for each file when it can run; `has_script` whether a build script exists."""

    ref: CrateRef
    tree: SourceTree
    manifest: Manifest
    code: CrateCode
    phases: Mapping[str, tuple[Phase, ...]]
    signatures: Signatures
    context: Context
    limits: Limits

    def let_go(self) -> None:
        """Nothing more is asked: without the circles in here all of it is freed at once, and no
        collector looks for it.
        """
        for one in (self.code, self.calls, self):
            vars(one).clear()

    @functools.cached_property
    def files(self) -> Mapping[str, SourceFile]:
        """The files of the archive by path."""
        return {one.path: one for one in self.tree.files}

    @functools.cached_property
    def calls(self) -> Sites:
        """Questions about calls."""
        return Sites(self.code, self._is_aside)

    @functools.cached_property
    def tables(self) -> Tables:
        """What following values looks up."""
        return Tables(self.code)

    @functools.cached_property
    def sites(self) -> tuple[Site, ...]:
        """Every use of a catalogued API."""
        return tuple(self.calls.all())

    @functools.cached_property
    def macros(self) -> Mapping[str, tuple[MacroSite, ...]]:
        """Folded invocations of the macros that facts are made of, by name."""
        wanted = frozenset(
            "env option_env include_str include_bytes println print writeln write format"
            " asm global_asm naked_asm".split()
        )
        table: dict[str, list[MacroSite]] = {}
        for site in macros(self.code, wanted, self._matters, self.calls.frames):
            table.setdefault(site.name, []).append(site)
        return {name: tuple(sites) for name, sites in table.items()}

    def _matters(self, outline: Outline, macro: Macro) -> bool:
        """Whether what a macro prints may be a line for cargo: anything that a build prints, and
        of what is written elsewhere what begins like such a line or with a value.
        """
        start = macro.node.start_byte
        if macro.name not in PRINTING or _FOR_CARGO.search(
            outline.data[start : macro.node.end_byte]
        ):
            return True
        is_output = macro.name in STANDARD_OUTPUT  # others write code by the thousand
        return is_output and not BUILD_TIME.isdisjoint(self.phases_at(outline.path, start))

    def texts(self, quick: re2._Regexp) -> Iterator[TextSite]:
        """String constants in whose spelling `quick` finds something, and all composed texts."""
        yield from written(self.code, quick)
        yield from self._composed

    @functools.cached_property
    def _composed(self) -> tuple[TextSite, ...]:
        return tuple(composed(self.code, self._emits))

    def _emits(self, file: str) -> bool:
        return Phase.PROC_MACRO in self.phases.get(file, ())

    @functools.cached_property
    def has_build_script(self) -> bool:
        """Whether cargo would run a build script of this crate."""
        return any(Phase.BUILD_SCRIPT in phases for phases in self.phases.values())

    @functools.cached_property
    def _test_ranges(self) -> Mapping[str, tuple[list[int], list[int]]]:
        table: dict[str, list[tuple[int, int]]] = {}
        for file, text, start, end in attributes(self.code):
            if _is_test(text):
                table.setdefault(file, []).append((start, end))
        merged: dict[str, tuple[list[int], list[int]]] = {}
        for file, rows in table.items():
            outer: list[tuple[int, int]] = []
            for start, end in sorted(rows):
                if not outer or start >= outer[-1][1]:
                    outer.append((start, end))
            merged[file] = ([one[0] for one in outer], [one[1] for one in outer])
        return merged

    @functools.cached_property
    def _added(self) -> Mapping[str, list[tuple[int, int, Phase]]]:
        """Code that runs in more phases than its file: see `phases`."""
        table: dict[str, list[tuple[int, int, Phase]]] = {}
        for file, start, end, phase in added(self.code):
            table.setdefault(file, []).append((start, end, phase))
        files = [one for one in self.code.outlines if Phase.LIBRARY in self.phases.get(one, ())]
        if any(is_build_helper(self.code, one) for one in files):
            for file in files:
                row = (0, len(self.code.outlines[file].data) + 1, Phase.BUILD_HELPER)
                table.setdefault(file, []).append(row)
        return table

    def phases_at(self, file: str, start: int) -> tuple[Phase, ...]:
        """When the code at a place can run. `cfg(test)` code of a library is test code only if no
        build script could switch the `test` cfg on for it (threat model E2).
        """
        phases = self.phases.get(file, (Phase.UNREACHED,))
        rows = self._added.get(file)
        if rows:
            more = {phase for first, last, phase in rows if first <= start < last}
            if more:
                phases = tuple(one for one in Phase if one in more or one in phases)
        may_switch = self.has_build_script and not set(phases) <= _OWN_CFG
        if may_switch or not set(phases) & _SHIPPED:
            return phases
        return (Phase.TEST,) if self.is_test(file, start) else phases

    def _is_aside(self, file: str, start: int) -> bool:
        """As `is_test`, or in a test, an example or a benchmark: code that only its reader runs."""
        return self.is_test(file, start) or set(self.phases[file]) <= ASIDE

    def is_test(self, file: str, start: int) -> bool:
        """Whether a place stands in an item that only a test build compiles."""
        starts, ends = self._test_ranges.get(file, ([], []))
        index = bisect.bisect_right(starts, start) - 1
        return index >= 0 and start < ends[index]

    def fact(
        self,
        kind: FactKind,
        subject: str,
        place: TextSite | MacroSite | Site,
        *,
        api: str = "",
        data: tuple[str, ...] = (),
        derivation: tuple[str, ...] = (),
    ) -> Fact:
        """A fact at a place of the source, with phases, owner, position and source line."""
        return Fact(
            kind=kind,
            subject=subject[:2000].rstrip("\0"),
            where=self.span(place.file, place.start, place.end),
            phases=self.phases_at(place.file, place.start),
            owner=place.owner,
            api=api,
            data=tuple(one[:2000].rstrip("\0") for one in data[:32]),
            derivation=tuple(one for one in derivation if one != ONE_OF),
            snippet=self.code.line_text(place.file, place.start)[: self.limits.snippet_characters],
        )

    def span(self, file: str, start: int, end: int) -> Span:
        """A byte range as lines and columns."""
        return self.code.span(file, start, end)


def _is_test(attribute: str) -> bool:
    compact = "".join(attribute.split())
    return compact in ("cfg(test)", "test", "bench") or (
        compact.startswith("cfg(all(test,") or compact.partition("(")[0].endswith("::test")
    )
