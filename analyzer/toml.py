"""The one TOML reader: strict UTF-8, byte-order mark dropped as cargo does, errors with file and line.

Nothing else imports a TOML library, so that one place decides what a hostile document can do.
"""

from __future__ import annotations

import tomli

from analyzer.errors import TomlError

TomlTable = dict[str, object]


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
    except RecursionError:
        raise TomlError(f"{name}: arrays or tables nested too deeply") from None


def key_line(text: str, table: str, key: str) -> int:
    """Best-effort line (from 1) where `key` stands below the header `[table]`; 0 if not found.

    TOML readers keep no positions, so this looks at the text: good for pointing a person to a
    line, never for deciding anything.
    """
    current = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if line.startswith("["):
            current = line.strip("[] \t")
            if key == "" and current == table:
                return number
            if current == f"{table}.{key}":
                return number
        elif current == table:
            name = line.split("=", 1)[0].strip().strip("\"'").split(".", 1)[0].strip("\"' ")
            if name == key and "=" in line:
                return number
    return 0
