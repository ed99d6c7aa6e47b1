"""A `.crate` archive, or a folder packed in memory, to a SourceTree. Nothing is written to disk.

An archive is *canonical* or says why not: one gzip member, nothing behind it, every member a
regular file or folder below `name-version/` with a plain, unique name. Each deviation is a fact;
what some cargo might compile and we did not read is a blocking gap (threat model H5).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from analyzer.gunzip import inflated
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

_DEVICE = re.compile(
    r"/(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[ ./]|$)", re.IGNORECASE
)
_ODD = re.compile(r"[\x00-\x1f\x7f\\:*?\"<>|]")
# A last component that needs no second look: printable ASCII that every system reads alike.
_PLAIN = re.compile(
    rb"(?!\.cargo-ok$|(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(?:[ .]|$))"
    rb"[\w #-)+-.;=@\[\]!^`{}~]{0,199}[\w#-)+,;=@\[\]!^`{}~-]",
    re.IGNORECASE,
)
_STRAY = ("odd-member-type", "an extension header without the mark of a format was not read")
_ODD_TYPES: Final = {
    b"1": ("hardlink", "the link was not followed"),
    b"2": ("symlink", "the link was not followed"),
    b"3": ("device", ""),
    b"4": ("device", ""),
    b"6": ("fifo", ""),
    b"S": ("sparse", "its holes were not filled"),
    **dict.fromkeys((b"L", b"K", b"x"), _STRAY),
}
_ENDS: Final = frozenset({"truncated", "no-end-marker"})
_COMPONENT_BYTES: Final = 255
_LISTED: Final = 100
_REMEMBERED: Final = 5_000
_SHOWN: Final = 200


@dataclass(slots=True)
class _Unpacking:
    limits: Limits
    root: str
    is_folder: bool
    files: dict[str, SourceFile] = field(default_factory=dict)
    folded: dict[str, str] = field(default_factory=dict)
    plain_folders: dict[bytes, str] = field(default_factory=dict)
    copies: Counter[str] = field(default_factory=Counter)
    facts: list[Fact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    is_ended: bool = False
    is_partial: bool = False

    def note(self, slug: str, member: bytes, offset: int, lost: str) -> None:
        """What the readers below tell: a deviation, and what was not read because of it."""
        if slug in _ENDS and self.is_ended:
            return
        self.is_ended = self.is_ended or bool(lost and not member) or slug in _ENDS
        self.is_partial = self.is_partial or bool(lost)
        path = _shown(member).removeprefix(f"{self.root}/")
        self.anomaly(slug, path, offset, lost=lost)

    def anomaly(
        self, slug: str, path: str, offset: int = 0, *, lost: str = "", link: str = ""
    ) -> None:
        """A deviation from the canonical archive; `lost` makes it a blocking gap too."""
        self.told[slug] += 1
        if self.told[slug] > _LISTED:
            return
        data = (link,) if link else ()
        fact = Fact(FactKind.ARCHIVE_ANOMALY, slug, Member(path, offset), data=data)
        self.facts.append(fact)
        if lost:
            kind = GapKind.TOO_LARGE if slug.startswith(("over-", "too-")) else GapKind.ARCHIVE
            self.gaps.append(Gap(kind, f"{slug}: {lost}", path, is_blocking=True))

    def result(self, crate: CrateSource) -> SourceTree:
        """Files sorted by path; what is more than can be listed is at least counted."""
        for slug, count in sorted(self.told.items()):
            if count > _LISTED:
                reason = f"{slug}: {count - _LISTED} more members are not listed"
                self.gaps.append(Gap(GapKind.ARCHIVE, reason))
        files = tuple(self.files[path] for path in sorted(self.files))
        return SourceTree(crate.ref, files, tuple(self.facts), tuple(self.gaps))


def unpack(crate: CrateSource, *, limits: Limits) -> SourceTree:
    """Every regular file of an archive, sorted by path, with anomalies as facts, and gaps.

    Never raises for hostile bytes: a damaged archive gives what was read of it and says so. Of
    two members with one name the last stands under the name, as with cargo; earlier ones stand
    beside it as `name (copy 1).rs`, so that no bytes hide.
    """
    is_folder = crate.origin is Origin.FOLDER
    state = _Unpacking(limits, f"{crate.ref.name}-{crate.ref.version}", is_folder)
    state.plain_folders[state.root.encode("utf-8", "backslashreplace")] = ""
    if len(crate.data) > limits.archive_size_bytes and not is_folder:
        lost = f"the archive is larger than {limits.archive_size_bytes} bytes"
        state.anomaly("over-size", "", len(crate.data), lost=lost)
        return state.result(crate)
    for number, entry in enumerate(TarReader(_blocks(crate, state), state.note, limits)):
        if number >= limits.member_count:
            lost = f"only {limits.member_count} members were read"
            state.anomaly("too-many-members", "", entry.offset, lost=lost)
            return state.result(crate)
        _take(state, entry)
    if "Cargo.toml" not in state.files and not state.is_partial:
        state.anomaly("no-manifest", "Cargo.toml", lost="there is no Cargo.toml to go by")
    _check_folders(state)
    return state.result(crate)


def _blocks(crate: CrateSource, state: _Unpacking) -> Iterator[bytes]:
    if state.is_folder:
        return iter([crate.data])
    return inflated(crate.data, state.note, max_size_bytes=state.limits.unpacked_size_bytes)


def _take(state: _Unpacking, entry: Entry) -> None:
    """Put one member into the tree, or say why not."""
    path = _path(state, entry)
    if entry.mode & 0o7000:
        state.anomaly("odd-mode", path, entry.offset)
    if entry.kind in b"0\0":
        _keep(state, path, entry)
    elif entry.kind not in b"5g":
        _odd_type(state, path, entry)


def _odd_type(state: _Unpacking, path: str, entry: Entry) -> None:
    """Links are not followed; nearly every other type is a file to cargo, so its data is kept."""
    slug, lost = _ODD_TYPES.get(entry.kind, ("odd-member-type", ""))
    if state.is_folder:
        # Common in honest working copies; what packed the folder has said what was not read.
        slug, lost = ("link-in-folder" if entry.kind == b"2" else "special-in-folder"), ""
    state.anomaly(slug, path, entry.offset, lost=lost, link=_shown(entry.link))
    if entry.kind not in b"12LKx" and not state.is_folder:
        _keep(state, path, entry)


def _keep(state: _Unpacking, path: str, entry: Entry) -> None:
    file = SourceFile(path, entry.data, bool(entry.mode & 0o111))
    key = path.lower() if path.isascii() else _folded(path)
    first = state.folded.setdefault(path if key == path else key, path)
    if path in state.files:
        # early releases of cargo packed some files twice; the same bytes hide nothing
        is_same = state.files[path].data == entry.data
        state.anomaly("repeated-member" if is_same else "duplicate-member", path, entry.offset)
        if not is_same:
            _move_aside(state, path)
    elif first != path:
        state.anomaly("case-clash", path, entry.offset, link=first)
    state.files[path] = file


def _move_aside(state: _Unpacking, path: str) -> None:
    """The earlier of two copies gets a name of its own, with the same ending."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    aside = path
    while aside in state.files:
        state.copies[path] += 1
        aside = f"{folder}{slash}{stem} (copy {state.copies[path]}){ending}"
    earlier = state.files[path]
    state.files[aside] = SourceFile(aside, earlier.data, earlier.is_executable)


