"""From compilation targets to files: which file is which module, and when each file can run.

Works on text, not trees, so that it sees through macros and costs little on huge crates: a pattern
finds declarations, and the lexer is asked only where the pattern alone could be wrong.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import re2

from analyzer.limits import Limits
from analyzer.model import Gap, GapKind, Phase, SourceFile, Target, TargetKind
from analyzer.syntax.lexer import TokenKind, literal_text, tokens

_PHASES: Mapping[TargetKind, Phase] = {
    TargetKind.LIBRARY: Phase.LIBRARY,
    TargetKind.PROC_MACRO: Phase.PROC_MACRO,
    TargetKind.BINARY: Phase.BINARY,
    TargetKind.TEST: Phase.TEST,
    TargetKind.EXAMPLE: Phase.EXAMPLE,
    TargetKind.BENCH: Phase.BENCH,
    TargetKind.BUILD_SCRIPT: Phase.BUILD_SCRIPT,
}
_HIDDEN_CODE = frozenset({Phase.BUILD_SCRIPT, Phase.PROC_MACRO})
_WORD = rb"(?:r#)?[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*"
_MODULE = re.compile(
    rb"(?P<attributes>(?:#\s*\[[^\]\n]{0,400}\]\s*(?://[^\n]*\n\s*)*){0,16})"
    rb"(?:pub\s*(?:\([^)\n]{0,80}\)\s*)?)?"
    rb"(?<![A-Za-z0-9_])mod\s+(?P<name>" + _WORD + rb")\s*(?P<end>[;{])"
)
_ANY_MODULE = re2.compile(rb"\bmod\s+[^\s;{]+\s*;")
_PATH = re.compile(rb"\bpath\s*=\s*(?P<text>r?#*\"[^\"]*\"#*)")
_CFG = re.compile(rb"\bcfg\s*\((?P<text>.*)\)\s*\]", re.DOTALL)
_INCLUDE = re.compile(
    rb"(?<![A-Za-z0-9_])include\s*!\s*[(\[{]\s*(?P<what>r?#*\"[^\"]{0,400}\"#*|concat\s*!\s*[(\[{]"
    rb"[^;]{0,400}?[)\]}]|[^;\n]{0,200}?)\s*[)\]}]"
)
_TEXTS = re.compile(rb"env\s*!\s*[(\[{]\s*\"(?P<variable>\w+)\"|(?P<text>r?#*\"[^\"]*\"#*)")


class Declaration(NamedTuple):
    """`mod name;` at a byte position, inside the inline modules `inside`.

    `folders`: what those add to the search path; `#[path]` on an inline module changes it.
    """

    name: str
    inside: tuple[str, ...]
    folders: tuple[str, ...]
    paths: tuple[str, ...]
    cfg: str
    position: int


@dataclass(frozen=True, slots=True)
class Module:
    """One file as a module of one crate root."""

    root: str
    path: tuple[str, ...]
    file: str
    cfg: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleTree:
    """`phases` says for every Rust file when it can run; `escapes` are includes that leave."""

    modules: tuple[Module, ...]
    phases: Mapping[str, tuple[Phase, ...]]
    gaps: tuple[Gap, ...] = ()
    escapes: tuple[tuple[str, int, str], ...] = ()


@dataclass(slots=True)
class _Walk:
    files: Mapping[str, SourceFile]
    limits: Limits
    modules: list[Module] = field(default_factory=list)
    phases: dict[str, set[Phase]] = field(default_factory=dict)
    gaps: set[Gap] = field(default_factory=set)
    escapes: set[tuple[str, int, str]] = field(default_factory=set)
    scans: dict[str, tuple[Declaration, ...]] = field(default_factory=dict)


def build_module_tree(
    targets: tuple[Target, ...],
    files: Mapping[str, SourceFile],
    *,
    edition: str,  # noqa: ARG001  # module lookup is the same in every edition since 2018's
    limits: Limits,
) -> ModuleTree:
    """Follow `mod`, `#[path]` and `include!` from every target; what nobody reaches is UNREACHED."""
    walk = _Walk(files, limits)
    for target in targets:
        _follow(walk, target)
    for path in files:
        if path.endswith(".rs"):
            walk.phases.setdefault(path, {Phase.UNREACHED})
    order = {one: number for number, one in enumerate(Phase)}
    phases = {
        path: tuple(sorted(found, key=order.__getitem__))
        for path, found in sorted(walk.phases.items())
    }
    gaps = tuple(sorted(walk.gaps, key=repr))
    return ModuleTree(tuple(walk.modules), phases, gaps, tuple(sorted(walk.escapes)))


def _follow(walk: _Walk, target: Target) -> None:
    phase = _PHASES[target.kind]
    if target.path not in walk.files:
        _missing(walk, target.path, 0, phase, f"target file {target.path} is not in the archive")
        return
    pending = [(Module(target.path, (), target.path), posixpath.dirname(target.path))]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while pending:
        module, folder = pending.pop()
        if (module.file, module.path) in seen or len(module.path) > 128:
            continue
        if len(seen) >= walk.limits.module_count:
            walk.gaps.add(Gap(GapKind.BUDGET, "too many modules", target.path, phases=(phase,)))
            return
        seen.add((module.file, module.path))
        walk.modules.append(module)
        walk.phases.setdefault(module.file, set()).add(phase)
        pending += _children(walk, module, folder, phase)
        pending += _included(walk, module, phase)


def _children(
    walk: _Walk, module: Module, folder: str, phase: Phase
) -> Iterator[tuple[Module, str]]:
    data = walk.files[module.file].data
    if module.file not in walk.scans:
        walk.scans[module.file] = declarations(data)
    for one in walk.scans[module.file]:
        inner = posixpath.join(folder, *one.folders)
        base = inner if one.inside else posixpath.dirname(module.file)
        found = [
            (_normal(posixpath.join(base, path.replace("\\", "/"))), True) for path in one.paths
        ]
        plain = one.name.removeprefix("r#")
        if not one.paths or "cfg_attr" in one.cfg:
            found.append((_normal(posixpath.join(inner, f"{plain}.rs")), False))
            found.append((_normal(posixpath.join(inner, plain, "mod.rs")), True))
        present = [(path, is_owner) for path, is_owner in found if path in walk.files]
        path = (*module.path, *one.inside, plain)
        for file, is_owner in present:
            own = posixpath.dirname(file) if is_owner else file.removesuffix(".rs")
            yield Module(module.root, path, file, (*module.cfg, one.cfg)), own
        if not present and _is_token(data, one.position):
            line = data.count(b"\n", 0, one.position) + 1
            is_hidden = not ("test" in one.cfg or "cfg" in one.cfg)
            reason = f"module `{plain}` is not in the archive"
            _missing(walk, module.file, line, phase, reason, is_hidden=is_hidden)


def _missing(
    walk: _Walk, path: str, line: int, phase: Phase, reason: str, *, is_hidden: bool = True
) -> None:
    is_blocking = is_hidden and phase in _HIDDEN_CODE
    gap = Gap(GapKind.MISSING_MODULE, reason, path, line, (phase,), is_blocking=is_blocking)
    walk.gaps.add(gap)


def _included(
    walk: _Walk, module: Module, phase: Phase
) -> Iterator[tuple[Module, str]]:
    data = walk.files[module.file].data
    if b"include" not in data:
        return
    for match in _INCLUDE.finditer(data):
        line = data.count(b"\n", 0, match.start()) + 1
        path = _include_path(match["what"], posixpath.dirname(module.file))
        if path is not None and path in walk.files:
            # rustc looks for modules of included text beside the included file
            own = posixpath.dirname(path)
            yield Module(module.root, module.path, path, module.cfg), own
        elif _is_token(data, match.start()):
            if path is not None and path.startswith(".."):
                walk.escapes.add((module.file, line, path))
            reason = (
                "included code is made during the build" if path is None else f"{path} is absent"
            )
            kind = GapKind.GENERATED_CODE if path is None else GapKind.MISSING_MODULE
            blocking = phase in _HIDDEN_CODE
            remedy = "run the sandbox, which reads what the build made" if path is None else ""
            walk.gaps.add(Gap(kind, reason, module.file, line, (phase,), blocking, remedy))


def _include_path(what: bytes, folder: str) -> str | None:
    """Path relative to the crate's root; None when a part is only known during the build."""
    base, text = folder, ""
    if not what.startswith((b'"', b"r", b"concat")):
        return None
    for match in _TEXTS.finditer(what):
        if match["variable"] is not None:
            if match["variable"] != b"CARGO_MANIFEST_DIR":
                return None
            base = ""
        else:
            text += literal_text(match["text"]) or ""
    return _normal(posixpath.join(base, text.lstrip("/") if not base else text))


