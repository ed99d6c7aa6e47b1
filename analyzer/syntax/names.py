"""Which thing a path means: `use` trees, aliases, globs, renames, re-exports, shadowing.

A canonical path is a tuple of segments. Its first segment is an external crate's name (manifest
renames undone, `core` and `alloc` folded into `std` by the catalogue's aliases), or a root file of
this crate behind `@` (`@src/lib.rs`). Nothing here knows what a path is good for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import Path, clean, linked_symbols, path_segments, use_tree
from analyzer.syntax.reached import reached

_ITEMS = ("function_item", "struct_item", "enum_item", "union_item", "type_item", "const_item")
_MORE_ITEMS = ("static_item", "trait_item", "mod_item", "function_signature_item")
_PRELUDE: Mapping[str, Path] = {
    "String": ("std", "string", "String"),
    "Vec": ("std", "vec", "Vec"),
    "Box": ("std", "boxed", "Box"),
    "Option": ("std", "option", "Option"),
    "Result": ("std", "result", "Result"),
    "Some": ("std", "option", "Option", "Some"),
    "Ok": ("std", "result", "Result", "Ok"),
    "Err": ("std", "result", "Result", "Err"),
    "str": ("std", "str"),
}
MAX_HOPS = 32


class Item(NamedTuple):
    """Something this crate defines: its canonical path, what it is and where."""

    path: Path
    kind: str
    file: str
    node: Node
    scope: Scope


class _Use(NamedTuple):
    target: Path
    file: str
    position: int
    module: Path


@dataclass(frozen=True, slots=True)
class Home:
    """The place of a file in the module tree: its crate root and module path there."""

    root: str
    path: Path


class Names:
    """Resolution over all parsed files of one crate."""

    def __init__(
        self,
        outlines: Mapping[str, Outline],
        homes: Mapping[str, Home],
        externs: Mapping[str, str],
        *,
        is_known: Callable[[Path], bool],
        is_legacy: bool,
    ) -> None:
        """`externs`: names of dependencies as sources spell them, to canonical crate names."""
        self._outlines, self._homes, self._externs = outlines, homes, dict(externs)
        self._is_known, self._is_legacy = is_known, is_legacy
        self.items: dict[Path, Item] = {}
        self.foreign, self.namesakes = dict[Path, Item](), dict[Path, list[Item]]()
        self.impls: dict[str, list[Item]] = {}
        self._associated_constants: list[Item] = []
        self._reached: dict[Path, tuple[Path, ...]] = {}
        self._glob_bases: dict[Path, tuple[Path, ...]] = {}
        self._uses: dict[str, list[tuple[str, Path]]] = {}
        self._members: dict[Path, dict[str, Item | _Use]] = {}
        self._globs: dict[Path, list[_Use]] = {}
        self._local: dict[str, dict[str, list[tuple[int, int, Item | _Use]]]] = {}
        self._local_globs: dict[str, list[tuple[int, int, _Use]]] = {}
        for file, outline in outlines.items():
            self._collect(file, outline)

    # Collecting ------------------------------------------------------------------------------

    def module_path(self, file: str, module: int) -> Path:
        """Canonical path of a module of a file."""
        home = self._homes.get(file) or Home(file, ())
        return (f"@{home.root}", *home.path, *self._outlines[file].modules[module].names)

    def _collect(self, file: str, outline: Outline) -> None:
        for node, scope in outline.of(*_ITEMS, *_MORE_ITEMS):
            name = node.child_by_field_name("name")
            if name is None:
                continue
            text = clean(outline.text(name))
            module = self.module_path(file, scope.module)
            if scope.impl is not None and node.type in ("function_item", "function_signature_item"):
                item = Item((*module, text), node.type, file, node, scope)
                self.impls.setdefault(text, []).append(item)
                continue
            item = Item((*module, text), node.type, file, node, scope)
            self._add_associated(outline, item)
            self._add(file, scope, node, text, item)
        for node, scope in outline.of("use_declaration"):
            argument = node.child_by_field_name("argument")
            if argument is not None:
                for alias, target in use_tree(outline, argument):
                    self._add_use(file, scope, node, alias, target)
        for node, scope in outline.of("extern_crate_declaration"):
            named, renamed = node.child_by_field_name("name"), node.child_by_field_name("alias")
            if named is not None:
                linked = clean(outline.text(named))
                label = clean(outline.text(renamed)) if renamed is not None else linked
                path: Path = ("crate",) if linked == "self" else ("", linked)
                self._add_use(file, scope, node, label, path)
                if scope.function < 0 and scope.module == 0 and linked != "self":
                    self._externs.setdefault(label, self._externs.get(linked, linked))

    def _add_associated(self, outline: Outline, item: Item) -> None:
        """A constant of an `impl`, under the type's name in the same module."""
        impl = item.scope.impl if item.kind == "const_item" else None
        own = impl.child_by_field_name("type") if impl is not None else None
        if impl is not None and item.node.child_by_field_name("value") is not None:
            self._associated_constants.append(item)
        if own is not None:
            kind = clean(outline.text(own).partition("<")[0].rpartition("::")[2].strip())
            self.items.setdefault((*item.path[:-1], kind, item.path[-1]), item)

    def uses(self, file: str) -> list[tuple[str, Path]]:
        """(local name, path as written) of every `use` of a file."""
        return self._uses.get(file, [])

    @functools.cached_property
    def renamed(self) -> Mapping[str, set[str]]:
        """Other names that some `use` or `link_name` gives to a name, at any remove."""
        table: dict[str, set[str]] = {}
        for uses in self._uses.values():
            for alias, target in uses:
                if alias not in ("*", target[-1]):
                    table.setdefault(target[-1], set()).add(alias)
        for path, item in self.foreign.items():
            for symbol in linked_symbols(self._outlines[item.file], item.node):
                if symbol != path[-1]:
                    table.setdefault(symbol, set()).add(path[-1])
        return {name: reached(table, {name}) - {name} for name in table}

    @functools.cached_property
    def structs(self) -> Mapping[str, Item]:
        """Structs by their names; the first of several namesakes."""
        table: dict[str, Item] = {}
        for path, item in self.items.items():
            if item.kind == "struct_item":
                table.setdefault(path[-1], item)
        return table

    @functools.cached_property
    def _types_of(self) -> Mapping[tuple[str, str], Item]:
        """Associated types, by the last names of the type that has them and their own."""
        table: dict[tuple[str, str], Item] = {}
        for file, outline in self._outlines.items():
            for node, scope in outline.of("type_item"):
                own = scope.impl.child_by_field_name("type") if scope.impl is not None else None
                name = node.child_by_field_name("name")
                if own is not None and name is not None and path_segments(outline, own):
                    label = clean(outline.text(name))
                    path = (*self.module_path(file, scope.module), label)
                    item = Item(path, node.type, file, node, scope)
                    table.setdefault((path_segments(outline, own)[-1], label), item)
        return table

    def associated(self, path: Path) -> Path:
        """A path with the associated type in it replaced by what it stands for."""
        for at in range(2, len(path) - 1):
            item = self._types_of.get((path[at - 1], path[at]))
            if item is not None:
                return self._through_alias(item, path[at + 1 :], 0) or path
        return path

    @functools.cached_property
    def holding_functions(self) -> frozenset[str]:
        """Constants and statics that may be functions: their value is a path."""
        return frozenset(
            path[-1]
            for path, item in self.items.items()
            if item.kind in ("const_item", "static_item")
            and (value := item.node.child_by_field_name("value")) is not None
            and value.type in ("identifier", "scoped_identifier", "type_cast_expression")
        )

    def of_trait(self, path: Path) -> Item | None:
        """The constant that a path names of a trait or of any type that has it, if there is one."""
        found = self._constants.get(path[-1], []) if path[-1].isupper() else []
        return found[0] if len(found) == 1 else None

    @functools.cached_property
    def _constants(self) -> Mapping[str, list[Item]]:
        table: dict[str, list[Item]] = {}
        for item in self._associated_constants:
            table.setdefault(item.path[-1], []).append(item)
        return table

    def _add_use(self, file: str, scope: Scope, node: Node, alias: str, target: Path) -> None:
        if not target:
            return
        self._uses.setdefault(file, []).append((alias, target))
        module = self.module_path(file, scope.module)
        use = _Use(target, file, node.start_byte, module)
        if alias == "*":
            if scope.function >= 0:
                row = (self._block_start(file, scope), scope.block_end, use)
                self._local_globs.setdefault(file, []).append(row)
            else:
                self._globs.setdefault(module, []).append(use)
        else:
            self._add(file, scope, node, alias, use)

    def _add(self, file: str, scope: Scope, node: Node, name: str, what: Item | _Use) -> None:
        if isinstance(what, Item):
            first = self.items.setdefault(what.path, what)
            if what.kind == "function_signature_item":
                self.foreign.setdefault(what.path, what)
            elif first is not what and what.kind == first.kind == "function_item":
                self.namesakes.setdefault(what.path, []).append(what)
        if scope.function >= 0:
            row = (self._block_start(file, scope), scope.block_end, what)
            self._local.setdefault(file, {}).setdefault(name, []).append(row)
        else:
            module = self.module_path(file, scope.module)
            table = self._members.setdefault(module, {})
            if name not in table or (isinstance(what, Item) and node.type != "mod_item"):
                table[name] = what

    def _block_start(self, file: str, scope: Scope) -> int:
        """Items of a block are visible in all of it; its function's start is near enough."""
        return self._outlines[file].functions[scope.function].node.start_byte

    # Resolving -------------------------------------------------------------------------------

    def resolve(self, segments: Path, file: str, position: int, module: int) -> Path | None:
        """The canonical path behind `segments` as written at a place; None for a local name."""
        return self._resolve(segments, file, position, self.module_path(file, module), 0)

    def _resolve(
        self, segments: Path, file: str, position: int, module: Path, hops: int
    ) -> Path | None:
        if not segments or hops > MAX_HOPS:
            return None
        head, rest = segments[0], segments[1:]
        if head in ("crate", "$crate"):
            return self._walk(module[:1], rest, hops)
        if head == "self":
            return self._walk(module, rest, hops)
        if head == "super":
            return self._resolve(("self", *rest), file, -1, module[: max(1, len(module) - 1)], hops)
        if head == "":
            return self._extern(rest, hops) or self._walk(module[:1], rest, hops)
        found = self._visible(head, file, position, module, hops)
        if found is None:
            return self._extern(segments, hops) or self._prelude(segments)
        path = self._walk(found, rest, hops)
        if rest and path is not None and not path[0].startswith("@") and not self._is_known(path):
            # `use glob::glob;`: a function hides no crate of its name in front of `::`
            outside = self._extern(segments, hops)
            return outside if outside is not None and self._is_known(outside) else path
        return path

    def _visible(self, name: str, file: str, position: int, module: Path, hops: int) -> Path | None:
        """What a bare name means here: block, module, globs; None to go on to the externs."""
        if position >= 0:
            rows = self._local.get(file, {}).get(name, ())
            near = [one for one in rows if one[0] <= position < one[1]]
            if near:
                return self._target(max(near, key=lambda one: one[0])[2], hops)
            for start, end, use in self._local_globs.get(file, ()):
                if start <= position < end:
                    base = self._resolve_use(use, hops + 1)
                    found = self._in_base(base, name, hops + 1) if base else None
                    if found is not None:
                        return found
        return self._member(module, name, hops)

    def _member(self, module: Path, name: str, hops: int) -> Path | None:
        """A name of a module: its own, or one that its globs bring, however many modules away."""
        found = self._direct(module, name, hops)
        if found is not None:
            return found
        for base in self._reach(module, hops):
            found = self._in_base(base, name, hops, is_direct=True)
            if found is not None:
                return found
        return None

    def _direct(self, module: Path, name: str, hops: int) -> Path | None:
        what = self._members.get(module, {}).get(name)
        if what is not None:
            return self._target(what, hops)
        return (*module, name) if (*module, name) in self._members else None

    def _in_base(self, base: Path, name: str, hops: int, *, is_direct: bool = False) -> Path | None:
        if base[0].startswith("@"):
            if is_direct:
                return self._direct(base, name, hops)
            return self._member(base, name, hops)
        full = (*base, name)
        return full if self._is_known(full) else None

    def _reach(self, module: Path, hops: int) -> tuple[Path, ...]:
        """Modules whose names a module's globs bring in, nearest first; each once."""
        if module in self._reached:
            return self._reached[module]
        self._reached[module] = ()  # what is asked while we find out sees no globs here
        found: dict[Path, None] = {}
        pending = [module]
        while pending:
            for base in self._bases(pending.pop(0), hops):
                if base not in found and base != module:
                    found[base] = None
                    if base[0].startswith("@"):
                        pending.append(base)
        self._reached[module] = tuple(found)
        return self._reached[module]

    def _bases(self, module: Path, hops: int) -> tuple[Path, ...]:
        if module not in self._glob_bases:
            self._glob_bases[module] = ()
            bases = (self._resolve_use(use, hops + 1) for use in self._globs.get(module, ()))
            self._glob_bases[module] = tuple(one for one in bases if one is not None)
        return self._glob_bases[module]

    def _target(self, what: Item | _Use, hops: int) -> Path | None:
        return what.path if isinstance(what, Item) else self._resolve_use(what, hops + 1)

    def _resolve_use(self, use: _Use, hops: int) -> Path | None:
        if hops > MAX_HOPS:
            return None
        head = use.target[0] if use.target else ""
        if self._is_legacy and head not in ("", "self", "super", "crate"):
            rooted = self._resolve(("crate", *use.target), use.file, -1, use.module, hops + 1)
            if rooted is not None and (rooted in self.items or not rooted[0].startswith("@")):
                return rooted
            return self._extern(use.target, hops) or rooted
        if head in self._externs or head in ("std", "core", "alloc"):
            local = self._members.get(use.module, {}).get(head)
            if local is None or (isinstance(local, _Use) and local.target == use.target):
                return self._extern(use.target, hops)
            if isinstance(local, _Use) and local.position == use.position:
                return self._extern(use.target, hops)
        return self._resolve(use.target, use.file, -1, use.module, hops + 1)

    def _extern(self, segments: Path, hops: int) -> Path | None:
        if not segments:
            return None
        name = self._externs.get(segments[0])
        if name is None:
            return None
        if name.startswith("@"):
            return self._walk((name,), segments[1:], hops)
        return (*name.split("::"), *segments[1:])

    @staticmethod
    def _prelude(segments: Path) -> Path | None:
        base = _PRELUDE.get(segments[0])
        return (*base, *segments[1:]) if base else None

    def _walk(self, base: Path, rest: Path, hops: int) -> Path | None:
        """Follow `rest` from a canonical path, through re-exports and type aliases."""
        while rest:
            if not base[0].startswith("@"):
                return (*base, *rest)
            if rest[0] == "super":
                base, rest = base[: max(1, len(base) - 1)], rest[1:]
                continue
            if rest[0] == "self":
                rest = rest[1:]
                continue
            item = self.items.get(base)
            if item is not None and item.kind != "mod_item":
                return self._through_alias(item, rest, hops)
            found = self._member(base, rest[0], hops + 1) if hops < MAX_HOPS else None
            base, rest = (found or (*base, rest[0])), rest[1:]
        return base

    def _through_alias(self, item: Item, rest: Path, hops: int) -> Path | None:
        associated = self._types_of.get((item.path[-1], rest[0])) if rest else None
        if associated is not None and hops < MAX_HOPS:
            return self._through_alias(associated, rest[1:], hops + 1)
        target = item.node.child_by_field_name("type") if item.kind == "type_item" else None
        if target is None:
            return (*item.path, *rest)
        outline = self._outlines[item.file]
        segments = path_segments(outline, target)
        module = self.module_path(item.file, item.scope.module)
        found = self._resolve(segments, item.file, target.start_byte, module, hops + 1)
        return self._walk(found, rest, hops + 1) if found else None
