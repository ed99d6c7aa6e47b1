"""What structs, variants and items of lists are known to hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.bindings import REST
from analyzer.syntax.outline import Binding, Node, Outline, Scope
from analyzer.syntax.parsed_values import TABLE, parsed
from analyzer.syntax.paths import Path
from analyzer.syntax.query import called_function
from analyzer.syntax.values import UNKNOWN_VALUE, Value, listed

if TYPE_CHECKING:
    from analyzer.syntax.branch_values import Branches
    from analyzer.syntax.code import CrateCode
    from analyzer.syntax.evaluate import Evaluator

State = tuple[Mapping[str, Value], int]
HOLDERS = frozenset("identifier scoped_identifier self field_expression index_expression".split())
"""Expressions whose value is looked into for a field."""
KEEPING = frozenset(
    "clone to_owned as_ref as_mut unwrap expect unwrap_or_default borrow borrow_mut cloned copied"
    " by_ref into ok context await take lock".split()
)
"""Methods that give a struct back as it is; others are its own."""
_FIELDS = 32
_EXPANDING = re.compile(r"^(?:tilde|full|env)$|expand|normali[sz]e|absolut|canonical|^clean$")
"""Functions of foreign crates that give back the place that they are given."""
_LIST = re.compile(r"\b(?:Vec|VecDeque|HashSet|BTreeSet|PathBuf)\b|\[")
_SPAN = re.compile(r"\s*(\d{0,6})\s*\.\.(=?)\s*(\d{0,6})\s*")
_AROUND = frozenset({"try_expression", "await_expression", "parenthesized_expression"})


def struct_value(
    evaluator: Branches, outline: Outline, node: Node, scope: Scope, state: State
) -> Value:
    """The fields that a struct expression gives."""
    frame, depth = state
    name, body = (node.child_by_field_name(one) for one in ("name", "body"))
    if name is None or body is None:
        return UNKNOWN_VALUE
    evaluator.code.want_body(outline, node)
    rows: list[tuple[str, Value]] = []
    for one in body.named_children[:_FIELDS]:
        label, value = (one.child_by_field_name(each) for each in ("field", "value"))
        if one.type == "shorthand_field_initializer" and one.named_children:
            label = value = one.named_children[0]
        if label is not None and value is not None:
            rows.append((outline.text(label), evaluator.fold(outline, value, scope, frame, depth)))
    return Value(fields=tuple(rows), variant=_last(outline.text(name)))


def constructed(code: CrateCode, path: Path, arguments: tuple[Value, ...]) -> Value:
    """What a call of an own tuple struct or variant holds; what a foreign function that expands
    `~` and variables is given; what a foreign reader of data reads.
    """
    if arguments and not path[0].startswith("@") and _EXPANDING.search(path[-1]):
        return arguments[0]
    if not path[0].startswith("@"):
        return parsed(path, arguments)
    item, around = code.names.items.get(path), code.names.items.get(path[:-1])
    is_struct = item is not None and item.kind == "struct_item"
    is_variant = item is None and around is not None and around.kind == "enum_item"
    if not is_struct and not is_variant:
        return UNKNOWN_VALUE
    rows = tuple((str(number), one) for number, one in enumerate(arguments))
    return Value(fields=rows, variant=path[-1])


def item_at(evaluator: Branches, outline: Outline, node: Node, scope: Scope, state: State) -> Value:
    """`list[2]`, where list and number are known."""
    if len(node.named_children) != 2:
        return UNKNOWN_VALUE
    held = evaluator.fold(outline, node.named_children[0], scope, *state)
    items, at = held.items or (), node.named_children[1]
    if at.type == "range_expression":
        return _sliced(items, outline.text(at))
    number = evaluator.fold(outline, at, scope, *state)
    if held.variant == TABLE:
        return held.field(number.text) or UNKNOWN_VALUE
    if number.number is not None:
        return items[number.number] if number.number < len(items) else UNKNOWN_VALUE
    texts = [one for one in items if not one.is_unknown]
    is_of_texts = bool(texts) and all(one.number is None for one in items)
    return evaluator.one_of(texts) if is_of_texts else UNKNOWN_VALUE


def _sliced(items: tuple[Value, ...], span: str) -> Value:
    """`list[1..]`, where the ends are written."""
    match = _SPAN.fullmatch(span)
    if match is None or not items:
        return UNKNOWN_VALUE
    end = int(match[3]) + bool(match[2]) if match[3] else None
    return listed(items[int(match[1] or 0) : end])


def field_of_pattern(
    evaluator: Evaluator, outline: Outline, row: Binding, what: tuple[Value, Scope], depth: int
) -> Value:
    """What a pattern takes out of a struct: of the one that is known, else of any."""
    value, scope = what
    if row.field.startswith(REST):
        items = value.items or ()
        end = len(items) - int(row.field.removeprefix(REST))
        return listed(items[row.part : end]) if items else UNKNOWN_VALUE
    if row.part >= 0:
        value = (value.items or ())[row.part] if row.part < len(value.items or ()) else value
    if row.is_element:
        value = value.items[0] if value.items and len(value.items) == 1 else UNKNOWN_VALUE
    known = value.field(row.field)
    if known is not None or row.value is None:
        return known or UNKNOWN_VALUE
    if row.field.isdecimal():
        return value  # of a foreign type, which may be its text
    return evaluator.field(outline, (row.value, row.field), scope, depth)


def is_of_several(
    evaluator: Evaluator, outline: Outline, node: Node, scope: Scope, state: State
) -> bool:
    """Whether a name stands for each of several known structs in turn."""
    name = outline.text(node)
    if node.type != "identifier" or name in state[0]:
        return False
    row = next(iter(outline.bindings(name, node.start_byte, scope.function)), None)
    if row is None or not row.is_element or row.value is None:
        return False
    several = evaluator.fold(outline, row.value, scope, *state).items or ()
    return len(several) > 1 and all(one.variant for one in several)


def taken(outline: Outline, arms: list[Node], held: Value) -> list[Node]:
    """The arms of a `match` that a known variant may take."""
    if not held.variant:
        return arms
    named = []
    for arm in arms:
        pattern = arm.child_by_field_name("pattern")
        text = outline.text(pattern) if pattern is not None else ""
        if re.search(rf"\b{re.escape(held.variant)}\b", text):
            named.append(arm)
    return named or arms


def gathered_list(outline: Outline, row: Binding) -> Node | None:
    """What `let list: Vec<_> = ..collect()` gathers."""
    node = row.value
    if node is None or row.type is None or not _LIST.search(outline.text(row.type)):
        return None
    while node.type in _AROUND and node.named_children:
        node = node.named_children[0]
    function = called_function(node) if node.type == "call_expression" else None
    field = function.child_by_field_name("field") if function is not None else None
    if function is None or field is None or outline.text(field) != "collect":
        return None
    return function.child_by_field_name("value")


def _last(name: str) -> str:
    return name.partition("<")[0].rpartition("::")[2]
