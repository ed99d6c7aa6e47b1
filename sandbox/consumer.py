"""A project that takes the crate as anybody would: names it, uses its macros, and is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.model import Manifest, SourceTree, TargetKind

_PROC_MACRO = re.compile(
    r"#\s*\[\s*proc_macro(?:_(?P<kind>derive|attribute)\s*(?:\(\s*(?P<derive>\w+)[^\]]*\))?)?\s*\]"
    r"(?:\s*(?:#\s*\[[^\]]*\]|///[^\n]*\n))*\s*pub\s+fn\s+(?P<name>\w+)"
)
_RULES = re.compile(
    r"#\s*\[\s*macro_export[^\]]*\](?:\s*(?:#\s*\[[^\]]*\]|///[^\n]*\n))*\s*macro_rules!\s*(\w+)"
)
_MACROS_MAX = 24
_ARGUMENTS = ("", '"x"', "struct A { b: u8 }", "1, 2")
"""What macros are given, one after the other: their authors decide what they take."""


def programs(tree: SourceTree, manifest: Manifest) -> dict[str, bytes]:
    """Source files of the project, by path: one program that links the crate, and one for each
    macro, since what a macro does it does whether or not its result compiles.
    """
    library = next(
        (
            one
            for one in manifest.targets
            if one.kind in (TargetKind.LIBRARY, TargetKind.PROC_MACRO)
        ),
        None,
    )
    if library is None:
        return {"src/main.rs": b"fn main() {}\n"}
    name = library.name.replace("-", "_")
    rows = {
        "src/main.rs": f'use {name} as _;\n\nfn main() {{\n    println!("ready");\n}}\n'.encode()
    }
    is_macro = library.kind is TargetKind.PROC_MACRO
    uses = _proc_macros(tree) if is_macro else _exported_rules(tree)
    for number, text in enumerate(dict.fromkeys(uses)):
        if number >= _MACROS_MAX:
            break
        body = text.replace("@", f"{name}::")
        rows[f"src/bin/step{number}.rs"] = body.encode()
    return rows


def _rust(tree: SourceTree) -> Iterator[str]:
    for one in tree.files:
        if one.path.endswith(".rs") and len(one.data) < 1 << 20:
            yield one.data.decode("utf-8", "replace")


def _proc_macros(tree: SourceTree) -> Iterator[str]:
    for text in _rust(tree):
        for found in _PROC_MACRO.finditer(text):
            kind, name = found["kind"], found["name"]
            if kind == "derive":
                for shape in ("struct Row {\n    id: u32,\n}", "enum Row {\n    First,\n}"):
                    derive = found["derive"] or name
                    yield f"#[derive(@{derive})]\n{shape}\n\nfn main() {{}}\n"
            elif kind == "attribute":
                yield f"#[@{name}]\nfn step() {{}}\n\nfn main() {{\n    step();\n}}\n"
                yield f"#[@{name}]\nstruct Row {{\n    id: u32,\n}}\n\nfn main() {{}}\n"
            else:
                for arguments in _ARGUMENTS:
                    yield f"@{name}! {{ {arguments} }}\n\nfn main() {{}}\n"


def _exported_rules(tree: SourceTree) -> Iterator[str]:
    for text in _rust(tree):
        for name in _RULES.findall(text):
            for arguments in _ARGUMENTS[:2]:
                yield f"fn main() {{\n    let _ = @{name}!({arguments});\n}}\n"
