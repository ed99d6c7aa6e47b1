"""Index files by byte edits: what is held is marked yanked, what is not plain is left out.

Nothing is ever written anew: fields that this program does not know reach cargo as they came.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection

from analyzer.errors import InternalError
from analyzer.registry.index import IndexFile
from analyzer.registry.semver import without_build

_BLANK = " \t\r"
_decode: Callable[[str, int], tuple[object, int]] = json.JSONDecoder().raw_decode


def version_of(line: bytes) -> str:
    """The version a plain line speaks of."""
    return str(json.loads(line)["vers"])


def edited(data: bytes, file: IndexFile, held: Collection[str]) -> bytes:
    """The index file with the versions in `held` marked yanked, without lines that are not plain.

    Versions that differ in build metadata only are one to cargo's index: one held holds all.
    """
    if not held and not file.problems:
        return data
    plain = {without_build(one) for one in held}
    believed = {one.version for one in file.entries} if file.problems else None
    odd = {one.line for one in file.problems if one.version or not one.is_harmless}
    kept: list[bytes] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if number in odd:
            continue
        version = version_of(line) if line.strip() else ""
        if version and believed is not None and version not in believed:
            continue
        kept.append(yanked(line) if version and without_build(version) in plain else line)
    return b"\n".join(kept)


def yanked(line: bytes) -> bytes:
    """A plain line with `"yanked":true`, all else as it was.

    An absent or null `yanked` means false to cargo, so it is put in. Raises InternalError for a
    line that the strict reader should not have let pass.
    """
    text = line.decode("utf-8")
    at = _skip(text, 0, "{")
    end_of_last = 0
    while text[at] != "}":
        key, at = _decode(text, _skip(text, at))
        at = _skip(text, at, ":")
        at = _skip(text, at)
        start = at
        _, at = _decode(text, at)
        if key == "yanked":
            return (text[:start] + "true" + text[at:]).encode()
        end_of_last = at
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    if not end_of_last:
        raise InternalError("an index line without a field was taken for plain")
    return (text[:end_of_last] + ',"yanked":true' + text[end_of_last:]).encode()


def _skip(text: str, at: int, sign: str = "") -> int:
    """The place behind blanks, and behind `sign` and further blanks if one is asked for."""
    while text[at] in _BLANK:
        at += 1
    if sign:
        if text[at] != sign:
            raise InternalError("an index line that is no object was taken for plain")
        at += 1
        while text[at] in _BLANK:
            at += 1
    return at


def etag(data: bytes) -> str:
    """A validator of the bytes that are served, so that it changes with verdicts and waivers."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'
