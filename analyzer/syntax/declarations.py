"""Which other files one file names: `mod name;` and `include!`, read from its tokens.

No tree is needed, so bodies of macros are seen too, and on huge crates most files are settled by
one pattern. Where files are is `modules.py`'s question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from analyzer.syntax.lexer import ODD_BLANK, Token, TokenKind, literal_text, tokens
from analyzer.syntax.thinned import without_bodies

PASTED = "[<>]"


class Base(StrEnum):
    """What an included path is relative to; UNKNOWN: worked out by a macro or a variable."""

    FILE = "file"
    MANIFEST = "manifest"
    OUT = "out"
    UNKNOWN = "unknown"


class Inline(NamedTuple):
    """An inline module around a declaration; `path` is its `#[path]`, which names a folder.

    Linked from the inside out: nesting is the author's to choose, and a tuple for each would let
    a small file fill the memory.
    """

    name: str
    path: str | None
    outer: Inline | None
    depth: int

    def from_outside(self) -> list[Inline]:
        """All modules around and this one, the outermost first."""
        found = [self]
        while found[-1].outer is not None:
            found.append(found[-1].outer)
        return found[::-1]


class ModuleDeclaration(NamedTuple):
    """`mod name;`. An empty name is one a macro was given, `PASTED` one it glues together.

    `paths` are those of `#[path]`; `is_default_possible` says that the usual place counts too,
    `is_path_computed` that a macro was given the path.
    `macro` is the `macro_rules!` it stands in; only outside any macro is it certainly compiled.
    """

    name: str
    inside: Inline | None
    paths: tuple[str, ...]
    is_default_possible: bool
    is_path_computed: bool
    cfg: tuple[str, ...]
    line: int
    macro: str
    is_certain: bool


class Inclusion(NamedTuple):
    """`include!(path)`, where `path` is what is known of it; `is_constant`: a constant's value."""

    base: Base
    path: str
    cfg: tuple[str, ...]
    line: int
    macro: str
    is_certain: bool
    is_constant: bool = False


class Declarations(NamedTuple):
    """What one file declares; `is_cut`: more than the limit, the rest was not read."""

    modules: tuple[ModuleDeclaration, ...] = ()
    inclusions: tuple[Inclusion, ...] = ()
    is_cut: bool = False


_NOTHING = Declarations()
# An inline module with a plain head declares no file; any other `mod` is looked at as a token.
_TELLING = re.compile(
    rb"mod(?<![A-Za-z0-9_]mod)(?![A-Za-z0-9_])(?!\s++(?:r#)?[A-Za-z0-9_]++\s*+\{)"
    rb"|include\s*+(?:!|(?P<name>as\b|[,)};/#]|" + ODD_BLANK + rb"))"
)
_WORTH_FLATTENING = 2000
_OPENING = frozenset({b"(", b"[", b"{"})
_CLOSING = frozenset({b")", b"]", b"}"})
_WORD = re.compile(rb"(?:r#)?[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*+")
_ATTRIBUTE_PARTS = 256
_PASTED_PARTS = 24
_CONDITIONS = 16
_INLINE_DEPTH = 512
_TEXTS = frozenset({TokenKind.STRING, TokenKind.RAW_STRING, TokenKind.CHARACTER})
_BASES = {"CARGO_MANIFEST_DIR": Base.MANIFEST, "OUT_DIR": Base.OUT}
_PATH_WORDS = frozenset({b"concat", b"env", b"std", b"core"})
_PATH_SIGNS = frozenset({b"!", b",", b":", *_OPENING, *_CLOSING})
_BORDERS = frozenset({b"{", b"}", b";"})
_VISIBILITY = frozenset({b"pub", b"unsafe"})


def declarations(data: bytes, *, limit: int) -> Declarations:
    """The files that `mod` or `include!` names, also in macros and bodies; at most `limit`."""
    last, is_renamed = _last_telling(data)
    if last > _WORTH_FLATTENING and not is_renamed:
        data = without_bodies(data)
        last, is_renamed = _last_telling(data)
    if last < 0:
        return _NOTHING
    return _Scanner(data).read(len(data) if is_renamed else last, limit)


def _last_telling(data: bytes) -> tuple[int, bool]:
    """Where the last thing that may declare a file stands, and whether `include` is renamed."""
    last, is_renamed = -1, False
    for word in (b"mod", b"include"):  # far faster than a pattern with a choice at its beginning
        at = -1
        while (at := data.find(word, at + 1)) >= 0:
            if (match := _TELLING.match(data, at)) is not None:
                last, is_renamed = max(last, at), is_renamed or match["name"] is not None
    return last, is_renamed


def inline_modules(data: bytes, *, limit: int) -> tuple[Inline, ...]:
    """All inline modules of a file, at most `limit`: where a macro may be called."""
    scanner = _Scanner(data)
    scanner.read(data.rfind(b"mod"), limit)
    return tuple(scanner.inline[:limit])


