"""Expressions for the bounded interpreter: arithmetic, assignment and calls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from analyzer.syntax.changes import integer_literal
from analyzer.syntax.machine.changing import CHANGES
from analyzer.syntax.machine.control import CONTROL
from analyzer.syntax.machine.macros import filled, macro
from analyzer.syntax.machine.places import place, store
from analyzer.syntax.machine.rows import counted
from analyzer.syntax.machine.shared import Environment, Interpreting, Leaving, child, inner_nodes
from analyzer.syntax.machine.tables import MAPS, Table
from analyzer.syntax.machine.values import (
    HIDING,
    NOTHING,
    WIDTHS,
    Char,
    Number,
    Record,
    Reference,
    Row,
    Span,
    Stuck,
    as_type,
    combined,
    guessed,
    integer,
    octets,
    plain,
    text,
    wrapped,
)
from analyzer.syntax.outline import Node
from analyzer.syntax.paths import path_segments

_LIMITS: Mapping[str, Callable[[int], int]] = {
    "MAX": lambda width: (1 << width) - 1,
    "MIN": lambda _: 0,
    "BITS": lambda width: width,
}


_OPERATORS: Mapping[str, str] = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "%": "rem",
    "^": "bitxor",
    "|": "bitor",
    "&": "bitand",
    "<<": "shl",
    ">>": "shr",
}
"""Methods behind the operators of own types."""


def number(_: Interpreting, node: Node, env: Environment) -> object:
    """An integer literal with its suffix."""
    found = integer_literal(env.outline.text(node))
    if found is None:
        raise Stuck
    return Number(*found)


def identifier(machine: Interpreting, node: Node, env: Environment) -> object:
    """A local, a constant or a function by its bare name."""
    name = env.outline.text(node)
    return NOTHING if name == "None" else machine.name(name, node, env)


def scoped(machine: Interpreting, node: Node, env: Environment) -> object:
    """A path: `u8::MAX`, a constant, a function."""
    segments = path_segments(env.outline, node)
    if len(segments) > 1 and segments[-2] in WIDTHS and segments[-1] in _LIMITS:
        kind = segments[-2]
        return Number(_LIMITS[segments[-1]](WIDTHS[kind] - (kind[0] == "i")), kind)
    return (
        machine.callee(node, env)
        if segments[:1] == ("Self",)
        else machine.path(segments, node, env)
    )


def inner(machine: Interpreting, node: Node, env: Environment) -> object:
    """Parentheses, `unsafe`, `async` and other wrappers that change nothing."""
    return machine.eval(inner_nodes(node)[-1], env)


def reference(machine: Interpreting, node: Node, env: Environment) -> object:
    """`&x` is `x`; `&mut x` of a text or number is its place."""
    value = child(node, "value")
    found = machine.eval(value, env)
    is_mutable = any(one.type == "mutable_specifier" for one in node.children)
    if not is_mutable or isinstance(plain(found), (list, Record, Row)):
        return found
    return Reference(lambda: machine.eval(value, env), lambda new: store(machine, value, new, env))


def unary(machine: Interpreting, node: Node, env: Environment) -> object:
    """`-x`, `!x`, `*x`."""
    found = plain(machine.eval(node.named_children[0], env))
    sign = node.children[0].type
    if sign == "*":
        return found
    if sign == "!" and isinstance(found, bool):
        return not found
    if not isinstance(found, Number):
        raise Stuck
    if sign == "-":
        return wrapped(-found.value, found.kind if found.kind[:1] != "u" else "")
    machine.hides()
    kind = guessed(found)
    return wrapped(~found.value, kind)


def binary(machine: Interpreting, node: Node, env: Environment) -> object:
    """Arithmetic, comparison, `&&` and `||`."""
    sign, first = child(node, "operator").type, child(node, "left")
    if first.type == "range_expression" and first.children[-1].type in ("..", "..="):
        return _up_to(machine, first, (sign, child(node, "right")), env)
    left = plain(machine.eval(first, env))
    if sign in ("&&", "||"):
        if not isinstance(left, bool):
            raise Stuck
        return left if left is (sign == "||") else plain(machine.eval(child(node, "right"), env))
    return _combined(machine, sign, left, machine.eval(child(node, "right"), env))


def _up_to(machine: Interpreting, node: Node, end: tuple[str, Node], env: Environment) -> object:
    """`a..*b`, which the grammar reads as `(a..) * b`."""
    if end[0] not in ("*", "&"):
        raise Stuck
    left = [plain(machine.eval(one, env)) for one in node.named_children]
    return _range(machine, left, plain(machine.eval(end[1], env)), node.children[-1].type)


def _combined(machine: Interpreting, sign: str, left: object, right: object) -> object:
    if sign in HIDING:
        machine.hides()
    if isinstance(left, Record) and sign in _OPERATORS:
        return machine.method(_OPERATORS[sign], left, [right])
    machine.weigh(left, right)
    return combined(sign, left, right)


def cast(machine: Interpreting, node: Node, env: Environment) -> object:
    """`x as u8`."""
    kind = env.outline.text(child(node, "type"))
    found = plain(machine.eval(child(node, "value"), env))
    if kind == "char":
        machine.hides()
    return found if isinstance(found, list) else as_type(found, kind)


def array(machine: Interpreting, node: Node, env: Environment) -> object:
    """`[a, b]` and `[a; n]`."""
    length, several = node.child_by_field_name("length"), inner_nodes(node)
    if not several and env.outline.is_cut:
        machine.absent(env.outline)
        raise Stuck
    if length is None:
        return [plain(machine.eval(one, env)) for one in several]
    return filled(machine, several[0], length, env)


def tuple_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`(a, b)`."""
    return tuple(machine.eval(one, env) for one in inner_nodes(node))


