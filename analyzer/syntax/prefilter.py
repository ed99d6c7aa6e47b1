"""Which bulk files may stay unparsed because they name nothing that has power.

A fact needs a root of power named in code, a name that another file made from one, a catalogued
dependency, or a telling literal (threat model §2). Only asked for large crates, in linear time.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

import re2

from analyzer.model import BUILD_TIME, Phase
from analyzer.syntax.derived import ROOTS, WORDS, Power, aliases, owners
from analyzer.syntax.lexer import ODD_BLANK, literal_text
from analyzer.syntax.skeleton import skeleton

_ROOTS = re2.compile(
    rb"\b(?:ROOTS)\s*::|\buse\b[^;]*\b(?:ROOTS)\b"
    rb"|\b(?:std|core|alloc)\s*(?:::\s*[*{]|;|\s+as\b)"
    rb"|\bextern\s*[bcr]*\s*(?:\"\"\s*)?\{|\bextern\s+crate\s+(?:r#)?(?:std|core|alloc)\b"
    rb"|\b(?:link_name|no_mangle|export_name|link_section|link_ordinal|global_allocator)\b"
    rb"|\b(?:asm|global_asm|naked_asm|include|include_str|include_bytes|env|option_env)\s*!"
    rb"|\b(?:read_dir|read_link|to_socket_addrs|canonicalize|try_exists|format_ident|parse_str)\b"
    rb"|\.\s*(?:r#)?(?:exists|is_file|is_dir)\s*\("
    rb"|(?:\b(?:0x[0-9a-fA-F]{1,2}|\d{1,3})(?:u8)?\s*,\s*){16}|(?:b?' '\s*,\s*){16}".replace(
        b"ROOTS", "|".join(ROOTS).encode()
    )
)
_ODD = re.compile(ODD_BLANK + rb"|\0")
_TELLING = re.compile(r"://|//:|\d\.\d{1,3}\.\d{1,3}\.\d")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_LONG = 40
_NAME = re.compile(r"[A-Za-z]+\d{0,3}(?:[_-][A-Za-z]+\d{0,3})*")
_SECRET_LENGTH = 300
# With so many names some stand in almost every file: then asking costs more than reading.
_MANY_NAMES = 200
_MACRO = re.compile(rb"\bmacro_rules\s*!\s*(?:r#)?([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)")
_PATH_BUILDING = re.compile(rb"::\s*\$|\$(?!crate\b)\w+\s*::")
_NO_CALLERS = frozenset({Phase.TEST, Phase.EXAMPLE, Phase.BENCH})


class Choice(NamedTuple):
    """`skipped` files have no facts to give, `unfollowed` of them were only too many to follow."""

    skipped: frozenset[str]
    unfollowed: int


class Prefilter:
    """Catalogued `paths`, `words` for catalogued dependencies, and what a secret place looks like.

    Files that only use names made elsewhere are read up to `followed_bytes`, the smallest first.
    """

    def __init__(
        self,
        paths: Iterable[str],
        words: Iterable[str],
        is_secret: Callable[[str], bool],
        *,
        followed_bytes: int,
    ) -> None:
        self._power = Power(paths, words)
        self._words = {one.encode() for one in self._power.words}
        self._is_secret = is_secret
        self._followed_bytes = followed_bytes

    def choose(self, files: Mapping[str, bytes], phases: Mapping[str, tuple[Phase, ...]]) -> Choice:
        """Which of the files may stay unparsed; files that run at build time never may."""
        skipped = {
            path
            for path, data in files.items()
            if not BUILD_TIME & set(phases[path]) and self._is_powerless(data)
        }
        unfollowed, budget = 0, self._followed_bytes
        while skipped and not unfollowed:
            chosen = [path for path in files if path not in skipped]
            callers = (files[path] for path in chosen if set(phases[path]) - _NO_CALLERS)
            names = self._new_names(callers)
            if not names:
                break
            is_all = len(self._power.words) > _MANY_NAMES
            found = sorted(
                (len(files[path]), path) for path in skipped if is_all or _has(files[path], names)
            )
            totals = accumulate(size for size, _ in found)
            followed = [one for one, total in zip(found, totals, strict=True) if total <= budget]
            budget -= sum(size for size, _ in followed)
            unfollowed = len(found) - len(followed)
            skipped -= {path for _, path in followed}
        return Choice(frozenset(skipped), unfollowed)

    def _new_names(self, sources: Iterable[bytes]) -> set[bytes]:
        """The names by which these files hand power on, as far as they are new."""
        names: set[str] = set()
        for data in sources:
            code = skeleton(_composed(data)).code
            names |= aliases(code, self._power) | owners(code, self._power)
            if _builds_paths(code):
                names |= {one.decode("utf-8", "replace") for one in _MACRO.findall(code)}
        names -= self._power.words
        self._power.words |= names
        return {one.encode() for one in names}

    def _is_powerless(self, data: bytes) -> bool:
        """Whether a file by itself has no facts to give."""
        if _ODD.search(data):
            return False
        code, texts, is_exact = skeleton(_composed(data))
        if not is_exact or _ROOTS.search(code) or _builds_paths(code):
            return False
        if self._words and not self._words.isdisjoint(WORDS.findall(code)):
            return False
        return not any(self._is_telling(literal_text(one) or "") for one in texts)

    def _is_telling(self, text: str) -> bool:
        """Whether a constant is a fact by itself, as it stands or decoded."""
        if _TELLING.search(text) or (len(text) < _SECRET_LENGTH and self._is_secret(text)):
            return True
        compact = text.strip()
        return is_encoded(compact) or bool(HEX.fullmatch(compact)) or _decodes(compact)


def is_encoded(text: str) -> bool:
    """Whether a text is long base64 or hex; words joined by `_` and `-` are a name."""
    return (
        len(text) >= _LONG
        and bool(BASE64.fullmatch(text) or HEX.fullmatch(text))
        and not _NAME.fullmatch(text)
    )


def _builds_paths(code: bytes) -> bool:
    """Whether a macro may put a path together from what it is given."""
    return b"$" in code and _PATH_BUILDING.search(code) is not None


def _decodes(text: str) -> bool:
    """Whether a text is base64 of readable text."""
    if not BASE64.fullmatch(text):
        return False
    plain = text.rstrip("=").translate({45: 43, 95: 47})
    try:
        return (
            base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode().isprintable()
        )
    except ValueError:
        return False


def _composed(data: bytes) -> bytes:
    """As rustc compares names: NFC."""
    if data.isascii():
        return data
    return unicodedata.normalize("NFC", data.decode("utf-8", "replace")).encode()


def _has(data: bytes, names: set[bytes]) -> bool:
    return not names.isdisjoint(WORDS.findall(_composed(data)))
