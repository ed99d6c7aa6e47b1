"""Written types: the one that an expression is known by, and that of an item or part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import tree_sitter

from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import path_segments
from analyzer.syntax.query import called_function

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

SAME_TYPE = frozenset(
    "unwrap expect unwrap_or_default unwrap_or_else unwrap_or clone to_owned as_ref as_mut ok"
    " by_ref lock borrow borrow_mut context with_context map_err get_or_init get_mut"
    " read write await into_inner ok_or ok_or_else or_else take as_deref as_deref_mut".split()
)
OF_LIST = frozenset(
    "into_iter iter iter_mut next first last pop nth find cloned copied rev skip take filter"
    " values drain get pop_front pop_back peekable flatten".split()
)
"""Steps from a list to its items, one after another or one of them."""
_THROUGH = frozenset(
    "reference_expression try_expression await_expression parenthesized_expression"
    " unary_expression".split()
)
_LISTS = frozenset(
    "Vec VecDeque HashSet BTreeSet LinkedList BinaryHeap SmallVec Iterator IntoIterator"
    " DoubleEndedIterator Stream Receiver".split()
)
_MAPS = frozenset({"HashMap", "BTreeMap", "IndexMap"})
_HOLDERS = frozenset(
    "Option Result Box Arc Rc Cow Mutex RwLock RefCell Cell MutexGuard Pin LazyLock OnceLock Lazy"
    " OnceCell".split()
)
_DEEPEST = 16


class Written(NamedTuple):
    """A type as it is written, and where."""

    outline: Outline
    node: Node
    module: int
    impl: Node | None


class Annotations:
    """Questions about written types of one crate."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code

    def of(self, outline: Outline, node: Node, scope: Scope, depth: int) -> Written | None:
        """The type that an expression's local, field or own function is written with; `depth` as
        for `Kinds.of`.
        """
        found: Node | Written | None = node
        for _ in range(_DEEPEST):
            if not isinstance(found, tree_sitter.Node):
                return found
            if found.type in _THROUGH and found.named_children:
                found = found.named_children[-1]
            elif found.type == "identifier":
                found = self._local(outline, found, scope) or self._item(outline, found, scope)
            elif found.type == "scoped_identifier":
                return self._item(outline, found, scope)
            elif found.type == "field_expression":
                found = self._code.kinds.field_type(outline, found, scope, depth)
            elif found.type == "call_expression":
                found = self._call(outline, found, scope, depth)
            else:
                return None
        return None

    def _local(self, outline: Outline, node: Node, scope: Scope) -> Node | Written | None:
        """The type that a local is written with, or else what it is bound to."""
        rows = outline.bindings(outline.text(node), node.start_byte, scope.function)
        row = next(iter(rows), None)
        if row is None or row.part >= 0 or row.is_element:
            return None
        if row.type is None:
            return row.value
        return Written(outline, row.type, scope.module, self._impl(outline, scope))

    def _item(self, outline: Outline, node: Node, scope: Scope) -> Written | None:
        """The type that a constant or static is written with, an associated one too."""
        segments = path_segments(outline, node)
        path = self._code.path(outline, segments, node.start_byte, scope)
        item = self._code.item(path) if path else None
        is_constant = item is not None and item.kind in ("const_item", "static_item")
        target = item.node.child_by_field_name("type") if item is not None else None
        if item is None or target is None or not is_constant:
            return None
        return Written(self._code.outlines[item.file], target, item.scope.module, item.scope.impl)

    def _call(
        self, outline: Outline, node: Node, scope: Scope, depth: int
    ) -> Node | Written | None:
        """The result that an own function is written with, or else what a step is called on."""
        function = called_function(node)
        inner = function.child_by_field_name("value") if function is not None else None
        if function is None:
            return None
        if function.type != "field_expression" or inner is None:
            return self._result(self._code.callee(outline, function, scope))
        field = function.child_by_field_name("field")
        name = outline.text(field) if field is not None else ""
        if name in SAME_TYPE or name in OF_LIST:
            return inner
        owner = self._code.kinds.of(outline, inner, scope, depth + 1)
        return self._result(self._code.own_method(owner, name)) if owner else None

    def _impl(self, outline: Outline, scope: Scope) -> Node | None:
        return outline.functions[scope.function].impl if scope.function >= 0 else None

    def _result(self, path: tuple[str, ...] | None) -> Written | None:
        item = self._code.needed_function(path) if path else None
        target = item.node.child_by_field_name("return_type") if item is not None else None
        if item is None or target is None:
            return None
        return Written(self._code.outlines[item.file], target, item.scope.module, item.scope.impl)

    def item(self, written: Written) -> Written | None:
        """What a list's items are written as; None for what is no list."""
        node: Node | None = written.node
        for _ in range(_DEEPEST):
            if node is None:
                return None
            if node.type in ("array_type", "slice_type"):
                element = node.child_by_field_name("element") or node.named_children[0]
                return written._replace(node=element)
            name, arguments = _generic(written.outline, node)
            if name in _LISTS and arguments:
                last = arguments[0]
                if last.type == "type_binding":
                    last = last.child_by_field_name("type") or last
                return written._replace(node=last)
            if name in _MAPS and len(arguments) > 1:
                return written._replace(node=arguments[1])
            node = arguments[0] if name in _HOLDERS and arguments else _inside(node)
        return None

    def part(self, written: Written, number: int) -> Written | None:
        """What one part of a tuple is written as."""
        node: Node | None = written.node
        for _ in range(_DEEPEST):
            if node is None:
                return None
            if node.type == "tuple_type":
                rows = node.named_children
                return written._replace(node=rows[number]) if number < len(rows) else None
            name, arguments = _generic(written.outline, node)
            node = arguments[0] if name in _HOLDERS and arguments else _inside(node)
        return None


def _generic(outline: Outline, node: Node) -> tuple[str, list[Node]]:
    """The last name of a generic type, and its arguments without lifetimes."""
    base, listed = (node.child_by_field_name(one) for one in ("type", "type_arguments"))
    if node.type != "generic_type" or base is None or listed is None:
        return "", []
    arguments = [one for one in listed.named_children if one.type != "lifetime"]
    return outline.text(base).rpartition("::")[2], arguments


def _inside(node: Node) -> Node | None:
    """The type behind a reference, a pointer or `impl` and `dyn`."""
    if node.type in ("reference_type", "pointer_type", "dynamic_type", "abstract_type"):
        return node.child_by_field_name("type") or node.child_by_field_name("trait")
    return None
