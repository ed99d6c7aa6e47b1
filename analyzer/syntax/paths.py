"""Paths as sources write them: segments, generic arguments, `use` trees. Nothing is resolved."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from analyzer.syntax.lexer import literal_text
from analyzer.syntax.outline import Node, Outline

Path = tuple[str, ...]

_SIMPLE = re.compile(r"(?:::\s*)?(?:r#)?[^\W\d]\w*(?:\s*::\s*(?:r#)?[^\W\d]\w*)*")
_GENERICS = re.compile(r"::\s*<[^<>]*>|<[^<>]*>")
_LINK_NAME = re.compile(r'\blink_name\s*=\s*(r#*"[^"]*"#*|"(?:[^"\\]|\\.)*")', re.DOTALL)
_VERBATIM = "\x01"
"""At the beginning of a `link_name`: the linker is to take the rest as it stands."""
_BEFORE = ("attribute_item", "line_comment", "block_comment")
_SCOPED = ("scoped_identifier", "scoped_type_identifier")
_NESTED = 64
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def clean(name: str) -> str:
    """An identifier as rustc compares it: without `r#`, in normal form C."""
    name = name.removeprefix("r#")
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def linked_symbols(outline: Outline, node: Node) -> tuple[str, ...]:
    """What the linker calls a declared function: each `link_name` that it has under some
    condition, and its own name unless one stands under none.
    """
    found: list[str] = []
    before = node.prev_named_sibling
    is_told = False
    while before is not None and before.type in _BEFORE:
        text = outline.text(before)
        for one in _LINK_NAME.findall(text):
            spelled = literal_text(one.encode()) or ""
            found.append(spelled.removeprefix(_VERBATIM))
            is_told = is_told or "cfg_attr" not in text
        before = before.prev_named_sibling
    name = node.child_by_field_name("name")
    own = (clean(outline.text(name)),) if name is not None and not is_told else ()
    return (*found[::-1], *own)


def path_segments(outline: Outline, node: Node) -> Path:
    """The segments of a path as written; generic arguments and comments dropped; () if none."""
    found = _segments(outline.text(node))
    return _qualified(outline, node) if found is None else found


@functools.lru_cache(maxsize=1 << 14)
def _segments(text: str) -> Path | None:
    """The segments of a path; None for one that begins with a qualified type."""
    if len(text) > 2000:
        return ()
    if not _SIMPLE.fullmatch(text):
        text = _COMMENT.sub(" ", text).strip()
        if text.startswith("<"):
            return None
        for _ in range(8):
            shorter = _GENERICS.sub("", text)
            if shorter == text:
                break
            text = shorter
        text = text.replace("$crate", "crate").strip()
        if not _SIMPLE.fullmatch(text):
            return ()
    return tuple(clean(one.strip()) for one in text.split("::"))


def _qualified(outline: Outline, node: Node) -> Path:
    """`<T as Trait>::name`, `<<T as A>::B as C>::name`: the type's path and the names."""
    tail: list[str] = []
    for _ in range(_NESTED):
        name, path = node.child_by_field_name("name"), node.child_by_field_name("path")
        if node.type in _SCOPED and name is not None and path is not None:
            tail.insert(0, clean(outline.text(name)))
            node = path
        elif node.type == "bracketed_type" and node.named_children:
            node = node.named_children[0]
        elif node.type in ("qualified_type", "generic_type", "reference_type"):
            inner = node.child_by_field_name("type")
            if inner is None:
                return ()
            node = inner
        else:
            break
    is_plain = not outline.text(node).lstrip().startswith("<")
    head = path_segments(outline, node) if is_plain else ()
    return (*head, *tail) if head else ()


def use_tree(outline: Outline, argument: Node) -> Iterator[tuple[str, Path]]:
    """(local name, path) for each leaf of a use tree; the name is `*` for a glob."""
    pending: list[tuple[Node, Path]] = [(argument, ())]
    while pending:
        node, prefix = pending.pop()
        kind = node.type
        if kind == "use_list":
            pending += [(one, prefix) for one in node.named_children]
        elif kind == "scoped_use_list":
            path, listed = node.child_by_field_name("path"), node.child_by_field_name("list")
            base = (*prefix, *path_segments(outline, path)) if path is not None else (*prefix, "")
            if listed is not None:
                pending += [
                    (one, base if prefix or path is not None else ("",)) for one in [listed]
                ]
        elif kind == "use_as_clause":
            path, alias = node.child_by_field_name("path"), node.child_by_field_name("alias")
            if path is not None and alias is not None:
                yield clean(outline.text(alias)), _leaf(prefix, path_segments(outline, path))
        elif kind == "use_wildcard":
            inner = node.named_children[0] if node.named_children else None
            yield "*", (*prefix, *(path_segments(outline, inner) if inner is not None else ()))
        else:
            full = _leaf(prefix, path_segments(outline, node))
            if full:
                yield full[-1], full


def _leaf(prefix: Path, segments: Path) -> Path:
    return prefix if prefix and segments == ("self",) else (*prefix, *segments)
