"""What stands in macros: token trees to the grammar, read again as the code that they hold.

Arguments of an invocation are read as those of a call, a body in braces as a block, the right-hand
sides of `macro_rules!` as they stand. Offsets are the file's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.limits import Limits
from analyzer.model import Gap, GapKind
from analyzer.syntax.query import Captured, Node, captures, parse_range

if TYPE_CHECKING:
    from analyzer.syntax.outline import Outline

# Macros whose arguments nobody asks for, unless they call something.
_WITHOUT_VALUE = frozenset(
    "assert assert_eq assert_ne debug_assert debug_assert_eq debug_assert_ne panic unreachable todo"
    " unimplemented matches trace debug info warn error log bail ensure anyhow eprint".split()
)
_NESTED_IN_BODY = 4
_CALLING = re.compile(rb"[({!\[]")


@dataclass(slots=True)
class Macro:
    """A macro invocation; `arguments` are nodes of its content read as call arguments."""

    name: str
    node: Node
    arguments: tuple[Node, ...]


def expanded(outline: Outline, rows: list[Captured], limits: Limits) -> list[Captured]:
    """The nodes in macro invocations and definitions; what each invocation is given is noted."""
    found: list[Captured] = []
    buffer = bytearray(outline.data + b";")
    pending = [(row[3], 0) for row in rows if row[2] == "macro_invocation"]
    while pending:
        node, depth = pending.pop()
        if depth > limits.macro_depth:
            line = outline.data.count(b"\n", 0, node.start_byte) + 1
            reason = "macro invocations nested too deeply"
            outline.gaps.append(Gap(GapKind.MACRO, reason, outline.path, line))
            continue
        inner = _read_macro(outline, node, buffer)
        found += inner
        pending += [(row[3], depth + 1) for row in inner if row[2] == "macro_invocation"]
    for row in rows:
        if row[2] == "macro_definition":
            found += _read_bodies(outline, row[3], buffer)
    return found


def _read_macro(outline: Outline, node: Node, buffer: bytearray) -> list[Captured]:
    name = node.child_by_field_name("macro")
    body = next((one for one in node.children if one.type == "token_tree"), None)
    if name is None or body is None:
        return []
    label = outline.text(name).rpartition("::")[2]
    inside = outline.data[body.start_byte + 1 : body.end_byte - 1]
    if not inside or (label in _WITHOUT_VALUE and not _CALLING.search(inside)):
        outline.macros[node.start_byte] = Macro(label, node, ())
        return []
    opening, closing = body.start_byte, body.end_byte - 1
    is_block = buffer[opening : opening + 1] == b"{"
    saved = bytes(buffer[name.end_byte : body.end_byte + 1])
    if is_block:
        tree = parse_range(buffer, body, body)
    else:  # with the `;` that a call needs: without it the grammar looks long for a way out
        buffer[name.end_byte : opening + 1] = b" " * (opening - name.end_byte) + b"("
        buffer[closing : closing + 2] = b");"
        tree = parse_range(buffer, name, body, behind=1)
        if tree.root_node.has_error:  # no call: what it is shows better without
            tree = parse_range(buffer, name, body)
    buffer[name.end_byte : body.end_byte + 1] = saved
    inner = [one for one in captures(tree.root_node) if -one[1] > one[0]]
    arguments: tuple[Node, ...] = ()
    if not is_block:
        call = next((one for one in inner if one[2] == "call_expression"), None)
        if call is not None and call[0] == name.start_byte:
            inner.remove(call)
            listed = call[3].child_by_field_name("arguments")
            arguments = tuple(listed.named_children) if listed is not None else ()
        inner = [one for one in inner if one[0] >= opening]
    outline.macros[node.start_byte] = Macro(label, node, arguments)
    return inner


def _read_bodies(outline: Outline, node: Node, buffer: bytearray) -> list[Captured]:
    """The right-hand sides of `macro_rules!`, read as they stand with `$` blanked out."""
    found: list[Captured] = []
    for rule in node.children:
        right = rule.child_by_field_name("right") if rule.type == "macro_rule" else None
        if right is None or right.end_byte - right.start_byte <= 2:
            continue
        saved = bytes(buffer[right.start_byte : right.end_byte])
        body = saved.replace(b"$", b" ")
        buffer[right.start_byte : right.end_byte] = b"{" + body[1:-1] + b"}"
        inner = captures(parse_range(buffer, right, right).root_node)
        for _ in range(_NESTED_IN_BODY):
            found += inner
            named = [row[3] for row in inner if row[2] == "macro_invocation"]
            inner = [row for one in named for row in _read_macro(outline, one, buffer)]
        buffer[right.start_byte : right.end_byte] = saved
    return found
