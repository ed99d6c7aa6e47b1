"""The one TOML reader: strict UTF-8, byte-order mark dropped as cargo does, errors with their line.

Nothing else imports a TOML library, so that one place decides what a hostile document can do.
"""

from __future__ import annotations

import re

import tomli

from analyzer.errors import TomlError

TomlTable = dict[str, object]
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+))\s*""")
_KEY_CHARACTERS = 4096
_KEY_PARTS = 16


def read_toml(data: bytes, *, name: str) -> TomlTable:
    """Parse a TOML document; `name` stands in errors. Raises TomlError, also on absurd nesting."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TomlError(f"{name}:{line}: not UTF-8 text") from None
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise TomlError(f"{name}:{error.lineno}: {error.msg}") from None
    except ValueError:  # Python's own bound on digits: no line is told
        raise TomlError(f"{name}: a number of too many digits") from None
    except RecursionError:
        raise TomlError(f"{name}: arrays or tables nested too deeply") from None


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Line (from 1) where each key and table of a document first stands, by its full path.

    TOML readers keep no positions, so this looks at the text: good for pointing a person to a
    line, never for deciding anything. Keys inside inline tables are not listed.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw[:_KEY_CHARACTERS].strip()
        if line.startswith("["):
            found = keys = table = _keys(line.lstrip("["))
        else:
            keys = _keys(line)
            found = table + keys if keys and line[:1] not in "#" else ()
        for end in range(len(found) - len(keys) + 1, len(found) + 1):
            lines.setdefault(found[:end], number)
    return lines


def _keys(text: str) -> tuple[str, ...]:
    """The dotted key that a text starts with."""
    keys: list[str] = []
    at = 0
    while (part := _KEY.match(text, at)) and len(keys) < _KEY_PARTS:
        quoted, literal, bare = part.groups()
        keys.append(literal or bare or re.sub(r"\\(.)", r"\1", quoted or ""))
        at = part.end()
        if text[at : at + 1] != ".":
            break
        at += 1
    return tuple(keys)
