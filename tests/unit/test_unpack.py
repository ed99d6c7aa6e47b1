"""Archives, canonical and odd: what we read of them, what `tarfile` reads, what cargo unpacks."""

from __future__ import annotations

import dataclasses
import gzip
import io
import pickle
import tarfile
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.model import (
    CrateRef,
    CrateSource,
    FactKind,
    GapKind,
    Member,
    Origin,
    SourceTree,
)
from analyzer.tar import END, member, member_header
from analyzer.unpack import unpack

Parts = Iterable[bytes]

ROOT = b"odd-1.0.0/"
LIB = ROOT + b"src/lib.rs"
MANIFEST = b'[package]\nname = "odd"\nversion = "1.0.0"\nedition = "2021"\n'
HONEST, OTHER = b"// honest\n", b"// other\n"
USTAR = b"ustar\x0000"


def base() -> bytes:
    return b"".join([*member(ROOT + b"Cargo.toml", MANIFEST), *member(LIB, HONEST)])


def tar(*members: Parts, end: bytes = END) -> bytes:
    return base() + b"".join(b"".join(one) for one in members) + end


def crate(*members: Parts, end: bytes = END) -> bytes:
    return gzip.compress(tar(*members, end=end), mtime=0)


def head(
    name: bytes, size: int, *, kind: bytes = b"0", at: dict[int, bytes] | None = None
) -> bytes:
    """A header block with some of its bytes replaced and a checksum that fits."""
    block = bytearray(b"".join(member_header(name, kind=kind, size=size)))
    for start, some in (at or {}).items():
        block[start : start + len(some)] = some
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(*records: bytes, kind: bytes = b"x", name: bytes = ROOT + b"pax") -> Parts:
    lines = []
    for one in records:
        length = len(one) + 3
        while len(str(length)) + len(one) + 2 != length:
            length += 1
        lines.append(b"%d %s\n" % (length, one))
    return member(name, b"".join(lines), kind=kind)


def long_name(name: bytes, *, kind: bytes = b"L") -> Parts:
    return member(b"././@LongLink", name, kind=kind)


def source(data: bytes, *, origin: Origin = Origin.CRATES_IO) -> CrateSource:
    return CrateSource(CrateRef("odd", "1.0.0"), "0" * 64, data, origin)