def _check_folders(state: _Unpacking) -> None:
    """A name that is a file and a folder: which one wins is the reader's choice."""
    # With the lowest character for the slash, what is below a name stands right behind it.
    ordered = sorted(path.replace("/", "\0") for path in state.files)
    for path, following in pairwise(ordered):
        if following.startswith(path + "\0"):
            state.anomaly("file-as-folder", path.replace("\0", "/"))


# Names -------------------------------------------------------------------------------------------


def _path(state: _Unpacking, entry: Entry) -> str:
    """The member's path below the root; anomalies of the name are noted, odd bytes escaped."""
    folder, _, last = entry.name.rpartition(b"/")
    inside = state.plain_folders.get(folder)
    is_short = len(entry.name) <= state.limits.member_path_bytes
    if inside is not None and is_short and _PLAIN.fullmatch(last):
        return inside + last.decode("ascii")
    path, is_plain = _looked_at(state, entry)
    if is_plain and last and len(state.plain_folders) < _REMEMBERED:
        state.plain_folders[folder] = path.rpartition("/")[0] + "/" if "/" in path else ""
    return path


def _looked_at(state: _Unpacking, entry: Entry) -> tuple[str, bool]:
    """The path, and whether there was nothing to say of it."""
    text, slugs = _text(state, entry)
    parts = text.rstrip("/").split("/")
    inner = parts[1:]
    if text.startswith("/"):
        slugs.append("absolute-path")
    elif parts[0] != state.root:
        slugs.append("outside-root")
    if ".." in parts:
        slugs.append("parent-path")
    if "." in inner or "" in inner or (text.endswith("/") and entry.kind != b"5"):
        slugs.append("odd-name")
    if _DEVICE.search(text):
        slugs.append("reserved-name")
    if inner and inner[-1] == ".cargo-ok" and not state.is_folder:
        slugs.append("cargo-ok")
    # Cargo drops empty parts and dots, so `src/./lib.rs` is `src/lib.rs` to it and to us.
    kept = [one for one in parts if one and one != "."]
    if parts[0] == state.root:
        path = "/".join(kept[1:]) or "."
    else:
        path = ("/" if text.startswith("/") else "../") + ("/".join(kept) or "?")
    for slug in dict.fromkeys(slugs):
        state.anomaly(slug, path, entry.offset)
    return path, not slugs


def _text(state: _Unpacking, entry: Entry) -> tuple[str, list[str]]:
    """The whole name as printable text, with what is odd about its characters."""
    slugs: list[str] = []
    name, longest = entry.name, state.limits.member_path_bytes
    if len(name) > longest:
        # The ending stays: it says what kind of file this is.
        name = name[: longest // 2] + b"..." + name[-longest // 2 :]
        slugs.append("odd-name")
        lost = "its name is too long for a path, and was cut"
        state.anomaly("over-long-name", _shown(name), entry.offset, lost=lost)
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return _visible(name.decode("utf-8", "backslashreplace")), [*slugs, "non-utf8-name"]
    shown = _visible(text)
    parts = text.rstrip("/").split("/")
    is_long = len(max(parts, key=len)) * 4 > _COMPONENT_BYTES and any(
        len(one.encode()) > _COMPONENT_BYTES for one in parts
    )
    is_odd = (" /" in text or "./" in text or text.endswith((" ", "."))) and any(
        one.endswith((" ", ".")) and one not in (".", "..") for one in parts
    )
    if shown != text or is_odd or is_long or _ODD.search(text):
        slugs.append("odd-name")
    return shown, slugs


def _folded(path: str) -> str:
    """What systems that ignore case and composition compare."""
    normal = unicodedata.normalize("NFC", path).casefold()
    return unicodedata.normalize("NFC", normal)


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    for one in sorted(set(text)):
        if not one.isprintable():
            text = text.replace(one, f"\\u{{{ord(one):x}}}")
    return text


def _shown(name: bytes) -> str:
    return _visible(name[:_SHOWN].decode("utf-8", "backslashreplace"))
