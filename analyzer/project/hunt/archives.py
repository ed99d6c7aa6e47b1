"""Looks into archives as they stream by: CI caches, saved images and their layers, zipped trees.

Nothing is unpacked to the disk, members are read one at a time and only if their name asks for it;
archives inside archives are followed a few deep. Bounds on bytes and members are gaps when met.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, cast

from analyzer.model import Gap, GapKind
from analyzer.project.hunt.matching import Matcher
from analyzer.project.hunt.model import Batch, Counts, Place, Sighting
from analyzer.project.hunt.names import (
    Reader,
    file_sighting,
    folder_sighting,
    is_archive,
    reader_of,
)
from analyzer.project.hunt.readers import DEP_INFO_BYTES, MAX_BYTES, read
from analyzer.project.hunt.times import iso
from analyzer.project.locks import shown

_MAX_NESTED = 4
_MAX_MEMBERS = 20_000_000
_MAX_BYTES_TOTAL = 1 << 40
_MAX_RATIO, _RATIO_FROM = 2000, 4 << 30
_HEADER_BYTES = 1 << 20
_FORGET = 512
_WINDOW_BYTES = 128 << 20
_FOLDERS_KEPT = 100_000
_BROKEN: tuple[type[Exception], ...] = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(ValueError, struct.error, NotImplementedError, RuntimeError, MemoryError, OverflowError),
)
_TAR_MAGIC_AT = 257
_PACKINGS = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
)


def read_archive(path: str, root: str, matcher: Matcher) -> Batch:
    """Everything inside one archive. A file that is none, whatever its name, is passed over."""
    look = _Look(matcher, root)
    try:
        size = os.stat(path).st_size  # noqa: PTH116
        look.packed_size = size
        with open(path, "rb") as file:  # noqa: PTH123
            look.stream(shown(Path(path)), file, 0, is_seekable=True)
    except _BROKEN as error:
        look.gap(shown(Path(path)), f"archive not readable: {_said(error)}")
    return Batch(
        tuple(look.sightings),
        tuple(look.gaps),
        Counts(archives=look.archives, archive_members=look.members, lockfiles=look.locks),
    )


class _Careful(tarfile.TarInfo):
    """Refuses extension headers of absurd size, which would be held in memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        is_extension = self.type in (
            *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
            *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
        )
        if is_extension and self.size > _HEADER_BYTES:
            raise tarfile.ReadError("an extension header of absurd size")
        # The hook that the library's own comment names for this; typeshed leaves it out.
        return cast("tarfile.TarInfo", super()._proc_member(archive))  # type: ignore[misc]


