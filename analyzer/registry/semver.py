"""SemVer precedence as cargo orders versions (semver.org 2.0.0, sections 9 to 11), strictly."""

from __future__ import annotations

import re

_NUMBER = r"(0|[1-9]\d{0,19})"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_PARTIAL = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})?", re.ASCII)
_MAX_LENGTH = 200
_MAX_NUMBER = 2**64 - 1  # cargo keeps each number in 64 bits and refuses more

Identifier = tuple[int, int, str]
Key = tuple[int, int, int, int, tuple[Identifier, ...], tuple[Identifier, ...]]


def precedence(version: str) -> Key | None:
    """A sort key; None for a text that is no version. A pre-release sorts before its release.

    Build metadata has no precedence of its own: as in cargo it only orders what is else equal.
    """
    match = _VERSION.fullmatch(version) if len(version) <= _MAX_LENGTH else None
    if match is None:
        return None
    major, minor, patch = (int(match[one]) for one in (1, 2, 3))
    before = match[4].split(".") if match[4] else []
    if max(major, minor, patch) > _MAX_NUMBER or any(map(_is_padded, before)):
        return None
    build = match[5].split(".") if match[5] else []
    ids, built = tuple(map(_identifier, before)), tuple(map(_identifier, build))
    return major, minor, patch, 0 if before else 1, ids, built


def _is_padded(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and text.isdigit()


def _identifier(text: str) -> Identifier:
    return (0, int(text), text) if text.isdigit() else (1, 0, text)


def is_partial(text: str) -> bool:
    """Whether a text is a version cut short: `1` or `1.2`."""
    return _PARTIAL.fullmatch(text) is not None


def is_prerelease(version: str) -> bool:
    """Whether a version carries a pre-release part."""
    return "-" in version.partition("+")[0]


def without_build(version: str) -> str:
    """The version less its build metadata."""
    return version.partition("+")[0]
