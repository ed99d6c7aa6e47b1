"""Facts about files as such: binaries by magic numbers, deceptive characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Member, SourceFile, Span
from analyzer.syntax.flat import flatten

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "elf"),
    (b"MZ", "pe"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\xca\xfe\xba\xbe", "macho"),
    (b"\0asm", "wasm"),
    (b"!<arch>\n", "ar"),
    (b"dex\n03", "dex"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
)
_PROGRAMS = frozenset({"elf", "pe", "macho", "wasm", "ar", "dex"})
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".webp")
_SCRIPT = re.compile(
    rb"\s*(?:#!|<\?php|(?:var|let|const|function|import|require)\b[ (]|@echo off|\$\w+ ?=)"
)
_FAR = re.compile(r"[ \t]{200,}+(?P<code>\S)")
_FAR_COLUMN = 400
_BIDI = "\u202a-\u202e\u2066-\u2069"
_HIDDEN = re.compile(f"[{_BIDI}\u200b\u2060\u180e\U000e0000-\U000e007f]")
_BIDI_ONLY = re.compile(f"[{_BIDI}]")
_CODE_ENDINGS = (".rs", ".toml", ".sh", ".py", ".js", ".json", ".yml", ".yaml", ".c", ".h")
_DATA_ENDINGS = (".json", ".yml", ".yaml")
_MAX_TEXT = 4 * 1024 * 1024


def facts(view: CrateView) -> Iterator[Fact]:
    """Facts from every file of the archive."""
    for file in view.tree.files:
        kind = _kind(file.data)
        if kind in _PROGRAMS and (kind != "pe" or _is_pe(file.data)):
            yield Fact(FactKind.ARCHIVE_BINARY, file.path, Member(file.path), api=kind)
        if looks_disguised(file):
            label = f"{kind or 'script'} named like a picture or font"
            yield Fact(FactKind.ARCHIVE_BINARY, file.path, Member(file.path), api=label)
        yield from _unicode(view, file)
        if file.path.endswith(_CODE_ENDINGS) and not _is_mere_data(file.path):
            yield from _out_of_sight(view, file)


def looks_disguised(file: SourceFile) -> bool:
    """Whether a program or script has the name of a picture or font."""
    return file.path.lower().endswith(_PICTURES) and bool(
        _kind(file.data) in _PROGRAMS or _SCRIPT.match(file.data)
    )


def _kind(data: bytes) -> str:
    return next((name for magic, name in _MAGIC if data.startswith(magic)), "")


def _is_mere_data(path: str) -> bool:
    """A file of data where no tool looks for its settings: neither on top nor in a dot folder."""
    return path.endswith(_DATA_ENDINGS) and "/" in path and "/." not in f"/{path}"


def _is_pe(data: bytes) -> bool:
    offset = int.from_bytes(data[60:64], "little")
    return data[offset : offset + 4] == b"PE\0\0"


def _unicode(view: CrateView, file: SourceFile) -> Iterator[Fact]:
    if file.data.isascii() or len(file.data) > _MAX_TEXT or b"\0" in file.data[:1024]:
        return
    text = file.data.decode("utf-8", "replace")
    pattern = _HIDDEN if file.path.endswith(_CODE_ENDINGS) else _BIDI_ONLY
    seen: set[str] = set()
    for match in pattern.finditer(text):
        subject = f"U+{ord(match[0]):04X}"
        if subject in seen:
            continue
        seen.add(subject)
        start = match.start()
        line_start = text.rfind("\n", 0, start) + 1
        line = text.count("\n", 0, start) + 1
        where = Span(file.path, line, start - line_start + 1, line)
        phases = view.phases.get(file.path, ())
        snippet = text[line_start : line_start + 200].split("\n")[0]
        yield Fact(FactKind.ARCHIVE_UNICODE, subject, where, phases, snippet=snippet)


def _out_of_sight(view: CrateView, file: SourceFile) -> Iterator[Fact]:
    """Code behind so many blanks that an editor does not show it."""
    if b" " * 200 not in file.data and b"\t" * 100 not in file.data:
        return
    text = file.data.decode("latin-1")  # a character is a byte, as in the code
    code = flatten(file.data).code if file.path.endswith(".rs") else file.data
    for match in _FAR.finditer(text):
        at = match.start("code")
        start = text.rfind("\n", 0, at) + 1
        column = len(file.data[start:at].decode("utf-8", "replace"))
        is_far = column >= _FAR_COLUMN and not text[start : match.start()].isspace()
        is_code = not code[at : at + 1].isspace()  # not the middle of a text
        if is_far and is_code and not text[at:].startswith(("//", "*/", "|")):
            line = text.count("\n", 0, at) + 1
            where = Span(file.path, line, column + 1, line)
            phases = view.phases.get(file.path, ())
            subject = f"code at column {column + 1}"
            snippet = file.data[at : at + 300].decode("utf-8", "replace")[:150]
            yield Fact(FactKind.ARCHIVE_UNICODE, subject, where, phases, snippet=snippet)
            return
