"""Expressions for the bounded interpreter: arithmetic, places, calls and macros."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from analyzer.syntax.machine.control import CONTROL, place
from analyzer.syntax.machine.rows import CHANGES
from analyzer.syntax.machine.shared import Environment, Interpreting, Leaving, child, inner_nodes
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

_INTEGER = re.compile(
    r"(0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*?)_*([iu](?:8|16|32|64|128|size))?"
)
_SLOT = re.compile(r"\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}")
_LIMITS: Mapping[str, Callable[[int], int]] = {
    "MAX": lambda width: (1 << width) - 1,
    "MIN": lambda _: 0,
    "BITS": lambda width: width,
}


def number(_: Interpreting, node: Node, env: Environment) -> object:
    """An integer literal with its suffix."""
    match = _INTEGER.fullmatch(env.outline.text(node).lower()[:80])
    if match is None:
        raise Stuck
    digits = match[1].replace("_", "")
    return Number(int(digits, 0 if digits[1:2].isalpha() else 10), match[2] or "")


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
    sign = child(node, "operator").type
    left = plain(machine.eval(child(node, "left"), env))
    if sign in ("&&", "||"):
        if not isinstance(left, bool):
            raise Stuck
        return left if left is (sign == "||") else plain(machine.eval(child(node, "right"), env))
    return _combined(machine, sign, left, machine.eval(child(node, "right"), env))


def _combined(machine: Interpreting, sign: str, left: object, right: object) -> object:
    if sign in HIDING:
        machine.hides()
    if isinstance(left, str):
        machine.step(len(left) // 8)
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
    if length is None:
        return [plain(machine.eval(one, env)) for one in several]
    return _filled(machine, several[0], length, env)


def _filled(machine: Interpreting, one: Node, length: Node, env: Environment) -> list[object]:
    count = integer(machine.eval(length, env))
    machine.step(max(count, 0) // 8)
    value = plain(machine.eval(one, env))
    if isinstance(value, (list, Record, Row)) and count > 1:
        raise Stuck
    return [value] * count


def tuple_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`(a, b)`."""
    return tuple(machine.eval(one, env) for one in inner_nodes(node))


def range_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`a..b`, `a..=b`, `a..`, `..b`."""
    sign = next(i for i, one in enumerate(node.children) if one.type in ("..", "..="))
    left = [machine.eval(one, env) for one in node.children[:sign]]
    right = [machine.eval(one, env) for one in node.children[sign + 1 :]]
    first = plain(left[0]) if left else Number(0)
    last = plain(right[0]) if right else None
    if isinstance(first, Char) and isinstance(last, Char):
        end = ord(last) + (node.children[sign].type == "..=")
        return Row(iter([Char(chr(one)) for one in range(ord(first), end)]))
    if not isinstance(first, Number) or not (last is None or isinstance(last, Number)):
        raise Stuck
    kind = first.kind or (last.kind if last is not None else "")
    if last is None:
        return Span(first.value, None, kind)
    return Span(first.value, last.value + (node.children[sign].type == "..="), kind)


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


# Places ----------------------------------------------------------------------------------------


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
        _store_name(env.outline.text(node), value, env)
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


def _store_name(name: str, value: object, env: Environment) -> None:
    holder = env.holder(name)
    if holder is None:
        raise Stuck
    old = holder.names[name]
    if isinstance(old, Reference):
        old.write(value)
        return
    if isinstance(value, Number) and isinstance(old, Number) and not value.kind:
        value = wrapped(value.value, old.kind)
    holder.names[name] = value


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
        return machine.call(machine.callee(function, env), *arguments)
    return machine.call(machine.eval(function, env), *arguments)


def _method(
    machine: Interpreting, function: Node, nodes: list[Node], generics: str, env: Environment
) -> object:
    receiver, name = child(function, "value"), env.outline.text(child(function, "field"))
    if name == "decode" and len(nodes) == 1 and receiver.type.endswith("identifier"):
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
    return Number(found.value, kind) if isinstance(found, Number) and kind in WIDTHS else found


def attempted(machine: Interpreting, node: Node, env: Environment) -> object:
    """`x?`."""
    found = machine.eval(node.named_children[0], env)
    if plain(found) is NOTHING:
        raise Leaving("return", NOTHING)
    return found


# Macros ----------------------------------------------------------------------------------------


def macro(machine: Interpreting, node: Node, env: Environment) -> object:
    """`vec!`, `format!`, `concat!`, `include_*!`, `write!`; others end the attempt."""
    known = env.outline.macros.get(node.start_byte)
    if known is None:
        raise Stuck
    nodes = [one for one in known.arguments if one.type not in ("line_comment", "block_comment")]
    if known.name == "vec":
        if len(nodes) == 2 and nodes[0].type == "ERROR":
            return _filled(machine, nodes[0].named_children[-1], nodes[1], env)
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


Run = Callable[[Interpreting, Node, Environment], object]
EXPRESSIONS: Mapping[str, Run] = {
    **CONTROL,
    "integer_literal": number,
    "identifier": identifier,
    "self": identifier,
    "scoped_identifier": scoped,
    **dict.fromkeys(("parenthesized_expression", "unsafe_block", "else_clause"), inner),
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
