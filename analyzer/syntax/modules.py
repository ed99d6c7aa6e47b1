"""From compilation targets to files: which file is which module, and when each file can run.

Follows rustc's own rules for where `mod` and `include!` look. Where a macro makes a name or a path,
every file that its words and texts could name is followed: a phase too many misleads nobody.
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer.limits import Limits
from analyzer.model import Gap, GapKind, Phase, SourceFile, Target, TargetKind
from analyzer.syntax.declarations import (
    PASTED,
    Base,
    Declarations,
    Inclusion,
    Inline,
    ModuleDeclaration,
    declarations,
    inline_modules,
)
from analyzer.syntax.lexer import as_edition_reads
from analyzer.syntax.templates import templates
from analyzer.syntax.thinned import words_and_texts

_PHASES: Mapping[TargetKind, Phase] = {
    TargetKind.LIBRARY: Phase.LIBRARY,
    TargetKind.PROC_MACRO: Phase.PROC_MACRO,
    TargetKind.BINARY: Phase.BINARY,
    TargetKind.TEST: Phase.TEST,
    TargetKind.EXAMPLE: Phase.EXAMPLE,
    TargetKind.BENCH: Phase.BENCH,
    TargetKind.BUILD_SCRIPT: Phase.BUILD_SCRIPT,
}
_BUILD_CODE = frozenset({Phase.BUILD_SCRIPT, Phase.PROC_MACRO})
_ORDER = {one: number for number, one in enumerate(Phase)}


@dataclass(frozen=True, slots=True)
class Module:
    """One file as a module of one crate root; `cfg` are the conditions it is compiled under."""

    root: str
    path: tuple[str, ...]
    file: str
    cfg: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleTree:
    """`phases` says for every `.rs` file and every included one when it can run.

    `escapes` are (file, line, path) of modules and includes that lead out of the package.
    """

    modules: tuple[Module, ...]
    phases: Mapping[str, tuple[Phase, ...]]
    gaps: tuple[Gap, ...] = ()
    escapes: tuple[tuple[str, int, str], ...] = ()


class _Place(NamedTuple):
    """A module with the folder its own modules are looked for in.

    `relative` is the name that `mod x;` in `folder/relative.rs` puts between, empty for `mod.rs`,
    for roots, and for files named by `#[path]` or `include!`.
    """

    module: Module
    folder: str
    relative: str

    def inside(self, declaration: ModuleDeclaration) -> tuple[str, str]:
        """Folder and relative name within the inline modules around a declaration."""
        folder, relative = self.folder, self.relative
        around = declaration.inside.from_outside() if declaration.inside is not None else ()
        for one in around:
            step = one.name if one.path is None else _slashed(one.path)
            between = relative if one.path is None else ""
            folder, relative = posixpath.join(folder, between, step), ""
        return folder, relative


def build_module_tree(
    targets: tuple[Target, ...],
    files: Mapping[str, SourceFile],
    *,
    limits: Limits,
    edition: str = "2021",
) -> ModuleTree:
    """Follow every target's modules and includes; what nobody reaches is UNREACHED."""
    walk = _Walk(files, limits, edition)
    for target in targets:
        _Root(walk, target).follow()
    for root, place in tuple(walk.made):
        root.take(templates(walk.files, walk.texts_of_scripts()), place)
    phases = {path: {Phase.UNREACHED} for path in files if path.endswith(".rs")} | walk.phases
    ordered = {path: tuple(sorted(phases[path], key=_ORDER.__getitem__)) for path in sorted(phases)}
    gaps = tuple(sorted(walk.gaps, key=lambda one: (one.path, one.line, repr(one))))
    return ModuleTree(tuple(walk.modules), ordered, gaps, tuple(sorted(walk.escapes)))


