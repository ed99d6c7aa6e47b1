"""All Rust of one crate behind questions that facts ask: what is called, with what, from where.

Holds the outlines, the names, the types and the folding together; trees stay inside this package.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analyzer.limits import Limits
from analyzer.model import Gap, GapKind, Span
from analyzer.signatures import Api
from analyzer.syntax.associated import Associated
from analyzer.syntax.catalogue import Catalogue
from analyzer.syntax.changes import variable_hole
from analyzer.syntax.closures import Closures
from analyzer.syntax.evaluate import Evaluator
from analyzer.syntax.expansion import Macro
from analyzer.syntax.function_values import FunctionValues
from analyzer.syntax.held_functions import CALLED, same_function
from analyzer.syntax.held_functions import bare as bare  # noqa: PLC0414  # asked for here
from analyzer.syntax.kinds import Kinds
from analyzer.syntax.machine.interpreter import Interpreter
from analyzer.syntax.macro_arguments import MacroArguments
from analyzer.syntax.names import Home, Item, Names
from analyzer.syntax.outline import Call, Node, Outline, Scope
from analyzer.syntax.paths import Path, clean, linked_symbols, path_segments
from analyzer.syntax.traits import Traits
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant


@dataclass(frozen=True, slots=True)
class Package:
    """What the sources may refer to beyond themselves."""

    homes: Mapping[str, Home]
    externs: Mapping[str, str]
    variables: Mapping[str, str]
    texts: Mapping[str, bytes]
    is_legacy: bool = False


class Wanted(NamedTuple):
    """What an analysis met and could not follow because it was cut out: functions and types without
    their bodies, by file and position; names to find a declaration of, functions whose callers
    matter, fields and statics that something is given, files with long lists.
    """

    bodies: frozenset[tuple[str, int]] = frozenset()
    declarations: frozenset[str] = frozenset()
    callers: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    statics: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()


def _declared(path: Path) -> str:
    """What has to be declared for this path: a name, or `Type::name` for what a type has."""
    has_owner = len(path) > 2 and path[-2][:1].isupper()  # root, type, name
    return "::".join(path[-2:]) if has_owner else path[-1]


class CrateCode:
    """One crate's parsed sources. `outlines` are keyed by path."""

    def __init__(
        self,
        outlines: Mapping[str, Outline],
        package: Package,
        apis: Catalogue,
        *,
        limits: Limits,
    ) -> None:
        self.outlines, self.apis, self._package = outlines, apis, package
        self._resolved: dict[tuple[str, int, int, Path], Path | None] = {}
        self.names = Names(
            outlines,
            package.homes,
            package.externs,
            is_known=apis.prefixes.__contains__,
            is_legacy=package.is_legacy,
        )
        self.associated = Associated(outlines, self.names)
        self.asking: Hashable = ""
        self._wanted: dict[Hashable, tuple[set[str], ...]] = {}
        self._without_body: dict[Hashable, set[tuple[str, int]]] = {}
        self._asked_with: dict[Hashable, set[Hashable]] = {}
        self.kinds, self.traits = Kinds(self), Traits(self)
        self.function_values = FunctionValues(self)
        self.macro_arguments, self.closures = MacroArguments(self), Closures()
        interpreter = Interpreter(
            self,
            max_steps=limits.interpreted_steps_per_crate,
            max_steps_per_attempt=limits.interpreted_steps_per_attempt,
        )
        self.evaluator = Evaluator(
            self,
            interpreter,
            max_steps=limits.value_steps_per_crate,
            max_size_bytes=limits.value_size_bytes,
        )

    @functools.cached_property
    def calls(self) -> Mapping[str, list[tuple[Outline, Call]]]:
        """All calls by the last name that they say."""
        table: dict[str, list[tuple[Outline, Call]]] = {}
        for outline in self.outlines.values():
            for call in outline.calls:
                table.setdefault(call.name, []).append((outline, call))
        return table

    @functools.cached_property
    def given(self) -> Mapping[str, list[tuple[str, Outline, Node]]]:
        """What fields are given, by field: the struct's name (none at an assignment), and where."""
        table: dict[str, list[tuple[str, Outline, Node]]] = {}
        for outline in self.outlines.values():
            for name, rows in outline.given.items():
                table.setdefault(name, []).extend((struct, outline, node) for struct, node in rows)
        return table

    def home(self, file: str) -> Path | None:
        """The module path of a file; None where no target reaches it."""
        found = self._package.homes.get(file)
        return found.path if found is not None else None

    def want(
        self,
        *,
        declaration: str = "",
        caller: str = "",
        field: str = "",
        static: str = "",
        table: str = "",
    ) -> None:
        """Note what the function or value that is looked at (`asking`) could not follow."""
        names = (declaration, caller, field, static, table)
        rows = self._wanted.get(self.asking)
        if rows is None:
            rows = self._wanted[self.asking] = tuple(set() for _ in names)
        for row, name in zip(rows, names, strict=True):
            if name:
                row.add(clean(name))

    def want_body(self, outline: Outline, node: Node) -> None:
        """Note that a declaration stands here without the body it has in the file, if it does."""
        body = node.child_by_field_name("body")
        if body is not None and outline.is_cut and not body.named_children:
            is_item = node.type != "struct_expression"
            name = (node.child_by_field_name("name") or node) if is_item else body
            place = (outline.path, outline.origin(name.start_byte))
            self._without_body.setdefault(self.asking, set()).add(place)

    def want_block(self, outline: Outline, node: Node) -> None:
        """Note that a block stands here without what it has in the file, if it does."""
        if outline.is_cut and not node.named_children:
            place = (outline.path, outline.origin(node.start_byte))
            self._without_body.setdefault(self.asking, set()).add(place)

    def ask_with(self, other: Hashable) -> None:
        """Note that what is looked at needs all that was asked for under another name, too."""
        self._asked_with.setdefault(self.asking, set()).add(other)

    def has_asked(self, name: Hashable) -> bool:
        """Whether anything was asked for under a name."""
        return name in self._wanted or name in self._asked_with or name in self._without_body

    def wanted(self, owners: Iterable[str]) -> Wanted:
        """All that these functions asked for, and what they needed with it."""
        asking, pending = set[Hashable](), list[Hashable](owners)
        while pending:
            one = pending.pop()
            if one not in asking:
                asking.add(one)
                pending += self._asked_with.get(one, ())
        found = [self._wanted[one] for one in asking if one in self._wanted]
        columns = zip(*found, strict=True) if found else ()
        bodies = (self._without_body.get(one, set()) for one in asking)
        names = (frozenset().union(*column) for column in columns)
        return Wanted(frozenset().union(*bodies), *names)

    # Questions the folding asks ------------------------------------------------------------------

    def resolve(self, outline: Outline, segments: Path, position: int, module: int) -> Path | None:
        """The canonical path of `segments` at a place of a file; None for a local name."""
        if not segments:
            return None
        key = (outline.path, outline.function_at(position), module, segments)
        if key not in self._resolved:
            found = self.names.resolve(segments, outline.path, position, module)
            self._resolved[key] = self._linked(found) if found else found
        return self._resolved[key]

    def _linked(self, path: Path) -> Path:
        """The system's function behind a declaration in an `extern` block; else the path itself."""
        item = self.names.foreign.get(path)
        if item is None:
            return path
        named = linked_symbols(self.outlines[item.file], item.node)
        return next((self.apis.symbols[one] for one in named if one in self.apis.symbols), path)

    def callee(self, outline: Outline, node: Node, scope: Scope) -> Path | None:
        """The canonical path a call's function names; None for locals and computed functions."""
        inner = bare(node)
        if inner is None:
            return None
        node = inner if inner.type in CALLED else same_function(outline, inner) or inner
        if node.type == "index_expression":
            return self._of_table(outline, node, scope)
        if node.type not in ("identifier", "scoped_identifier"):
            return self.function_values.path(outline, node, scope)
        segments = path_segments(outline, node)
        is_parameter = outline.data[node.start_byte - 1 : node.start_byte] == b"$" and segments[
            :1
        ] != ("crate",)
        if (not segments or is_parameter) and scope.function >= 0:
            segments = self.macro_arguments.path(outline, node, scope.function)
        if len(segments) == 1:
            for binding in outline.bindings(segments[0], node.start_byte, scope.function):
                if binding.field and not binding.is_element:
                    return self.function_values.taken_apart(outline, binding, scope)
                held = same_function(outline, binding.value)
                if held is None:
                    return self.function_values.parameter(outline, segments[0], scope)
                if held.type not in CALLED:
                    return self.function_values.path(outline, held, scope)
                return self.callee(outline, held, scope) if held.id != node.id else None
        found = self.path(outline, segments, node.start_byte, scope)
        return self.function_values.behind(found)

    def path(self, outline: Outline, segments: Path, at: int, scope: Scope) -> Path | None:
        """The canonical path behind segments as written at a place; `Self` is the type there."""
        if segments[:1] == ("Self",):
            return self._of_self(outline, segments, at, scope)
        found = self.resolve(outline, segments, at, scope.module)
        if found is None and len(segments) > 1 and scope.function >= 0:
            return self.traits.of_parameter(outline, segments, scope)
        return found

    def _of_table(self, outline: Outline, node: Node, scope: Scope) -> Path | None:
        """`TABLE[i]`: the first function that a constant table names."""
        segments = path_segments(outline, node.named_children[0])
        if len(segments) == 1:
            for row in outline.bindings(segments[0], node.start_byte, scope.function):
                listed = row.value.named_children if row.value is not None else []
                return self.function_values.path(outline, listed[0], scope) if listed else None
        path = self.resolve(outline, segments, node.start_byte, scope.module) if segments else None
        item = self.names.items.get(path) if path else None
        value = item.node.child_by_field_name("value") if item is not None else None
        if item is None or value is None:
            return None
        other = self.outlines[item.file]
        for one in (value, *value.named_children):
            if one.type == "array_expression" and one.named_children:
                first, at = one.named_children[0], one.start_byte
                inner = Scope(other.function_at(at), len(other.data), item.scope.module, None)
                return self.callee(other, first, inner)
        return None

    def _of_self(self, outline: Outline, segments: Path, at: int, scope: Scope) -> Path | None:
        function = scope.function
        while function >= 0:
            impl = outline.functions[function].impl
            own = impl.child_by_field_name("type") if impl is not None else None
            if own is not None:
                kind = self.kinds.of_annotation(outline, own, scope.module, None)
                self.want(declaration="" if kind.startswith("@") else segments[-1])
                return self.names.associated((*kind.split("::"), *segments[1:])) if kind else None
            trait = impl.child_by_field_name("name") if impl is not None else None
            segments = (outline.text(trait), *segments[1:]) if trait is not None else segments
            function = outline.functions[function].outer if trait is None else -1
        return self.resolve(outline, segments, at, scope.module)

    def macro(self, outline: Outline, macro: Macro) -> tuple[Api | None, Scope]:
        """The catalogue's entry for a macro invocation, and where its arguments stand.

        A name that `#[macro_use]` brings resolves to nothing: then the crates that the manifest
        lists decide.
        """
        start, end = macro.node.start_byte, macro.node.end_byte
        scope = outline.scope_at(start, end)
        named = macro.node.child_by_field_name("macro")
        segments = path_segments(outline, named) if named is not None else ()
        path = self.resolve(outline, segments, start, scope.module) if segments else None
        api = self.apis.get("::".join(path) + "!") if path else None
        if api is None and len(segments) == 1:
            owners = sorted(set(self._package.externs.values()))
            found = (self.apis.get(f"{one}::{segments[0]}!") for one in owners)
            is_own = path is not None and path[0].startswith("@")
            api = None if is_own else next((one for one in found if one is not None), None)
        return api, scope

    def item(self, path: Path) -> Item | None:
        """What this crate declares under a path; what it does not find is asked for."""
        found = self.names.items.get(path)
        if found is None and path[0].startswith("@"):
            self.want(declaration=_declared(path))
        return found

    def needed_function(self, path: Path | None) -> Item | None:
        """As `own_function`, for a question that stays open without the answer."""
        return next(iter(self.needed_functions(path)), None)

    def needed_functions(self, path: Path | None) -> list[Item]:
        """As `own_functions`, for a question that stays open without the answer."""
        found = self.own_functions(path)
        if not found and path and path[0].startswith("@"):
            self.want(declaration=_declared(path))
        return found

    def own_function(self, path: Path | None) -> Item | None:
        """The function of this crate behind a canonical path, free or associated."""
        if not path or not path[0].startswith("@"):
            return self.associated.of_trait(path[-2:]) if path and len(path) > 1 else None
        item = self.names.items.get(path)
        if item is not None:
            return item if item.kind == "function_item" else None
        return self.associated.function(path[-2:])

    def own_functions(self, path: Path | None) -> list[Item]:
        """As `own_function`, and others of that path for other platforms or features."""
        own = self.own_function(path)
        others = self.names.namesakes.get(path, ()) if path is not None else ()
        return [own, *others] if own is not None else []

    def own_method(self, owner: str, name: str) -> Path | None:
        """Path of a method of an own type."""
        return (*owner.split("::"), name) if owner.startswith("@") else None

    def variable(self, name: str) -> Value:
        """The value of a compile-time variable: cargo's own are known from the manifest."""
        known = self._package.variables.get(name)
        return constant(known, f"env!({name})") if known is not None else variable_hole(name)

    def packaged(self, file: str, path: Value) -> Value:
        """The text of a packaged file that `include_str!` names; a hole outside the package."""
        target = included_path(file, path)
        data = self._package.texts.get(target) if target else None
        if data is None or len(data) > 65_536:
            return UNKNOWN_VALUE
        return constant(data.decode("latin-1"), f"include of {target}")

    # Questions the facts ask ---------------------------------------------------------------------

    def span(self, file: str, start: int, end: int) -> Span:
        """A byte range of a file as lines and columns."""
        outline = self.outlines[file]
        data, start, end = outline.source, outline.origin(start), outline.origin(end - 1) + 1
        line_start = data.rfind(b"\n", 0, start) + 1
        column = len(data[line_start:start].decode("utf-8", "replace")) + 1
        line = data.count(b"\n", 0, start) + 1
        return Span(outline.shown, line, column, line + data.count(b"\n", start, end), start, end)

    def line_text(self, file: str, start: int) -> str:
        """The source line around a byte position."""
        data, start = self.outlines[file].source, self.outlines[file].origin(start)
        line_start = data.rfind(b"\n", 0, start) + 1
        line_end = data.find(b"\n", start)
        raw = data[line_start : line_end if line_end >= 0 else len(data)]
        return raw[:2000].decode("utf-8", "replace").strip()

    def budget_gap(self) -> Gap | None:
        """The gap to state when folding ran out of steps."""
        if not self.evaluator.is_exhausted:
            return None
        return Gap(GapKind.BUDGET, "constant folding ran out of steps; later texts are unknown")


def included_path(file: str, path: Value) -> str:
    """Where an `include_*!` in `file` points, relative to the crate's root; empty if outside.

    Known roots: a relative text (from the including file) and `{manifest}`.
    """
    text = path.text.replace("\\", "/")
    if text.startswith("{manifest}"):
        base, text = [], text.removeprefix("{manifest}").lstrip("/")
    elif not path.is_constant or text.startswith("/"):
        return ""
    else:
        base = file.split("/")[:-1]
    for one in text.split("/"):
        if one == "..":
            if not base:
                return ""
            base.pop()
        elif one not in ("", "."):
            base.append(one)
    return "/".join(base)