@dataclass(slots=True)
class _Attribute:
    paths: tuple[str, ...] = ()
    cfg: str = ""
    is_conditional: bool = False
    is_computed: bool = False


@dataclass(slots=True)
class _Frame:
    """An open bracket: the inline module or macro that it belongs to, and what it stands under."""

    inline: Inline | None = None
    macro: str = ""
    is_macro: bool = False
    cfg: tuple[str, ...] = ()


class _Scanner:
    """One pass over the tokens of one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tokens = tokens(data)
        self._pushed: list[Token] = []
        self._frames = [_Frame()]
        self._attributes: list[_Attribute] = []
        self._is_fresh = False  # nothing stands between the attributes and here
        self._recent = (b"",) * 5
        self._line, self._counted = 1, 0
        self._include_names = {b"include"}
        self.inline: list[Inline] = []
        self._modules: list[ModuleDeclaration] = []
        self._inclusions: list[Inclusion] = []

    def read(self, last: int, limit: int) -> Declarations:
        """Declarations up to the one that starts at byte `last`, at most `limit`."""
        is_cut = False
        while not is_cut and (token := self._next()) is not None and token.start <= last:
            self._token(token)
            is_cut = len(self._modules) + len(self._inclusions) > limit
        return Declarations(tuple(self._modules), tuple(self._inclusions), is_cut)

    def _token(self, token: Token) -> None:
        text = self._text(token)
        if token.kind is TokenKind.PUNCTUATION:
            if text == b"#" and self._attribute():
                return
            self._punctuation(text)
        elif text == b"mod" and token.kind is TokenKind.IDENTIFIER:
            self._module(token)
        elif token.kind is TokenKind.IDENTIFIER:
            if text.removeprefix(b"r#") in self._include_names:
                self._include(token)
            elif text not in _VISIBILITY:
                self._is_fresh = False
            elif text == b"pub":
                self._skip_scope()
        else:
            self._is_fresh = False
        self._recent = (*self._recent[1:], text)

    def _next(self) -> Token | None:
        return self._pushed.pop() if self._pushed else next(self._tokens, None)

    def _peek(self, count: int = 1) -> list[bytes]:
        """The texts of the next tokens, which stay unread."""
        found = [one for _ in range(count) if (one := self._next()) is not None]
        self._pushed += reversed(found)
        return [self._text(one) for one in found]

    def _text(self, token: Token) -> bytes:
        return self._data[token.start : token.end]

    def _line_of(self, token: Token) -> int:
        self._line += self._data.count(b"\n", self._counted, token.start)
        self._counted = token.start
        return self._line

    # Brackets ---------------------------------------------------------------------------------

    def _punctuation(self, text: bytes) -> None:
        if text in _OPENING:
            self._open(None)
        elif text in _CLOSING and len(self._frames) > 1:
            self._frames.pop()
        if text in _BORDERS:
            self._attributes = []
        self._is_fresh = False

    def _open(self, inline: Inline | None) -> None:
        name, before, last = self._recent[-3:]
        outer = self._frames[-1]
        is_definition = before == b"!" and name == b"macro_rules"
        is_macro = outer.is_macro or last == b"!" or is_definition
        macro = outer.macro
        if is_definition and not macro:
            macro = last.decode("utf-8", "replace")
        self._frames.append(_Frame(inline or outer.inline, macro, is_macro, self._take_cfg()))

    def _open_inline(self, name: str, path: str | None) -> None:
        outer = self._frames[-1].inline
        depth = outer.depth + 1 if outer is not None else 1
        # no archive has a folder that deep
        one = Inline(name, path, outer, depth) if depth <= _INLINE_DEPTH else None
        self.inline += [one] if one is not None else []
        self._open(one)

    def _take_cfg(self) -> tuple[str, ...]:
        """Conditions of what comes now; its attributes are used up with that."""
        own = [one.cfg for one in self._attributes if one.cfg]
        self._attributes = []
        return (*self._frames[-1].cfg, *own)[:_CONDITIONS]

    def _skip_scope(self) -> None:
        """Pass over the `(in some::path)` of a visibility."""
        if self._peek() == [b"("]:
            while (token := self._next()) is not None and self._text(token) not in (b")", b";"):
                pass

    # Attributes -------------------------------------------------------------------------------

    def _attribute(self) -> bool:
        """Read `#[...]` or `#![...]` behind the `#`; False when it is none."""
        head = self._peek(2)
        is_inner = head == [b"!", b"["]
        if not is_inner and head[:1] != [b"["]:
            return False
        if is_inner:
            self._next()
        self._next()
        read = self._read_attribute()
        if is_inner:
            self._apply_inner(read)
        else:
            self._attributes.append(read)
            self._is_fresh = True
        return True

    def _apply_inner(self, read: _Attribute) -> None:
        frame = self._frames[-1]
        if read.cfg:
            frame.cfg = (*frame.cfg, read.cfg)[:_CONDITIONS]
        if frame.inline is not None and read.paths and frame.inline.path is None:
            frame.inline = frame.inline._replace(path=read.paths[0])

    def _read_attribute(self) -> _Attribute:
        """Paths and condition of the attribute whose `[` was read; ends behind its `]`."""
        parts: list[bytes] = []
        paths: list[str] = []
        depth, is_computed, recent = 1, False, (b"", b"")
        while (token := self._next()) is not None:
            text = self._text(token)
            depth += (text in _OPENING) - (text in _CLOSING)
            if depth == 0:
                break
            if recent == (b"path", b"="):
                path = literal_text(text)
                is_computed = is_computed or path is None
                paths += [path] if path is not None else []
            recent = (recent[1], text.removeprefix(b"r#"))
            if len(parts) < _ATTRIBUTE_PARTS:
                parts.append(text)
        name = parts[0].removeprefix(b"r#") if parts else b""
        if name == b"cfg":
            return _Attribute(cfg=_joined(parts[2:-1]))
        if name not in (b"path", b"cfg_attr"):
            return _Attribute()
        return _Attribute(tuple(paths), "", name == b"cfg_attr", is_computed)

    # Declarations -----------------------------------------------------------------------------

    def _module(self, token: Token) -> None:
        attributes = self._attributes if self._is_fresh else []
        plain = next((one for one in attributes if one.paths and not one.is_conditional), None)
        found = [one for one in attributes if one.is_conditional or one is plain]
        paths = tuple(path for one in found for path in one.paths)
        name, end = self._module_head()
        if name is None:
            return
        if end == b"{":
            self._next()
            self._next()
            self._open_inline(name, paths[0] if paths else None)
            return
        frame = self._frames[-1]
        is_computed = any(one.is_computed for one in attributes)
        row = ModuleDeclaration(
            name=name,
            inside=frame.inline,
            paths=paths,
            is_default_possible=plain is None or frame.is_macro,
            is_path_computed=is_computed,
            cfg=self._take_cfg(),
            line=self._line_of(token),
            macro=frame.macro,
            is_certain=end == b";" and not frame.is_macro and not is_computed,
        )
        self._modules.append(row)

    def _module_head(self) -> tuple[str | None, bytes]:
        """Name and following token behind `mod`; an empty name is made by a macro, None is none."""
        head = self._peek(2)
        if len(head) < 2:
            return None, b""
        if head[0] == b"$":
            end = self._peek(3)[-1]
            return ("" if end != b"{" else None), b";"
        if head[0] == b"[":
            ahead = self._peek(_PASTED_PARTS)
            closing = ahead.index(b"]") if b"]" in ahead else 0
            return (PASTED if ahead[closing + 1 : closing + 2] == [b";"] else None), b";"
        if not _WORD.fullmatch(head[0]):
            return None, b""
        return head[0].removeprefix(b"r#").decode("utf-8", "replace"), head[1]

    def _include(self, token: Token) -> None:
        head = self._peek(2)
        if head[:1] == [b"as"] and len(head) == 2:
            self._include_names.add(head[1].removeprefix(b"r#"))
        frame, (item, *_, sign) = self._frames[-1], self._recent
        if head[:1] == [b"!"] and head[1:] and head[1] in _OPENING:
            self._next()
            self._next()
            base, path = self._path()
        elif frame.is_macro and self._recent[-1] not in (b"#", b"."):
            base, path = Base.UNKNOWN, ""  # the macro's name is handed on
        else:
            return
        line = self._line_of(token)
        place = (self._take_cfg(), line, frame.macro, not frame.is_macro)
        is_constant = item in (b"const", b"static") and sign == b"="
        self._inclusions.append(Inclusion(base, path, *place, is_constant))

    def _path(self) -> tuple[Base, str]:
        """The path an `include!` names: texts, `concat!` and `env!`; ends behind its bracket."""
        base, depth, is_known, variable = Base.FILE, 1, True, False
        parts: list[str] = []
        while depth and (token := self._next()) is not None:
            text = self._text(token)
            depth += (text in _OPENING) - (text in _CLOSING)
            if token.kind in _TEXTS and variable:
                base = _BASES.get(literal_text(text) or "", Base.UNKNOWN) if not parts else base
                is_known = is_known and not parts
                variable = False
            elif token.kind in _TEXTS:
                parts.append(literal_text(text) or "")
            elif token.kind is TokenKind.NUMBER:
                parts.append(text.decode("ascii", "replace"))
            elif token.kind is TokenKind.IDENTIFIER:
                variable = text == b"env"
                is_known = is_known and text in _PATH_WORDS
            else:
                is_known = is_known and text in _PATH_SIGNS
        return (base if is_known else Base.UNKNOWN), "".join(parts)


def _joined(parts: list[bytes]) -> str:
    """A condition as people write it: `target_os = "windows"`, `all(unix, test)`."""
    text = b" ".join(parts).decode("utf-8", "replace")
    return text.replace(" (", "(").replace("( ", "(").replace(" )", ")").replace(" ,", ",")