def range_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`a..b`, `a..=b`, `a..`, `..b`."""
    sign = next(i for i, one in enumerate(node.children) if one.type in ("..", "..="))
    left = [plain(machine.eval(one, env)) for one in node.children[:sign]]
    right = [plain(machine.eval(one, env)) for one in node.children[sign + 1 :]]
    return _range(machine, left, right[0] if right else None, node.children[sign].type)


def _range(machine: Interpreting, left: list[object], last: object, sign: str) -> object:
    first = left[0] if left else Number(0)
    if isinstance(first, Char) and isinstance(last, Char):
        end = ord(last) + (sign == "..=")
        return Row(counted(machine, (Char(chr(one)) for one in range(ord(first), end))))
    if not isinstance(first, Number) or not (last is None or isinstance(last, Number)):
        raise Stuck
    kind = first.kind or (last.kind if last is not None else "")
    if last is None:
        return Span(first.value, None, kind)
    return Span(first.value, last.value + (sign == "..="), kind)


def index(machine: Interpreting, node: Node, env: Environment) -> object:
    """`a[i]` and `a[i..j]`; texts by bytes."""
    held = plain(machine.eval(node.named_children[0], env))
    at = plain(machine.eval(node.named_children[1], env))
    if isinstance(at, Span):
        if not isinstance(held, (str, list)):
            raise Stuck
        machine.step(len(held) // 8)
        if isinstance(held, list):
            return held if at == Span(0, None) else held[at.start : at.end]
        return held.encode()[at.start : at.end].decode("utf-8", "replace")
    if isinstance(held, Table):
        return held.get(at)
    if isinstance(held, str):
        machine.step(len(held) // 8)
        held = octets(held.encode())
    position = integer(at)
    if not isinstance(held, list) or not 0 <= position < len(held):
        raise Stuck
    return held[position]


def field(machine: Interpreting, node: Node, env: Environment) -> object:
    """`x.0` and `x.name`."""
    held = plain(machine.eval(child(node, "value"), env))
    name = env.outline.text(child(node, "field"))
    if isinstance(held, tuple) and name.isdecimal():
        return held[int(name)]
    if isinstance(held, Record):
        return held.fields[name]
    raise Stuck


def assignment(machine: Interpreting, node: Node, env: Environment) -> object:
    """`a = b`; a local without a first value gets its name here."""
    value = plain(machine.eval(child(node, "right"), env))
    left = child(node, "left")
    if left.type == "identifier" and env.holder(env.outline.text(left)) is None:
        env.root().names[env.outline.text(left)] = value
    else:
        store(machine, left, value, env)
    return ()


def compound(machine: Interpreting, node: Node, env: Environment) -> object:
    """`a ^= b` and the like."""
    left, sign = child(node, "left"), child(node, "operator").type[:-1]
    right = machine.eval(child(node, "right"), env)
    held = plain(machine.eval(left, env))
    store(machine, left, _combined(machine, sign, held, right), env)
    return ()


# Calls -----------------------------------------------------------------------------------------


def call(machine: Interpreting, node: Node, env: Environment) -> object:
    """A method, a closure or a function."""
    function = child(node, "function")
    generics = ""
    if function.type == "generic_function":
        generics = env.outline.text(child(function, "type_arguments"))
        function = child(function, "function")
    nodes = inner_nodes(child(node, "arguments"))
    if function.type == "field_expression":
        return _method(machine, function, nodes, generics, env)
    arguments = [machine.eval(one, env) for one in nodes]
    if function.type in ("identifier", "scoped_identifier"):
        given = _given(machine, node, env) if generics else ()
        return machine.call(machine.callee(function, env), *arguments, given=given)
    return machine.call(machine.eval(function, env), *arguments)


def _given(machine: Interpreting, node: Node, env: Environment) -> tuple[object, ...]:
    """Generic arguments that a call states, without lifetimes; types as nothing."""
    listed = child(child(node, "function"), "type_arguments")
    nodes = [one for one in inner_nodes(listed) if one.type != "lifetime"]
    found: list[object] = []
    for one in nodes:
        is_type = one.type.endswith("_type") or one.type in ("type_identifier", "_")
        found.append(_named_constant(machine, one, env) if is_type else machine.eval(one, env))
    return tuple(found)


def _named_constant(machine: Interpreting, node: Node, env: Environment) -> object:
    """What a name in generic arguments stands for: a constant as such, a type as nothing."""
    holder = env.holder(env.outline.text(node)) if node.type == "type_identifier" else None
    if holder is not None:
        return holder.names[env.outline.text(node)]
    try:
        found = machine.path(path_segments(env.outline, node), node, env)
    except Stuck:
        return ()
    return found if isinstance(found, (Number, bool)) else ()


def _method(
    machine: Interpreting, function: Node, nodes: list[Node], generics: str, env: Environment
) -> object:
    receiver, name = child(function, "value"), env.outline.text(child(function, "field"))
    if name == "decode" and len(nodes) == 1 and receiver.type.endswith("identifier"):
        with contextlib.suppress(Stuck):
            return machine.decode(receiver, env, machine.eval(nodes[0], env))
    value = machine.eval(receiver, env)
    held = plain(value)
    arguments = [machine.eval(one, env) for one in nodes]
    if name in ("iter_mut", "chars_mut", "as_bytes_mut") and isinstance(held, list):
        return Row(iter([place(held, i) for i in range(len(held))]))
    found = machine.method(name, value, arguments)
    if name in CHANGES and isinstance(held, str):
        store_changed(machine, receiver, value, found, env)
        return ()
    if name in ("collect", "sum", "parse", "product") and generics:
        found = _as_stated(found, generics)
    return found


def store_changed(
    machine: Interpreting, receiver: Node, value: object, found: object, env: Environment
) -> None:
    """Store the text that a method made of its receiver."""
    if isinstance(value, Reference):
        value.write(found)
    else:
        store(machine, receiver, found, env)


def _as_stated(found: object, generics: str) -> object:
    kind = generics.strip("<>: ")
    if kind == "String" and isinstance(found, list):
        return text(found)
    if kind == "char" and isinstance(found, Number):
        return Char(str(found.value)) if 0 <= found.value < 10 else NOTHING
    if isinstance(found, Number) and kind in WIDTHS:
        number = wrapped(found.value, kind)
        return number if number.value == found.value else NOTHING
    if isinstance(found, list) and kind.partition("<")[0].rpartition("::")[2] in MAPS:
        return Table.of(found)
    return found


def attempted(machine: Interpreting, node: Node, env: Environment) -> object:
    """`x?`."""
    found = machine.eval(node.named_children[0], env)
    if plain(found) is NOTHING:
        raise Leaving("return", NOTHING)
    return found


Run = Callable[[Interpreting, Node, Environment], object]
EXPRESSIONS: Mapping[str, Run] = {
    **CONTROL,
    "integer_literal": number,
    "identifier": identifier,
    "self": identifier,
    "scoped_identifier": scoped,
    **dict.fromkeys(
        ("parenthesized_expression", "unsafe_block", "else_clause", "const_block"), inner
    ),
    "generic_function": lambda machine, node, env: machine.eval(child(node, "function"), env),
    "reference_expression": reference,
    "unary_expression": unary,
    "binary_expression": binary,
    "type_cast_expression": cast,
    "array_expression": array,
    "tuple_expression": tuple_,
    "unit_expression": lambda _m, _n, _e: (),
    "range_expression": range_,
    "index_expression": index,
    "field_expression": field,
    "assignment_expression": assignment,
    "compound_assignment_expr": compound,
    "call_expression": call,
    "try_expression": attempted,
    "macro_invocation": macro,
}
"""What to do with each kind of node."""
