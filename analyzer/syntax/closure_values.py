"""What methods that take a closure make of a value: an option's, or each of a list's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.changes import SAME_TEXT, destructured
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Value, listed

if TYPE_CHECKING:
    from analyzer.syntax.evaluate import Evaluator

MAX_ITEMS = 64
ONE_BY_ONE = frozenset(
    """map filter filter_map find find_map nth first last next skip take step_by skip_while
    take_while map_while flat_map scan fold windows chunks chunks_exact zip enumerate flatten
    position for_each inspect any all""".split()
)
"""Methods that do something with single elements."""
_COMPUTED = frozenset(
    {"call_expression", "identifier", "index_expression", "binary_expression", "unary_expression"}
)
_SAME_TEXT = SAME_TEXT | frozenset(
    """into to_owned to_string clone as_ref as_str as_path as_os_str to_path_buf into_string
    as_deref to_str to_string_lossy into_path_buf path canonicalize trim display as_bytes borrow
    unwrap ok identity cloned from_iter""".split()
)
"""Functions that give the text that they are given."""
_SHORT = 4
_CHOOSING = frozenset({"find", "find_map", "nth", "last", "max_by_key", "min_by_key"})
_EACH = frozenset({"map", "flat_map", "filter_map", "fold"})
_BRANCH = re.compile(r"\|\s*(?:\{.*)?\b(?:if|match)\b", re.DOTALL)
CHOOSING = ("call_expression", "index_expression")
_STATED = ("integer_literal", "range_expression")
_CHARACTERS = frozenset({"chars", "bytes", "char_indices", "as_bytes", "encode_utf16"})
_STILL = frozenset(
    "iter into_iter copied cloned rev by_ref peekable enumerate skip take step_by filter".split()
)
Frame = Mapping[str, Value]


def or_else(
    evaluator: Evaluator,
    outline: Outline,
    nodes: tuple[Node, Node],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    """The receiver's value, or what a closure, a function or a value gives in its place: either
    may be meant where only the origin of the first is known, as of a variable with a default.
    """
    (receiver, node), (frame, depth) = nodes, state
    value = evaluator.fold(outline, receiver, scope, frame, depth)
    if value.is_constant or value.items is not None or value.variant:
        return value
    own = None
    if node.type in ("identifier", "scoped_identifier"):
        own = evaluator.code.needed_function(evaluator.code.callee(outline, node, scope))
    if own is not None:
        other = evaluator.entered(own.file, own.node, (), depth)
    else:
        other = evaluator.fold(outline, node, scope, frame, depth)
    return evaluator.one_of((value, other))


def goes_over_text(outline: Outline, node: Node) -> bool:
    """Whether an expression is the characters or bytes of a text: `name.chars().rev()`."""
    for _ in range(MAX_ITEMS):
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        field = function.child_by_field_name("field") if function is not None else None
        inner = function.child_by_field_name("value") if function is not None else None
        if field is None or inner is None:
            return False
        name = outline.text(field)
        if name in _CHARACTERS:
            return True
        if name not in _STILL:
            return False
        node = inner
    return False


def is_computed(outline: Outline, node: Node) -> bool:
    """Whether an expression is run where folding leaves something open."""
    if node.type == "field_expression":
        owner = node.child_by_field_name("value")
        return owner is not None and owner.type == "identifier"
    if node.type == "macro_invocation":
        macro = outline.macros.get(node.start_byte)
        return macro is not None and macro.name == "format" and len(macro.arguments) < _SHORT
    return node.type in _COMPUTED


def is_choosing(outline: Outline, node: Node) -> bool:
    """Whether something gives one of several elements, or takes a branch for each of them: which
    one, the interpreter may know.
    """
    if node.type == "index_expression":
        return node.named_child_count == 2 and node.named_children[1].type not in _STATED
    function = node.child_by_field_name("function")
    field = function.child_by_field_name("field") if function is not None else None
    name = outline.text(field) if field is not None else ""
    if name in _EACH:
        listed_ = node.child_by_field_name("arguments")
        return listed_ is not None and _BRANCH.search(outline.text(listed_)) is not None
    return name in _CHOOSING


def through_closure(
    evaluator: Evaluator,
    outline: Outline,
    nodes: tuple[Node, Node],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    """`option.map(|x| x.join(..))`: the closure's result on the receiver's value."""
    (receiver, node), (frame, depth) = nodes, state
    value = evaluator.fold(outline, receiver, scope, frame, depth)
    if node.type in ("scoped_identifier", "identifier"):
        return _through_function(evaluator, outline, (node, value), scope, depth)
    if node.type != "closure_expression":
        return UNKNOWN_VALUE
    listed_, body = (node.child_by_field_name(one) for one in ("parameters", "body"))
    names = listed_.named_children if listed_ is not None else []
    if body is None or len(names) != 1:
        return UNKNOWN_VALUE
    if value.items is not None:
        if value.is_constant or len(value.items) > MAX_ITEMS:
            return UNKNOWN_VALUE  # bytes are for the interpreter
        kept = evaluator.memory.kept
        several = [kept({**frame, **destructured(outline, names[0], one)}) for one in value.items]
        return listed(tuple(evaluator.fold(outline, body, scope, one, depth) for one in several))
    inner = evaluator.memory.kept({**frame, **destructured(outline, names[0], value)})
    return evaluator.fold(outline, body, scope, inner, depth)


def _through_function(
    evaluator: Evaluator, outline: Outline, what: tuple[Node, Value], scope: Scope, depth: int
) -> Value:
    """What a function that is named in a closure's place makes of a value: one of another crate's
    may only change its type, or nobody knows.
    """
    node, value = what
    path = evaluator.code.callee(outline, node, scope)
    own = evaluator.code.needed_function(path)
    if value.is_unknown:
        return value
    if own is None:
        return value if path is None or path[-1] in _SAME_TEXT else UNKNOWN_VALUE
    if value.items is None:
        return evaluator.entered(own.file, own.node, (value,), depth)
    if value.is_constant or len(value.items) > MAX_ITEMS:
        return UNKNOWN_VALUE  # bytes are for the interpreter
    several = (evaluator.entered(own.file, own.node, (one,), depth) for one in value.items)
    return listed(tuple(several))
