"""Own enums and tuple structs in the bounded interpreter: their values, and patterns of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.machine.shared import Environment, Interpreting, child, inner_nodes
from analyzer.syntax.machine.values import Record, Stuck, integer, plain, typed
from analyzer.syntax.outline import Node, Outline, Scope

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode
    from analyzer.syntax.names import Item
    from analyzer.syntax.paths import Path


_DEFAULT = re.compile(r"(?:(?:::)?(?:std|core)::default::)?Default::default\(\)")


def owner_of(code: CrateCode, path: Path) -> Item | None:
    """The enum whose variant a path names."""
    found = code.names.items.get(path[:-1]) if len(path) > 2 else None
    return found if found is not None and found.kind == "enum_item" else None


def shape(code: CrateCode, path: Path) -> tuple[str, str]:
    """The last name of the type that a path names, and the variant where it names one."""
    return (path[-2], path[-1]) if owner_of(code, path) is not None else (path[-1], "")


def without_fields(machine: Interpreting, code: CrateCode, path: Path) -> Record | None:
    """The value of a variant or struct that has no fields; None for any other path."""
    owner = owner_of(code, path)
    if owner is None:
        item = code.names.items.get(path)
        is_plain = item is not None and item.kind == "struct_item"
        has_none = is_plain and item is not None and item.node.child_by_field_name("body") is None
        return Record(path[-1], {}) if has_none else None
    outline, body = code.outlines[owner.file], child(owner.node, "body")
    scope = Scope(-1, len(outline.data), owner.scope.module, None)
    env, number = Environment(outline, scope, {}), 0
    for one in body.named_children:
        if one.type != "enum_variant":
            continue
        machine.step()
        given = one.child_by_field_name("value")
        number = integer(machine.eval(given, env)) if given is not None else number
        if outline.text(child(one, "name")) == path[-1]:
            has_fields = one.child_by_field_name("body") is not None
            return None if has_fields else Record(path[-2], {}, path[-1], number)
        number += 1
    return None


def filled_by(code: CrateCode, path: Path, arguments: list[object]) -> Record | None:
    """What calling a variant or a tuple struct makes; None for any other path."""
    item = code.names.items.get(path)
    is_struct = item is not None and item.kind == "struct_item"
    if not is_struct and owner_of(code, path) is None:
        return None
    kind, variant = shape(code, path)
    kinds = declared(code, path)
    fields = {str(at): typed(one, kinds.get(str(at), "")) for at, one in enumerate(arguments)}
    return Record(kind, fields, variant)


def declared(code: CrateCode, path: Path) -> Mapping[str, str]:
    """The types of the fields of a struct or variant, as they are written, by name or position."""
    owner = owner_of(code, path)
    item = owner or code.names.items.get(path)
    if item is None:
        return {}
    outline, body = code.outlines[item.file], item.node.child_by_field_name("body")
    if owner is not None and body is not None:
        variants = [one for one in body.named_children if one.type == "enum_variant"]
        found = [one for one in variants if outline.text(child(one, "name")) == path[-1]]
        body = found[0].child_by_field_name("body") if found else None
    return {name: outline.text(kind) for name, kind in fields_of(outline, body).items()}


def fields_of(outline: Outline, body: Node | None) -> dict[str, Node]:
    """The types in a list of fields, by name or position."""
    if body is None:
        return {}
    if body.type == "ordered_field_declaration_list":
        kinds = body.children_by_field_name("type")
        return {str(at): one for at, one in enumerate(kinds)}
    rows = [one for one in body.named_children if one.type == "field_declaration"]
    return {outline.text(child(one, "name")): child(one, "type") for one in rows}


def record(machine: Interpreting, node: Node, env: Environment) -> object:
    """A value of an own struct or variant, written with its fields."""
    kind, variant = machine.shape(child(node, "name"), env)
    kinds = machine.fields(child(node, "name"), env)
    fields: dict[str, object] = {}
    base: dict[str, object] = {}
    for one in child(node, "body").named_children:
        if one.type == "shorthand_field_initializer":
            name = env.outline.text(one)
            fields[name] = typed(machine.eval(one.named_children[0], env), kinds.get(name, ""))
        elif one.type == "field_initializer":
            value = machine.eval(child(one, "value"), env)
            name = env.outline.text(child(one, "field"))
            fields[name] = typed(value, kinds.get(name, ""))
        elif one.type == "base_field_initializer":
            base = _base(machine, inner_nodes(one)[-1], child(node, "name"), env)
        elif not one.type.endswith("comment"):
            raise Stuck
    return Record(kind, base | fields, variant)


def _base(machine: Interpreting, node: Node, name: Node, env: Environment) -> dict[str, object]:
    """The fields that `..rest` gives; `Default::default()` is of the type that is made."""
    if _DEFAULT.fullmatch(env.outline.text(node)):
        held = machine.default(name, env)
    else:
        held = plain(machine.eval(node, env))
    return held.fields if isinstance(held, Record) else {}


def parts_of(
    machine: Interpreting, pattern: Node, value: object, env: Environment
) -> list[tuple[Node, object]] | None:
    """The parts of a pattern of an own struct or variant with what each is to match; None if the
    value is another variant.

    :raises Stuck: if the value is none.
    """
    kind, variant = machine.shape(child(pattern, "type"), env)
    if not isinstance(value, Record) or value.path != kind:
        raise Stuck
    if value.variant != variant:
        return None
    if pattern.type == "tuple_struct_pattern":
        inner = [one for one in pattern.children if one.type not in "(),"][1:]
        if any(one.type == "remaining_field_pattern" for one in inner):
            inner = inner[: [one.type for one in inner].index("remaining_field_pattern")]
        return [(one, value.fields[str(at)]) for at, one in enumerate(inner)]
    rows: list[tuple[Node, object]] = []
    for one in pattern.named_children:
        if one.type == "field_pattern":
            name = child(one, "name")
            held = value.fields[env.outline.text(name)]
            rows.append((one.child_by_field_name("pattern") or name, held))
    return rows
