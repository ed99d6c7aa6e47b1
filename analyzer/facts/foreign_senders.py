"""What is handed to clients that no catalogue knows: an object that a foreign crate makes of a
fixed address, and a method of it that sends by its name.

Whether it is a client is a guess, as `foreign:` in its `api` says: only a value that is followed to
it counts, and rules that ask for such clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.facts.flows import ASKER
from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind
from analyzer.syntax.code import bare
from analyzer.syntax.fields import Fields
from analyzer.syntax.outline import Call, Node, Outline, Scope
from analyzer.syntax.query import arguments_of
from analyzer.syntax.texts import TextSite
from analyzer.syntax.values import Value

_SENDING = re.compile(
    r"(?:send|publish|upload|put|post|produce|emit|notify|report|deliver|transmit|submit|enqueue"
    r"|insert_one|insert_many|store_object|write_object|create_record|execute|set_attribute|add_event"
    r"|record|track|capture|identify|export)(?:_\w+)?"
)
_ADDRESS = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+(?::\d+)?(?:[/?#]|$)"
)
_FILE = re.compile(
    r"\.(?:rs|toml|json|ya?ml|txt|md|lock|html?|css|js|png|svg|log|cfg|conf|ini|db)$"
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
_CALLS = 200
"""Calls of one crate that are looked behind."""
_STEPS = 40
_WITHIN = frozenset(
    "field_initializer call_expression field_expression arguments try_expression await_expression"
    " parenthesized_expression".split()
)
_AROUND = frozenset(
    "try_expression await_expression parenthesized_expression reference_expression".split()
)


def facts(view: CrateView) -> Iterator[Fact]:
    """A sending for each such method whose client was given a fixed address."""
    if not _unknown_crates(view):
        return
    left = _CALLS
    for outline in view.code.outlines.values():
        for call in outline.calls:
            if call.receiver is None or not _SENDING.fullmatch(call.name) or left <= 0:
                continue
            left -= 1
            view.code.asking = outline.owner(call.scope.function)
            found = _Search(view).client(outline, call)
            if found is not None:
                yield _fact(view, outline, call, *found)


def _unknown_crates(view: CrateView) -> frozenset[str]:
    """Dependencies that no catalogue has, as sources spell them."""
    known = view.code.apis.prefixes
    names = {one.package.replace("-", "_") for one in view.manifest.dependencies}
    return frozenset(one for one in names if (one,) not in known)


def _fact(view: CrateView, outline: Outline, call: Call, address: str, path: str) -> Fact:
    field = call.function.child_by_field_name("field")
    start = field.start_byte if field is not None else call.node.start_byte
    arguments = [
        view.code.evaluator.value(outline, one, call.scope) for one in arguments_of(call.node)
    ]
    owner = outline.owner(call.scope.function)
    site = TextSite(Value(), outline.path, owner, start, call.node.end_byte)
    return view.fact(
        FactKind.NET_SEND,
        address,
        site,
        api=f"foreign:{path}::{call.name}",
        data=tuple(text.text for one in arguments for text in one.flat()),
    )


class _Search:
    """One look behind the receiver of a call, for what made it and the address it was given."""

    def __init__(self, view: CrateView) -> None:
        self._view, self._code = view, view.code
        self._fields = Fields(view.code)
        self._unknown = _unknown_crates(view)
        self._path = self._address = ""

    def client(self, outline: Outline, call: Call) -> tuple[str, str] | None:
        """The fixed address and the foreign function behind a call's receiver, if it has both."""
        if call.receiver is None:
            return None
        kind = self._code.kinds.of(outline, call.receiver, call.scope)
        if kind and kind.partition("::")[0] not in self._unknown:
            return None
        pending = [(outline, call.receiver, call.scope)]
        for _ in range(_STEPS):
            if not pending or (self._path and self._address):
                break
            pending += self._behind(*pending.pop())
        return (self._address, self._path) if self._path and self._address else None

    def _behind(
        self, outline: Outline, node: Node, scope: Scope
    ) -> list[tuple[Outline, Node, Scope]]:
        """What a value is made of, one step back; texts and paths are noted on the way."""
        if node.type in _AROUND and node.named_children:
            return [(outline, node.named_children[-1], scope)]
        if node.type == "identifier":
            rows = outline.bindings(outline.text(node), node.start_byte, scope.function)
            row = next(iter(rows), None)
            return [(outline, row.value, scope)] if row is not None and row.value else []
        if node.type == "field_expression":
            value, field = (node.child_by_field_name(one) for one in ("value", "field"))
            owner = self._code.kinds.of(outline, value, scope) if value is not None else ""
            given = self._fields.given(owner, outline.text(field)) if owner and field else ()
            return [(one.outline, one.node, one.scope) for one in given[:2]]
        if node.type != "call_expression":
            return []
        function = bare(node.child_by_field_name("function"))
        arguments = arguments_of(node)
        for one in arguments:
            self._note(outline, one, scope)
        inner = function.child_by_field_name("value") if function is not None else None
        if function is None or function.type == "field_expression":
            return [(outline, one, scope) for one in (*arguments, inner) if one is not None]
        path = self._code.callee(outline, function, scope)
        if path and path[0] in self._unknown:
            self._path = self._path or "::".join(path[:-1])
        elif path and path[0].startswith("@"):
            return self._result(path)
        return [(outline, one, scope) for one in arguments]

    def _result(self, path: tuple[str, ...]) -> list[tuple[Outline, Node, Scope]]:
        """The last expression of an own function."""
        item = self._code.own_function(path)
        body = item.node.child_by_field_name("body") if item is not None else None
        if item is None or body is None or not body.named_children:
            return []
        other, last = self._code.outlines[item.file], body.named_children[-1]
        return [(other, last, other.scope_at(last.start_byte, last.end_byte))]

    def _note(self, outline: Outline, node: Node, scope: Scope) -> None:
        if self._address or node.type == "closure_expression":
            return
        value = self._code.evaluator.value(outline, node, scope)
        text = value.text if value.is_constant else ""
        if _ADDRESS.match(text) and (_SCHEME.match(text) or not _FILE.search(text)):
            self._address = text


def ask_for_clients(view: CrateView, facts: Iterable[Fact]) -> None:
    """Ask for the bodies that use what foreign crates make, where a crate names a secret place and
    parts of it were left out.
    """
    unknown = _unknown_crates(view)
    is_told = any(one.kind is FactKind.PATH_SECRET for one in facts)
    if not unknown or not is_told:
        return
    view.code.asking = ASKER
    left = _CALLS
    for outline in view.code.outlines.values():
        for call in outline.calls if outline.is_cut else ():
            if call.receiver is not None or left <= 0:
                continue
            path = view.code.callee(outline, call.function, call.scope)
            if not path or path[0] not in unknown:
                continue
            left -= 1
            if call.scope.function >= 0:
                name = outline.functions[call.scope.function].name
                view.code.want(caller=name.rstrip("!"), static=_field_of(outline, call.node))


def _field_of(outline: Outline, node: Node) -> str:
    """The field of a struct that a value is given to; empty for other values."""
    around = node.parent
    while around is not None and around.type in _WITHIN:
        label = around.child_by_field_name("field")
        if around.type == "field_initializer" and label is not None:
            return outline.text(label)
        around = around.parent
    return ""
