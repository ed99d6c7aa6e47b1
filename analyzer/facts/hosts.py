"""Hosts that imitate a known service: one edit, or one letter more, away from a listed one."""

from __future__ import annotations

import functools

from rapidfuzz.distance import OSA

from analyzer.signatures import Signatures

_LISTS = ("time-services", "known-services")


def lookalike(host: str, signatures: Signatures) -> str:
    """`lookalike:<service>` when `host` is one edit from a listed service, else empty."""
    services = _services(signatures)
    base = host.removeprefix("www.")
    if not base or base in services or "{" in base or base.endswith((".invalid", ".test")):
        return ""
    for one in services:
        if base.endswith("." + one):
            return ""
    for one in services:
        if len(one) >= 8 and OSA.distance(base, one, score_cutoff=1) == 1:
            return f"lookalike:{one}"
    return ""


@functools.lru_cache(maxsize=4)
def _services(signatures: Signatures) -> frozenset[str]:
    lists = (signatures.indicators.get(one) for one in _LISTS)
    return frozenset(
        entry.value.casefold() for one in lists if one is not None for entry in one.entries
    )
