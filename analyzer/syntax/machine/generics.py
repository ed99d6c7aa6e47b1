"""Constants of generics in the bounded interpreter: `fn open<const N: usize>(data: [u8; N])`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.syntax.machine.shared import Environment, Interpreting, inner_nodes
from analyzer.syntax.machine.values import Number, Record, plain
from analyzer.syntax.outline import Node, Outline

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

_ASIDE = frozenset({"lifetime", "lifetime_parameter", "line_comment", "block_comment"})


def constants(outline: Outline, node: Node | None) -> list[str]:
    """The parameters of a generic item, without lifetimes; those that are no constants as ""."""
    listed = node.child_by_field_name("type_parameters") if node is not None else None
    found: list[str] = []
    for one in listed.named_children if listed is not None else ():
        if one.type not in _ASIDE:
            name = one.child_by_field_name("name") if one.type == "const_parameter" else None
            found.append(outline.text(name) if name is not None else "")
    return found


def bind(
    machine: Interpreting, parameters: Node | None, names: list[str], env: Environment
) -> None:
    """Bind constants that the arguments tell, by the lengths of the arrays that they are."""
    wanted = set(names) - {""}
    for one in inner_nodes(parameters) if wanted and parameters is not None else ():
        kind, pattern = (one.child_by_field_name(each) for each in ("type", "pattern"))
        if kind is not None and pattern is not None:
            label = env.outline.text(pattern).removeprefix("mut ").strip()
            held = env.names.get(label)
            lengths(machine, kind, plain(held) if held is not None else None, env, wanted)


def bind_given(names: list[str], given: tuple[object, ...], env: Environment) -> None:
    """Bind constants that a call states: `open::<11>(..)`."""
    for name, value in zip(names, given, strict=False):
        if name and isinstance(plain(value), (Number, bool, str)):
            env.names[name] = plain(value)


def bind_held(
    machine: Interpreting, code: CrateCode, impl: Node | None, held: object, env: Environment
) -> None:
    """Bind constants of an `impl` by the fields of the struct that a method is called on."""
    kind = impl.child_by_field_name("type") if impl is not None else None
    listed = kind.child_by_field_name("type_arguments") if kind is not None else None
    if not isinstance(held, Record) or listed is None:
        return
    struct = code.names.structs.get(held.path)
    if struct is None:
        return
    outline = code.outlines[struct.file]
    names = constants(outline, struct.node)
    inner = Environment(outline, env.scope, {})
    body = struct.node.child_by_field_name("body")
    kinds = [one.child_by_field_name("type") for one in body.named_children] if body else []
    labels = [one.child_by_field_name("name") for one in body.named_children] if body else []
    for label, one in zip(labels, kinds, strict=True):
        value = held.fields.get(outline.text(label)) if label is not None else None
        if one is not None and value is not None:
            lengths(machine, one, plain(value), inner, set(names) - {""})
    own = [one for one in listed.named_children if one.type not in _ASIDE]
    for name, node in zip(names, own, strict=False):
        if name in inner.names:
            env.names[env.outline.text(node).strip("{} ")] = inner.names[name]


def lengths(
    machine: Interpreting, kind: Node, value: object, env: Environment, wanted: set[str]
) -> None:
    """Bind the constants that the lengths of arrays in a type tell."""
    while kind.type == "reference_type":
        kind = kind.child_by_field_name("type") or kind.named_children[-1]
    if kind.type != "array_type" or not isinstance(value, list):
        return
    machine.step()
    length, element = (kind.child_by_field_name(one) for one in ("length", "element"))
    name = env.outline.text(length).strip("{} ") if length is not None else ""
    if name in wanted:
        env.names[name] = Number(len(value), "usize")
    if element is not None and value:
        lengths(machine, element, plain(value[0]), env, wanted)
