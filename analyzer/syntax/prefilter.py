"""Which bulk files may stay unparsed because they name nothing that has power.

Sound for what the catalogue knows: a fact needs a root of power named in the source, a catalogued
dependency, or a telling literal (threat model §2). Only asked for large crates, in linear time.
"""

from __future__ import annotations

import re
import unicodedata

import re2

_ROOTS = re2.compile(
    rb"\b(?:fs|env|net|process|os)\s*::|\buse\b[^;]*\b(?:fs|env|net|process|os)\b"
    rb"|\b(?:std|core|alloc)\s*(?:::\s*[*{]|;|\s+as\b)"
    rb"|\bextern\s*(?:\"[^\"]*\"\s*)?\{|\bextern\s+crate\s+(?:std|core|alloc)\b"
    rb"|\b(?:link_name|no_mangle|export_name|link_section|link_ordinal|global_allocator)\b"
    rb"|\b(?:asm|global_asm|naked_asm|include|include_str|include_bytes|env|option_env)\s*!"
    rb"|\b(?:read_dir|read_link|to_socket_addrs|canonicalize|format_ident|parse_str)\b"
)
_LITERALS = re2.compile(rb"\"[^\"\n]*(?:://|\.ssh|\.aws|\.env\b)|(?:\b\d{1,3}\s*,\s*){16}")
_ENCODED = re2.compile(rb"\"[A-Za-z0-9+/_-]{40,}={0,2}\"")
_DIGIT = re.compile(rb"[0-9]")
_ODD_BLANKS = re.compile(rb"\xe2\x80[\x8e\x8f\xa8\xa9]|\xc2\x85")


_PATH_BUILDING = re2.compile(rb"::\s*\$|\$\w+\s*::")
_MACRO_NAME = re2.compile(rb"\bmacro_rules\s*!\s*([A-Za-z_][A-Za-z0-9_]*)")
_CRATE_PATH = re2.compile(rb"\$crate\s*::")


def path_building_macros(data: bytes) -> frozenset[str]:
    """Names of macros in a file whose macros join arguments to paths: whoever uses one is read."""
    if not _PATH_BUILDING.search(data):
        return frozenset()
    if not _PATH_BUILDING.search(_CRATE_PATH.sub(b"", data)):
        return frozenset()
    return frozenset(one.decode("utf-8", "replace") for one in _MACRO_NAME.findall(data))


class Prefilter:
    """Asked per file; `words` are the names under which catalogued dependencies can be reached."""

    def __init__(self, words: frozenset[str]) -> None:
        known = sorted(one.encode() for one in words if one)
        pattern = rb"\b(?:" + b"|".join(map(re.escape, known)) + rb")\b"
        self._words = re2.compile(pattern) if known else None

    def may_skip(self, data: bytes) -> bool:
        """Whether a file of bulk library code has no facts to give."""
        if not data.isascii():
            if _ODD_BLANKS.search(data):
                return False
            data = unicodedata.normalize("NFC", data.decode("utf-8", "replace")).encode()
        if b"\0" in data or _ROOTS.search(data) or _LITERALS.search(data):
            return False
        if any(_DIGIT.search(one) for one in _ENCODED.findall(data)):
            return False
        return self._words is None or not self._words.search(data)
