"""What the own `macro_rules!` of a crate are given, so that their bodies can be read with it.

Only plain rules: the parameters of a rule by position, or one repetition of them, turn by turn, for
invocations that read as call arguments. A macro with anything else is read as it stands.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.expansion import Macro
from analyzer.syntax.fields import Given
from analyzer.syntax.outline import Node, Outline
from analyzer.syntax.paths import Path, clean

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

MAX_INVOCATIONS = 8
"""Invocations of one macro beyond which no more are looked at."""
MAX_TURNS = 16
"""Turns of one repetition beyond which no more are looked at."""
_PUSHING = re.compile(r"\$\([^()]*\.\s*push(?:_str)?\s*\(\s*\$|concat!\s*\(\s*\$\(")
"""A repetition that puts one text behind another."""
_PARAMETER = re.compile(r"\$\s*(\w+)")
_PLAIN = re.compile(r"[\w:\s]+")


class MacroArguments:
    """Invocations of one crate's own macros."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code

    def given(self, outline: Outline, function: int) -> Iterator[Mapping[str, Given]]:
        """What each invocation gives the parameters of a macro, by their names."""
        name = clean(outline.functions[function].name.rstrip("!"))
        rules = list(_rules(outline, outline.functions[function].node))
        for other, macro in self.invocations.get(name, ())[:MAX_INVOCATIONS]:
            scope = other.scope_at(macro.node.start_byte, macro.node.end_byte)
            for names, is_repeated in rules:
                turns = len(macro.arguments) // max(1, len(names))
                if len(names) * turns != len(macro.arguments) or (turns != 1 and not is_repeated):
                    continue
                for turn in range(min(turns, MAX_TURNS)):
                    nodes = macro.arguments[turn * len(names) :]
                    rows = zip(names, nodes, strict=False)
                    yield {label: Given(other, one, scope) for label, one in rows}
                break

    def path(self, outline: Outline, node: Node, function: int) -> Path:
        """A path with parameters in it, as the first invocation that fits makes it; or ()."""
        text = outline.text(node)
        if outline.data[node.start_byte - 1 : node.start_byte] == b"$":
            text = f"${text}"
        for given in self.given(outline, function) if len(text) < 200 and "$" in text else ():
            names = set(_PARAMETER.findall(text))
            if not names <= set(given):
                continue
            filled = _PARAMETER.sub(lambda found: _text(given[found[1]]), text)  # noqa: B023
            if _PLAIN.fullmatch(filled):
                return tuple(clean(one.strip()) for one in filled.split("::") if one.strip())
        return ()

    def text(self, outline: Outline, text: str, function: int) -> str:
        """A text with parameters in it, as the first invocation that fits fills it."""
        names = set(_PARAMETER.findall(text)) if function >= 0 else set()
        if not names or outline.functions[function].kind != "macro_definition":
            return text
        for given in self.given(outline, function):
            if names <= set(given):
                return _PARAMETER.sub(lambda found: _text(given[found[1]]), text)  # noqa: B023
        return text

    def joins(self, name: str) -> bool:
        """Whether an own macro of this name puts the texts that it is given one after another."""
        return name in self._joining

    @functools.cached_property
    def _joining(self) -> frozenset[str]:
        found: set[str] = set()
        for outline in self._code.outlines.values():
            for one in outline.functions:
                if one.kind != "macro_definition" or not _PUSHING.search(outline.text(one.node)):
                    continue
                if any(is_repeated for _, is_repeated in _rules(outline, one.node)):
                    found.add(clean(one.name.rstrip("!")))
        return frozenset(found)

    @functools.cached_property
    def invocations(self) -> Mapping[str, list[tuple[Outline, Macro]]]:
        """Macro invocations of all files, by the macro's name."""
        table: dict[str, list[tuple[Outline, Macro]]] = {}
        for outline in self._code.outlines.values():
            for macro in outline.macros.values():
                table.setdefault(macro.name, []).append((outline, macro))
        return table


def _text(given: Given) -> str:
    return given.outline.text(given.node)


def _rules(outline: Outline, node: Node) -> Iterator[tuple[list[str], bool]]:
    """The parameters of each plain rule, without their `$`, and whether they are repeated."""
    for rule in node.named_children:
        left = rule.child_by_field_name("left") if rule.type == "macro_rule" else None
        parts = left.named_children if left is not None else []
        is_repeated = len(parts) == 1 and parts[0].type == "token_repetition_pattern"
        if is_repeated:
            parts = parts[0].named_children
        if left is not None and all(one.type == "token_binding_pattern" for one in parts):
            names = [one.child_by_field_name("name") for one in parts]
            yield [outline.text(one).lstrip("$ ") for one in names if one is not None], is_repeated
