"""Secrets that pass through a program: headers of requests that it reads, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind
from analyzer.syntax.code import CrateCode
from analyzer.syntax.outline import Call, Node, Outline, Scope
from analyzer.syntax.query import arguments_of
from analyzer.syntax.texts import TextSite
from analyzer.syntax.values import Value
from analyzer.syntax.vocabulary import compiled

_READING = frozenset({"get", "get_all", "remove", "get_mut"})
_QUICK = compiled(rb"(?i)\b(?:authorization|cookie|x-api-key|x-auth-token)\b")
_SECRET = re.compile(
    r"\b(?:PROXY_)?AUTHORIZATION\b|\bCOOKIE\b"
    r"|(?i:\"(?:proxy-)?authorization\"|\"cookie\"|\"x-api-key\"|\"x-auth-token\")"
)
_AROUND = ("reference_expression", "unary_expression")
_STEPS = 4


def facts(view: CrateView) -> Iterator[Fact]:
    """A mention of `secret-header` where one is read from a table of headers."""
    for outline in view.code.outlines.values():
        if not _QUICK.search(outline.data):
            continue
        for call in outline.calls:
            if call.receiver is None or call.name not in _READING:
                continue
            arguments = arguments_of(call.node)
            if len(arguments) == 1 and _is_secret(view.code, outline, arguments[0], call.scope):
                yield view.fact(FactKind.MENTION, "secret-header", _site(outline, call))


def _site(outline: Outline, call: Call) -> TextSite:
    field = call.function.child_by_field_name("field")
    start = field.start_byte if field is not None else call.node.start_byte
    owner = outline.owner(call.scope.function)
    return TextSite(Value(), outline.path, owner, start, call.node.end_byte)


def _is_secret(code: CrateCode, outline: Outline, node: Node, scope: Scope) -> bool:
    """Whether a header's name is one of a secret, as written or in the list that it stands for."""
    for _ in range(_STEPS):
        text = outline.text(node)
        if _SECRET.search(text):
            return True
        while node.type in _AROUND and node.named_children:
            node = node.named_children[-1]
        if node.type != "identifier":
            return False
        name = outline.text(node)
        closure = code.closures.binding(outline, name, node.start_byte)
        row = next(iter(outline.bindings(name, node.start_byte, scope.function)), None)
        behind = closure.receiver if closure is not None and row is None else None
        behind = row.value if row is not None else behind
        if behind is None:
            path = code.resolve(outline, (name,), node.start_byte, scope.module)
            item = code.names.items.get(path) if path else None
            if item is None:
                return False
            outline = code.outlines[item.file]
            behind = item.node.child_by_field_name("value")
        if behind is None:
            return False
        node = behind
    return False
