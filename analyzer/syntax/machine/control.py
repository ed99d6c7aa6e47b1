"""Statements, control flow and patterns for the bounded interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.syntax.lexer import literal_text
from analyzer.syntax.machine.places import place
from analyzer.syntax.machine.rows import rows
from analyzer.syntax.machine.shared import (
    Closure,
    Environment,
    Interpreting,
    Leaving,
    child,
    inner_nodes,
)
from analyzer.syntax.machine.tables import as_declared
from analyzer.syntax.machine.values import (
    NOTHING,
    Char,
    Number,
    Reference,
    Row,
    Stuck,
    combined,
    plain,
    typed,
)
from analyzer.syntax.machine.variants import parts_of, record
from analyzer.syntax.outline import Node
from analyzer.syntax.query import between_commas

Run = Callable[[Interpreting, Node, Environment], object]
_SILENT = frozenset(
    """println print eprintln eprint debug info trace warn error log assert assert_eq assert_ne
    debug_assert debug_assert_eq debug_assert_ne""".split()
)


# Patterns --------------------------------------------------------------------------------------


def matches(machine: Interpreting, pattern: Node, value: object, env: Environment) -> bool:
    """Whether a value has the shape of a pattern; the names it binds are set in `env`.

    :raises Stuck: for patterns that are not understood.
    """
    kind = pattern.type
    if kind in ("identifier", "shorthand_field_identifier"):
        return _matches_name(machine, pattern, value, env)
    if kind == "_" or (kind == "match_pattern" and not pattern.named_children):
        return True
    if kind in ("reference_pattern", "ref_pattern", "mut_pattern"):
        return matches(machine, inner_nodes(pattern)[-1], plain(value), env)
    if kind == "or_pattern":
        return any(matches(machine, one, value, env) for one in pattern.named_children)
    if kind in ("tuple_pattern", "slice_pattern"):
        return _matches_several(machine, pattern, value, env)
    if kind in ("tuple_struct_pattern", "struct_pattern"):
        return _matches_variant(machine, pattern, value, env)
    if kind == "captured_pattern":
        name, inner = inner_nodes(pattern)[0], inner_nodes(pattern)[-1]
        env.names[env.outline.text(name)] = value
        return matches(machine, inner, value, env)
    if kind == "range_pattern":
        return _matches_range(machine, pattern, value, env)
    if kind == "match_pattern":
        condition = pattern.child_by_field_name("condition")
        found = matches(machine, pattern.named_children[0], value, env)
        return found and (condition is None or machine.eval(condition, env) is True)
    machine.weigh(value)
    return combined("==", machine.eval(pattern, env), value) is True


def _matches_name(machine: Interpreting, node: Node, value: object, env: Environment) -> bool:
    name = env.outline.text(node)
    if name == "None":
        return plain(value) is NOTHING
    if name[:1].isupper():  # a constant or variant, as the lints of the language have it
        return combined("==", machine.eval(node, env), value) is True
    env.names[name] = value
    return True


def _matches_several(machine: Interpreting, pattern: Node, value: object, env: Environment) -> bool:
    value, names = plain(value), between_commas(pattern)
    if not isinstance(value, (tuple, list)):
        raise Stuck
    rest = next((at for at, one in enumerate(names) if _is_rest(one)), -1)
    if rest >= 0:
        behind = len(names) - rest - 1
        if len(value) < rest + behind:
            return False
        if names[rest].type == "captured_pattern":
            label = env.outline.text(names[rest].named_children[0])
            env.names[label] = value[rest : len(value) - behind]
        value = [*value[:rest], *value[len(value) - behind :]]
        names = names[:rest] + names[rest + 1 :]
    if len(value) != len(names):
        return False
    return all(matches(machine, a, b, env) for a, b in zip(names, value, strict=True))


def _is_rest(node: Node) -> bool:
    inner = node.named_children[-1] if node.type == "captured_pattern" else node
    return inner.type == "remaining_field_pattern"


def _matches_variant(machine: Interpreting, pattern: Node, value: object, env: Environment) -> bool:
    name = env.outline.text(child(pattern, "type")).rpartition("::")[2]
    inner = [one for one in pattern.children if one.type not in "(),"][1:]
    if name not in ("Some", "Ok", "Err") or len(inner) != 1:
        rows = parts_of(machine, pattern, plain(value), env)
        return rows is not None and all(matches(machine, *one, env) for one in rows)
    if (plain(value) is NOTHING) == (name != "Err"):
        return False
    return name == "Err" or matches(machine, inner[0], value, env)


def _matches_range(machine: Interpreting, pattern: Node, value: object, env: Environment) -> bool:
    left, right = (pattern.child_by_field_name(one) for one in ("left", "right"))
    is_half_open = "..=" not in env.outline.text(pattern)
    if left is not None and combined("<", value, machine.eval(left, env)) is True:
        return False
    sign = ">=" if is_half_open else ">"
    return right is None or combined(sign, value, machine.eval(right, env)) is not True


# Statements ------------------------------------------------------------------------------------


def block(machine: Interpreting, node: Node, env: Environment) -> object:
    """The value of the last expression, or nothing."""
    inner = env.inner()
    result: object = ()
    children = inner_nodes(node)
    for one in children:
        result = machine.eval(one, inner)
    is_value = bool(children) and children[-1].type not in _NO_VALUE
    return result if is_value and not _ends_in_semicolon(children[-1]) else ()


_NO_VALUE = frozenset(
    {"let_declaration", "empty_statement", "function_item", "use_declaration", "const_item"}
    | {"static_item", "enum_item", "struct_item", "impl_item"}
)


def _ends_in_semicolon(node: Node) -> bool:
    return node.type == "expression_statement" and node.children[-1].type == ";"


def statement(machine: Interpreting, node: Node, env: Environment) -> object:
    """An expression as a statement; printing and checks are passed over."""
    inner = node.named_children[0]
    if inner.type == "macro_invocation":
        name = env.outline.text(child(inner, "macro")).rpartition("::")[2]
        if name in _SILENT:
            return ()
    return machine.eval(inner, env)


def let(machine: Interpreting, node: Node, env: Environment) -> object:
    """A local; what cannot be worked out is missed only when it is used."""
    pattern, value = child(node, "pattern"), node.child_by_field_name("value")
    if value is None:
        return ()
    try:
        result = machine.eval(value, env)
    except Stuck:
        if pattern.type != "identifier":
            raise
        env.names[env.outline.text(pattern)] = UNKNOWN
        return ()
    kind = node.child_by_field_name("type")
    if kind is not None:
        result = as_declared(plain(result), env.outline.text(kind))
    if isinstance(result, list) and value.type in _COPIED:
        machine.weigh(result)
        result = list(result)
    if not matches(machine, pattern, result, env):
        machine.eval(child(node, "alternative"), env)
    return ()


_COPIED = frozenset(
    {"identifier", "scoped_identifier", "unary_expression", "field_expression", "index_expression"}
)
"""Expressions of places: what they hold is an array's copy, or moved."""