@dataclass(slots=True)
class _Walk:
    """What all roots share."""

    files: Mapping[str, SourceFile]
    limits: Limits
    edition: str
    modules: list[Module] = field(default_factory=list)
    phases: dict[str, set[Phase]] = field(default_factory=dict)
    gaps: set[Gap] = field(default_factory=set)
    escapes: set[tuple[str, int, str]] = field(default_factory=set)
    read: dict[str, Declarations] = field(default_factory=dict)
    inline: dict[str, tuple[Inline, ...]] = field(default_factory=dict)
    named: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    folders: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    made: list[tuple[_Root, _Place]] = field(default_factory=list)
    """Where a file is included that the build makes."""

    def __post_init__(self) -> None:
        """List, for each folder, the module names that have a file there."""
        for path in self.files:
            stem = path.removesuffix("/mod.rs").removesuffix(".rs")
            if path.endswith(".rs") and stem:
                folder, name = posixpath.split(stem)
                self.folders.setdefault(folder, []).append((name, path))

    def declarations(self, path: str) -> Declarations:
        """What a file declares."""
        if path not in self.read:
            limit = self.limits.module_count
            self.read[path] = declarations(self._data(path), limit=limit)
        return self.read[path]

    def _data(self, path: str) -> bytes:
        return as_edition_reads(self.files[path].data, self.edition)

    def inline_modules(self, path: str) -> tuple[Inline, ...]:
        """The inline modules of a file."""
        if path not in self.inline:
            limit = self.limits.module_count
            self.inline[path] = inline_modules(self._data(path), limit=limit)
        return self.inline[path]

    def words_and_texts(self, path: str) -> tuple[frozenset[str], frozenset[str]]:
        """What a macro in a file could make a name or a path from."""
        if path not in self.named:
            self.named[path] = words_and_texts(self._data(path))
        return self.named[path]

    def texts_of_scripts(self) -> frozenset[str]:
        """All texts that build scripts hold."""
        paths = [path for path, phases in self.phases.items() if Phase.BUILD_SCRIPT in phases]
        return frozenset(text for path in paths for text in self.words_and_texts(path)[1])