@dataclass(slots=True)
class _Look:
    matcher: Matcher
    root: str
    packed_size: int = 0
    sightings: list[Sighting] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    archives: int = 0
    members: int = 0
    locks: int = 0
    _bytes: int = 0
    _folders: set[str] = field(default_factory=set)
    _has_git: set[str] = field(default_factory=set)

    def gap(self, path: str, reason: str, *, is_blocking: bool = True) -> None:
        """Something inside that was not read."""
        self.gaps.append(Gap(GapKind.ARCHIVE, reason, path, is_blocking=is_blocking))

    def stream(self, path: str, file: IO[bytes], depth: int, *, is_seekable: bool = False) -> None:
        """One stream, whatever it turns out to be."""
        ahead = _Ahead(file)
        head = ahead.peek(512)
        packing = next((name for magic, name in _PACKINGS if head.startswith(magic)), "")
        if packing:
            unpacked = _unpacked(packing, cast("IO[bytes]", ahead))
            if unpacked is None:
                self.gap(path, f"packed with {packing}, which is not read: unpack it first")
            elif depth >= _MAX_NESTED:
                self.gap(path, f"archives nested more than {_MAX_NESTED} deep")
            else:
                self.stream(path, unpacked, depth + 1)
            return
        if head.startswith(b"PK\x03\x04"):
            if is_seekable:
                file.seek(0)
                self._zip(path, file, depth)
            else:
                self.gap(path, "a zip inside an archive: unpack it first")
        elif head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar" or _is_old_tar(head):
            self._tar(path, cast("IO[bytes]", ahead), depth)

    # Kinds of archives -----------------------------------------------------------------------

    def _tar(self, path: str, file: IO[bytes], depth: int) -> None:
        self.archives += 1
        with tarfile.open(fileobj=file, mode="r|", tarinfo=_Careful) as archive:
            for count, one in enumerate(archive):
                if count % _FORGET == 0:
                    archive.members = []  # type: ignore[attr-defined]  # else all are kept
                if not self._is_within(path, one.size):
                    return
                if one.isfile():
                    name, when = one.name, iso(one.mtime)
                    self._member(
                        path, name, one.size, when, partial(archive.extractfile, one), depth
                    )
                elif one.isdir():
                    self._above(path, f"{one.name}/", iso(one.mtime))

    def _zip(self, path: str, file: IO[bytes], depth: int) -> None:
        self.archives += 1
        with zipfile.ZipFile(file) as archive:
            for one in archive.infolist():
                if not self._is_within(path, one.file_size):
                    return
                if one.is_dir():
                    self._above(path, one.filename, "")
                else:
                    size = one.file_size
                    self._member(path, one.filename, size, "", partial(archive.open, one), depth)

    def _is_within(self, path: str, size: int) -> bool:
        self.members += 1
        self._bytes += size
        is_bomb = self._bytes > _RATIO_FROM and self._bytes > _MAX_RATIO * max(self.packed_size, 1)
        if self.members > _MAX_MEMBERS or self._bytes > _MAX_BYTES_TOTAL or is_bomb:
            self.gap(path, "more inside than any such archive should hold: the rest is unread")
            return False
        return True

    # Members ---------------------------------------------------------------------------------

    def _member(  # a member: where, what, how large, when, and how to open it
        self,
        archive: str,
        name: str,
        size: int,
        when: str,
        opened: Callable[[], IO[bytes] | None],
        depth: int,
    ) -> None:
        plain = name.removeprefix("./").lstrip("/")
        where = f"{archive}!/{plain}"
        self._above(archive, plain, when)
        self._note(file_sighting(plain, self.matcher), where, when)
        reader = reader_of(plain.rpartition("/")[2])
        if reader is not None:
            self._read(reader, where, size, when, opened)
        elif is_archive(plain):
            file = opened()
            if file is not None:
                try:
                    self.stream(where, file, depth + 1)
                except _BROKEN as error:
                    self.gap(where, f"archive not readable: {_said(error)}")

    def _read(
        self,
        reader: Reader,
        where: str,
        size: int,
        when: str,
        opened: Callable[[], IO[bytes] | None],
    ) -> None:
        most = DEP_INFO_BYTES if reader is Reader.DEP_INFO else MAX_BYTES
        file = opened()
        data = file.read(most) if file is not None else b""
        if size > most and reader is not Reader.DEP_INFO:
            self.gap(where, f"over {most} bytes")
            return
        self.locks += reader is Reader.LOCK
        for one in read(reader, where, data, self.matcher):
            if isinstance(one, Gap):
                self.gaps.append(one)
            else:
                self._note(one, one.path, when)

    def _above(self, archive: str, name: str, when: str) -> None:
        """Folders above a member: archives need not list them."""
        for folder in _parents(name):
            key = f"{archive}!/{folder}"
            if key in self._folders:
                break
            if len(self._folders) > _FOLDERS_KEPT:
                self._folders.clear()
            self._folders.add(key)
            self._note(folder_sighting(folder, self.matcher), key, when)
            if folder.endswith(".git/objects"):
                self.gap(key, "a git repository inside an archive: its history was not read")

    def _note(self, found: Sighting | None, where: str, when: str) -> None:
        if found is not None:
            place = where if found.place is not Place.SOURCE_CACHE else where.rstrip("/")
            path = found.path if "!/" in found.path else place
            self.sightings.append(replace(found, path=path, root=self.root, seen_at=when))


def _unpacked(packing: str, file: IO[bytes]) -> IO[bytes] | None:
    """The bytes behind a packing, as a stream; None for one that is not known."""
    if packing == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    if packing == "xz":
        return cast("IO[bytes]", lzma.LZMAFile(file))
    if packing == "bzip2":
        return cast("IO[bytes]", bz2.BZ2File(file))
    if packing == "zstd":
        import zstandard

        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        return cast("IO[bytes]", reader.stream_reader(file, read_across_frames=True))
    return None


def _parents(name: str) -> Iterator[str]:
    at = name.removeprefix("./").rfind("/")
    plain = name.removeprefix("./")
    while at > 0:
        yield plain[:at]
        at = plain.rfind("/", 0, at)


def _is_old_tar(head: bytes) -> bool:
    """A tar without magic: its checksum fits."""
    if len(head) < 512 or not head.strip(b"\0"):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except _BROKEN:
        return False
    return True


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


class _Ahead:
    """A stream of which the first bytes can be looked at before they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._head = file, b""

    def peek(self, count: int) -> bytes:
        """The first bytes, which stay to be read."""
        while len(self._head) < count and (more := self._file.read(count - len(self._head))):
            self._head += more
        return self._head

    def read(self, count: int = -1) -> bytes:
        """As a file's."""
        if not self._head:
            return self._file.read(count)
        if count is None or count < 0:
            data, self._head = self._head + self._file.read(), b""
            return data
        data, self._head = self._head[:count], self._head[count:]
        return data or self._file.read(count)

    def readable(self) -> bool:
        """As a file's."""
        return True

    def seekable(self) -> bool:
        """As a file's."""
        return False

    @property
    def closed(self) -> bool:
        """As a file's."""
        return False