def _missing() -> object:
    raise Stuck


UNKNOWN = Reference(_missing, lambda _: None)
"""A local whose value is not known: reading it ends the attempt."""


def if_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`if`, `if let`, chains of both."""
    inner = env.inner()
    if condition(machine, child(node, "condition"), inner):
        return machine.eval(child(node, "consequence"), inner)
    other = node.child_by_field_name("alternative")
    return machine.eval(other.named_children[-1], env) if other is not None else ()


def condition(machine: Interpreting, node: Node, env: Environment) -> bool:
    """Whether a condition holds; names that it binds are set in `env`.

    :raises Stuck: if it is no truth value.
    """
    if node.type == "let_condition":
        value = machine.eval(child(node, "value"), env)
        return matches(machine, child(node, "pattern"), value, env)
    if node.type == "let_chain":
        return all(condition(machine, one, env) for one in node.named_children)
    found = plain(machine.eval(node, env))
    if not isinstance(found, bool):
        raise Stuck
    return found


def match(machine: Interpreting, node: Node, env: Environment) -> object:
    """The arm that a value takes."""
    value = machine.eval(child(node, "value"), env)
    for arm in child(node, "body").named_children:
        if arm.type != "match_arm":
            continue
        inner = env.inner()
        if matches(machine, child(arm, "pattern"), value, inner):
            return machine.eval(child(arm, "value"), inner)
    raise Stuck


def _turn(machine: Interpreting, node: Node, env: Environment) -> Leaving | None:
    """One turn of a loop; what left it, unless that was `continue`."""
    machine.step()
    try:
        machine.eval(child(node, "body"), env)
    except Leaving as leaving:
        if leaving.kind == "return" or (leaving.label and leaving.label != _label(node, env)):
            raise
        return leaving if leaving.kind == "break" else None
    return None


def while_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`while`, `while let`, `loop`."""
    asked = node.child_by_field_name("condition")
    while True:
        inner = env.inner()
        if asked is not None and not condition(machine, asked, inner):
            return ()
        left = _turn(machine, node, inner)
        if left is not None:
            return left.value


