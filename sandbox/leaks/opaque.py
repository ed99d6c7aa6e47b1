"""Bytes that nobody can explain: as even as noise, and not a stream that unpacks."""

from __future__ import annotations

import math
from collections import Counter

from sandbox.leaks.layers import Breadth, body_of, contents

_LEAST = 48
_SHARE = 0.9
_MOST = 1 << 20


def is_opaque(data: bytes) -> bool:
    """Whether a payload carries bytes as even as a cipher's, in clear or as base 64 or hex.

    What decompresses is explained. Pictures and other packed media are not, and count as opaque.
    """
    body = body_of(data)[:_MOST]
    if _is_even(body):
        return not any(
            one.encoding in {"gzip", "zlib", "bz2", "xz", "zip"} and one.marks[0][1] < 64
            for one in contents(body, _MOST, Breadth.PLAIN)
        )
    return any(
        is_opaque(one.data)
        for one in contents(body, _MOST, Breadth.PLAIN)
        if one.encoding in {"base64", "hex"} and len(one.data) * 4 > len(body)
    )


def _is_even(data: bytes) -> bool:
    """Whether single bytes are spread as evenly as their number allows."""
    if len(data) < _LEAST:
        return False
    entropy = -sum(n / len(data) * math.log2(n / len(data)) for n in Counter(data).values())
    return entropy > _SHARE * min(8.0, math.log2(len(data)))
