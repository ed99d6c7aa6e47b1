"""Which type an expression or a type annotation names, as far as one function shows it.

Good enough for builder chains: bindings, parameters, struct fields, `Self`, calls of catalogued
and of own functions. Wrappers (`Option`, `Result`, `Box`, references ...) are looked through.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analyzer.signatures import Api
from analyzer.syntax.annotations import OF_LIST, SAME_TYPE, Annotations, Written
from analyzer.syntax.associated import impl_name
from analyzer.syntax.closures import Closure
from analyzer.syntax.outline import Binding, Node, Outline, Scope
from analyzer.syntax.paths import Path, path_segments
from analyzer.syntax.query import arguments_of, called_function

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

_WRAPPERS = frozenset(
    "Option Result Box Arc Rc Cow Mutex RwLock RefCell Cell MutexGuard Pin LazyLock OnceLock Lazy"
    " OnceCell LazyCell BufReader BufWriter ManuallyDrop".split()
)
_THROUGH: Mapping[str, str] = {
    "reference_expression": "value",
    "try_expression": "",
    "await_expression": "",
    "parenthesized_expression": "",
    "unary_expression": "",
    "unsafe_block": "",
    "block": "",
    "expression_statement": "",
}
_LOOKING_IN = frozenset(
    "map and_then map_or map_or_else is_some_and is_ok_and inspect then filter filter_map for_each"
    " flat_map find_map any all tap with try_for_each".split()
)
"""Methods whose closure is handed what an option, a result or a list of them holds."""
_BESIDE_TYPES = frozenset("visibility_modifier attribute_item line_comment block_comment".split())
_HOLDING = ("new", "from", "with_capacity", "pin")
"""Functions of wrappers that take what they wrap, last."""
MAX_DEPTH = 24


class Kinds:
    """Type questions over one crate."""

    def __init__(self, code: CrateCode) -> None:
        self._code, self._annotations = code, Annotations(code)
        self._known: dict[tuple[str, str, int, int], tuple[str, bool]] = {}

    def of_annotation(
        self, outline: Outline, node: Node, module: int, impl: Node | None, depth: int = 0
    ) -> str:
        """Canonical path of the type a `Type` node names; empty if not resolvable."""
        if depth > MAX_DEPTH:
            return ""
        for _ in range(MAX_DEPTH):
            kind = node.type
            if kind in ("reference_type", "pointer_type", "dynamic_type", "abstract_type"):
                inner = node.child_by_field_name("type") or node.child_by_field_name("trait")
                if inner is None:
                    return ""
                node = inner
            elif kind == "generic_type":
                base = node.child_by_field_name("type")
                inner_list = node.child_by_field_name("type_arguments")
                name = outline.text(base).rpartition("::")[2] if base is not None else ""
                if name in _WRAPPERS and inner_list is not None and inner_list.named_children:
                    node = next(
                        (one for one in inner_list.named_children if one.type != "lifetime"),
                        inner_list,
                    )
                elif base is not None:
                    node = base
                else:
                    return ""
            else:
                break
        segments = path_segments(outline, node)
        if segments[:1] == ("Self",) and impl is not None:
            own = impl.child_by_field_name("type")
            return self.of_annotation(outline, own, module, None, depth + 1) if own else ""
        path = self._code.resolve(outline, segments, node.start_byte, module)
        path = self._alias(path, depth) if path else path
        return "::".join(path) if path else ""

    def _alias(self, path: Path, depth: int) -> Path:
        item = self._code.item(path)
        if item is None or item.kind != "type_item":
            return path
        target = item.node.child_by_field_name("type")
        if target is None:
            return path
        outline = self._code.outlines[item.file]
        found = self.of_annotation(outline, target, item.scope.module, None, depth + 1)
        return tuple(found.split("::")) if found else path

    def of(self, outline: Outline, node: Node, scope: Scope, depth: int = 0) -> str:
        """Canonical type path of an expression; empty if not worked out."""
        while node.type in _THROUGH and depth < MAX_DEPTH:
            children = node.named_children
            if not children:
                return ""
            node, depth = children[-1], depth + 1
        find = getattr(self, f"_of_{node.type}", None)
        if depth >= MAX_DEPTH or find is None:
            return ""
        key = ("type", outline.path, node.start_byte, node.end_byte)
        known = self._known.get(key)
        if known is None:
            self._known[key] = "", False  # a type made of itself
            asker, self._code.asking = self._code.asking, key
            try:
                found = find(outline, node, scope, depth)
            finally:
                self._code.asking = asker
            known = self._known[key] = found, self._code.has_asked(key)
        if known[1]:
            self._code.ask_with(key)
        return known[0]

    def _of_self(self, outline: Outline, _node: Node, scope: Scope, _depth: int) -> str:
        return self.of_self(outline, scope)

    def _of_scoped_identifier(self, outline: Outline, node: Node, scope: Scope, _depth: int) -> str:
        return self._of_path(self._code.callee(outline, node, scope))

    def _of_struct_expression(self, outline: Outline, node: Node, scope: Scope, _depth: int) -> str:
        name = node.child_by_field_name("name")
        impl = self._impl(outline, scope)
        return self.of_annotation(outline, name, scope.module, impl) if name else ""

    def _of_macro_invocation(self, outline: Outline, node: Node, _scope: Scope, _depth: int) -> str:
        macro = outline.macros.get(node.start_byte)
        api = self._code.macro(outline, macro)[0] if macro is not None else None
        return api.returns if api is not None else ""

    def _of_match_expression(self, outline: Outline, node: Node, scope: Scope, depth: int) -> str:
        """The type of the first arm that has one."""
        body = node.child_by_field_name("body")
        for arm in body.named_children if body is not None else ():
            value = arm.child_by_field_name("value")
            kind = self.of(outline, value, scope, depth + 1) if value is not None else ""
            if kind:
                return kind
        return ""

    def _of_if_expression(self, outline: Outline, node: Node, scope: Scope, depth: int) -> str:
        body = node.child_by_field_name("consequence")
        return self.of(outline, body, scope, depth + 1) if body is not None else ""

    def _of_type_cast_expression(
        self, outline: Outline, node: Node, scope: Scope, _depth: int
    ) -> str:
        target = node.child_by_field_name("type")
        return self.of_annotation(outline, target, scope.module, None) if target else ""

    def _impl(self, outline: Outline, scope: Scope) -> Node | None:
        function = scope.function
        while function >= 0:
            one = outline.functions[function]
            if one.impl is not None:
                return one.impl
            function = one.outer
        return None

    def of_self(self, outline: Outline, scope: Scope) -> str:
        """The type of `self` at a place."""
        impl = self._impl(outline, scope)
        own = impl.child_by_field_name("type") if impl is not None else None
        return self.of_annotation(outline, own, scope.module, None) if own is not None else ""

    def _of_identifier(self, outline: Outline, node: Node, scope: Scope, depth: int) -> str:
        name = outline.text(node)
        for binding in outline.bindings(name, node.start_byte, scope.function):
            return self._of_binding(outline, binding, scope, depth)
        closure = self._code.closures.binding(outline, name, node.start_byte)
        if closure is not None:
            return self._of_parameter(outline, closure, scope, depth)
        return self._of_path(self._code.resolve(outline, (name,), node.start_byte, scope.module))

    def _of_binding(self, outline: Outline, row: Binding, scope: Scope, depth: int) -> str:
        """The type of a local: as written, or of what it is bound to, of an item or a part."""
        if row.type is not None:
            whole = Written(outline, row.type, scope.module, self._impl(outline, scope))
            part = self._annotations.part(whole, row.part) if row.part >= 0 else whole
            return self._of_written(part or whole)
        if row.value is None:
            return ""
        if row.is_element:
            first = _first_item(row.value)
            if first is not None:
                return self.of(outline, first, scope, depth + 1)
            return self._of_item(outline, row.value, scope, (row.part, depth + 1))
        written = self._annotations.of(outline, row.value, scope, depth) if row.part >= 0 else None
        part = self._annotations.part(written, row.part) if written is not None else None
        kind = self._of_written(part) if part is not None else ""
        return kind or self.of(outline, row.value, scope, depth + 1)

    def _of_item(
        self, outline: Outline, node: Node, scope: Scope, state: tuple[int, int] = (-1, 0)
    ) -> str:
        """The type of what one goes over, or of a part of it (`state`, with the depth): as the
        list is written, else the type of the list itself.
        """
        written = self._annotations.of(outline, node, scope, state[1])
        item = self._annotations.item(written) if written is not None else None
        if item is not None and state[0] >= 0:
            item = self._annotations.part(item, state[0])
        kind = self._of_written(item) if item is not None else ""
        return kind or self.of(outline, node, scope, state[1] + 1)

    def _of_written(self, one: Written) -> str:
        return self.of_annotation(one.outline, one.node, one.module, one.impl)

    def _of_index_expression(self, outline: Outline, node: Node, scope: Scope, depth: int) -> str:
        held = node.named_children[0] if node.named_children else None
        return self._of_item(outline, held, scope, (-1, depth)) if held is not None else ""

    def _of_parameter(self, outline: Outline, closure: Closure, scope: Scope, depth: int) -> str:
        """The type of a closure's one parameter: as it says, or what its method looks into."""
        pattern, receiver = closure.pattern, closure.receiver
        told = pattern.child_by_field_name("type") if pattern is not None else None
        if told is not None:
            return self.of_annotation(outline, told, scope.module, self._impl(outline, scope))
        if pattern is None or receiver is None or closure.method not in _LOOKING_IN:
            return ""
        is_plain = pattern.type in ("identifier", "mut_pattern", "ref_pattern")
        return self._of_item(outline, receiver, scope, (-1, depth + 1)) if is_plain else ""

    def _of_path(self, path: Path | None) -> str:
        """The type of a constant or static, own or catalogued."""
        api = self._code.apis.get("::".join(path)) if path else None
        if api is not None:
            return api.returns
        item = self._code.item(path) if path else None
        if item is not None and path and item.kind == "struct_item":
            return "::".join(path)  # a struct without fields is its own value
        if item is None and path and path[-1][:1].isupper() and len(path) > 2:
            choice = self._code.names.items.get(path[:-1])
            if choice is not None and choice.kind == "enum_item":
                return "::".join(path[:-1])
        if item is not None and item.kind in ("static_item", "const_item"):
            target = item.node.child_by_field_name("type")
            if target is not None:
                other = self._code.outlines[item.file]
                return self.of_annotation(other, target, item.scope.module, None)
        return ""

    def method_api(self, owner: str, name: str) -> Api | None:
        """The catalogued method of a type, or of what it is looked through as."""
        found = self._code.apis.get(f"{owner}::{name}") if owner else None
        if found is None and (inner := self.target(owner)):
            found = self._code.apis.get(f"{inner}::{name}")
        return found

    def target(self, owner: str) -> str:
        """The type that an own type is looked through as (`Deref`); empty if it is none."""
        found = self._targets.get(owner.rpartition("::")[2]) if owner.startswith("@") else None
        return self._of_written(found) if found is not None else ""

    @functools.cached_property
    def _targets(self) -> Mapping[str, Written]:
        """What own types are looked through as, by their last names."""
        table: dict[str, Written] = {}
        for one in self._code.names.impls.get("deref", ()):
            impl, outline = one.scope.impl, self._code.outlines[one.file]
            body = impl.child_by_field_name("body") if impl is not None else None
            for row in body.named_children if body is not None else ():
                kind = row.child_by_field_name("type") if row.type == "type_item" else None
                if kind is not None:
                    written = Written(outline, kind, one.scope.module, impl)
                    table.setdefault(impl_name(outline, one), written)
        return table

    def _of_call_expression(self, outline: Outline, node: Node, scope: Scope, depth: int) -> str:
        function = called_function(node)
        if function is None:
            return ""
        if function.type == "field_expression":
            receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
            if receiver is None or field is None:
                return ""
            owner = self.of(outline, receiver, scope, depth + 1)
            name = outline.text(field)
            api = self.method_api(owner, name)
            if api is not None and api.returns:
                return api.returns
            if name in SAME_TYPE:
                return owner
            own = self._code.own_method(owner, name) if owner else None
            if name in OF_LIST and (own is None or owner == "std::vec::Vec"):
                return self._of_item(outline, receiver, scope, (-1, depth + 1)) or owner
            return self._returned(own)
        path = self._code.callee(outline, function, scope)
        if path is None:
            return ""
        api = self._code.apis.get("::".join(path))
        if api is not None and api.returns != "$0":
            return api.returns
        is_holder = path[-2:-1] and path[-2] in _WRAPPERS and path[-1] in _HOLDING
        if api is not None or path[-1] in ("Some", "Ok") or is_holder:
            inner = arguments_of(node)
            return self.of(outline, inner[-1], scope, depth + 1) if inner else ""
        return self._returned(path)

    def _returned(self, path: Path | None) -> str:
        """The declared result of an own function; a tuple struct's constructor gives the struct."""
        made = self._code.names.items.get(path) if path else None
        if made is not None and path and made.kind == "struct_item":
            return "::".join(path)
        item = self._code.needed_function(path) if path else None
        target = item.node.child_by_field_name("return_type") if item is not None else None
        if item is None or target is None:
            return ""
        outline = self._code.outlines[item.file]
        return self.of_annotation(outline, target, item.scope.module, item.scope.impl)

    def _of_field_expression(self, outline: Outline, node: Node, scope: Scope, depth: int) -> str:
        written = self.field_type(outline, node, scope, depth)
        return self._of_written(written) if written is not None else ""

    def field_type(
        self, outline: Outline, node: Node, scope: Scope, depth: int = 0
    ) -> Written | None:
        """The type that a field of an own struct is declared with."""
        value, field = (node.child_by_field_name(one) for one in ("value", "field"))
        if value is None or field is None:
            return None
        owner = self.of(outline, value, scope, depth + 1)
        item = self._code.item(tuple(owner.split("::"))) if owner else None
        body = item.node.child_by_field_name("body") if item is not None else None
        if item is None or body is None:
            return None
        other = self._code.outlines[item.file]
        self._code.want_body(other, item.node)
        wanted = outline.text(field)
        if wanted.isdecimal():
            rows = [one for one in body.named_children if one.type not in _BESIDE_TYPES]
            found = rows[int(wanted)] if len(wanted) < 3 and int(wanted) < len(rows) else None
            return Written(other, found, item.scope.module, None) if found is not None else None
        for one in body.named_children:
            name, target = one.child_by_field_name("name"), one.child_by_field_name("type")
            if name is not None and target is not None and other.text(name) == wanted:
                return Written(other, target, item.scope.module, None)
        return None


def _first_item(node: Node | None) -> Node | None:
    """The first of the items that are written where a loop goes over them."""
    while node is not None and node.type in ("reference_expression", "call_expression"):
        node = node.child_by_field_name("value") or node.child_by_field_name("function")
        if node is not None and node.type == "field_expression":  # `[a, b].iter()`
            node = node.child_by_field_name("value")
    is_list = node is not None and node.type == "array_expression" and node.named_children
    return node.named_children[0] if node is not None and is_list else None
