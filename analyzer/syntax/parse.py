"""One file to a syntax tree, with every byte accounted for.

What the grammar reads otherwise than rustc is rewritten first, byte for byte in place; where the
grammar still loses its place, the lexer's identifiers say what the tree does not show. Budgets
count bytes, nesting and parser steps, never time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice

import tree_sitter
import tree_sitter_rust

from analyzer.limits import Limits
from analyzer.model import BUILD_TIME, Gap, GapKind, Phase, SourceFile, Span
from analyzer.syntax.lexer import ODD_BLANK, Token, TokenKind, as_edition_reads, tokens
from analyzer.syntax.vocabulary import compiled

LANGUAGE = tree_sitter.Language(tree_sitter_rust.language())
# The parser reports after every hundred operations; real files take at most seven a byte.
_STEPS_PER_REPORT = 100
# Small pieces, so that scanning far ahead again and again (never closed raw texts) is counted.
_PIECE_BYTES = 4096
_FREE_READS = 1000
_READS_PER_PIECE = 8
_FREE_REPORTS = 1000

_QUICK_MISREAD = compiled(
    ODD_BLANK + rb"|\x00|\\u\{[0-9a-fA-F]*_|#!(?:[^\[]|\z)|\b[0-9][0-9A-Za-z_]*r#*\""
)
_ODD = re.compile(ODD_BLANK + rb"|\0")
_ESCAPE = re.compile(rb"\\(?:u\{(?P<digits>[0-9a-fA-F_]+)\}|(?s:.))")
_RAW_SUFFIX = re.compile(rb"[bcr]+\Z")
_BRACKETS = b"([{)]}"
_OTHER_BYTES = bytes(set(range(256)) - set(_BRACKETS))
_BRACKET_STEPS = bytes.maketrans(_BRACKETS, b"\x01\x01\x01\xff\xff\xff")
_LITERALS = frozenset({TokenKind.STRING, TokenKind.RAW_STRING, TokenKind.CHARACTER})
# Leaves that hold text of their own: a word inside one of them is hidden, not shown.
_OPAQUE = re.compile(r"comment|literal|content|string|shebang|ERROR")
_NO_LEAF = (sys.maxsize, sys.maxsize, False, False)


@dataclass(frozen=True)
class ParsedFile:
    """The only value that holds a tree; it lives between parse and facts.

    `data` is what the grammar read: as long as the file, every byte at its place. `depth` is the
    deepest nesting of brackets. `lost` are the words that the lexer sees and the tree shows
    nowhere, or only bare inside an ERROR node: whoever looks for names must look there too.
    """

    path: str
    data: bytes
    tree: tree_sitter.Tree
    gaps: tuple[Gap, ...] = ()
    lost: tuple[Token, ...] = ()
    depth: int = 0

    def span(self, node: tree_sitter.Node) -> Span:
        """A node's place: lines end at line feeds only, columns count characters."""
        first, last = node.start_point.row + 1, node.end_point.row + 1
        return self._span(node.start_byte, node.end_byte, first, last)

    def span_of(self, start: int, end: int) -> Span:
        """The place of a byte range."""
        first = self.data.count(b"\n", 0, start) + 1
        return self._span(start, end, first, first + self.data.count(b"\n", start, end))

    def _span(self, start: int, end: int, first: int, last: int) -> Span:
        line_start = self.data.rfind(b"\n", 0, start) + 1
        column = len(self.data[line_start:start].decode("utf-8", "replace")) + 1
        return Span(self.path, first, column, last, start, end)

    def text(self, node: tree_sitter.Node) -> str:
        """The text a node covers."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def line_text(self, line: int) -> str:
        """The text of a line counted from 1, without its line feed; empty beyond the file."""
        if not 1 <= line <= len(self._lines):
            return ""
        return self._lines[line - 1].decode("utf-8", "replace")

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.data.split(b"\n")


def parse(
    file: SourceFile,
    *,
    limits: Limits,
    phases: tuple[Phase, ...] = (),
    edition: str = "2021",
) -> ParsedFile | Gap:
    """The parsed file, or a Gap when it is over a budget: size, nesting or parser steps."""
    is_build = bool(BUILD_TIME & set(phases))
    cap = limits.build_file_size_bytes if is_build else limits.rust_file_size_bytes
    if len(file.data) > cap:
        return Gap(GapKind.TOO_LARGE, f"larger than {cap} bytes", file.path, phases=phases)
    text, gaps = _as_utf8(file, phases)
    depth = bracket_depth(text, exact_from=limits.syntax_depth_note)
    if depth > limits.syntax_depth:
        reason = f"brackets nested more than {limits.syntax_depth} deep"
        return Gap(GapKind.BUDGET, reason, file.path, phases=phases)
    data = _as_grammar_reads(as_edition_reads(text, edition))
    tree = _tree(data, limits)
    if tree is None:
        reason = "parsing takes more steps than the budget allows"
        return Gap(GapKind.BUDGET, reason, file.path, phases=phases)
    hidden, bare = _lost(data, tree, limits) if tree.root_node.has_error else ([], [])
    if hidden:
        line = data.count(b"\n", 0, hidden[0].start) + 1
        reason = f"the grammar lost {len(hidden)} words, the first on this line"
        gaps = (*gaps, Gap(GapKind.SYNTAX_LOST, reason, file.path, line, phases))
    return ParsedFile(file.path, data, tree, gaps, tuple(sorted(hidden + bare)), depth)


def bracket_depth(data: bytes, *, exact_from: int) -> int:
    """Deepest nesting of brackets; below `exact_from` those in texts and comments may count too."""
    steps = memoryview(data.translate(_BRACKET_STEPS, _OTHER_BYTES)).cast("b")
    bound = max(accumulate(steps), default=0) - min(accumulate(steps), default=0)
    if bound < exact_from:
        return bound
    depth = deepest = 0
    for token in tokens(data):
        if token.kind is TokenKind.PUNCTUATION and data[token.start] in _BRACKETS:
            depth = max(0, depth + (1 if data[token.start] in b"([{" else -1))
            deepest = max(deepest, depth)
    return deepest


def _as_utf8(file: SourceFile, phases: tuple[Phase, ...]) -> tuple[bytes, tuple[Gap, ...]]:
    """Valid UTF-8 of the same length, and a gap where it was not."""
    try:
        file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = file.data.count(b"\n", 0, error.start) + 1
        reason = "not UTF-8; bytes that are no text were read as `?`"
        text = file.data.decode("utf-8", "surrogateescape")
        repaired = re.sub("[\udc80-\udcff]", "?", text).encode()
        return repaired, (Gap(GapKind.NOT_UTF8, reason, file.path, line, phases),)
    return file.data, ()


def _as_grammar_reads(data: bytes) -> bytes:
    r"""The same program in as many bytes, without what the grammar reads otherwise than rustc.

    Five blanks and NUL outside literals become spaces. An underscore in `\u{6_5}`, at which the
    grammar loses its place, becomes a leading zero. `#! [attribute]` would be a `#!` line to it,
    `1r#"` a raw text: either hides code without any error.
    """
    if not _QUICK_MISREAD.search(data):
        return data
    found = list(tokens(data))
    parts: list[bytes] = []
    position = _joined_attribute(data, found, parts)
    for token in found:
        is_number = token.kind is TokenKind.NUMBER
        if is_number and data[token.end : token.end + 1] in (b'"', b"#"):
            parts.append(_ODD.sub(_blank, data[position : token.start]))
            parts.append(_RAW_SUFFIX.sub(_blank, data[token.start : token.end]))
            position = token.end
        elif token.kind in _LITERALS:
            parts.append(_ODD.sub(_blank, data[position : token.start]))
            literal = data[token.start : token.end]
            is_raw = token.kind is TokenKind.RAW_STRING
            parts.append(literal if is_raw else _ESCAPE.sub(_without_underscores, literal))
            position = token.end
    return b"".join([*parts, _ODD.sub(_blank, data[position:])])


def _joined_attribute(data: bytes, found: list[Token], parts: list[bytes]) -> int:
    """Where the rest begins, behind a first `#! [` that is put together in `parts`."""
    head = found[:3]
    if [data[one.start : one.end] for one in head] != [b"#", b"!", b"["]:
        return 0
    start, end = head[0].start, head[2].start
    lines = data.count(b"\n", start, end)
    parts += [
        _ODD.sub(_blank, data[:start]),
        b"\n" * lines,
        b" " * (end - start - lines - 2),
        b"#!",
    ]
    return end


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * len(match[0])


def _without_underscores(match: re.Match[bytes]) -> bytes:
    digits = match["digits"]
    if digits is None:
        return match[0]
    return b"\\u{" + digits.replace(b"_", b"").rjust(len(digits), b"0") + b"}"


def _tree(data: bytes, limits: Limits) -> tree_sitter.Tree | None:
    """The tree, or None over budget. Only the callback form of `parse` can be stopped."""
    view = memoryview(data)
    reads = _FREE_READS + _READS_PER_PIECE * (len(data) // _PIECE_BYTES)
    reports = _FREE_REPORTS + len(data) * limits.syntax_steps_per_byte // _STEPS_PER_REPORT

    def read(offset: int, _: tree_sitter.Point) -> memoryview:
        nonlocal reads
        reads -= 1
        return view[offset : offset + _PIECE_BYTES] if reads >= 0 else view[:0]

    def is_over(_offset: int, _has_error: bool) -> bool:  # noqa: FBT001  # tree-sitter's own shape
        nonlocal reports
        reports -= 1
        return reports < 0 or reads < 0

    try:
        tree = tree_sitter.Parser(LANGUAGE).parse(read, progress_callback=is_over)
    except ValueError:  # what the binding raises for a stopped parse
        return None
    return tree if reads >= 0 else None


def _lost(data: bytes, tree: tree_sitter.Tree, limits: Limits) -> tuple[list[Token], list[Token]]:
    """Words of the lexer that no leaf of the tree shows, and those bare inside an ERROR node."""
    leaves = _leaves(tree)
    hidden: list[Token] = []
    bare: list[Token] = []
    start, end, is_shown, is_bare = next(leaves, _NO_LEAF)
    for token in islice(tokens(data), limits.lexed_tokens_per_file):
        if token.kind is not TokenKind.IDENTIFIER:
            continue
        while end <= token.start:
            start, end, is_shown, is_bare = next(leaves, _NO_LEAF)
        if not (is_shown and start <= token.start and token.end <= end):
            hidden.append(token)
        elif is_bare:
            bare.append(token)
    return hidden, bare


def _leaves(tree: tree_sitter.Tree) -> Iterator[tuple[int, int, bool, bool]]:
    """Start, end, whether it shows its words, whether its parent is an ERROR; in byte order."""
    cursor = tree.walk()
    errors = [False]
    while True:
        node = cursor.node
        if node is not None and node.child_count == 0 and node.end_byte > node.start_byte:
            is_shown = not (node.is_named and _OPAQUE.search(node.type))
            yield node.start_byte, node.end_byte, is_shown, errors[-1]
        if node is not None and cursor.goto_first_child():
            errors.append(node.is_error)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            errors.pop()
