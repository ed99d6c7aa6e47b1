"""PowerShell texts as commands and method calls, read with its grammar."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
_MAX_SIZE = 64 * 1024
_MAX_NODES = 40_000
_HOLE = "{}"
_CHARACTER = re.compile(r"\[char\]\s*(0x[0-9a-fA-F]+|\d+)", re.IGNORECASE)
_NESTED = re.compile(r"\$(?:\{)?(env:)?(\w+)\}?", re.IGNORECASE)


class PowerCall(NamedTuple):
    """A command with its parameters by lower-case name (`-uri`), or a method (`.downloadstring`).

    Values without a parameter's name stand in `values`, in order.
    """

    name: str
    parameters: tuple[tuple[str, str], ...]
    values: tuple[str, ...]


def power_calls(text: str) -> list[PowerCall]:
    """All commands and method calls of a text, in order; names in lower case."""
    data = text[:_MAX_SIZE].encode("utf-8", "replace")
    return list(_Reader(data).read(_PARSER.parse(data).root_node))


def decoded_command(text: str) -> str:
    """The text behind `-EncodedCommand`: base64 of UTF-16; empty if it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-16-le")
    except (binascii.Error, ValueError):
        return ""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._variables: dict[str, str] = {}
        self._left = _MAX_NODES

    def read(self, root: tree_sitter.Node) -> Iterator[PowerCall]:
        """Calls below a node, in byte order."""
        pending = [root]
        while pending and self._left > 0:
            node = pending.pop()
            self._left -= 1
            if node.type == "assignment_expression":
                self._assign(node)
            elif node.type == "command":
                yield self._command(node)
            elif node.type == "invokation_expression":
                yield from self._method(node)
            pending += reversed(node.named_children)

    def _assign(self, node: tree_sitter.Node) -> None:
        children = node.named_children
        if len(children) >= 2:  # the name and its value
            name = self._text(children[0]).lstrip("$").strip().lower()
            self._variables[name] = self.value(children[-1])[:4096]

    def _command(self, node: tree_sitter.Node) -> PowerCall:
        name, parameters, values, waiting = "", [], [], ""
        for one in node.named_children:
            if one.type.startswith("command_name"):
                name = self.value(one).replace("`", "").lower()
                continue
            for part in one.named_children if one.type == "command_elements" else [one]:
                if part.type == "command_parameter":
                    if waiting:
                        parameters.append((waiting, ""))
                    waiting = self._text(part).rstrip(":").lower()
                elif part.type not in ("command_argument_sep", "redirection"):
                    text = self.value(part)
                    if waiting:
                        parameters.append((waiting, text))
                    else:
                        values.append(text)
                    waiting = ""
        if waiting:
            parameters.append((waiting, ""))
        return PowerCall(name, tuple(parameters), tuple(values))

    def _method(self, node: tree_sitter.Node) -> Iterator[PowerCall]:
        members = [one for one in node.named_children if one.type == "member_name"]
        listed = [one for one in node.named_children if one.type == "argument_list"]
        if members:
            name = "." + self._text(members[-1]).strip().lower()
            rows = [row for one in listed for row in one.named_children]
            arguments = [self.value(one) for row in rows for one in row.named_children]
            yield PowerCall(name, (), tuple(arguments))

    # Values -----------------------------------------------------------------------------------

    def value(self, node: tree_sitter.Node) -> str:
        """The text an expression stands for; `{}` for what is not known."""
        self._left -= 1
        if self._left < 0:
            return _HOLE
        kind = node.type
        if kind == "variable":
            return self._variable(self._text(node))
        if kind == "verbatim_string_characters":
            return self._text(node)[1:-1].replace("''", "'")
        if kind in ("expandable_string_literal", "expandable_here_string_literal"):
            return self._expanded(self._text(node).strip("@").strip('"'))
        if kind == "additive_expression" and len(node.named_children) > 1:
            return "".join(self.value(one) for one in node.named_children)
        children = node.named_children
        if kind in ("cast_expression", "unary_expression") and "char]" in self._text(node).lower():
            match = _CHARACTER.search(self._text(node))
            return chr(int(match[1], 0)) if match is not None else _HOLE
        if kind in ("invokation_expression", "command"):
            return _HOLE
        if len(children) == 1:
            return self.value(children[0])
        if children:
            return _HOLE
        return self._text(node).replace("`", "").strip("'\"")

    def _expanded(self, text: str) -> str:
        plain = _NESTED.sub(lambda one: self._variable(one[0]), text)
        return plain.replace('""', '"').replace("`", "")

    def _variable(self, text: str) -> str:
        name = text.lstrip("$").strip("{}").lower()
        if name.startswith("env:"):
            return f"{{env:{name[4:].upper()}}}"
        return "{home}" if name == "home" else self._variables.get(name, _HOLE)

    def _text(self, node: tree_sitter.Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")
