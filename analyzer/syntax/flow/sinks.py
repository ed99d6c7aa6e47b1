"""Everything that a call hands out: its arguments, its chain, what its result is given later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer.syntax.code import bare
from analyzer.syntax.fields import parameters
from analyzer.syntax.flow.stored import root_of
from analyzer.syntax.outline import Call, Node, Outline
from analyzer.syntax.query import arguments_of, between_commas, called_function, pattern_names

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

AROUND = frozenset(
    "try_expression await_expression parenthesized_expression reference_expression".split()
)


_DEEPEST = 3
"""Own functions that a stream or a client is handed on through."""
_CALLS = 12
_STREAMS = re.compile(r"\bChild(?:Stdin)?\b|Stream\b|Socket\b|\bWrite\b|\bCommand\b")
_RETURNING = AROUND | frozenset(
    "block unsafe_block return_expression expression_statement match_arm match_block if_expression"
    " match_expression else_clause".split()
)


def handed_out(
    outline: Outline, node: Node, code: CrateCode, depth: int = 0
) -> Iterator[tuple[Outline, Node]]:
    """Everything that goes into a call, the chain behind it, and the local or the parameter of an
    own function that holds it.
    """
    if node.type == "macro_invocation":
        yield outline, node
    else:
        yield from _given(outline, node)
    yield from _given_later(outline, node, code, depth)


def _given_later(
    outline: Outline, top: Node, code: CrateCode, depth: int
) -> Iterator[tuple[Outline, Node]]:
    """What the result of a call is given: by its chain, in a local, in own functions that it is
    handed to, and where the function around returns it.
    """
    for _ in range(64):
        around = top.parent
        if around is None:
            return
        if around.type == "field_expression" or around.type in AROUND:
            top = around
        elif around.type == "call_expression" and _calls(around, top):
            given = arguments_of(around)
            yield from ((outline, one) for one in given)
            names = _handed_to_closures(outline, given)
            if names:
                at = outline.function_at(around.start_byte)
                yield from _through_names(outline, names, around.start_byte, at)
            top = around
        else:
            break
    yield from _through_local(outline, top)
    around = top.parent
    if around is not None and around.type == "arguments" and depth < _DEEPEST:
        yield from through_parameter(outline, top, code, depth)
    if depth < _DEEPEST:
        for other, call in _returned_to(outline, top, code):
            yield from _given_later(other, call.node, code, depth + 1)


def _returned_to(outline: Outline, node: Node, code: CrateCode) -> Iterator[tuple[Outline, Call]]:
    """The calls of the own function that returns a program's input or a stream, if it does."""
    around = node.parent
    while around is not None and around.type in _RETURNING:
        is_last = around.type != "block" or around.named_children[-1].id == node.id
        if not is_last:
            return
        node, around = around, around.parent
    if around is None:
        return
    kind, name = (around.child_by_field_name(one) for one in ("return_type", "name"))
    if kind is None or name is None or not _STREAMS.search(outline.text(kind)):
        return
    code.want(caller=outline.text(name))
    for other, call in code.calls.get(outline.text(name), ())[:_CALLS]:
        owns = code.own_functions(code.callee(other, call.function, call.scope))
        if call.receiver is not None or any(one.node.id == around.id for one in owns):
            yield other, call


def through_parameter(
    outline: Outline, given: Node, code: CrateCode, depth: int = 0
) -> Iterator[tuple[Outline, Node]]:
    """What the parameter that a call gives a value to is given in the own function."""
    call = given.parent.parent if given.parent is not None else None
    function = bare(call.child_by_field_name("function")) if call is not None else None
    if call is None or function is None:
        return
    if function.type == "field_expression":
        field = function.child_by_field_name("field")
        named = code.names.impls.get(outline.text(field) if field is not None else "", ())
        items = [one for one in named[:2] if one.kind == "function_item"]
    else:
        scope = outline.scope_at(call.start_byte, call.end_byte)
        own = code.own_function(code.callee(outline, function, scope))
        items = [own] if own is not None else []
    index = next((at for at, one in enumerate(arguments_of(call)) if one.id == given.id), -1)
    for item in items:
        other = code.outlines[item.file]
        names, body = parameters(other, item.node), item.node.child_by_field_name("body")
        if body is None or not 0 <= index < len(names):
            continue
        at = other.function_at(body.start_byte)
        name = names[index].removeprefix("mut ").strip()
        yield from _through_names(other, {name}, body.start_byte, at)
        for one in other.calls:
            is_here = one.scope.function == at and depth < _DEEPEST
            for each in arguments_of(one.node) if is_here else ():
                if lent_name(other, each) == name:
                    yield from through_parameter(other, each, code, depth + 1)


_SETTINGS = frozenset(
    "current_dir env envs env_remove env_clear stdin stdout stderr creation_flags process_group uid"
    " gid pre_exec mode timeout".split()
)