def _normal(path: str) -> str:
    return posixpath.normpath(path.replace("\\", "/"))


def declarations(data: bytes) -> tuple[Declaration, ...]:
    """Every `mod name;` of a file, also inside macros and function bodies."""
    matches = list(_MODULE.finditer(data)) if _ANY_MODULE.search(data) else []
    files = [one for one in matches if one["end"] == b";"]
    if not files:
        return ()
    inline = [one for one in matches if one["end"] == b"{"]
    nested = bool(inline) and inline[0].start() < files[-1].start()
    ranges = _inline_ranges(data, inline) if nested else []
    return tuple(_declaration(one, ranges) for one in files)


Inline = tuple[int, int, str, str]


def _declaration(match: re.Match[bytes], ranges: list[Inline]) -> Declaration:
    attributes = match["attributes"]
    at = match.start("name")
    around = [one for one in ranges if one[0] <= at < one[1]]
    inside = tuple(one[2] for one in around)
    folders = tuple(one[3] for one in around)
    paths = tuple(literal_text(one["text"]) or "" for one in _PATH.finditer(attributes))
    if len(paths) > 1 and b"cfg_attr" not in attributes:
        paths = paths[:1]  # rustc takes the first of several
    cfg = attributes.decode("utf-8", "replace") if b"cfg" in attributes else ""
    return Declaration(match["name"].decode("utf-8", "replace"), inside, folders, paths, cfg, at)


def _inline_ranges(data: bytes, inline: list[re.Match[bytes]]) -> list[Inline]:
    """Byte ranges of inline module bodies with name and folder, by the lexer's braces."""
    opening = {one.end() - 1: one for one in inline}
    stack: list[int] = []
    ranges: list[Inline] = []
    for token in tokens(data):
        if token.kind is not TokenKind.PUNCTUATION:
            continue
        byte = data[token.start : token.end]
        if byte == b"{":
            stack.append(token.start)
        elif byte == b"}" and stack:
            start = stack.pop()
            if start in opening:
                name = opening[start]["name"].decode("utf-8", "replace").removeprefix("r#")
                path = _PATH.search(opening[start]["attributes"])
                folder = literal_text(path["text"]) if path is not None else None
                ranges.append((start, token.end, name, name if folder is None else folder))
    return sorted(ranges)


def _is_token(data: bytes, position: int) -> bool:
    """Whether a position starts a token: the pattern may have matched in a comment or a text."""
    return any(one.start == position for one in tokens(data) if one.start >= position - 1)
