"""SemVer precedence as cargo orders versions (semver.org 2.0.0, section 11)."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII)

Key = tuple[int, int, int, int, tuple[tuple[int, int, str], ...], str]


def precedence(version: str) -> Key | None:
    """A sort key; None for a text that is no version. A pre-release sorts before its release."""
    match = _VERSION.fullmatch(version)
    if match is None or len(version) > 200:
        return None
    major, minor, patch = (int(match[one]) for one in (1, 2, 3))
    before = match[4]
    parts = tuple(_identifier(one) for one in before.split(".")) if before else ()
    return major, minor, patch, 0 if before else 1, parts, match[5] or ""


def _identifier(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def is_prerelease(version: str) -> bool:
    """Whether a version carries a pre-release part."""
    return "-" in version.partition("+")[0]