class _Root:
    """The walk from one target."""

    def __init__(self, walk: _Walk, target: Target) -> None:
        self._walk = walk
        self._phase = _PHASES[target.kind]
        self._target = target
        self._places: list[_Place] = []
        self._seen: set[tuple[str, str, str]] = set()
        self._in_macros: list[tuple[str, ModuleDeclaration | Inclusion]] = []
        self._steps = 0

    def follow(self) -> None:
        """Find all files of the target."""
        root = self._target.path
        if root not in self._walk.files:
            reason = f"the target's file {root} is not in the archive"
            self._gap(GapKind.MISSING_MODULE, reason, root, 0, is_blocking=True)
            return
        self._run([_Place(Module(root, (), root), posixpath.dirname(root), "")])
        known = (0, 0)
        while self._in_macros and known != (len(self._places), len(self._in_macros)):
            # a macro may be called from every module: ask again until nothing new appears
            known = (len(self._places), len(self._in_macros))
            self._run([found for one in tuple(self._places) for found in self._from_macros(one)])

    def take(self, paths: Iterable[str], place: _Place) -> None:
        """Follow files from which the build makes what this module includes."""
        new = [one for one in paths if one not in self._walk.phases]
        for path in new:
            module = Module(self._target.path, place.module.path, path, place.module.cfg)
            self._run([_Place(module, posixpath.dirname(path), "")])

    def _run(self, pending: list[_Place]) -> None:
        while pending:
            place = pending.pop()
            key = (place.module.file, place.folder, place.relative)
            self._walk.modules.append(place.module)
            if key in self._seen:
                continue
            self._steps += 1
            if self._steps > self._walk.limits.module_count:
                break
            self._seen.add(key)
            self._places.append(place)
            self._walk.phases.setdefault(place.module.file, set()).add(self._phase)
            pending += self._children(place)
        if self._steps > self._walk.limits.module_count:
            self._over_budget(self._target.path)

    def _children(self, place: _Place) -> Iterator[_Place]:
        file = place.module.file
        found = self._walk.declarations(file)
        if found.is_cut:
            self._over_budget(file)
        for module in found.modules:
            if module.macro:
                self._in_macros.append((file, module))
            yield from self._declared(place, module, file)
        for inclusion in found.inclusions:
            if inclusion.macro:
                self._in_macros.append((file, inclusion))
            yield from self._included(place, inclusion, file)

    def _from_macros(self, place: _Place) -> Iterator[_Place]:
        """What the macros of other files declare where this module calls them."""
        data = self._walk.files[place.module.file].data
        for file, one in self._in_macros:
            self._steps += 1
            if one.macro.encode() not in data:
                continue
            if isinstance(one, Inclusion):
                yield from self._included(place, one, file)
                continue
            for inside in (None, *self._walk.inline_modules(place.module.file)):
                self._steps += 1
                if self._steps > self._walk.limits.module_count:
                    return
                yield from self._declared(place, one._replace(inside=inside), file)

    # Modules ----------------------------------------------------------------------------------

    def _declared(self, place: _Place, one: ModuleDeclaration, file: str) -> Iterator[_Place]:
        folder, relative = place.inside(one)
        name = unicodedata.normalize("NFC", one.name)  # as rustc compares names
        named = [(path, name, "") for text in one.paths for path in _spellings(folder, text)]
        usual = posixpath.join(folder, relative, name)
        if name in ("", PASTED):
            named += self._by_words(place, one, _normal(posixpath.join(folder, relative)), file)
        elif one.is_default_possible:
            named += [(_normal(usual + ".rs"), name, name), (_normal(usual + "/mod.rs"), name, "")]
        if one.is_path_computed:
            named += [(path, name, "") for path in self._by_texts(place, file, folder)]
        present = [found for found in named if found[0] in self._walk.files]
        for found in present:
            yield self._place(place, one, *found)
        if one.is_certain and not present:
            wanted = named[0][0] if named else _normal(usual + ".rs")
            self._missing(f"module `{name}`", place.module.file, one.line, wanted, one.cfg)

    def _by_words(
        self, place: _Place, one: ModuleDeclaration, folder: str, file: str
    ) -> Iterator[tuple[str, str, str]]:
        """Files whose module's name a macro could have been given, or glued together."""
        walk = self._walk
        words = walk.words_and_texts(place.module.file)[0] | walk.words_and_texts(file)[0]
        for name, path in walk.folders.get("" if folder == "." else folder, ()):
            if one.name == PASTED or name in words:
                yield path, name, "" if path.endswith("/mod.rs") else name

    def _place(
        self, place: _Place, one: ModuleDeclaration, path: str, name: str, relative: str
    ) -> _Place:
        inside = one.inside.from_outside() if one.inside is not None else ()
        around = (*place.module.path, *(inline.name for inline in inside), name)
        cfg = (*place.module.cfg, *one.cfg)
        module = Module(self._target.path, around, path, cfg)
        return _Place(module, posixpath.dirname(path), relative)

    def _by_texts(self, place: _Place, file: str, *folders: str) -> list[str]:
        walk = self._walk
        texts = walk.words_and_texts(place.module.file)[1] | walk.words_and_texts(file)[1]
        paths = {path for text in texts for one in folders for path in _spellings(one, text)}
        return sorted(path for path in paths if path in walk.files)

    # Includes ---------------------------------------------------------------------------------

    def _included(self, place: _Place, one: Inclusion, file: str) -> Iterator[_Place]:
        beside = posixpath.dirname(place.module.file)
        if one.base is Base.OUT:
            # Else most likely quoted for a consumer. A constant's value is worked out by the
            # compiler: it may hold items, but nothing in it runs by being there.
            is_ours = (one.is_certain or bool(one.macro)) and not one.is_constant
            what = "the value of a constant is" if one.is_constant else "includes"
            reason = f"{what} {{out}}{one.path}, which the build makes"
            self._gap(GapKind.GENERATED_CODE, reason, file, one.line, is_blocking=is_ours)
            self._walk.made.append((self, place))
            return
        if one.base is Base.UNKNOWN:
            named = self._by_texts(place, file, beside, "")
        elif one.base is Base.MANIFEST:
            named = _spellings("", one.path.lstrip("/\\"))
        else:
            named = _spellings(beside, one.path)
        present = [path for path in named if path in self._walk.files]
        for path in present:
            cfg = (*place.module.cfg, *one.cfg)
            module = Module(self._target.path, place.module.path, path, cfg)
            yield _Place(module, posixpath.dirname(path), "")
        if one.is_certain and not present:
            what = "an included file" if named else "an included file that a macro names"
            path = named[0] if named else ""
            self._missing(what, place.module.file, one.line, path, one.cfg)

    # Gaps -------------------------------------------------------------------------------------

    def _over_budget(self, file: str) -> None:
        reason = f"more than {self._walk.limits.module_count} modules and includes to look for"
        self._gap(GapKind.BUDGET, reason, file, 0, is_blocking=True)

    def _missing(self, what: str, file: str, line: int, path: str, cfg: tuple[str, ...]) -> None:
        if path.startswith(("../", "/")):
            self._walk.escapes.add((file, line, path))
        reason = f"{what} is not in the archive" + (f": {path}" if path else "")
        self._gap(GapKind.MISSING_MODULE, reason, file, line, is_blocking=not cfg)

    def _gap(self, kind: GapKind, reason: str, file: str, line: int, *, is_blocking: bool) -> None:
        hides = is_blocking and self._phase in _BUILD_CODE
        self._walk.gaps.add(Gap(kind, reason, file, line, (self._phase,), hides))


def _spellings(folder: str, text: str) -> list[str]:
    """A path beside `folder` as Unix reads it and, where it differs, as Windows does."""
    plain = _normal(posixpath.join(folder, text)) if text and "\0" not in text else ""
    slashed = _normal(posixpath.join(folder, _slashed(text)))
    return [one for one in dict.fromkeys((plain, slashed)) if one]


def _slashed(text: str) -> str:
    return text.replace("\\", "/")


def _normal(path: str) -> str:
    return posixpath.normpath(path)
