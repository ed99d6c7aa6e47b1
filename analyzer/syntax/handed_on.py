"""Names that stand for power elsewhere because power is named in their declaration.

A field of type `Client`, a function that returns one, a static, a variant, a macro whose body uses
it: code that only says the name of such a thing has power too. A small file, a long tail of Rust.
"""

from __future__ import annotations

import re

from analyzer.syntax.regions import Kind, Region, Regions

_NEAR = 400
_STATIC = re.compile(rb"\b(?:static(?:\s+mut|\s+ref)?|const)\s+(?:r#)?(\w+)\s*:[^=]*\Z")
_TUPLE = re.compile(rb"\bstruct\s+(?:r#)?(\w+)[^;{}]*\Z")
_FIELD = re.compile(rb"[,{\]]\s*(?:pub\s*(?:\([^)]*\)\s*)?)?(?:r#)?(\w+)\s*:(?!:)[^,{}]*\Z")
_CLOSE = 60
_GIVEN = re.compile(rb"[{,]\s*(?:r#)?(\w+)\s*:\s*(?:\w+\s*::\s*)*\Z")
_WHOLE = re.compile(rb"\w+\s*[,}]")
"""A function as the value of a field: `Table { load: read, .. }`."""
_VARIANT = re.compile(rb"\b(\w+)\s*[({][^(){}]*\Z")
_DECLARED = re.compile(rb"\bfn\s+(?:r#)?(\w+)[^;{}]*->[^;{}]*\Z")
_IMPLEMENTED = re.compile(rb"(?:\bfor\b|\bimpl\b(?:\s*<[^{}]*?>)?)\s*(?:[\w:]*::\s*)?(\w+)[^{}]*\Z")
_RECEIVER = re.compile(rb"\(\s*(?:mut\s+|&\s*(?:'\w+\s+)?(?:mut\s+)?)?self\b")


def names_handed_on(code: bytes, found: Regions, hits: list[int]) -> frozenset[str]:
    """Words for `Vocabulary.pattern`, from the places where power is named."""
    names: set[bytes] = set()
    for position in hits:
        number = found.at(position)
        region = found.all[number] if number >= 0 else None
        if region is None or region.kind in (Kind.MODULE, Kind.IMPL, Kind.TRAIT, Kind.OTHER):
            names |= _declared(code, position, region)
        elif region.kind is Kind.MACRO:
            names.add(region.name + b"!")
        elif region.kind is Kind.FUNCTION:
            given = _GIVEN.search(code[max(region.start, position - _CLOSE) : position])
            if given is not None and _WHOLE.match(code, position):
                names.add(b"." + given[1])
            if position < region.start and code.rfind(b"->", region.head, position) >= 0:
                names.add(_function(code, found, region))
        elif position >= region.start:
            near = code[max(region.start - 1, position - _NEAR) : position]
            form, mark = (_VARIANT, b"") if region.kind is Kind.ENUM else (_FIELD, b".")
            match = form.search(near)
            names |= {mark + match[1]} if match is not None else set()
    return frozenset(one.decode("utf-8", "replace") for one in names)


def types_around(code: bytes, found: Regions, positions: list[int]) -> frozenset[str]:
    """Names of the structs and enums in whose declaration these positions stand."""
    names: set[bytes] = set()
    for position in positions:
        number = found.at(position)
        region = found.all[number] if number >= 0 else None
        if region is not None and region.kind in (Kind.STRUCT, Kind.ENUM, Kind.UNION):
            names.add(region.name)
        elif region is None or region.kind is Kind.MODULE:
            near = code[max(0, position - _NEAR) : position]
            owner = _TUPLE.search(near[near.rfind(b";") + 1 :])
            names |= {owner[1]} if owner is not None else set()
    return frozenset(one.decode("utf-8", "replace") for one in names)


def _declared(code: bytes, position: int, region: Region | None) -> set[bytes]:
    """Statics, tuple structs, and methods that a trait only declares."""
    start = region.start if region is not None and position >= region.start else 0
    near = code[max(start, position - _NEAR) : position]
    static = _STATIC.search(near)
    if static is not None:
        return {static[1]}
    declared = _DECLARED.search(near)
    if declared is not None:
        return {b"." + declared[1]}
    owner = _TUPLE.search(near[near.rfind(b";") + 1 :])
    return {owner[1]} if owner is not None else set()


def _function(code: bytes, found: Regions, region: Region) -> bytes:
    """How others name a function: `x(`, `.x` for a method, `T::x` for an associated one."""
    around = found.all[region.parent] if region.parent >= 0 else None
    if around is None or around.kind is Kind.MODULE:
        return region.name + b"("
    if around.kind is Kind.TRAIT or _RECEIVER.search(code, region.head, region.start):
        return b"." + region.name
    owner = _IMPLEMENTED.search(code[around.head : around.start - 1])
    return owner[1] + b"::" + region.name if owner is not None else region.name + b"("
