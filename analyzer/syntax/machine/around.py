"""Locals of the code around an attempt, which was not run: looked up in the source."""

from __future__ import annotations

import re

from analyzer.syntax.changes import is_changed
from analyzer.syntax.machine.control import matches
from analyzer.syntax.machine.shared import Environment, Interpreting
from analyzer.syntax.machine.tables import as_declared
from analyzer.syntax.machine.values import Record, Stuck, plain
from analyzer.syntax.outline import Binding, Node
from analyzer.syntax.query import between_commas

_USE = rb"(?:\s*\.\s*\w+|\s*\[[^\]]{0,80}\])*\s*(?:\(|(?:[-+*/%^|&]|<<|>>)?=(?!=))"
"""What stands behind a name, or a field of it, where a method or an assignment may change it."""


def local(
    machine: Interpreting, row: Binding, name: str, position: int, root: Environment
) -> object:
    """A local's value, then what changed it up to a position; once for each state of it.

    :raises Stuck: if it is not known, or changed somewhere around what is attempted.
    """
    if row.value is None or row.is_element:
        raise Stuck
    stated, pattern = _stated(row.value)
    if stated is None or pattern is None:
        raise Stuck
    using = _using(root, stated, name, position)
    key = (name, row.start, using[-1].end_byte if using else 0)
    if key in root.looked_up:
        return root.looked_up[key]
    inner = root.inner()
    value = machine.eval(row.value, root)
    if row.type is not None:
        value = as_declared(plain(value), root.outline.text(row.type))
    if not matches(machine, pattern, value, inner):
        raise Stuck
    is_own = isinstance(plain(inner.names[name]), Record)  # any method may be its own
    for one in using:
        if is_own or is_changed(root.outline.data[one.start_byte : one.end_byte], name):
            machine.eval(one, inner)
    root.looked_up[key] = inner.names[name]
    return inner.names[name]


def _stated(value: Node) -> tuple[Node | None, Node | None]:
    """The declaration that a local is bound in, and the pattern that takes the value: one part of
    the whole in `let (a, b) = (x, y)`.
    """
    stated, part = value.parent, -1
    if stated is not None and stated.type == "tuple_expression":
        part = next((at for at, one in enumerate(between_commas(stated)) if one.id == value.id), -1)
        stated = stated.parent
    pattern = stated.child_by_field_name("pattern") if stated is not None else None
    if part >= 0 and pattern is not None:
        rows = between_commas(pattern) if pattern.type == "tuple_pattern" else []
        pattern = rows[part] if part < len(rows) else None
    return stated, pattern


def _using(root: Environment, stated: Node, name: str, position: int) -> list[Node]:
    """The statements behind a declaration that may change its local before a position.

    :raises Stuck: if the one around the position does, outside of what is attempted.
    """
    found: list[Node] = []
    data = root.outline.data
    one = stated.next_named_sibling if stated.type == "let_declaration" else None
    while one is not None and one.start_byte <= position:
        if one.end_byte <= position:
            if _may_change(data[one.start_byte : one.end_byte], name):
                found.append(one)
        elif one.start_byte <= root.span[0] and root.span[1] <= one.end_byte:
            rest = data[one.start_byte : root.span[0]], data[root.span[1] : one.end_byte]
            if any(is_changed(_without_namesakes(part, name), name) for part in rest):
                raise Stuck
        one = one.next_named_sibling
    return found


def _without_namesakes(code: bytes, name: str) -> bytes:
    """Code without the declarations of other locals of the name."""
    return re.sub(rb"\blet\s+(?:mut\s+)?%b\b[^=;]{0,200}=" % re.escape(name.encode()), b"", code)


def _may_change(code: bytes, name: str) -> bool:
    used = re.search(rb"\b%b%b" % (re.escape(name.encode()), _USE), code)
    return used is not None or is_changed(code, name)
