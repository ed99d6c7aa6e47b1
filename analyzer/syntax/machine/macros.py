"""Macros for the bounded interpreter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from analyzer.syntax.format_specs import styled
from analyzer.syntax.machine.control import matches
from analyzer.syntax.machine.decoders import decoded
from analyzer.syntax.machine.places import store
from analyzer.syntax.machine.shared import Environment, Interpreting, child
from analyzer.syntax.machine.values import (
    Number,
    Record,
    Row,
    Stuck,
    integer,
    octets,
    plain,
    raw,
    text,
)
from analyzer.syntax.outline import Node
from analyzer.syntax.query import parse_match

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
    if known.name == "matches":
        return _matched(machine, node, env)
    nodes = [one for one in known.arguments if one.type not in ("line_comment", "block_comment")]
    make = _KNOWN.get(known.name)
    if make is None or not nodes:
        if known.name == "vec":
            return []
        raise Stuck
    return make(machine, nodes, env, node)


def _listed(machine: Interpreting, nodes: list[Node], env: Environment, _: Node) -> object:
    if len(nodes) == 2 and nodes[0].type == "ERROR":
        return filled(machine, nodes[0].named_children[-1], nodes[1], env)
    return [plain(machine.eval(one, env)) for one in nodes]


def _joined(machine: Interpreting, nodes: list[Node], env: Environment, _: Node) -> object:
    return "".join(_shown(machine.eval(one, env), "") for one in nodes)


def _packaged(machine: Interpreting, nodes: list[Node], env: Environment, node: Node) -> object:
    name = env.outline.text(child(node, "macro")).rpartition("::")[2]
    return machine.packaged(name, text(machine.eval(nodes[0], env)), env)


def _variable(machine: Interpreting, nodes: list[Node], env: Environment, _: Node) -> object:
    return machine.variable(text(machine.eval(nodes[0], env)))


def _matched(machine: Interpreting, node: Node, env: Environment) -> object:
    """`matches!(value, pattern if condition)`."""
    body = next((one for one in node.children if one.type == "token_tree"), None)
    commas = [one for one in body.children if one.type == ","] if body is not None else []
    if body is None or not commas:
        raise Stuck
    end = commas[1].start_byte if len(commas) > 1 else body.end_byte - 1
    inside = (body.start_byte + 1, commas[0].start_byte, end)
    found = parse_match(env.outline.data, (node.start_byte, node.end_byte), inside)
    if found is None:
        raise Stuck
    arms = child(found, "body").named_children
    value = machine.eval(child(found, "value"), env)
    return matches(machine, child(arms[0], "pattern"), value, env.inner())


def _spelled(machine: Interpreting, nodes: list[Node], env: Environment, _: Node) -> object:
    """`hex!`: bytes as digits."""
    digits = "".join(text(machine.eval(one, env)) for one in nodes)
    found = decoded(("hex",), digits.encode())
    if found is None:
        raise Stuck
    machine.hides()
    return octets(found)


def _quoted(_m: Interpreting, _n: list[Node], env: Environment, node: Node) -> object:
    inside = env.outline.text(node).partition("!")[2].strip()[1:-1]
    return " ".join(inside.split())


def _written(machine: Interpreting, nodes: list[Node], env: Environment, node: Node) -> object:
    name = env.outline.text(child(node, "macro")).rpartition("::")[2]
    target = machine.eval(nodes[0], env)
    held = plain(target)
    more = formatted(machine, nodes[1:], env) + "\n" * (name == "writeln")
    if isinstance(held, list):
        held.extend(octets(more.encode()))
    else:
        store(machine, nodes[0], text(target) + more, env)
    return ()


_KNOWN: Mapping[str, Callable[[Interpreting, list[Node], Environment, Node], object]] = {
    "vec": _listed,
    "concat": _joined,
    **dict.fromkeys(("include_str", "include_bytes"), _packaged),
    **dict.fromkeys(("env", "option_env"), _variable),
    "hex": _spelled,
    "stringify": _quoted,
    "format": lambda machine, nodes, env, _: formatted(machine, nodes, env),
    **dict.fromkeys(("write", "writeln"), _written),
}


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
        return _shown(_told(machine, value), style)

    found = _SLOT.sub(shown, template)
    machine.step(len(found) // 8)
    return found


def _told(machine: Interpreting, value: object) -> object:
    """What an own type's `fmt` writes; any other value as it is."""
    if not isinstance(plain(value), Record):
        return value
    written: list[object] = []
    machine.method("fmt", value, [written])
    return raw(written).decode("utf-8", "replace")


def _shown(value: object, style: str) -> str:
    value = plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    shown = styled(value.value if isinstance(value, Number) else text(value), style)
    if shown is None:
        raise Stuck
    return shown
