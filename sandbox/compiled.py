"""The compiler as second witness: which catalogued functions the compiled crate really calls.

Read from rustc's own listing (MIR), with every macro expanded, every name resolved and all code
included that a build script wrote. What the sources did not show is hidden there no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from analyzer.model import Fact, Phase, Span
from analyzer.signatures import Api, Signatures

_GENERICS = re.compile(r"::<[^<>]*>|<[^<>]*>(?=::|[,)}\s]|$)")
_CALL = re.compile(r"(?:= |ty: [^{]*\{|Value\()((?:[A-Za-z_]\w*::)+[A-Za-z_]\w*)")
_METHOD = re.compile(r"<([A-Za-z_][\w:]*)(?:<[^<>]*>)? as ([A-Za-z_][\w:]*)(?:<[^<>]*>)?>::(\w+)")
_PLACE = re.compile(r"// scope \d+ at ([^:]+):(\d+):(\d+)")
_FUNCTION = re.compile(r"(?:fn|const|static(?: mut)?) ([^(:{]+?)(?:\(|: )")
_LINES_MAX = 2_000_000
_ROUNDS = 6

LAUNCHER = """#!/bin/sh
[ "$CARGO_PKG_NAME@$CARGO_PKG_VERSION" = "$LISTED" ] || exec "$@"
RUSTC_BOOTSTRAP=1 exec "$@" --emit=mir -Ztrim-diagnostic-paths=no -Zmir-include-spans=on
"""
"""Stands between cargo and rustc for one stage: the crate's own compilations are listed, too."""


def read_listing(
    path: str, data: bytes, signatures: Signatures, root: str, *, phase: Phase
) -> Iterator[Fact]:
    """Each catalogued function that a listing names, once; `root` is the package's folder."""
    known: Mapping[str, Api] = signatures.apis
    seen: set[str] = set()
    owner, place = "", Span(path, 1)
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n")):
        if number > _LINES_MAX:
            return
        if line.startswith(("fn ", "const ", "static ")):
            header = _FUNCTION.match(line)
            owner = header[1].strip() if header is not None else ""
            continue
        found = _PLACE.search(line)
        if found is not None:
            place = Span(_told(found[1], root), int(found[2]), int(found[3]))
        for name in _names(line):
            api = known.get(name)
            if api is None or name in seen or not api.facts:
                continue
            seen.add(name)
            for kind in api.facts:
                yield Fact(kind, name, place, (phase,), owner=owner, api=name)


def _told(path: str, root: str) -> str:
    """A source file as facts name it: below the package, or what a build script wrote."""
    made = re.search(r"/build/[^/]+/out/(.+)", path)
    return f"{{out}}/{made[1]}" if made is not None else path.removeprefix(f"{root}/")


def _names(line: str) -> Iterator[str]:
    if "::" not in line:
        return
    for one in _METHOD.finditer(line):
        yield f"{one[1]}::{one[3]}"
        yield f"{one[2]}::{one[3]}"
    plain = line
    for _ in range(_ROUNDS):
        plain, count = _GENERICS.subn("", plain)
        if not count:
            break
    for one in _CALL.finditer(plain):
        yield one[1]
