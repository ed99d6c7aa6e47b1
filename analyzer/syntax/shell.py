"""Shell texts as commands, read with bash's grammar: what a `sh -c` will run.

Variables that the text itself sets are put in, constant pipelines into a shell are decoded, and
here-documents for a shell count as its text. Nothing is run; every bound is a number of steps.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter
import tree_sitter_bash

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
_LETTERS = bytes(one if one < 128 else ord("x") for one in range(256))
"""To a shell, what is not ASCII is a letter like any other; the grammar's own code asks the C
library for its class and dies of it.
"""
_MAX_SIZE = 64 * 1024
_MAX_NODES = 20_000
_MAX_DEPTH = 60
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "fish"})
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|0?([0-7]{1,3})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r"}
_HOLE = "{}"
_EXPANDED = re.compile(r"\w+")


class Redirect(NamedTuple):
    """`> target` and its kin."""

    sign: str
    target: str


class Command(NamedTuple):
    """One simple command: its words with quoting undone, and what it is redirected to."""

    words: tuple[str, ...]
    redirects: tuple[Redirect, ...] = ()


def commands(text: str) -> list[Command]:
    """All simple commands of a text, however nested, in the order they stand in."""
    data = text[:_MAX_SIZE].encode("utf-8", "replace")
    root = _PARSER.parse(data.translate(_LETTERS)).root_node
    found = list(_Reader(data).read(root, 0))
    return found if found or not root.has_error else list(_roughly(text[:_MAX_SIZE]))


def _roughly(text: str) -> Iterator[Command]:
    """Commands of a text that no shell would take whole: split at separators and blanks."""
    for part in re.split(r"[;|&\n()`]+", text):
        words = part.replace("'", " ").replace('"', " ").split()
        if words:
            yield Command(tuple(words))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._variables: dict[str, str] = {}
        self._left = _MAX_NODES

    def read(self, node: tree_sitter.Node, depth: int) -> Iterator[Command]:
        """The commands below a node."""
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            return
        if node.type == "variable_assignment":
            self._assign(node, depth)
        if node.type == "for_statement":
            self._loop(node, depth)
        if node.type == "redirected_statement":
            yield from self._redirected(node, depth)
        elif node.type == "command":
            yield self._command(node, depth)
            for one in node.named_children:
                yield from self._inside(one, depth)
        elif node.type == "pipeline":
            yield from self._pipeline(node, depth)
        else:
            for one in node.named_children:
                yield from self.read(one, depth + 1)

    def _inside(self, node: tree_sitter.Node, depth: int) -> Iterator[Command]:
        """Commands in `$(...)`, backquotes and `<(...)` among a command's words."""
        pending = [node]
        while pending and self._left > 0:
            one = pending.pop()
            self._left -= 1
            if one.type in ("command_substitution", "process_substitution"):
                for inner in one.named_children:
                    yield from self.read(inner, depth + 1)
            else:
                pending += reversed(one.named_children)

    def _redirected(self, node: tree_sitter.Node, depth: int) -> Iterator[Command]:
        found: list[Command] = []
        redirects: list[Redirect] = []
        bodies: list[str] = []
        for one in node.named_children:
            if one.type == "file_redirect":
                redirects += self._redirect(one, depth)
            elif one.type == "heredoc_redirect":
                bodies += [self._text(x) for x in one.named_children if x.type == "heredoc_body"]
                found += [y for x in one.named_children for y in self.read(x, depth + 1)]
            elif one.type == "herestring_redirect":
                bodies += [self.value(x, depth) for x in one.named_children[:1]]
            else:
                found += self.read(one, depth + 1)
        if found:
            found[-1] = found[-1]._replace(redirects=(*found[-1].redirects, *redirects))
            first = found[0].words
            if bodies and first and _name(first[0]) in _SHELLS:
                found.append(Command((first[0], "-c", "\n".join(bodies))))
        elif redirects:
            found.append(Command((), tuple(redirects)))
        yield from found

    def _redirect(self, node: tree_sitter.Node, depth: int) -> list[Redirect]:
        signs = [self._text(one) for one in node.children if not one.is_named]
        targets = [one for one in node.named_children if one.type != "file_descriptor"]
        if not targets or not signs or (signs[0].endswith("&") and targets[0].type == "number"):
            return []
        return [Redirect(signs[0], self.value(one, depth)) for one in targets]

    def _command(self, node: tree_sitter.Node, depth: int) -> Command:
        words: list[str] = []
        redirects: list[Redirect] = []
        for one in node.named_children:
            if one.type == "variable_assignment":
                continue  # `NAME=value program`: for the program alone
            if one.type == "file_redirect":
                redirects += self._redirect(one, depth)
            elif one.type == "herestring_redirect":
                continue
            else:
                words.append(self.value(one, depth))
        if words and words[0] == "eval":
            return Command(("sh", "-c", " ".join(words[1:])), tuple(redirects))
        return Command(tuple(words), tuple(redirects))

    def _pipeline(self, node: tree_sitter.Node, depth: int) -> Iterator[Command]:
        """Each command; and the text that a constant beginning hands to a shell at the end."""
        flow: str | None = None
        for one in node.named_children:
            found = list(self.read(one, depth + 1))
            yield from found
            words = found[-1].words if found else ()
            if words and _name(words[0]) in _SHELLS and flow is not None and len(words) == 1:
                yield Command((words[0], "-c", flow))
            flow = _passed_on(words, flow)

    def _assign(self, node: tree_sitter.Node, depth: int) -> None:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        if name is not None:
            text = self.value(value, depth) if value is not None else ""
            self._variables[self._text(name)] = text[:4096]

    def _loop(self, node: tree_sitter.Node, depth: int) -> None:
        """The variable of a loop stands for the first of its words."""
        name, values = node.child_by_field_name("variable"), node.children_by_field_name("value")
        if name is not None and values:
            self._variables[self._text(name)] = self.value(values[0], depth)

    # Words ------------------------------------------------------------------------------------

    def value(self, node: tree_sitter.Node, depth: int) -> str:
        """A word without its quoting; `{}` for what is not known, `{env:NAME}` for a variable."""
        self._left -= 1
        if self._left < 0 or depth > _MAX_DEPTH:
            return _HOLE
        kind = node.type
        if kind in ("simple_expansion", "expansion"):
            return self._variable(node)
        if kind == "raw_string":
            return self._text(node)[1:-1]
        if kind == "ansi_c_string":
            return unescaped(self._text(node)[2:-1])
        if kind == "command_substitution":
            found = [y for x in node.named_children for y in self.read(x, depth + 1)]
            printed = _printed(found[-1].words) if found else None
            return printed.rstrip("\n") if printed is not None else _HOLE
        if kind in ("string", "concatenation", "command_name", "translated_string"):
            return self._joined(node, depth)
        if kind == "string_content":
            return re.sub(r"\\([$`\"\\\n])", r"\1", self._text(node))
        if kind == "process_substitution":
            return _HOLE
        return re.sub(r"\\(.)", r"\1", self._text(node), flags=re.DOTALL)

    def _joined(self, node: tree_sitter.Node, depth: int) -> str:
        """The parts of a quoted or glued word, with the blanks between them."""
        parts: list[str] = []
        quoted = node.type == "string"
        position = node.start_byte + quoted
        for one in node.named_children:
            gap = self._data[position : one.start_byte].decode("utf-8", "replace")
            parts += (gap if quoted else "", self.value(one, depth + 1))
            position = one.end_byte
        tail = self._data[position : node.end_byte - quoted].decode("utf-8", "replace")
        return "".join([*parts, tail if quoted or not node.named_children else ""])

    def _variable(self, node: tree_sitter.Node) -> str:
        match = _EXPANDED.search(self._text(node))
        name = match[0] if match is not None else ""
        if name in self._variables:
            return self._variables[name]
        if name.isdigit() or not name:
            return _HOLE
        return "{home}" if name == "HOME" else f"{{env:{name}}}"

    def _text(self, node: tree_sitter.Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def unescaped(text: str) -> str:
    r"""A text with `\xNN`, octal and letter escapes, as `printf` and `$'...'` read it."""

    def one(match: re.Match[str]) -> str:
        if match[1] or match[3]:
            return chr(int(match[1] or match[3], 16))
        if match[2]:
            return chr(int(match[2], 8) % 256)
        return _PLAIN.get(match[4], match[4])

    return _ESCAPE.sub(one, text)


def _name(word: str) -> str:
    return word.rsplit("/", 1)[-1]


def _printed(words: tuple[str, ...]) -> str | None:
    """What `echo` or `printf` of constants writes."""
    if not words or any(_HOLE in one for one in words[1:]):
        return None
    if _name(words[0]) == "echo":
        rest = [one for one in words[1:] if one not in ("-n", "-e", "-ne", "-en")]
        text = " ".join(rest)
        return unescaped(text) if len(rest) < len(words) - 1 else text
    if _name(words[0]) == "printf" and len(words) > 1:
        if words[1].count("%s") and len(words) > 2:  # program, form, text
            return unescaped(words[1].replace("%s", words[2], 1))
        return unescaped(words[1])
    return None


def _passed_on(words: tuple[str, ...], given: str | None) -> str | None:
    """What a command of a pipeline hands on, if that is constant."""
    printed = _printed(words)
    if printed is not None or given is None or not words:
        return printed
    name, flags = _name(words[0]), set(words[1:])
    try:
        if name == "base64" and flags & {"-d", "-D", "--decode"}:
            plain = "".join(given.split())
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
        if name == "xxd" and flags & {"-r", "-rp"}:
            return bytes.fromhex("".join(given.split())).decode()
    except (binascii.Error, ValueError):
        return None
    if name == "rev":
        return "\n".join(line[::-1] for line in given.split("\n"))
    return given if name in ("cat", "tee") and len(words) == 1 else None
