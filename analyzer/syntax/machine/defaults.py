"""What `Default::default()` makes in the bounded interpreter: of the library's types, and of own
types that derive it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.syntax.machine.shared import Environment, Interpreting, child
from analyzer.syntax.machine.tables import MAPS, Table
from analyzer.syntax.machine.values import NOTHING, WIDTHS, Char, Number, Record, Stuck, integer
from analyzer.syntax.machine.variants import fields_of, without_fields
from analyzer.syntax.outline import Node, Outline, Scope

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode
    from analyzer.syntax.paths import Path

_TEXTS = frozenset({"str", "String", "OsString", "PathBuf"})
_LISTS = frozenset({"Vec", "VecDeque"})
_AROUND = frozenset({"Box", "Rc", "Arc", "Cell", "RefCell", "Mutex", "RwLock", "Wrapping"})


def derived(machine: Interpreting, code: CrateCode, path: Path) -> Record | None:
    """The default value of the own type at a path; None if it does not derive one.

    :raises Stuck: if a field's default is not known.
    """
    item = code.names.items.get(path)
    if item is None or item.kind not in ("struct_item", "enum_item"):
        return None
    outline = code.outlines[item.file]
    if not _has(outline, item.node, "Default"):
        return None
    machine.step()
    body = item.node.child_by_field_name("body")
    if item.kind == "enum_item":
        several = body.named_children if body is not None else []
        variants = [one for one in several if one.type == "enum_variant"]
        found = next((one for one in variants if _has(outline, one, "default")), None)
        name = outline.text(child(found, "name")) if found is not None else ""
        return without_fields(machine, code, (*path, name))
    scope = Scope(-1, len(outline.data), item.scope.module, None)
    env = Environment(outline, scope, {})
    rows = fields_of(outline, body)
    return Record(path[-1], {name: _of(machine, code, kind, env) for name, kind in rows.items()})


def _has(outline: Outline, node: Node, word: str) -> bool:
    """Whether an attribute before a declaration names a word."""
    before = node.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment"):
        if before.type == "attribute_item" and word in outline.text(before):
            return True
        before = before.prev_named_sibling
    return False


def _of(machine: Interpreting, code: CrateCode, kind: Node, env: Environment) -> object:
    """The default of a type as it is written.

    :raises Stuck: if it is none that is known.
    """
    machine.step()
    if kind.type == "array_type":
        count = integer(machine.eval(child(kind, "length"), env))
        machine.step(count)
        return [_of(machine, code, child(kind, "element"), env) for _ in range(count)]
    if kind.type == "tuple_type":
        return tuple(_of(machine, code, one, env) for one in kind.named_children)
    if kind.type == "reference_type":
        return _of(machine, code, child(kind, "type"), env)
    named = kind.child_by_field_name("type") if kind.type == "generic_type" else kind
    name = env.outline.text(named or kind).rpartition("::")[2].strip()
    if name in _AROUND and kind.type == "generic_type":
        return _of(machine, code, child(kind, "type_arguments").named_children[0], env)
    known = _plain(name)
    if known is not None:
        return known
    segments = tuple(env.outline.text(named or kind).split("::"))
    path = code.resolve(env.outline, segments, kind.start_byte, env.scope.module)
    found = derived(machine, code, path) if path is not None else None
    if found is None:
        raise Stuck
    return found


def _plain(name: str) -> object:
    """The default of a type of the library; None if it has none that is known."""
    if name in WIDTHS:
        return Number(0, name)
    if name in _TEXTS:
        return ""
    if name in _LISTS:
        return []
    if name in MAPS:
        return Table()
    several: dict[str, object] = {"bool": False, "char": Char("\0"), "Option": NOTHING}
    return several.get(name)
