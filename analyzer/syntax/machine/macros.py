"""Macros for the bounded interpreter."""

from __future__ import annotations

import re

from analyzer.syntax.machine.places import store
from analyzer.syntax.machine.shared import Environment, Interpreting, child
from analyzer.syntax.machine.values import (
    Number,
    Record,
    Row,
    Stuck,
    integer,
    plain,
    text,
)
from analyzer.syntax.outline import Node

_SLOT = re.compile(r"\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}")


def filled(machine: Interpreting, one: Node, length: Node, env: Environment) -> list[object]:
    """The list of `[one; length]`."""
    count = integer(machine.eval(length, env))
    machine.step(max(count, 0) // 8)
    value = plain(machine.eval(one, env))
    if isinstance(value, (list, Record, Row)) and count > 1:
        raise Stuck
    return [value] * count


def macro(machine: Interpreting, node: Node, env: Environment) -> object:
    """`vec!`, `format!`, `concat!`, `include_*!`, `write!`; others end the attempt."""
    known = env.outline.macros.get(node.start_byte)
    if known is None:
        raise Stuck
    nodes = [one for one in known.arguments if one.type not in ("line_comment", "block_comment")]
    if known.name == "vec":
        if len(nodes) == 2 and nodes[0].type == "ERROR":
            return filled(machine, nodes[0].named_children[-1], nodes[1], env)
        return [plain(machine.eval(one, env)) for one in nodes]
    if known.name == "concat":
        return "".join(_shown(machine.eval(one, env), "") for one in nodes)
    if known.name in ("include_str", "include_bytes") and len(nodes) == 1:
        return machine.packaged(known.name, text(machine.eval(nodes[0], env)), env)
    if known.name == "format":
        return formatted(machine, nodes, env)
    if known.name in ("write", "writeln"):
        held = text(machine.eval(nodes[0], env))
        more = formatted(machine, nodes[1:], env) + "\n" * (known.name == "writeln")
        store(machine, nodes[0], held + more, env)
        return ()
    raise Stuck


def formatted(machine: Interpreting, nodes: list[Node], env: Environment) -> str:
    """`format!` with positions, names and the common ways to show numbers."""
    template = text(machine.eval(nodes[0], env))
    position, named = iter(nodes[1:]), {}
    for one in nodes[1:]:
        if one.type == "assignment_expression":
            named[env.outline.text(child(one, "left"))] = child(one, "right")

    def shown(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        key, style = match[1].strip(), match[2] or ""
        if not key:
            value = machine.eval(next(position), env)
        elif key.isdecimal():
            value = machine.eval(nodes[1 + int(key)], env)
        elif key in named:
            value = machine.eval(named[key], env)
        else:
            value = machine.name(key, nodes[0], env)
        return _shown(value, style)

    found = _SLOT.sub(shown, template)
    machine.step(len(found) // 8)
    return found


def _shown(value: object, style: str) -> str:
    value = plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Number):
        match = re.fullmatch(r"#?(0?)(\d*)([xXbo]?)", style)
        if match is None or len(match[2]) > 3:
            raise Stuck
        shown = format(value.value, match[3] or "d")
        return shown.rjust(int(match[2] or 0), "0" if match[1] else " ")
    return text(value)
