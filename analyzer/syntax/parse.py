"""One file to a syntax tree, with every byte accounted for.

The bytes handed to the grammar have the five odd blanks of Rust replaced (same length), and where
the grammar loses its place, the lexer's identifiers say what the tree does not show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import tree_sitter
import tree_sitter_rust

from analyzer.limits import Limits
from analyzer.model import BUILD_TIME, Gap, GapKind, Phase, SourceFile, Span
from analyzer.syntax.lexer import Token, tokens

LANGUAGE = tree_sitter.Language(tree_sitter_rust.language())
_ODD_BLANKS = re.compile(rb"\xe2\x80[\x8e\x8f\xa8\xa9]|\xc2\x85")
_BRACKETS = re.compile(rb"[(\[{]|[)\]}]")


@dataclass(frozen=True)
class ParsedFile:
    """The only value that holds a tree; it lives between parse and facts."""

    path: str
    data: bytes
    tree: tree_sitter.Tree
    gaps: tuple[Gap, ...] = ()
    lost: tuple[Token, ...] = ()


def parse(file: SourceFile, *, limits: Limits, phases: tuple[Phase, ...] = ()) -> ParsedFile | Gap:
    """The parsed file, or a Gap when it is over a budget (size, nesting, parser steps)."""
    is_build = bool(BUILD_TIME & set(phases))
    cap = limits.build_file_size_bytes if is_build else limits.rust_file_size_bytes
    if len(file.data) > cap:
        return Gap(GapKind.TOO_LARGE, f"larger than {cap} bytes", file.path, phases=phases)
    data, gaps = _text(file)
    if _depth(data) > limits.syntax_depth:
        return Gap(GapKind.BUDGET, "nested too deeply to parse", file.path, phases=phases)
    data = _without_odd_blanks(data)
    tree = tree_sitter.Parser(LANGUAGE).parse(data)
    lost: tuple[Token, ...] = ()
    if tree.root_node.has_error:
        lost = _lost(data, tree, limits)
        if lost:
            line = data.count(b"\n", 0, lost[0].start) + 1
            reason = f"the grammar lost {len(lost)} identifiers from here on"
            gaps.append(Gap(GapKind.SYNTAX_LOST, reason, file.path, line, phases))
    return ParsedFile(file.path, data, tree, tuple(gaps), lost)


def span(parsed: ParsedFile, node: tree_sitter.Node) -> Span:
    """A node's place: lines count line feeds only, columns count characters."""
    start = node.start_byte
    line_start = parsed.data.rfind(b"\n", 0, start) + 1
    column = len(parsed.data[line_start:start].decode("utf-8", "replace")) + 1
    first = node.start_point.row + 1
    return Span(parsed.path, first, column, node.end_point.row + 1, start, node.end_byte)


def _text(file: SourceFile) -> tuple[bytes, list[Gap]]:
    """Valid UTF-8 of the same length, and a gap where it was not."""
    try:
        file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        gap = Gap(GapKind.NOT_UTF8, "not UTF-8; odd bytes were read as `?`", file.path, line)
        repaired = file.data.decode("utf-8", "surrogateescape")
        return re.sub("[\udc80-\udcff]", "?", repaired).encode(), [gap]
    return file.data, []


def _depth(data: bytes) -> int:
    """Deepest run of open brackets, literals and comments not told apart: an upper bound."""
    if sum(data.count(one) for one in (b"(", b"[", b"{")) < 300:
        return 0
    depth = deepest = 0
    for match in _BRACKETS.finditer(data):
        depth = depth + 1 if match[0] in b"([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _without_odd_blanks(data: bytes) -> bytes:
    """rustc takes five more characters for blanks than the grammar does; literals keep theirs."""
    if not _ODD_BLANKS.search(data):
        return data
    inside = bytearray(data)
    kept = [
        (one.start, one.end) for one in tokens(data) if one.kind in ("string", "raw_string", "char")
    ]
    for match in _ODD_BLANKS.finditer(data):
        if not any(start <= match.start() < end for start, end in kept):
            inside[match.start() : match.end()] = b" " * len(match[0])
    return bytes(inside)


def _lost(data: bytes, tree: tree_sitter.Tree, limits: Limits) -> tuple[Token, ...]:
    """Identifiers the lexer sees and no node of the tree holds as a token."""
    covered: set[int] = set()
    cursor = tree.walk()
    going_down = True
    while True:
        node = cursor.node
        if going_down and node is not None and node.child_count == 0:
            covered.add(node.start_byte)
        if going_down and cursor.goto_first_child():
            continue
        if cursor.goto_next_sibling():
            going_down = True
        elif cursor.goto_parent():
            going_down = False
        else:
            break
    found = tokens(data, limit=limits.lexed_tokens_per_file)
    return tuple(one for one in found if one.kind == "identifier" and one.start not in covered)
