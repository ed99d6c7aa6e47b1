"""Texts in Python, JavaScript, Ruby, Perl or PHP as the calls that they make: names and the texts
that they are given. No grammar of any of them: what all write the same way is enough for one line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MAX_SIZE = 64 * 1024
_MAX_CALLS = 256
_TOKEN = re.compile(
    r"(?P<text>[bBfFrRuU]{0,2}(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`))"
    r"|(?P<name>\$?[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)*[!?]?)|(?P<sign>=>|==|[()\[\]{},;=+&|\n])"
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_HOLE = re.compile(r"\$\{[^{}]*\}|#\{[^{}]*\}")
_OPEN, _CLOSED = "([{", ")]}"


class ScriptCall(NamedTuple):
    """A call by its name as written (`os.chmod`), with what its arguments say: a text, the name of
    a keyword before it (`data=`), or "" for anything that is not known.
    """

    name: str
    values: tuple[str, ...]
    keywords: tuple[str, ...]


class _Token(NamedTuple):
    kind: str
    text: str


def script_calls(text: str) -> list[ScriptCall]:
    """The calls of a text, in order of their names."""
    tokens = [_token(one) for one in _TOKEN.finditer(text[:_MAX_SIZE])]
    variables = _variables(tokens)
    found: list[ScriptCall] = []
    for at in range(len(tokens) - 1):
        if tokens[at].kind != "name" or len(found) >= _MAX_CALLS:
            continue
        following = tokens[at + 1]
        if following.text == "(" and following.kind == "sign":
            found.append(_call(tokens, at, variables))
        elif following.kind == "text" and _is_command(tokens, at):
            found.append(ScriptCall(tokens[at].text, (following.text,), ()))
    return found


def _token(match: re.Match[str]) -> _Token:
    if match["text"] is None:
        return _Token("name" if match["name"] else "sign", match[0])
    body = match["text"].lstrip("bBfFrRuU")
    plain = _ESCAPED.sub(lambda one: "\n" if one[1] == "n" else one[1], body[1:-1])
    return _Token("text", _HOLE.sub("{}", plain))


def _is_command(tokens: list[_Token], at: int) -> bool:
    """Whether a name and a text behind it are a call without brackets: `system "ls"`."""
    return at == 0 or (tokens[at - 1].kind == "sign" and tokens[at - 1].text in ";\n({|&")


def _variables(tokens: list[_Token]) -> dict[str, str]:
    """Names that are given a text once."""
    found: dict[str, str] = {}
    for name, sign, value in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if name.kind == "name" and sign.text == "=" and value.kind == "text":
            found.setdefault(name.text, value.text)
    return found


def _call(tokens: list[_Token], at: int, variables: dict[str, str]) -> ScriptCall:
    values, keywords = [""], [""]
    depth = 0
    for index in range(at + 1, min(len(tokens), at + 120)):
        one = tokens[index]
        if one.kind == "sign" and one.text in _OPEN:
            depth += 1
        elif one.kind == "sign" and one.text in _CLOSED:
            depth -= 1
            if depth <= 0:
                break
        elif one.kind == "sign" and one.text == "," and depth == 1:
            values.append("")
            keywords.append("")
        elif one.kind == "sign" and one.text == "=" and depth == 1:
            keywords[-1] = tokens[index - 1].text
            values[-1] = ""
        elif one.kind == "text":
            values[-1] += one.text
        elif one.kind == "name" and depth == 1:
            values[-1] += variables.get(one.text, "")
    return ScriptCall(tokens[at].text, tuple(values), tuple(one for one in keywords if one))
