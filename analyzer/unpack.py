"""A `.crate` archive, or a folder packed in memory, to a SourceTree. Nothing is written to disk.

An archive is *canonical* or says why not: one gzip member, nothing behind it, every member a
regular file or folder below `name-version/` with a plain, unique name. Each deviation is a fact;
what cargo might see and we did not read is a blocking gap (threat model H5).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from isal import isal_zlib

from analyzer.limits import Limits
from analyzer.model import (
    CrateSource,
    Fact,
    FactKind,
    Gap,
    GapKind,
    Member,
    Origin,
    SourceFile,
    SourceTree,
)
from analyzer.tar import Entry, TarReader

_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?:\..*)?\Z",
    re.IGNORECASE,
)
_ODD = re.compile(r"[\x00-\x1f\x7f\\:*?\"<>|]")
_TYPES = {"1": "hardlink", "2": "symlink", "3": "device", "4": "device", "6": "device"}
_HIDING = frozenset({"truncated", "bad-gzip", "bad-header", "bad-checksum-header"})
_BLOCK = 1 << 18


@dataclass(slots=True)
class _Unpacked:
    limits: Limits
    root: str
    is_folder: bool
    files: dict[str, SourceFile] = field(default_factory=dict)
    folded: dict[str, str] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    size_bytes: int = 0
    members: int = 0

    def anomaly(self, slug: str, member: str, offset: int = 0) -> None:
        """A deviation from the canonical archive."""
        fact = Fact(FactKind.ARCHIVE_ANOMALY, slug, Member(member, offset))
        if fact not in self.facts[-64:] and len(self.facts) < 10_000:
            self.facts.append(fact)
        if slug in _HIDING:
            self.gap(GapKind.ARCHIVE, f"{slug}: the rest of the archive was not read", member)

    def gap(self, kind: GapKind, reason: str, path: str = "", *, is_blocking: bool = True) -> None:
        """Something of the archive that was not read."""
        if len(self.gaps) < 1_000:
            self.gaps.append(Gap(kind, reason, path, is_blocking=is_blocking))


def unpack(crate: CrateSource, *, limits: Limits) -> SourceTree:
    """Every regular file of an archive, sorted by path, with anomalies and gaps.

    Never raises for hostile bytes: a damaged archive gives what was read of it and says so.
    """
    is_folder = crate.origin is Origin.FOLDER
    state = _Unpacked(limits, f"{crate.ref.name}-{crate.ref.version}", is_folder)
    if len(crate.data) > limits.archive_size_bytes and not is_folder:
        state.gap(GapKind.TOO_LARGE, f"archive larger than {limits.archive_size_bytes} bytes")
    else:
        blocks = iter([crate.data]) if is_folder else _inflated(crate.data, state)
        for entry in TarReader(blocks, state.anomaly, limits):
            if not _take(state, entry):
                break
    if "Cargo.toml" not in state.files:
        state.anomaly("no-manifest", "Cargo.toml")
        state.gap(GapKind.ARCHIVE, "the archive holds no Cargo.toml", "Cargo.toml")
    files = tuple(state.files[path] for path in sorted(state.files))
    return SourceTree(crate.ref, files, tuple(state.facts), tuple(state.gaps))


def _inflated(data: bytes, state: _Unpacked) -> Iterator[bytes]:
    """The first gzip member as a stream of blocks; cargo reads no further, nor do we."""
    cap = max(state.limits.unpacked_size_bytes, 0)
    engine = isal_zlib.decompressobj(wbits=31)
    total, pending = 0, data
    try:
        while pending and not engine.eof:
            block = engine.decompress(pending, _BLOCK)
            pending = engine.unconsumed_tail
            total += len(block)
            if total > cap + (1 << 20):
                state.anomaly("over-size", "", total)
                state.gap(GapKind.TOO_LARGE, f"unpacks to more than {cap} bytes")
                return
            if block:
                yield block
            elif not pending:
                break
    except isal_zlib.error:  # type: ignore[misc]  # the stub hides its base
        state.anomaly("bad-gzip", "", len(data) - len(pending))
        return
    if not engine.eof:
        state.anomaly("truncated", "", len(data))
        return
    rest = engine.unused_data
    if rest:
        slug = "second-gzip-member" if rest[:2] == b"\x1f\x8b" else "trailing-bytes"
        state.anomaly(slug, "", len(data) - len(rest))


def _take(state: _Unpacked, entry: Entry) -> bool:
    """Put one member into the tree, or say why not; False stops the reading."""
    state.members += 1
    if state.members > state.limits.member_count:
        state.anomaly("too-many-members", "")
        state.gap(GapKind.TOO_LARGE, f"more than {state.limits.member_count} members")
        return False
    path = _path(state, entry)
    if entry.type in ("5", "D"):
        return True
    if entry.type not in ("0", "\0", "7"):
        slug = _TYPES.get(entry.type, "odd-member-type")
        if state.is_folder:  # usual in a working copy, unheard of in a packed crate
            slug = "link-in-folder" if slug == "symlink" else "special-file-in-folder"
        state.anomaly(slug, path, entry.offset)
        reason = f"{slug} `{path}` was not followed"
        state.gap(GapKind.ARCHIVE, reason, path, is_blocking=not state.is_folder)
        if not entry.data:
            return True
    state.size_bytes += len(entry.data)
    cap = max(state.limits.unpacked_size_bytes, 0)
    if entry.is_cut or state.size_bytes > cap:
        state.anomaly("over-size", path, entry.offset)
        state.gap(GapKind.TOO_LARGE, f"`{path}` is larger than we read", path)
        return state.size_bytes <= cap
    _keep(state, path, entry)
    return True


def _keep(state: _Unpacked, path: str, entry: Entry) -> None:
    """All copies of a name stay visible: the last one under its name, as cargo unpacks it."""
    if path in state.files:
        state.anomaly("duplicate-member", path, entry.offset)
        number = 1
        while f"{path} (copy {number})" in state.files:
            number += 1
        earlier = state.files[path]
        kept = SourceFile(f"{path} (copy {number})", earlier.data, earlier.is_executable)
        state.files[kept.path] = kept
    folded = unicodedata.normalize("NFC", path).casefold()
    if state.folded.setdefault(folded, path) != path:
        state.anomaly("case-clash", path, entry.offset)
    state.files[path] = SourceFile(path, entry.data, bool(entry.mode & 0o111))


def _path(state: _Unpacked, entry: Entry) -> str:
    """The member's path below the root; anomalies of the name are noted, odd bytes escaped."""
    try:
        name = entry.name.decode("utf-8")
    except UnicodeDecodeError:
        name = entry.name.decode("utf-8", "backslashreplace")
        state.anomaly("non-utf8-name", name, entry.offset)
    if len(entry.name) > state.limits.member_path_bytes:
        state.anomaly("odd-name", name[:200], entry.offset)
        name = name[: state.limits.member_path_bytes]
    if _ODD.search(name):
        state.anomaly("odd-name", _visible(name), entry.offset)
        name = _visible(name)
    if name.startswith("/"):
        state.anomaly("absolute-path", name, entry.offset)
    parts = name.rstrip("/").split("/")
    if ".." in parts:
        state.anomaly("parent-path", name, entry.offset)
    elif "." in parts or "" in parts[1:]:
        state.anomaly("odd-name", name, entry.offset)
    if any(_RESERVED.match(one) or one.endswith((" ", ".")) for one in parts if one not in ("", ".", "..")):
        state.anomaly("reserved-name", name, entry.offset)
    if parts[0] != state.root:
        state.anomaly("outside-root", name, entry.offset)
        return name.strip("/") or "?"
    return "/".join(parts[1:]) or "."


def _visible(name: str) -> str:
    return "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in name)
