"""When code runs that nobody calls by name: at load time, in whoever uses a macro, in build scripts
of others. Ranges of code with the phases they add to those of their file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analyzer.model import CallEdge, Fact, Phase
from analyzer.syntax.code import CrateCode
from analyzer.syntax.texts import attributes
from analyzer.syntax.vocabulary import compiled

_LOAD = re.compile(
    r"(?:[\w:]*\b(?:ctor|dtor)\b)|(?:unsafe\s*\(\s*)?link_section\s*=\s*\"(?P<section>[^\"]*)\""
)
_SECTIONS = re.compile(
    r"\.init_array|\.ctors|\.fini_array|\.CRT\$X|__mod_init_func|\.preinit_array"
)
_ALLOCATING = ("alloc", "dealloc", "realloc", "alloc_zeroed")
_CALLED = re.compile(r"\b([a-z_]\w*)\b")
_HELPER = compiled(
    rb"\"cargo::?[a-z-]+=|\bvar(?:_os)?[\s\x0b]*\([\s\x0b]*\"(?:OUT_DIR|CARGO_CFG_[A-Z_]+)\""
)

Range = tuple[str, int, int, Phase]


def added(code: CrateCode) -> Iterator[Range]:
    """(file, start, end, phase): code that also runs in that phase."""
    for file, text, start, end in attributes(code):
        if text.startswith("macro_export"):
            yield file, start, end, Phase.CONSUMER
        if text.startswith("global_allocator"):
            yield from _allocating(code)
        match = _LOAD.match(text)
        if match is None or (match["section"] and not _SECTIONS.search(match["section"])):
            continue
        yield file, start, end, Phase.LOAD
        if match["section"]:
            yield from _named_in(code, file, start, end)


def _allocating(code: CrateCode) -> Iterator[Range]:
    """Methods of allocators: the first text that any code makes runs them."""
    for name in _ALLOCATING:
        for item in code.names.impls.get(name, ()):
            impl = item.scope.impl
            trait = impl.child_by_field_name("trait") if impl is not None else None
            if trait is not None and code.outlines[item.file].text(trait).endswith("GlobalAlloc"):
                yield item.file, item.node.start_byte, item.node.end_byte, Phase.LOAD


def _named_in(code: CrateCode, file: str, start: int, end: int) -> Iterator[Range]:
    """Functions of the file that a static in a load-time section names."""
    outline = code.outlines[file]
    said = outline.data[start:end].partition(b"=")[2].decode("utf-8", "replace")
    names = set(_CALLED.findall(said))
    for one in outline.functions:
        if one.kind == "function_item" and one.name in names:
            yield file, one.node.start_byte, one.node.end_byte, Phase.LOAD


def load_owners(code: CrateCode, is_test: Callable[[str, int], bool]) -> set[str]:
    """Functions that run at load time by themselves, but for what only a test build compiles."""
    starts = [(file, start, end) for file, start, end, phase in added(code) if phase is Phase.LOAD]
    return {
        code.outlines[file].owner(number)
        for file, start, end in starts
        for number, one in enumerate(code.outlines[file].functions)
        if start <= one.node.start_byte < end and not is_test(file, one.node.start_byte)
    }


def spread(facts: list[Fact], calls: Iterable[CallEdge], owners: set[str]) -> Iterator[Fact]:
    """The same facts; those of functions that load-time code calls run at load time too."""
    callees: dict[str, set[str]] = {}
    for edge in calls:
        callees.setdefault(edge.caller, set()).add(edge.callee)
    reached, pending = set(owners), list(owners)
    while pending:
        for one in callees.get(pending.pop(), set()) - reached:
            reached.add(one)
            pending.append(one)
    for fact in facts:
        if fact.owner in reached and Phase.LOAD not in fact.phases:
            phases = tuple(one for one in Phase if one is Phase.LOAD or one in fact.phases)
            yield replace(fact, phases=phases)
        else:
            yield fact


def is_build_helper(code: CrateCode, file: str) -> bool:
    """Whether code of a file speaks to cargo, or asks what only a build script is told."""
    return _HELPER.search(code.outlines[file].data) is not None