def is_setting(outline: Outline, node: Node) -> bool:
    """Whether something is handed to a method that says how a program starts, not what it does."""
    listed = node.parent
    call = listed.parent if listed is not None and listed.type == "arguments" else None
    function = bare(call.child_by_field_name("function")) if call is not None else None
    field = function.child_by_field_name("field") if function is not None else None
    return field is not None and outline.text(field) in _SETTINGS


def _given(outline: Outline, node: Node) -> Iterator[tuple[Outline, Node]]:
    """The receiver and the arguments of a call."""
    function = bare(node.child_by_field_name("function"))
    receiver = function.child_by_field_name("value") if function is not None else None
    if receiver is not None and function is not None and function.type == "field_expression":
        yield outline, receiver
    for one in arguments_of(node):
        yield outline, one


def _through_local(outline: Outline, top: Node) -> Iterator[tuple[Outline, Node]]:
    """What the local that holds a stream, a request or a child is given later."""
    let, part = top.parent, -1
    if let is not None and let.type == "tuple_expression":
        part = next((at for at, one in enumerate(between_commas(let)) if one.id == top.id), -1)
        let = let.parent
    arms = let.child_by_field_name("body") if let is not None else None
    if let is not None and let.type == "match_expression" and arms is not None:
        rows = [one.child_by_field_name("pattern") for one in arms.named_children]
        names = {name for row in rows for name in _names(outline, row, part)}
        at = outline.function_at(let.start_byte)
        yield from _through_names(outline, names, arms.start_byte, at)
    while let is not None and let.type in ("match_expression", "block", "unsafe_block"):
        let = let.parent
    pattern = let.child_by_field_name("pattern") if let is not None else None
    if let is not None and pattern is not None:
        names, at = _names(outline, pattern, part), outline.function_at(let.start_byte)
        yield from _through_names(outline, names, let.end_byte, at)


def _names(outline: Outline, pattern: Node | None, part: int = -1) -> set[str]:
    """The names that a pattern binds, or one part of a tuple's."""
    if pattern is not None and pattern.type == "match_pattern" and pattern.named_children:
        pattern = pattern.named_children[0]
    if pattern is not None and pattern.type == "tuple_pattern" and part >= 0:
        rows = between_commas(pattern)
        pattern = rows[part] if part < len(rows) else None
    return {outline.text(one) for one in pattern_names(pattern)} if pattern is not None else set()


def _handed_to_closures(outline: Outline, given: list[Node]) -> set[str]:
    """The names by which closures among the arguments of a method know what it is called on."""
    listed = (
        one.child_by_field_name("parameters") for one in given if one.type == "closure_expression"
    )
    return {name for one in listed for name in _names(outline, one)}


def _through_names(
    outline: Outline, names: set[str], start: int, function: int
) -> Iterator[tuple[Outline, Node]]:
    """What locals of these names are given in a function behind a position."""
    for call in outline.calls:
        if call.scope.function != function or call.node.start_byte < start:
            continue
        root = root_of(outline, call.receiver) if call.receiver is not None else None
        given = arguments_of(call.node)
        lent = [root_of(outline, one) for one in given]
        is_held = root is not None and root.name in names
        if is_held or any(one is not None and one.name in names for one in lent):
            for one, its_root in zip(given, lent, strict=True):
                if its_root is None or its_root.name not in names:
                    yield outline, one
        if is_held:
            names |= _rebound(outline, call.node)
            names |= _handed_to_closures(outline, given)
    yield from _written(outline, names, start, function)


def _written(
    outline: Outline, names: set[str], start: int, function: int
) -> Iterator[tuple[Outline, Node]]:
    """What `write!` puts into one of these locals behind a position."""
    for macro in outline.macros.values():
        if macro.name not in ("write", "writeln") or macro.node.start_byte < start:
            continue
        root = root_of(outline, macro.arguments[0]) if len(macro.arguments) > 1 else None
        if root is None or root.name not in names:
            continue
        if outline.function_at(macro.node.start_byte) == function:
            yield outline, macro.node


def _calls(node: Node, inner: Node) -> bool:
    function = called_function(node)
    return function is not None and function.id == inner.id


def _rebound(outline: Outline, node: Node) -> set[str]:
    """Names that the chain around a call is bound to."""
    around = node.parent
    for _ in range(64):
        if around is None or around.type == "block":
            return set()
        if around.type in ("let_declaration", "let_condition"):
            pattern = around.child_by_field_name("pattern")
            return _names(outline, pattern)
        if around.type == "arguments":
            return set()
        around = around.parent
    return set()


def lent_name(outline: Outline, node: Node) -> str:
    """An argument's text, without the reference that it is handed by."""
    return outline.text(node).removeprefix("&").removeprefix("mut ").strip()


def shown_at(node: Node) -> int:
    """Where a reader looks: a method's name, not the start of the chain before it."""
    function = (
        bare(node.child_by_field_name("function")) if node.type == "call_expression" else None
    )
    field = function.child_by_field_name("field") if function is not None else None
    return field.start_byte if field is not None else node.start_byte