def for_(machine: Interpreting, node: Node, env: Environment) -> object:
    """`for` over a range, list, text or iterator; `&mut list` gives its places."""
    value = child(node, "value")
    several = machine.eval(value, env)
    is_mutable = value.type == "reference_expression" and value.children[1].type == (
        "mutable_specifier"
    )
    held = plain(several)
    if is_mutable and isinstance(held, list):
        several = Row(iter([place(held, i) for i in range(len(held))]))
    for one in rows(machine, several):
        inner = env.inner()
        if not matches(machine, child(node, "pattern"), one, inner):
            raise Stuck
        if _turn(machine, node, inner) is not None:
            break
    return ()


def leave(machine: Interpreting, node: Node, env: Environment) -> object:
    """`break`, `continue`, `return`."""
    several = inner_nodes(node)
    value = machine.eval(several[0], env) if several else ()
    raise Leaving(node.type.removesuffix("_expression"), value, _label(node, env))


def _label(node: Node, env: Environment) -> str:
    found = next((one for one in node.named_children if one.type == "label"), None)
    return env.outline.text(found) if found is not None else ""


def literal(_: Interpreting, node: Node, env: Environment) -> object:
    """A text, byte text, character, byte or truth value."""
    raw = env.outline.data[node.start_byte : node.end_byte]
    if node.type == "boolean_literal":
        return raw == b"true"
    found = literal_text(raw)
    if found is None:
        raise Stuck
    if raw[:1] == b"b" and node.type != "char_literal":
        return [Number(ord(one) & 255, "u8") for one in found]
    if raw[:1] == b"b":
        return Number(ord(found), "u8")
    return Char(found) if node.type == "char_literal" else found


def constant_item(machine: Interpreting, node: Node, env: Environment) -> object:
    """A constant inside a function."""
    value = plain(machine.eval(child(node, "value"), env))
    kind = env.outline.text(child(node, "type"))
    env.names[env.outline.text(child(node, "name"))] = typed(value, kind)
    return ()


CONTROL: Mapping[str, Run] = {
    "block": block,
    "expression_statement": statement,
    "let_declaration": let,
    "empty_statement": lambda _m, _n, _e: (),
    "use_declaration": lambda _m, _n, _e: (),
    "function_item": lambda _m, _n, _e: (),
    "const_item": constant_item,
    "static_item": constant_item,
    **dict.fromkeys(("enum_item", "struct_item", "impl_item"), lambda _m, _n, _e: ()),
    "if_expression": if_,
    "match_expression": match,
    "while_expression": while_,
    "loop_expression": while_,
    "for_expression": for_,
    "break_expression": leave,
    "continue_expression": leave,
    "return_expression": leave,
    "closure_expression": lambda _m, node, env: Closure(node, env),
    "string_literal": literal,
    "raw_string_literal": literal,
    "char_literal": literal,
    "boolean_literal": literal,
    "struct_expression": record,
}
"""What to do with each kind of node that is not arithmetic, a call or a place."""
