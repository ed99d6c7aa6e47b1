"""The code that `quote!` makes of what is put into it: identifiers and paths that are made of
words, texts, parsed tokens. What nobody can tell is a name without meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from analyzer.syntax.builders import results
from analyzer.syntax.fields import parameters
from analyzer.syntax.lexer import literal_text
from analyzer.syntax.macro_values import filled
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.query import arguments_of
from analyzer.syntax.values import Value

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

HOLE = "hole"
_QUOTING = frozenset({"quote", "quote_spanned", "parse_quote", "parse_quote_spanned"})
_PUT_IN = re.compile(
    r'r(?P<sharps>#*)"[\s\S]*?"(?P=sharps)|"(?:[^"\\]|\\.)*"'
    r"|#\(\s*#(?P<several>[A-Za-z_]\w*)\s*\)\s*(?P<between>[^\w\s*]{0,3})\s*\*"
    r"|#(?P<one>[A-Za-z_]\w*)"
)
_KEEPING = frozenset({"unwrap", "unwrap_or_default", "expect", "into", "clone", "to_token_stream"})
_GATHERING = frozenset({"iter", "into_iter", "map", "collect", "copied", "cloned"})
_PARSING = frozenset({"parse_str", "from_str"})
_NAMING = re.compile(
    r"^\|\s*&?(\w+)\s*\|\s*(?:(?:\w+::)*Ident::new\(\s*[&*]?\1\s*,[^,]*"
    r'|(?:quote::)?format_ident!\(\s*"(?:\{\}"\s*,\s*\1|\{\1\}")\s*)\)$'
)
_TEXTS = ("str", "String", "usize", "u8", "u16", "u32", "u64", "i32", "i64", "bool", "char")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
_COMMENT = re.compile(r'^[^"\n]*//', re.MULTILINE)
_STATEMENTS = re.compile(r"[;{]")
_DEPTH = 6
_LONGEST = 20_000


class _At(NamedTuple):
    """Where an expression stands, with what its function was given."""

    outline: Outline
    scope: Scope
    given: dict[str, Value]
    depth: int


class Quotes:
    """Readings of the quotes of one crate."""

    def __init__(self, code: CrateCode) -> None:
        self._code = code

    def of(self, outline: Outline) -> Iterator[tuple[int, str]]:
        """Line and text of each quote of a file that something known is put into, in order."""
        for start, macro in sorted(outline.macros.items()):
            if macro.name in _QUOTING:
                at = _At(outline, outline.scope_at(start, macro.node.end_byte), {}, 0)
                body = _body(macro.node)
                text, is_known = self._quote(macro.node, at)
                if is_known and body is not None:
                    yield outline.data.count(b"\n", 0, body.start_byte), text

    def _quote(self, node: Node, at: _At) -> tuple[str, bool]:
        body, known = _body(node), 0
        if body is None:
            return "", False

        def put(match: re.Match[str]) -> str:
            nonlocal known
            if not match["several"] and not match["one"]:
                return match[0]
            told = (
                self._several(match["several"], match["between"], node, at)
                if match["several"]
                else self._named(match["one"], node, at)
            )
            known += told is not None
            return HOLE if told is None else told

        raw = at.outline.data[body.start_byte + 1 : body.end_byte - 1][:_LONGEST]
        text = raw.decode("utf-8", "replace")
        if "#" not in text:
            return text, False
        return _PUT_IN.sub(put, text)[:_LONGEST], known > 0

    def _named(self, name: str, node: Node, at: _At) -> str | None:
        """What a local stands for as tokens: the code it holds, or the literal of its text."""
        for row in at.outline.bindings(name, node.start_byte, at.scope.function):
            is_whole = row.value is not None and row.part < 0 and not row.field
            tokens = self._tokens(row.value, at) if is_whole and not row.is_element else None
            if tokens is not None:
                return tokens
            break
        value = self._code.evaluator.named(
            at.outline, name, node.start_byte, at.scope, (at.given, at.depth)
        )
        return _literal(value)

    def _several(self, name: str, between: str, node: Node, at: _At) -> str | None:
        """`#(#words)::*` of a list of texts, or of identifiers made of them one by one."""
        for row in at.outline.bindings(name, node.start_byte, at.scope.function):
            listed, is_naming = row.value, False
            while listed is not None and listed.type == "call_expression":
                receiver, method = _method(at.outline, listed)
                if receiver is None or method not in _GATHERING:
                    return None
                if method == "map":
                    given = [at.outline.text(one) for one in arguments_of(listed)]
                    if is_naming or len(given) != 1 or not _NAMING.match(given[0]):
                        return None
                    is_naming = True
                listed = receiver
            if listed is None:
                return None
            items = self._value(listed, at).items
            told = [one.text if is_naming else _literal(one) for one in items or ()]
            known = [one for one in told if one is not None]
            is_all = bool(known) and len(known) == len(told)
            is_all = is_all and all(one.is_constant for one in items or ())
            return between.join(known) if is_all else None
        return None

    def _tokens(self, node: Node | None, at: _At) -> str | None:
        """The tokens that an expression gives; None if it gives none, or nobody can tell."""
        if node is None or at.depth > _DEPTH:
            return None
        at = at._replace(depth=at.depth + 1)
        if node.type in ("reference_expression", "try_expression", "parenthesized_expression"):
            return self._tokens(node.named_children[-1] if node.named_children else None, at)
        if node.type == "identifier":
            for row in at.outline.bindings(
                at.outline.text(node), node.start_byte, at.scope.function
            ):
                is_whole = row.part < 0 and not row.field and not row.is_element
                return self._tokens(row.value, at) if is_whole else None
            return None
        if node.type == "macro_invocation":
            return self._of_macro(node, at)
        return self._of_call(node, at) if node.type == "call_expression" else None

    def _of_macro(self, node: Node, at: _At) -> str | None:
        macro = at.outline.macros.get(node.start_byte)
        if macro is None:
            return None
        if macro.name in _QUOTING:
            text, _ = self._quote(node, at)
            return None if _STATEMENTS.search(text) else text  # they are told where they stand
        if macro.name != "format_ident" or not macro.arguments:
            return None
        first = macro.arguments[0]
        raw = literal_text(at.outline.data[first.start_byte : first.end_byte]) or ""
        what = (raw, macro.arguments)
        value = filled(self._code.evaluator, at.outline, what, at.scope, (at.given, at.depth))
        return value.text if value.is_constant else None

    def _of_call(self, node: Node, at: _At) -> str | None:
        receiver, method = _method(at.outline, node)
        if receiver is not None:
            if method == "parse":
                return _code_of(self._value(receiver, at))
            return self._tokens(receiver, at) if method in _KEEPING else None
        function, given = node.child_by_field_name("function"), arguments_of(node)
        if function is None:
            return None
        said = at.outline.text(function).partition("::<")[0].split("::")
        if given and (
            said[-1] in _PARSING or said[-2:] in (["Ident", "new"], ["Ident", "new_raw"])
        ):
            return _code_of(self._value(given[0], at))
        return self._of_own(function, given, at)

    def _of_own(self, function: Node, given: list[Node], at: _At) -> str | None:
        """What an own function gives that returns no text."""
        code = self._code
        own = code.own_function(code.callee(at.outline, function, at.scope))
        body = own.node.child_by_field_name("body") if own is not None else None
        kind = own.node.child_by_field_name("return_type") if own is not None else None
        if own is None or body is None or kind is None:
            return None
        other = code.outlines[own.file]
        if other.text(kind).lstrip("&").rpartition(" ")[2] in _TEXTS:
            return None
        code.want_body(other, own.node)
        values = (self._value(one, at) for one in given)
        names = dict(zip(parameters(other, own.node), values, strict=False))
        inner = _At(other, other.scope_at(body.start_byte, body.end_byte), names, at.depth)
        rows = (self._tokens(one, inner) for one in results(other, body, -1))
        return next((one for one in rows if one), None)

    def _value(self, node: Node, at: _At) -> Value:
        return self._code.evaluator.value(at.outline, node, at.scope, at.given)


def _method(outline: Outline, node: Node) -> tuple[Node | None, str]:
    """What a method is called on, and its name; nothing for other calls."""
    function = node.child_by_field_name("function")
    if function is not None and function.type == "generic_function":
        function = function.child_by_field_name("function")
    receiver = function.child_by_field_name("value") if function is not None else None
    field = function.child_by_field_name("field") if function is not None else None
    return receiver, outline.text(field) if field is not None else ""


def _body(node: Node) -> Node | None:
    return next((one for one in node.children if one.type == "token_tree"), None)


def _literal(value: Value) -> str | None:
    if not value.is_constant or value.items is not None:
        return None
    if value.number is not None:
        return str(value.number)
    return '"' + "".join(_ESCAPED.get(one, one) for one in value.text) + '"'


def _code_of(value: Value) -> str | None:
    """A text that becomes tokens; on one line where that changes nothing."""
    if not value.is_constant:
        return None
    text = value.text
    return text if _COMMENT.search(text) else text.replace("\n", " ")
