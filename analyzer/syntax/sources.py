"""The parsed part of a crate: what is parsed at once, and what is put back when asked for."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from analyzer.limits import Limits
from analyzer.model import BUILD_TIME, Gap, GapKind, Manifest, Phase, SourceFile, SourceTree
from analyzer.signatures import Signatures
from analyzer.syntax.code import Wanted
from analyzer.syntax.doctests import doctests, documents
from analyzer.syntax.emitted import Emitted
from analyzer.syntax.flat import flatten
from analyzer.syntax.lexer import as_edition_reads
from analyzer.syntax.modules import ModuleTree
from analyzer.syntax.outline import Outline
from analyzer.syntax.parse import parse
from analyzer.syntax.reduce import WHOLE, Cut, Reducer
from analyzer.syntax.telling import Telling, telling, told
from analyzer.syntax.vocabulary import Vocabulary
from analyzer.syntax.written_out import Expanded, Macros

_OTHER_LANGUAGES = (".c", ".h", ".cc", ".cpp", ".hpp", ".s", ".asm", ".in", ".m", ".py", ".txt")
"""Files that a build script may name without including them as Rust: read in case it does, but
words lost in them hide no Rust that rustc would take."""
DOCUMENTATION, TEXTS = " (documentation)", " (texts)"
"""Behind the name of a file whose documentation or texts are read as code of their own."""
_ADDED_BYTES = 32 * 1024
"""Generated source up to this size is read."""
_EXTENSIONS = 1
"""So often parts are put back; who then asks for more gets everything: it costs less."""


class Sources:
    """Outlines of one crate by path, with `phases` of every Rust file, parsed or not.

    Gaps of a file that runs at build time are blocking: there an attacker would hide.
    """

    def __init__(
        self,
        tree: SourceTree,
        manifest: Manifest,
        modules: ModuleTree,
        signatures: Signatures,
        limits: Limits,
    ) -> None:
        self._limits, self._edition = limits, manifest.edition
        files = [
            one for one in tree.files if one.path.endswith(".rs") or one.path in modules.phases
        ]
        self._files = {one.path: one for one in files}
        self.phases: dict[str, tuple[Phase, ...]] = {
            path: modules.phases.get(path, (Phase.UNREACHED,)) for path in self._files
        }
        self.outlines: dict[str, Outline] = {}
        self._cuts: dict[str, Cut] = {}
        self._gaps: dict[str, list[Gap]] = {}
        self._module_gaps = modules.gaps
        self._extensions = 0
        self._added: set[str] = set()
        self._known = _of_signatures(signatures)
        self._macros = Macros({path: one.data for path, one in self._files.items()})
        self._reducer = self._made(manifest, signatures)
        self._apart: dict[str, Outline] = {}
        self._documented(tree, signatures)
        self._parse()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read."""
        return (*self._module_gaps, *(one for rows in self._gaps.values() for one in rows))

    @property
    def is_cut(self) -> bool:
        """Whether parts of the crate were left out."""
        return self._reducer is not None

    @property
    def unparsed(self) -> int:
        """How many files had nothing to give and were not parsed."""
        return len(self._files) - len(self._cuts)

    def extend(self, wanted: Wanted) -> bool:
        """Parse more for these names; whether anything was added."""
        if self._reducer is None or not any(wanted):
            return False
        tables = self._reducer.want_tables(wanted.tables)
        if not self._reducer.want(*wanted[:5]) and not tables:
            return False
        self._extensions += 1
        if self._extensions > _EXTENSIONS:
            self._reducer = None
        self._parse()
        return True

    def add(self, name: str, includer: str, data: bytes, place: tuple[str, int]) -> bool:
        """Read a text as code of `includer`; evidence in it is shown at `place`, which writes it.
        Whether it says anything that was not read before.
        """
        path = f"{includer} (includes {name})"
        writer = self._files.get(place[0])
        if path in self._added or len(data) > _ADDED_BYTES or writer is None:
            return False
        self._added.add(path)
        phases = self.phases.get(includer, (Phase.UNREACHED,))
        if not self._tells(data):
            return False
        read = SourceFile(path, data)
        parsed = parse(read, limits=self._limits, phases=phases, edition=self._edition)
        if isinstance(parsed, Gap):
            return False
        self.phases[path] = phases
        position = self.outlines[place[0]].origin(place[1]) if place[0] in self.outlines else 0
        cut = Expanded(data, (0,), (position,), (True,), WHOLE)
        outline = Outline(parsed, limits=self._limits, cut=cut, source=writer.data)
        outline.shown = place[0]
        self._apart[path] = self.outlines[path] = outline
        return True

    def _tells(self, data: bytes) -> bool:
        """Whether a text names power or a secret: honest tables do not."""
        vocabulary, asked = self._known
        flat = flatten(data)
        words = vocabulary.always.search(flat.code) or b"extern" in flat.code
        return bool(words) or bool(told(asked, data, flat.texts))

    def _made(self, manifest: Manifest, signatures: Signatures) -> Reducer | None:
        """None for a small crate: it is read whole."""
        if sum(len(one.data) for one in self._files.values()) <= self._limits.prefilter_from_bytes:
            return None
        vocabulary, asked = _of_signatures(signatures)
        data = {
            path: as_edition_reads(one.data, self._edition) for path, one in self._files.items()
        }
        whole = frozenset(path for path in data if BUILD_TIME & set(self.phases[path]))
        crates: dict[str, str] = {}
        macros: set[str] = set()
        for one in manifest.dependencies:
            plain = one.package.replace("-", "_")
            name = signatures.aliases.get(plain, plain)
            if name in vocabulary.crates:
                crates[one.key.replace("-", "_")] = name
            macros |= {f"{macro}!" for macro in vocabulary.macros.get(name, ())}
        modules = vocabulary.modules | crates.keys()
        built = {path: self._macros.powerful(one, modules) for path, one in data.items()}
        return Reducer(data, whole, vocabulary, (crates, macros), asked, built)

    def _chosen(self) -> dict[str, Cut]:
        """What is to be parsed: everything, once it is so much that asking costs more."""
        if self._reducer is not None:
            cuts = self._reducer.cuts()
            total = sum(len(one.data) for one in self._files.values())
            kept = sum(len(one.data) for one in cuts.values())
            if kept * 100 <= total * self._limits.prefilter_share_percent:
                return cuts
            self._reducer = None
        return {path: Cut(one.data) for path, one in self._files.items()}

    def _parse(self) -> None:
        cuts = self._chosen()
        for path, file in self._files.items():
            cut = cuts.get(path)
            if cut is None or self._cuts.get(path) == cut:
                continue
            self._cuts[path] = cut
            self._gaps[path] = []
            self.outlines.pop(path, None)
            self._parse_one(file, cut)
        paths = [*self._files, *self._apart]
        found = {**self.outlines, **self._apart}
        self.outlines = {path: found[path] for path in paths if path in found}

    @property
    def emitting(self) -> tuple[str, ...]:
        """Files of macros: their texts may become code; texts in such texts are not asked."""
        rows = (one for one in self.outlines if one in self._files)
        return tuple(one for one in rows if Phase.PROC_MACRO in self.phases.get(one, ()))

    def take(self, texts: Iterable[Emitted]) -> bool:
        """Parse what texts emit, each file once; whether anything was added."""
        is_new = False
        for one in texts:
            name = f"{one.path}{TEXTS}"
            if name in self._apart:
                continue
            is_new = True
            self._add(replace(self._files[one.path], path=name, data=one.data), Phase.PROC_MACRO)
        self.outlines = {**self.outlines, **self._apart}
        return is_new

    def _add(self, file: SourceFile, phase: Phase) -> None:
        """Read code that stands in a file of another kind, under a name of its own."""
        self.phases[file.path] = (phase,)
        parsed = parse(file, limits=self._limits, phases=(phase,), edition=self._edition)
        if not isinstance(parsed, Gap):
            self._apart[file.path] = Outline(parsed, limits=self._limits)

    def _documented(self, tree: SourceTree, signatures: Signatures) -> None:
        """Documentation that names a secret or a place, read as the tests that it is."""
        asked = _of_signatures(signatures)[1]
        named = {one.path: one for one in tree.files}
        for file, is_markdown in self._documents(named):
            code = doctests(file.data, is_markdown=is_markdown)
            if not code or not told(asked, code, flatten(code).texts):
                continue
            name = f"{file.path}{DOCUMENTATION}"
            self._add(replace(file, path=name, data=code), Phase.TEST)

    def _documents(self, named: Mapping[str, SourceFile]) -> Iterator[tuple[SourceFile, bool]]:
        """Files of the library and the Markdown that they include as their documentation."""
        seen: set[str] = set()
        for path, file in self._files.items():
            if Phase.LIBRARY not in self.phases[path]:
                continue
            yield file, False
            for one in documents(path, file.data):
                if one in named and one not in seen:
                    seen.add(one)
                    yield named[one], True

    def _parse_one(self, file: SourceFile, whole: Cut) -> None:
        phases, gaps = self.phases[file.path], self._gaps[file.path]
        cut: Cut | Expanded = self._macros.expanded(file.path, whole) or whole
        read = file if not cut.here else replace(file, data=cut.data)
        parsed = parse(read, limits=self._limits, phases=phases, edition=self._edition)
        if isinstance(parsed, Gap):
            gaps.append(_ranked(parsed, phases))
            return
        outline = Outline(parsed, limits=self._limits, cut=cut, source=file.data)
        self.outlines[file.path] = outline
        gaps += [_ranked(one, phases) for one in outline.gaps]


@functools.lru_cache(maxsize=4)
def _of_signatures(signatures: Signatures) -> tuple[Vocabulary, Telling]:
    lists = signatures.indicators
    asked = telling(lists["credential-paths"], lists["telling-texts"])
    parameters = [one.value for one in lists["secret-parameters"].entries]
    return Vocabulary(signatures.apis, parameters), asked


def _ranked(gap: Gap, phases: tuple[Phase, ...]) -> Gap:
    is_foreign = gap.kind is GapKind.SYNTAX_LOST and gap.path.lower().endswith(_OTHER_LANGUAGES)
    is_blocking = gap.is_blocking or (bool(BUILD_TIME & set(phases)) and not is_foreign)
    return replace(gap, phases=gap.phases or phases, is_blocking=is_blocking)
