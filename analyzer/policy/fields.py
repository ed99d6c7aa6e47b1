"""Strict reading of one TOML document: each key known, each value checked, errors with lines."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from analyzer.errors import TomlError
from analyzer.registry.ranges import ALL, Range, parse_requirement
from analyzer.toml import TomlTable, key_lines, read_toml

Path = tuple[str, ...]
E = TypeVar("E", bound=StrEnum)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAX_TEXT = 2000
_MAX_WORD = 100
_MAX_DAYS = 36_500


@dataclass(frozen=True)
class Document:
    """A document with the line of each key; methods raise TomlError with file and line."""

    name: str
    top: TomlTable
    text: str

    def error(self, path: Path, message: str, *, line: int = 0, remedy: str = "") -> TomlError:
        """The error to raise for what stands at a path, or on a line that is known better."""
        lines = key_lines(self.text)
        at = line or next(
            (lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0
        )
        return TomlError(
            f"{self.name}:{at}: {message}" if at else f"{self.name}: {message}", remedy=remedy
        )

    def part(self, path: Path, value: object, known: Collection[str], *, line: int = 0) -> Part:
        """A table all of whose keys are known."""
        if not isinstance(value, dict):
            raise self.error(path, f"`{path[-1]}` must be a table", line=line)
        for key in value:
            if key not in known:
                raise self.error(
                    (*path, key),
                    f"unknown key `{key}` in {path[-1] if path else 'the file'}",
                    line=line,
                    remedy=hint(key, known),
                )
        return Part(self, path, value, line)

    def parts(self, key: str, known: Collection[str]) -> Iterator[Part]:
        """The tables of an array `[[key]]`, each with its own line."""
        rows = self.top.get(key, [])
        if not isinstance(rows, list):
            raise self.error((key,), f"`{key}` must be an array of tables, [[{key}]]")
        lines = header_lines(self.text, key)
        if len(lines) != len(rows):  # written inline, or a text that holds such a line
            lines = [0] * len(rows)
        for row, line in zip(rows, lines, strict=True):
            yield self.part((key,), row, known, line=line)


@dataclass(frozen=True)
class Part:
    """One table of a document."""

    document: Document
    path: Path
    values: TomlTable
    line: int = 0

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def error(self, key: str, message: str, *, remedy: str = "") -> TomlError:
        """The error to raise for one key."""
        return self.document.error((*self.path, key), message, line=self.line, remedy=remedy)

    def text(self, key: str, *, is_needed: bool = False) -> str:
        """A text of one line; empty if it is absent, which `is_needed` forbids."""
        if key not in self.values:
            if is_needed:
                raise self.error("", f"{self.path[-1]}: `{key}` is missing")
            return ""
        value = self.values[key]
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT:
            raise self.error(key, f"`{key}` must be a text")
        if not value.isprintable():
            raise self.error(key, f"`{key}` holds characters that cannot be seen")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty if it is absent."""
        value = self.values.get(key, [])
        rows = value if isinstance(value, list) else None
        if rows is None or not all(isinstance(one, str) and one.isprintable() for one in rows):
            raise self.error(key, f"`{key}` must be a list of texts")
        return tuple(rows)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"`{key}` must be true or false")
        return value

    def days(self, key: str) -> int:
        """A number of days; 0 if it is absent."""
        value = self.values.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_DAYS:
            raise self.error(key, f"`{key}` must be a whole number of days")
        return value

    def day(self, key: str, *, is_needed: bool = False) -> str:
        """A date as `YYYY-MM-DD`, written as a date or as a text."""
        value = self.values.get(key)
        if type(value) is datetime.date:
            return value.isoformat()
        text = self.text(key, is_needed=is_needed)
        try:
            if text and not _DAY.fullmatch(text):
                raise ValueError
            return datetime.date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            raise self.error(key, f"`{key}` must be a date, YYYY-MM-DD") from None

    def choice(self, key: str, kind: type[E]) -> E | None:
        """A word of an enum; None if it is absent."""
        if key not in self.values:
            return None
        return self.word(key, self.text(key), kind)

    def word(self, key: str, text: str, kind: type[E]) -> E:
        """A text as a member of an enum."""
        try:
            return kind(text)
        except ValueError:
            raise self.error(
                key, f"`{key}`: unknown `{text}`", remedy=hint(text, tuple(kind))
            ) from None

    def range(self, key: str, *, text: str | None = None) -> Range:
        """A requirement as cargo writes them; every version if it is absent."""
        stated = self.text(key) if text is None else text
        try:
            return parse_requirement(stated) if stated else ALL
        except ValueError as error:
            raise self.error(key, f"`{key}`: {error}") from None

    def table(self, key: str, known: Collection[str]) -> Part:
        """An inner table; an empty one if it is absent."""
        return self.document.part((*self.path, key), self.values.get(key, {}), known)

    def named(self, key: str, known: Collection[str]) -> Iterator[tuple[str, Part]]:
        """Inner tables by names that the owner chose."""
        for name, value in self.free(key).items():
            yield name, self.document.part((*self.path, key, name), value, known)

    def free(self, key: str) -> TomlTable:
        """An inner table with any keys."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"`{key}` must be a table")
        return value


def hint(word: str, known: Collection[str]) -> str:
    """What somebody may have meant, and what there is."""
    near = difflib.get_close_matches(word[:_MAX_WORD], known, n=1, cutoff=0.6)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}known: {', '.join(sorted(known))}"


def read_document(data: bytes, *, name: str) -> Document:
    """The document behind the bytes. Raises TomlError."""
    top = read_toml(data, name=name)
    return Document(name, top, data.decode("utf-8", "replace"))


def header_lines(text: str, key: str) -> list[int]:
    """Lines of the headers `[[key]]`."""
    header = re.compile(rf"[ \t]*\[\[[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*\]\][ \t\r]*(?:#.*)?")
    return [number for number, line in enumerate(text.split("\n"), 1) if header.fullmatch(line)]
