"""Places that the bounded interpreter can write: locals, elements, fields, references."""

from __future__ import annotations

from analyzer.syntax.machine.shared import Environment, Interpreting, child, inner_nodes
from analyzer.syntax.machine.values import (
    Number,
    Record,
    Reference,
    Stuck,
    integer,
    plain,
    wrapped,
)
from analyzer.syntax.outline import Node


def place(several: list[object], index: int) -> Reference:
    """An element of a list as something that can be written."""

    def write(value: object) -> None:
        several[index] = value

    return Reference(lambda: several[index], write)


def store(machine: Interpreting, node: Node, value: object, env: Environment) -> None:
    """Store into the place that an expression names.

    :raises Stuck: if it is none that the interpreter knows.
    """
    value, kind = plain(value), node.type
    if kind in ("parenthesized_expression", "reference_expression"):
        store(machine, inner_nodes(node)[-1], value, env)
    elif kind == "unary_expression" and node.children[0].type == "*":
        store(machine, node.named_children[0], value, env)
    elif kind in ("identifier", "self"):
        _store_name(machine, node, value, env)
    elif kind == "index_expression":
        held = plain(machine.eval(node.named_children[0], env))
        at = integer(machine.eval(node.named_children[1], env))
        if not isinstance(held, list) or not 0 <= at < len(held):
            raise Stuck
        held[at] = value
    elif kind == "field_expression":
        owner = plain(machine.eval(child(node, "value"), env))
        if not isinstance(owner, Record):
            raise Stuck
        owner.fields[env.outline.text(child(node, "field"))] = value
    elif kind != "_":
        raise Stuck


def _store_name(machine: Interpreting, node: Node, value: object, env: Environment) -> None:
    name = env.outline.text(node)
    holder = env.holder(name)
    if holder is None:  # of code around, which was not run
        holder = env.root()
        holder.names[name] = plain(machine.name(name, node, env))
    old = holder.names[name]
    if isinstance(old, Reference):
        old.write(value)
        return
    if isinstance(value, Number) and isinstance(old, Number) and not value.kind:
        value = wrapped(value.value, old.kind)
    holder.names[name] = value
