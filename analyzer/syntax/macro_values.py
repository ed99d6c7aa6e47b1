"""What a macro stands for: `format!`, `concat!`, `env!`, `include_*!` and catalogued ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.model import FactKind
from analyzer.syntax.changes import PRINTING, TEXT_MACROS, from_template
from analyzer.syntax.display_values import displayed, text_of
from analyzer.syntax.expansion import Macro
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant, formatted, joined, listed

if TYPE_CHECKING:
    from analyzer.syntax.evaluate import Evaluator
    from analyzer.syntax.memory import Frame

_VALUED = frozenset({"vec", "concat", "env", "option_env", "include_str", "include_bytes"})
_NAMED = re.compile(r"\{\s*([^\W\d]\w*)\s*(?::[^{}]*)?\}")


def macro_value(
    evaluator: Evaluator, outline: Outline, macro: Macro, scope: Scope, state: tuple[Frame, int]
) -> Value:
    """The value of an invocation, from its name and arguments; `state` is frame and depth."""
    name, nodes = macro.name, macro.arguments
    if name in TEXT_MACROS - {"concat"} or name in PRINTING:
        return _format(evaluator, outline, nodes, scope, state)
    if name == "stringify":
        inner = outline.text(macro.node).partition("!")[2].strip()[1:-1]
        text = evaluator.code.macro_arguments.text(outline, inner.strip(), scope.function)
        return constant(" ".join(text.split()), "stringify")
    code = evaluator.code
    if name not in _VALUED and f"{name}!" not in code.apis.last_names:
        if not code.macro_arguments.joins(name):
            return UNKNOWN_VALUE
        parts = tuple(evaluator.fold(outline, one, scope, *state) for one in nodes)
        return joined(parts, step="own macro")
    values = tuple(evaluator.fold(outline, one, scope, *state) for one in nodes)
    if name == "vec":
        return listed(values)
    if name == "concat":
        return joined(values, step="concat")
    if name in ("env", "option_env") and values:
        return code.variable(values[0].text) if values[0].is_constant else UNKNOWN_VALUE
    if name in ("include_str", "include_bytes") and values:
        return code.packaged(outline.path, values[0])
    api, _ = code.macro(outline, macro)
    if api is None:
        return UNKNOWN_VALUE
    found = from_template(api.value, values[:8])
    hides = FactKind.CODE_DECODE in api.facts
    return replace(found, derivation=(*found.derivation, f"{name}!")) if hides else found


def _format(
    evaluator: Evaluator,
    outline: Outline,
    nodes: tuple[Node, ...],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    first = next((i for i, one in enumerate(nodes[:2]) if one.type.endswith("literal")), 0)
    if not nodes[first:]:
        return UNKNOWN_VALUE
    template = evaluator.fold(outline, nodes[first], scope, *state)
    if not template.is_constant:
        return UNKNOWN_VALUE
    return filled(evaluator, outline, (template.text, nodes[first:]), scope, state)


def _text(
    evaluator: Evaluator, outline: Outline, node: Node, scope: Scope, state: tuple[Frame, int]
) -> Value:
    """What an argument of a format string shows."""
    value = evaluator.fold(outline, node, scope, *state)
    if not value.variant and not value.is_unknown:
        return value
    text = displayed(evaluator, outline, (node, "to_string"), scope, state)
    return value if text.is_unknown else text


def filled(
    evaluator: Evaluator,
    outline: Outline,
    what: tuple[str, tuple[Node, ...]],
    scope: Scope,
    state: tuple[Frame, int],
) -> Value:
    """A template with its holes filled by what stands behind it: `what` is its text, and its node
    with all that follow.
    """
    text, nodes = what
    positional: list[Value] = []
    named: dict[str, Value] = {}
    for one in nodes[1:]:
        if one.type == "assignment_expression":
            left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
            if left is not None and right is not None:
                named[outline.text(left)] = evaluator.fold(outline, right, scope, *state)
        else:
            positional.append(_text(evaluator, outline, one, scope, state))
    at = nodes[0].start_byte
    for name in _NAMED.findall(text):
        if name not in named:
            named[name] = evaluator.named(outline, name, at, scope, state)
            path = evaluator.code.resolve(outline, (name,), at, scope.module)
            if path and path[0].startswith("@") and named[name].is_unknown:
                named[name] = text_of(evaluator, "::".join(path), named[name], state[1])
    return formatted(text, tuple(positional), named)
