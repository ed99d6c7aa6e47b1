"""Which bulk files may stay unparsed because they name nothing that has power.

Sound by construction for what the catalogue knows: a fact needs a root of power named in the
source, a dependency, or a telling literal (threat model §2). Only used for large crates.
"""

from __future__ import annotations

import re
import unicodedata

_ROOTS = re.compile(
    rb"(?<![A-Za-z0-9_])(?:"
    rb"(?:fs|env|net|process|os|std|core|alloc)\s*(?:::|[,;}\)/\]]|\s+as\b)(?!\s*(?:ffi|fmt|mem|ops"
    rb"|ptr|marker|convert|hash|cmp|clone|default|option|result|iter|slice|any|borrow)\b)"
    rb"|extern\s*(?:\"[^\"]*\"\s*)?(?:\{|crate\b)|(?:link_name|no_mangle|export_name|link_section"
    rb"|link_ordinal|global_allocator)\b"
    rb"|(?:asm|global_asm|naked_asm|include|include_str|include_bytes|env|option_env)\s*!"
    rb"|(?:read_dir|read_link|to_socket_addrs|canonicalize|format_ident|parse_str)\b)"
)
_DATA = re.compile(
    rb"\"[^\"\n]*(?:://|\.ssh|\.aws|\.env\b|[A-Za-z0-9+/]{40})|(?:\b\d{1,3}\s*,\s*){16}"
    rb"|[^\n]{4000}"
)
_ODD_BLANKS = re.compile(rb"\xe2\x80[\x8e\x8f\xa8\xa9]|\xc2\x85")


class Prefilter:
    """Asked per file; `words` are the names under which dependencies can be reached."""

    def __init__(self, words: frozenset[str]) -> None:
        known = sorted(one.encode() for one in words if one)
        pattern = rb"(?<![A-Za-z0-9_])(?:" + b"|".join(map(re.escape, known)) + rb")\s*(?:::|;|,|!)"
        self._words = re.compile(pattern) if known else None

    def may_skip(self, data: bytes) -> bool:
        """Whether a file of bulk library code has no facts to give."""
        if not data.isascii():
            if _ODD_BLANKS.search(data):
                return False
            text = data.decode("utf-8", "replace")
            data = unicodedata.normalize("NFC", text).encode()
        if b"\0" in data or _ROOTS.search(data) or _DATA.search(data):
            return False
        return self._words is None or not self._words.search(data)
