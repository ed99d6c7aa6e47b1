"""Which foreign functions only make texts of what they are given: nothing comes in through them."""

from __future__ import annotations

import re

from analyzer.syntax.machine.changing import CHANGES
from analyzer.syntax.machine.functions import FUNCTIONS
from analyzer.syntax.machine.numbers import NUMBERS
from analyzer.syntax.machine.rows import ENDS, ROWS
from analyzer.syntax.machine.texts import TEXTS
from analyzer.syntax.values import METHODS

MAKING = frozenset("format concat vec stringify write writeln include_str include_bytes".split())
"""Macros that only put together what they are given."""
_MORE = frozenset(
    "null piped inherit new from default finish update apply_keystream decode decode_to_vec decrypt"
    " fill copy_from_slice engine encode_utf16 from_utf16 from_utf16_lossy encode_wide"
    " from_bytes_with_nul from_bytes_until_nul from_bytes as_raw inflate read_to_string read_to_end"
    " into_inner into_result position with_nul to_be_bytes to_le_bytes from_bits to_bits"
    " from_be_bytes from_le_bytes get_or_init force get lock unwrap_unchecked into_vec add sub"
    " offset get_unchecked transmute".split()
)
_PLAIN = frozenset(
    {
        name.rpartition("::")[2]
        for table in (CHANGES, ENDS, ROWS, NUMBERS, TEXTS, METHODS, FUNCTIONS)
        for name in table
    }
    | _MORE
)
_CONSTRUCTOR = re.compile(r"[A-Z]\w*\Z")


def makes_texts(function: str) -> bool:
    """Whether a call, by the name that it has in the source, tells nothing that is not in what it
    is given: methods of texts and lists, decoders, constructors.
    """
    name = re.split(r"::|\.", function.partition("::<")[0])[-1].strip()
    return name in _PLAIN or _CONSTRUCTOR.match(name) is not None
