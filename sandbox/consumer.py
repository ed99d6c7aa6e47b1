"""A project that takes the crate as anybody would: names it, uses its macros, and is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import tomli_w

from analyzer.model import Manifest, SourceTree, Target, TargetKind

_PROC_MACRO = re.compile(
    r"#\s*\[\s*proc_macro(?:_(?P<kind>derive|attribute)\s*(?:\(\s*(?P<derive>\w+)[^\]]*\))?)?\s*\]"
    r"(?:\s*(?:#\s*\[[^\]]*\]|///[^\n]*\n))*\s*pub\s+fn\s+(?P<name>\w+)"
)
_RULES = re.compile(
    r"#\s*\[\s*macro_export[^\]]*\](?:\s*(?:#\s*\[[^\]]*\]|///[^\n]*\n))*\s*macro_rules!\s*(\w+)"
)
_MACROS_MAX = 24
_WORDS = (
    *("", '"x"', '"SELECT 1"', '"{}", 1', "x", "1, 2", "1 + 1", "x = 1", 'a: "b"', "a => 1"),
    *("|x| x", "u8", "Vec<u8>", "[1, 2]", "{ x }", "let x = 1;", "match x { _ => 1 }"),
)
_ITEMS = (
    *(
        "struct A { b: u8 }",
        "enum A { B }",
        "fn f() {}",
        "trait T {}",
        "mod m {}",
        "pub X: u8 = 1;",
    ),
    *("static ref X: u8 = 1;", 'name = "x"', "<p>x</p>"),
)
"""What macros are given: their authors decide what they take, and most say no to all but one."""
_SHAPES = (
    *("struct Row {\n    id: u32,\n}", "enum Row {\n    First,\n}", "struct Row;"),
    *("struct Row(u32, String);", "struct Row<'a, T: Clone> {\n    id: &'a T,\n}"),
    *("enum Row {\n    First(u32),\n    Last { id: u32 },\n}", "union Row {\n    id: u32,\n}"),
)
_MARKED = (
    *("fn step() {}", *_SHAPES[:2], "async fn step(id: u32) -> u32 { id }", "mod step {}"),
    *("trait Step {\n    fn step(&self);\n}", "impl Row {\n    fn step(&self) {}\n}"),
    *("static STEP: u32 = 1;", "const STEP: u32 = 1;", "fn main() {}"),
)
_MARKS = ("", '("x")', '(a = "b")', "(x)", "(1)")


def programs(tree: SourceTree, manifest: Manifest) -> dict[str, bytes]:
    """Source files of the project, by path: one program that links the crate, and one for each
    macro, since what a macro does it does whether or not its result compiles.
    """
    library = _library(manifest)
    if library is None:
        return {"src/main.rs": b"fn main() {}\n"}
    name = _path(library)
    main = f'use {name} as _;\n\nfn main() {{\n    println!("ready");\n}}\n'
    rows = {"src/main.rs": main.encode()}
    for number, uses in enumerate(_macros(tree, library)):
        rows[f"src/bin/step{number}.rs"] = _program(uses[:1])
    return rows


def more_programs(tree: SourceTree, manifest: Manifest) -> dict[str, bytes]:
    """Programs that use each macro in many more ways, for macros that said nothing to the first."""
    library = _library(manifest)
    if library is None:
        return {}
    return {
        f"src/bin/more{number}.rs": _program(uses[1:])
        for number, uses in enumerate(_macros(tree, library))
    }


def acts_at_build_time(manifest: Manifest) -> bool:
    """Whether building the crate runs anything of it."""
    kinds = {one.kind for one in manifest.targets}
    return bool(kinds & {TargetKind.BUILD_SCRIPT, TargetKind.PROC_MACRO})


def release_profile(manifest: Manifest) -> str:
    """Lines of a manifest: what is not the crate itself need not be fast."""
    rows = (("*", 0), (manifest.name, 3))
    profile = {"package": {name: {"opt-level": level} for name, level in rows}}
    return f"\n{tomli_w.dumps({'profile': {'release': profile}})}"


def _library(manifest: Manifest) -> Target | None:
    kinds = (TargetKind.LIBRARY, TargetKind.PROC_MACRO)
    return next((one for one in manifest.targets if one.kind in kinds), None)


def _path(library: Target) -> str:
    """How a program names it."""
    return library.name.replace("-", "_")


def _macros(tree: SourceTree, library: Target) -> Iterator[list[str]]:
    """Ways to use each macro, the likeliest first; each name once, and not without end."""
    is_macro = library.kind is TargetKind.PROC_MACRO
    found = _proc_macros(tree) if is_macro else _exported_rules(tree)
    path = f"{_path(library)}::"
    rows = dict.fromkeys(tuple(one.replace("@", path) for one in uses) for uses in found)
    yield from (list(one) for one in islice(rows, _MACROS_MAX))


def _rust(tree: SourceTree) -> Iterator[str]:
    for one in tree.files:
        if one.path.endswith(".rs") and len(one.data) < 1 << 20:
            yield one.data.decode("utf-8", "replace")


def _proc_macros(tree: SourceTree) -> Iterator[list[str]]:
    for text in _rust(tree):
        for found in _PROC_MACRO.finditer(text):
            kind, name = found["kind"], found["name"]
            if kind == "derive":
                yield [f"#[derive(@{found['derive'] or name})]\n{one}" for one in _SHAPES]
            elif kind == "attribute":
                yield [f"#[@{name}{more}]\n{one}" for more in _MARKS for one in _MARKED]
            else:
                yield _calls(name)


def _exported_rules(tree: SourceTree) -> Iterator[list[str]]:
    for text in _rust(tree):
        yield from (_calls(name) for name in _RULES.findall(text))


def _calls(name: str) -> list[str]:
    """A macro, called where a value may stand, and where an item may."""
    values = [f"fn step() {{\n    let _ = @{name}!({one});\n}}" for one in _WORDS]
    return values + [f"@{name}! {{ {one} }}" for one in _ITEMS]


def _program(uses: list[str]) -> bytes:
    """Each use in a module: the compiler expands them all, whatever their results are worth."""
    rows = [f"mod m{number} {{\n{one}\n}}\n" for number, one in enumerate(uses)]
    return "\n".join((*rows, "fn main() {}\n")).encode()