def read(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> SourceTree:
    return unpack(source(data), limits=limits)


def slugs(tree: SourceTree) -> list[str]:
    return [one.subject for one in tree.facts]


def contents(tree: SourceTree) -> dict[str, bytes]:
    return {one.path: one.data for one in tree.files}


def is_blocked(tree: SourceTree) -> bool:
    return any(one.is_blocking for one in tree.gaps)


@dataclass(frozen=True)
class Odd:
    """One odd archive and what we must say of it."""

    name: str
    data: bytes
    slugs: tuple[str, ...]
    is_blocking: bool = False


def spoiled(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


GOOD = crate()
GZIP_BODY = GOOD[10:]

ODD = (
    # The gzip wrapping.
    Odd("second gzip member", GOOD + crate(member(LIB, OTHER)), ("second-gzip-member",)),
    Odd("empty first member", gzip.compress(b"") + GOOD, ("second-gzip-member", "no-end-marker", "no-manifest"), True),
    Odd("bytes after the end", GOOD + b"more", ("trailing-bytes",)),
    Odd("wrong checksum", spoiled(GOOD, -8), ("bad-gzip-checksum",)),
    Odd("wrong length", spoiled(GOOD, -1), ("bad-gzip-checksum",)),
    Odd("no trailer", GOOD[:-8], ("truncated",)),
    Odd("cut in the middle", GOOD[: len(GOOD) // 2], ("truncated",), True),
    Odd("no gzip at all", b"hello", ("bad-gzip",), True),
    Odd("nothing", b"", ("bad-gzip",), True),
    Odd("tar without gzip", tar(), ("bad-gzip",), True),
    Odd("damaged deflate", GOOD[:10] + b"\xff" * 40, ("bad-gzip",), True),
    Odd("extra field", GOOD[:3] + b"\4" + GOOD[4:10] + b"\3\0abc" + GZIP_BODY, ("odd-gzip-header",)),
    Odd("comment", GOOD[:3] + b"\x10" + GOOD[4:10] + b"hi\0" + GZIP_BODY, ("odd-gzip-header",)),
    Odd("header checksum", GOOD[:3] + b"\2" + GOOD[4:10] + b"\0\0" + GZIP_BODY, ("odd-gzip-header",)),
    Odd("reserved flag", GOOD[:3] + b"\x80" + GOOD[4:], ("bad-gzip",), True),
    # The end of the tar.
    Odd("no end marker", crate(end=b""), ("no-end-marker",)),
    Odd("half an end marker", crate(end=bytes(512)), ("no-end-marker",)),
    Odd("member after the end", crate([END], member(LIB, OTHER)), ("trailing-bytes",)),
    Odd("member after one zero block", crate([bytes(512)], member(LIB, OTHER)), ("trailing-bytes",)),
    Odd("part of a header", crate(end=b"x" * 100), ("truncated",), True),
    Odd("ends inside a member", crate([head(LIB, 9000)], end=OTHER), ("truncated", "duplicate-member"), True),
    # Headers.
    Odd("wrong header checksum", crate([spoiled(head(LIB, 9), 0), padded(OTHER)]), ("bad-checksum-header",), True),
    Odd("junk for a header", crate([b"x" * 512]), ("bad-checksum-header",), True),
    Odd("large header checksum", crate([head(LIB, 9, at={345: b"\xff" * 155}), padded(OTHER)]), ("ambiguous-header", "duplicate-member")),
    Odd("size in base 256", crate([head(LIB, 9, at={124: b"\x80" + (9).to_bytes(11, "big")}), padded(OTHER)]), ("odd-header", "duplicate-member")),
    Odd("size beyond 64 bits", crate([head(LIB, 9, at={124: b"\x80\1" + (9).to_bytes(10, "big")}), padded(OTHER)]), ("bad-header",), True),
    Odd("negative size", crate([head(LIB, 9, at={124: b"\xff" * 12}), padded(OTHER)]), ("bad-header",), True),
    Odd("size with blanks", crate([head(LIB, 9, at={124: b"      11    "}), padded(OTHER)]), ("odd-header", "duplicate-member")),
    Odd("size with a sign", crate([head(LIB, 9, at={124: b"+0000000011\0"}), padded(OTHER)]), ("bad-header",), True),
    Odd("no size", crate([head(LIB, 9, at={124: bytes(12)}), padded(OTHER)]), ("bad-header",), True),
    Odd("bytes behind the name", crate([head(LIB, 9, at={60: b"x"}), padded(OTHER)]), ("odd-header", "duplicate-member")),
    Odd("no magic", crate([head(LIB, 9, at={257: bytes(8)}), padded(OTHER)]), ("odd-header", "duplicate-member")),
    Odd("GNU header with a prefix", crate([head(ROOT + b"x", 9, at={345: b"odd-1.0.0/src"}), padded(OTHER)]), ("ambiguous-header",)),
    Odd("size of a folder", crate([head(ROOT + b"d/", 1024, kind=b"5")], member(LIB, OTHER)), ("ambiguous-header",), True),
    Odd("set-user-id", crate(member(LIB, OTHER, mode=0o4755)), ("odd-mode", "duplicate-member")),
    # Extension headers.
    Odd("PAX path", crate(pax(b"path=" + LIB), member(ROOT + b"x", OTHER)), ("pax-header", "duplicate-member")),
    Odd("PAX size against the header", crate(pax(b"size=9"), [head(ROOT + b"x", 2048), padded(OTHER)], member(LIB, OTHER)), ("pax-header", "ambiguous-header", "duplicate-member"), True),
    Odd("PAX size of nothing", crate(pax(b"size="), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header"), True),
    Odd("PAX sparse", crate(pax(b"GNU.sparse.name=x"), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header")),
    Odd("PAX path twice", crate(pax(b"path=" + LIB, b"path=x"), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header"), True),
    Odd("PAX with a newline inside", crate(pax(b"comment=x\n9 path=y"), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header"), True),
    Odd("PAX without an end", crate(member(ROOT + b"pax", b"9 path=x", kind=b"x"), member(LIB, OTHER)), ("pax-header", "ambiguous-header"), True),
    Odd("PAX and a long name", crate(long_name(LIB), pax(b"path=" + ROOT + b"y"), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header", "duplicate-member")),
    Odd("PAX before a long name", crate(pax(b"size=9"), long_name(LIB), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header"), True),
    Odd("global PAX path", crate(pax(b"path=" + LIB, kind=b"g"), member(ROOT + b"x", OTHER)), ("pax-header", "ambiguous-header")),
    Odd("global PAX outside", crate(pax(b"comment=x", kind=b"g", name=b"pax_global_header")), ("pax-header", "outside-root")),
    Odd("two long names", crate(long_name(LIB), long_name(LIB), member(ROOT + b"x", OTHER)), ("ambiguous-header",), True),
    Odd("long name for nobody", crate(long_name(LIB)), ("ambiguous-header",)),
    Odd("NUL in a long name", crate(long_name(LIB + b"\0.txt"), member(ROOT + b"x", OTHER)), ("odd-name",)),
    Odd("long name without magic", crate([head(LIB, 9, kind=b"L", at={257: bytes(8)}), padded(OTHER)]), ("odd-header", "odd-member-type"), True),
    # Types.
    Odd("symbolic link", crate(member_header(LIB, kind=b"2", link=b"../x"), member(ROOT + b"x", OTHER)), ("symlink",), True),
    Odd("linked folder", crate(member_header(ROOT + b"a", kind=b"2", link=b"src"), member(ROOT + b"a/lib.rs", OTHER)), ("symlink",), True),
    Odd("hard link", crate(member(ROOT + b"x", OTHER), member_header(ROOT + b"src/y.rs", kind=b"1", link=ROOT + b"x")), ("hardlink",), True),
    Odd("long link", crate(member_header(ROOT + b"y", kind=b"2", link=b"x" * 200)), ("symlink",), True),
    Odd("character device", crate(member_header(ROOT + b"x", kind=b"3")), ("device",)),
    Odd("block device", crate(member_header(ROOT + b"x", kind=b"4")), ("device",)),
    Odd("pipe", crate(member_header(ROOT + b"x", kind=b"6")), ("fifo",)),
    Odd("pipe with data", crate(member(LIB, OTHER, kind=b"6")), ("ambiguous-header", "fifo", "duplicate-member"), True),
    Odd("contiguous file", crate(member(LIB, OTHER, kind=b"7")), ("odd-member-type", "duplicate-member")),
    Odd("unknown type", crate(member(LIB, OTHER, kind=b"Z")), ("odd-member-type", "duplicate-member")),
    Odd("dumped folder", crate(member(LIB, OTHER, kind=b"D")), ("odd-member-type", "duplicate-member")),
    Odd("sparse file", crate([head(LIB, 9, kind=b"S", at={386: b"%011o\0%011o\0" % (0, 9), 483: b"%011o\0" % 9}), padded(OTHER)]), ("sparse", "duplicate-member"), True),
    Odd("sparse file with more headers", crate([head(LIB, 9, kind=b"S", at={482: b"\1"}), padded(OTHER)], member(LIB, OTHER)), ("sparse", "duplicate-member"), True),
    # Names.
    Odd("name twice", crate(member(LIB, OTHER)), ("duplicate-member",)),
    Odd("other case", crate(member(ROOT + b"src/LIB.rs", OTHER)), ("case-clash",)),
    Odd("other composition", crate(member(ROOT + "é.rs".encode(), OTHER), member(ROOT + "e\u0301.rs".encode(), OTHER)), ("case-clash",)),
    Odd("Kelvin for K", crate(member(ROOT + b"k.rs", OTHER), member(ROOT + "\u212a.rs".encode(), OTHER)), ("case-clash",)),
    Odd("file below a file", crate(member(LIB + b"/x.rs", OTHER)), ("file-as-folder",)),
    Odd("file over a folder", crate(member(ROOT + b"src", OTHER)), ("file-as-folder",)),
    Odd("parent", crate(member(ROOT + b"../odd-1.0.0/src/lib.rs", OTHER)), ("parent-path",)),
    Odd("dot", crate(member(ROOT + b"./src/lib.rs", OTHER)), ("odd-name", "duplicate-member")),
    Odd("leading dot", crate(member(b"./" + LIB, OTHER)), ("outside-root",)),
    Odd("empty parts", crate(member(ROOT + b"/src///lib.rs", OTHER)), ("odd-name", "duplicate-member")),
    Odd("absolute", crate(member(b"/" + LIB, OTHER)), ("absolute-path",)),
    Odd("other root", crate(member(b"other-1.0.0/src/lib.rs", OTHER)), ("outside-root",)),
    Odd("no root", crate(member(b"build.rs", OTHER)), ("outside-root",)),
    Odd("slash behind a GNU file", crate(member(LIB + b"/", OTHER)), ("odd-name", "duplicate-member")),
    Odd("slash behind a file", crate([head(LIB + b"/", 9, at={257: USTAR}), padded(OTHER)]), ("odd-name", "duplicate-member")),
    Odd("not UTF-8", crate(member(ROOT + b"\xff.rs", OTHER)), ("non-utf8-name",)),
    Odd("encoded surrogate", crate(member(ROOT + b"\xed\xb0\x80.rs", OTHER)), ("non-utf8-name",)),
    Odd("newline", crate(member(ROOT + b"a\nb.rs", OTHER)), ("odd-name",)),
    Odd("escape", crate(member(ROOT + b"\x1b[2J.rs", OTHER)), ("odd-name",)),
    Odd("bidi", crate(member(ROOT + "\u202esr.x".encode(), OTHER)), ("odd-name",)),
    Odd("backslash", crate(member(ROOT + b"src\\lib.rs", OTHER)), ("odd-name",)),
    Odd("drive", crate(member(ROOT + b"C:x.rs", OTHER)), ("odd-name",)),
    Odd("trailing dot", crate(member(ROOT + b"x.rs.", OTHER)), ("odd-name",)),
    Odd("trailing blank", crate(member(ROOT + b"src /x.rs", OTHER)), ("odd-name",)),
    Odd("long component", crate(member(ROOT + b"x" * 300, OTHER)), ("odd-name",)),
    Odd("long path", crate(member(ROOT + b"x/" * 600 + b"y.rs", OTHER)), ("over-long-name", "odd-name"), True),
    Odd("device of Windows", crate(member(ROOT + b"src/aux.rs", OTHER)), ("reserved-name",)),
    Odd("folder of Windows", crate(member(ROOT + b"COM1/x.rs", OTHER)), ("reserved-name",)),
    Odd("cargo's own mark", crate(member(ROOT + b"d/.cargo-ok", OTHER)), ("cargo-ok",)),
    Odd("no name", crate([head(b"", 0)]), ("odd-header", "outside-root")),
    Odd("no manifest", gzip.compress(b"".join(member(LIB, OTHER)) + END), ("no-manifest",), True),
)  # fmt: skip


@pytest.fixture(params=ODD, ids=lambda one: one.name)
def odd(request: pytest.FixtureRequest) -> Odd:
    assert isinstance(request.param, Odd)
    return request.param


def test_canonical_archive_has_no_anomaly() -> None:
    plain = member(ROOT + b"a/b c+d@2x-[1].txt", b"x")
    long = member(ROOT + b"nnn/" * 60 + b"x", b"")
    folder = member_header(ROOT + b"d/", kind=b"5", mode=0o755)
    tree = read(crate(plain, long, folder, member(ROOT + "é.rs".encode(), b"")))
    assert tree.facts == ()
    assert tree.gaps == ()
    assert len(tree.files) == 5


def test_odd_archive_is_told(odd: Odd) -> None:
    tree = read(odd.data)
    assert sorted(slugs(tree)) == sorted(odd.slugs)
    assert is_blocked(tree) == odd.is_blocking
    assert all(one.kind is FactKind.ARCHIVE_ANOMALY for one in tree.facts)
    assert all(isinstance(one.where, Member) for one in tree.facts)


def test_odd_archive_gives_a_printable_sorted_picklable_tree(odd: Odd) -> None:
    tree = read(odd.data)
    paths = [one.path for one in tree.files]
    assert paths == sorted(set(paths))
    assert all(one.isprintable() and one.encode() for one in paths)
    assert pickle.loads(pickle.dumps(tree)) == tree


def in_tarfile(data: bytes) -> dict[str, bytes] | None:
    """Regular members as `tarfile` reads them, which joins gzip members; None if it gives up."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for one in archive:
                file = archive.extractfile(one) if one.isreg() else None
                if file is not None:
                    found[one.name.removeprefix("odd-1.0.0/")] = file.read()
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, zlib.error):
        return None
    return found


def test_what_tarfile_reads_otherwise_is_an_anomaly(odd: Odd) -> None:
    tree = read(odd.data)
    assert in_tarfile(odd.data) == contents(tree) or tree.facts


def test_tarfile_reads_canonical_archives_alike() -> None:
    data = crate(member(ROOT + b"nnn/" * 60 + b"x", OTHER), member(ROOT + b"\xc3\xa9.rs", b""))
    assert in_tarfile(data) == contents(read(data))


@pytest.mark.cargo
def test_cargo_compiles_nothing_that_we_did_not_read(
    odd: Odd,
    cargo_unpack: Callable[[Sequence[tuple[str, str, bytes]]], dict[tuple[str, str], Path]],
) -> None:
    folder = cargo_unpack([("odd", "1.0.0", odd.data)]).get(("odd", "1.0.0"))
    if folder is None or not (folder / ".cargo-ok").exists():
        assert odd.slugs, "cargo refuses what we accept"
        return
    tree = read(odd.data)
    ours = contents(tree)
    for path in folder.rglob("*"):
        if path.is_dir() or path.name == ".cargo-ok":
            continue
        inside = path.relative_to(folder).as_posix()
        if path.is_symlink():
            assert is_blocked(tree), inside
        elif inside.isprintable():
            assert ours.get(inside) == path.read_bytes() or is_blocked(tree), inside
        else:
            assert path.read_bytes() in ours.values()


@pytest.mark.cargo
def test_cargo_accepts_the_canonical_archive(
    cargo_unpack: Callable[[Sequence[tuple[str, str, bytes]]], dict[tuple[str, str], Path]],
) -> None:
    folder = cargo_unpack([("odd", "1.0.0", GOOD)])["odd", "1.0.0"]
    assert (folder / ".cargo-ok").exists()
    assert (folder / "src/lib.rs").read_bytes() == HONEST


# What stands where ------------------------------------------------------------------------------


def test_last_of_two_copies_has_the_name_and_no_copy_hides() -> None:
    tree = read(crate(member(LIB, b"second"), member(LIB, b"third")))
    assert contents(tree) == {
        "Cargo.toml": MANIFEST,
        "src/lib.rs": b"third",
        "src/lib (copy 1).rs": HONEST,
        "src/lib (copy 2).rs": b"second",
    }


def test_copy_never_takes_the_place_of_a_member() -> None:
    taken = member(ROOT + b"src/lib (copy 1).rs", b"taken")
    assert sorted(contents(read(crate(taken, member(LIB, OTHER)))).values()) == sorted(
        [MANIFEST, HONEST, OTHER, b"taken"]
    )
    again = member(ROOT + b"src/lib (copy 1).rs", b"taken")
    assert len(contents(read(crate(member(LIB, OTHER), again)))) == 4


def test_member_outside_the_root_never_stands_for_one_inside() -> None:
    for name in (b"src/lib.rs", b"./odd-1.0.0/src/lib.rs", b"/src/lib.rs", b"x/../src/lib.rs"):
        assert contents(read(crate(member(name, OTHER))))["src/lib.rs"] == HONEST


def test_dots_and_empty_parts_are_dropped_as_cargo_does() -> None:
    assert contents(read(crate(member(ROOT + b".//./build.rs", OTHER))))["build.rs"] == OTHER


def test_executable_bit_comes_from_the_header() -> None:
    tree = read(crate(member(ROOT + b"run.sh", b"", mode=0o755)))
    assert [one.path for one in tree.files if one.is_executable] == ["run.sh"]


def test_anomaly_names_member_and_offset() -> None:
    fact = read(crate(member_header(LIB, kind=b"2", link=b"/etc/passwd"))).facts[0]
    assert fact.where == Member("src/lib.rs", len(base()))
    assert fact.data == ("/etc/passwd",)


def test_only_the_first_gzip_member_is_read() -> None:
    tree = read(GOOD + crate(member(LIB, OTHER)))
    assert contents(tree)["src/lib.rs"] == HONEST
    assert tree.facts[0].where == Member("", len(GOOD))


def test_cut_archive_keeps_what_came_before() -> None:
    noise = b"".join(zlib.crc32(b"%d" % one).to_bytes(4, "big") for one in range(100_000))
    whole = crate(member(ROOT + b"noise", noise))
    tree = read(whole[: len(whole) * 3 // 4])
    kept = contents(tree)
    assert kept["src/lib.rs"] == HONEST
    assert noise.startswith(kept["noise"])
    assert len(kept["noise"]) > 200_000
    assert slugs(tree) == ["truncated"]


def test_damaged_archive_keeps_what_came_before() -> None:
    noise = b"".join(zlib.crc32(b"%d" % one).to_bytes(4, "big") for one in range(200_000))
    whole = gzip.compress(tar(member(ROOT + b"noise", noise)), 6, mtime=0)
    tree = read(whole[: len(whole) // 2] + b"\xff" * 4000)
    assert contents(tree)["src/lib.rs"] == HONEST
    assert is_blocked(tree)


# Caps --------------------------------------------------------------------------------------------

SMALL = dataclasses.replace(
    DEFAULT_LIMITS, unpacked_size_bytes=1 << 20, member_size_bytes=1 << 18, member_count=50
)


def test_bomb_stops_at_the_cap_and_costs_little_memory() -> None:
    bomb = crate([head(ROOT + b"zeros", 1 << 28)], [bytes(1 << 28)])
    tracemalloc.start()
    tree = read(bomb, limits=SMALL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
    assert "over-size" in slugs(tree)
    assert [one.kind for one in tree.gaps if one.is_blocking]
    assert sum(len(one.data) for one in tree.files) <= SMALL.unpacked_size_bytes


def test_bomb_behind_the_end_stops_at_the_cap() -> None:
    tree = read(crate([bytes(1 << 25)]), limits=SMALL)
    assert slugs(tree) == ["over-size"]


def test_large_member_is_cut_and_a_blocking_gap_and_others_are_read() -> None:
    large = member(ROOT + b"large.rs", b"x" * 300_000)
    tree = read(crate(large, member(ROOT + b"next.rs", OTHER)), limits=SMALL)
    assert len(contents(tree)["large.rs"]) == SMALL.member_size_bytes
    assert contents(tree)["next.rs"] == OTHER
    assert [(one.kind, one.path, one.is_blocking) for one in tree.gaps] == [
        (GapKind.TOO_LARGE, "large.rs", True)
    ]


def test_too_many_members_stop_the_reading() -> None:
    many = [member(ROOT + b"%d" % one, b"") for one in range(60)]
    tree = read(crate(*many), limits=SMALL)
    assert len(tree.files) == SMALL.member_count
    assert slugs(tree) == ["too-many-members"]
    assert is_blocked(tree)


def test_archive_over_the_cap_is_not_opened() -> None:
    tree = read(GOOD, limits=dataclasses.replace(DEFAULT_LIMITS, archive_size_bytes=100))
    assert tree.files == ()
    assert slugs(tree) == ["over-size"]
    assert is_blocked(tree)


def test_many_anomalies_are_counted_not_listed() -> None:
    tree = read(crate(*(member(ROOT + b"a:%d" % one, b"") for one in range(500))))
    assert len(tree.files) == 502
    assert len(tree.facts) == 100
    assert [one.reason for one in tree.gaps] == ["odd-name: 400 more members are not listed"]


def test_announced_size_allocates_nothing() -> None:
    tree = read(crate([head(LIB, 0, at={124: b"\x80" + (1 << 60).to_bytes(11, "big")})]))
    assert "truncated" in slugs(tree)


# Folders -----------------------------------------------------------------------------------------


def test_folder_links_and_pipes_are_facts_of_their_own() -> None:
    data = tar(
        member_header(ROOT + b"LICENSE", kind=b"2", link=b"../LICENSE"),
        member_header(ROOT + b"pipe", kind=b"6"),
    )
    tree = unpack(source(data, origin=Origin.FOLDER), limits=DEFAULT_LIMITS)
    assert slugs(tree) == ["link-in-folder", "special-in-folder"]
    assert tree.gaps == ()
    assert sorted(contents(tree)) == ["Cargo.toml", "src/lib.rs"]


def test_deep_folders_cost_little_memory() -> None:
    deep = b"d/" * 480
    data = crate(*(member(ROOT + b"%04d/" % one + deep + b"x.rs", b"") for one in range(400)))
    tracemalloc.start()
    tree = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(tree.files) == 402
    assert peak < 8 << 20
