"""All inputs: unpacking never raises, stays below its caps, and loses no bytes of a sound archive."""

from __future__ import annotations

import dataclasses
import gzip
import io
import pickle
import sys
import tarfile
import zlib

from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import CrateRef, CrateSource, Origin, SourceTree
from analyzer.tar import END, member
from analyzer.unpack import unpack

SMALL = dataclasses.replace(
    DEFAULT_LIMITS,
    archive_size_bytes=1 << 20,
    unpacked_size_bytes=1 << 17,
    member_size_bytes=1 << 15,
    member_count=40,
)
ROOT = "some-crate-1.2.3-rc.1+5"
PARTS = st.text("abcdefghixyz019_-+.~@ éß漢", min_size=1, max_size=30).map(
    lambda text: f"p{text}q"  # neither dots nor blanks at an end, no device of Windows
)
PATHS = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
MEMBERS = st.dictionaries(PATHS, st.tuples(st.binary(max_size=3000), st.booleans()), max_size=12)


def source(data: bytes, origin: Origin = Origin.CRATES_IO) -> CrateSource:
    return CrateSource(CrateRef("some-crate", "1.2.3-rc.1+5"), "0" * 64, data, origin)


def is_well_formed(tree: SourceTree) -> bool:
    paths = [one.path for one in tree.files]
    texts = [*paths, *(one.subject for one in tree.facts), *(one.path for one in tree.gaps)]
    assert paths == sorted(set(paths))
    assert all(one.isprintable() and one.encode() is not None for one in texts)
    assert sum(len(one.data) for one in tree.files) <= SMALL.unpacked_size_bytes
    assert len(tree.files) <= SMALL.member_count
    return bool(pickle.loads(pickle.dumps(tree)) == tree)


@given(MEMBERS)
def test_sound_archives_come_back_whole(members: dict[str, tuple[bytes, bool]]) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        for path, (data, is_executable) in members.items():
            info = tarfile.TarInfo(f"{ROOT}/{path}")
            info.size, info.mode = len(data), 0o755 if is_executable else 0o644
            archive.addfile(info, io.BytesIO(data))
    tree = unpack(source(buffer.getvalue()), limits=DEFAULT_LIMITS)
    assert {one.path: (one.data, one.is_executable) for one in tree.files} == members
    allowed = {"no-manifest", "case-clash", "file-as-folder", "odd-name"}
    assert {one.subject for one in tree.facts} <= allowed


@given(MEMBERS)
def test_our_own_archives_are_read_alike_by_tarfile(members: dict[str, tuple[bytes, bool]]) -> None:
    packed = b"".join(
        part
        for path, (data, _) in members.items()
        for part in member(f"{ROOT}/{path}".encode(), data)
    )
    with tarfile.open(fileobj=io.BytesIO(packed + END)) as archive:
        read = {one.name: archive.extractfile(one) for one in archive}
        found = {name: file.read() for name, file in read.items() if file is not None}
    assert found == {f"{ROOT}/{path}": data for path, (data, _) in members.items()}
    tree = unpack(source(packed + END, Origin.FOLDER), limits=DEFAULT_LIMITS)
    assert {one.path: one.data for one in tree.files} == {
        path: data for path, (data, _) in members.items()
    }


@given(st.binary(max_size=4000))
@example(b"\x1f\x8b\x08\x00" + bytes(6))
@example(b"\x1f\x8b\x08\x1e" + bytes(6) + b"\xff\xff")
def test_any_bytes_give_a_tree(data: bytes) -> None:
    assert is_well_formed(unpack(source(data), limits=SMALL))
    assert is_well_formed(unpack(source(gzip.compress(data)), limits=SMALL))


@st.composite
def damaged_tars(draw: st.DrawFn) -> bytes:
    """A sound tar with some bytes changed, whose header checksums may be right again."""
    parts: list[bytes] = []
    for number in range(draw(st.integers(1, 5))):
        data = draw(st.binary(max_size=1500))
        kind = draw(st.sampled_from([b"0", b"0", b"0", b"L", b"x", b"g", b"5", b"2", b"S", b"K"]))
        name = draw(st.sampled_from([f"{ROOT}/src/a{number}.rs", f"{ROOT}/{'long/' * 30}b", "x"]))
        block = bytearray(b"".join(member(name.encode(), data, kind=kind)))
        start = len(block) - 512 - len(data) - -len(data) % 512
        for _ in range(draw(st.integers(0, 3))):
            at = draw(st.integers(0, 511))
            block[start + at] = draw(st.sampled_from(b"\0 017/.x\x80\xff"))
        if draw(st.booleans()):
            block[start + 148 : start + 156] = b" " * 8
            total = sum(block[start : start + 512])
            block[start + 148 : start + 156] = b"%06o\0 " % total
        parts.append(bytes(block))
    return b"".join(parts) + draw(
        st.sampled_from([END, b"", bytes(512), END + b"x", bytes(10_240)])
    )


def with_bytes(at: int, changed: bytes) -> bytes:
    """A sound archive of one file, some bytes of its header changed and its checksum right."""
    block = bytearray(b"".join(member(f"{ROOT}/src/a.rs".encode(), b"x")))
    block[at : at + len(changed)] = changed
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block) + END


@settings(max_examples=300)
@given(damaged_tars())
@example(with_bytes(108, b"x"))
@example(with_bytes(116, b"1 7"))
@example(with_bytes(136, b"/"))
@example(with_bytes(329, b"x"))
@example(with_bytes(344, b"\x80"))
def test_without_anomaly_tarfile_reads_the_same(data: bytes) -> None:
    tree = unpack(source(gzip.compress(data)), limits=SMALL)
    assert is_well_formed(tree)
    if {one.subject for one in tree.facts} - {"no-manifest"}:
        return
    try:
        archive = tarfile.open(fileobj=io.BytesIO(data))  # noqa: SIM115  # closed with its bytes
    except tarfile.ReadError:
        # Python before 3.11.5 refuses an empty first member behind a long name; cargo does not.
        assert sys.version_info < (3, 11, 5)
        return
    with archive:
        files = {one.name: archive.extractfile(one) for one in archive if one.isreg()}
        found = {name.removeprefix(f"{ROOT}/"): one.read() for name, one in files.items() if one}
    assert found == {one.path: one.data for one in tree.files}


@given(
    st.lists(st.binary(max_size=400), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 255)), max_size=4),
    st.integers(0, 5000),
)
def test_damaged_gzip_gives_a_tree_and_the_bytes_zlib_gives(
    pieces: list[bytes], flips: list[tuple[int, int]], cut: int
) -> None:
    packed = b"".join(
        part
        for number, piece in enumerate(pieces)
        for part in member(f"{ROOT}/{number}".encode(), piece * 3)
    )
    data = bytearray(gzip.compress(packed + END, mtime=0))
    for at, change in flips:
        data[at % len(data)] ^= change
    hostile = bytes(data[: len(data) - cut % len(data)]) if cut % 2 else bytes(data)
    tree = unpack(source(hostile), limits=SMALL)
    assert is_well_formed(tree)
    try:
        plain = zlib.decompressobj(31).decompress(hostile)
    except zlib.error:
        assert tree.facts
        return
    for one in tree.files:
        assert one.data in plain
