"""Facts from C sources: what constructors do, commands and secret places in plain text.

A file that a build script names, or whose folder it names, is compiled into the crate; everything
else is vendored text that cargo runs nothing of, and speaks as `unreached`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from analyzer.facts.programs import derived
from analyzer.facts.view import CrateView
from analyzer.model import BUILD_TIME, Fact, FactKind, Phase, SourceFile, Span
from analyzer.syntax.foreign import MAX_SIZE_BYTES, ForeignCall, foreign_calls, has_constructor
from analyzer.syntax.vocabulary import compiled

_ENDINGS = (".c", ".cc", ".cpp", ".cxx", ".m", ".mm", ".h", ".hpp")
_COMMAND = compiled(rb"\b(?:system|popen|_popen|exec[lv]p?e?|WinExec)[\s\x0b]*\([\s\x0b]*[LuU]?\"")
_RUNS = frozenset({FactKind.PROCESS_SPAWN, FactKind.PROCESS_SHELL})


def facts(view: CrateView) -> Iterator[Fact]:
    """Facts of every C source that marks a constructor or starts a command."""
    for file in view.tree.files:
        if not file.path.endswith(_ENDINGS) or len(file.data) > MAX_SIZE_BYTES:
            continue
        marks = has_constructor(file.data)
        if marks or _COMMAND.search(file.data):
            yield from _facts(view, file, is_marked=marks)


def _facts(view: CrateView, file: SourceFile, *, is_marked: bool) -> Iterator[Fact]:
    phases = (Phase.LIBRARY,) if _is_compiled(view, file.path) else (Phase.UNREACHED,)
    calls = foreign_calls(file.data)
    if is_marked and any(one.is_load_time for one in calls):
        first = min(one.start for one in calls if one.is_load_time)
        where, snippet = _span(file, first, first), _snippet(file, first)
        yield Fact(FactKind.TRIGGER_STATIC, "constructor", where, _load(phases), snippet=snippet)
    for call in calls:
        api = view.signatures.apis.get(f"libc::{call.name}")
        for kind in api.facts if api is not None else ():
            position = api.subject if api is not None and isinstance(api.subject, int) else -1
            text = call.texts[position] if 0 <= position < len(call.texts) else None
            if not call.is_load_time and (text is None or kind not in _RUNS):
                continue  # an honest library's own sockets and files say nothing
            yield from _of_call(view, file, call, kind, (text or "unknown", phases))


def _of_call(
    view: CrateView,
    file: SourceFile,
    call: ForeignCall,
    kind: FactKind,
    what: tuple[str, tuple[Phase, ...]],
) -> Iterator[Fact]:
    subject, phases = what
    phases = _load(phases) if call.is_load_time else phases
    fact = Fact(
        kind,
        subject[:2000],
        _span(file, call.start, call.end),
        phases,
        owner=f"{file.path}::{call.function}",
        api=f"c:{call.name}",
        data=tuple(one or "unknown" for one in call.texts[1:]),
        snippet=_snippet(file, call.start),
    )
    yield fact
    if kind in _RUNS:
        yield from derived(fact, view.signatures)


def _load(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    return (Phase.LOAD,) if Phase.LIBRARY in phases else phases


def _span(file: SourceFile, start: int, end: int) -> Span:
    line_start = file.data.rfind(b"\n", 0, start) + 1
    line = file.data.count(b"\n", 0, start) + 1
    column = len(file.data[line_start:start].decode("utf-8", "replace")) + 1
    return Span(file.path, line, column, line + file.data.count(b"\n", start, end), start, end)


def _snippet(file: SourceFile, start: int) -> str:
    line_start = file.data.rfind(b"\n", 0, start) + 1
    line = file.data[line_start : line_start + 200].split(b"\n")[0]
    return line.decode("utf-8", "replace").strip()


def _is_compiled(view: CrateView, path: str) -> bool:
    """Whether build-time code names the file or a folder around it."""
    scripts = [
        outline.source
        for name, outline in view.code.outlines.items()
        if BUILD_TIME & set(view.phases.get(name, ()))
    ]
    names = [posixpath.basename(path), *path.split("/")[:-1]]
    spelled = [re.compile(rb"[\"/]" + re.escape(one.encode()) + rb"[\"/]") for one in names]
    return any(pattern.search(text) for text in scripts for pattern in spelled)
