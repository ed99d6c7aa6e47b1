"""Fewer lines, of which none that matters is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest.folding import Folder

_QUIET = ("/usr/", "/lib/")


def fold(*lines: str, room_bytes: int = 1 << 20) -> tuple[list[str], Folder]:
    folder = Folder(_QUIET, room_bytes=room_bytes)
    rows = [f"{one}\n".encode() for one in lines]
    return [one.decode().rstrip("\n") for one in folder.fold(rows)], folder


def opened(path: str, *, pid: int = 7, at: str = "1.000001", really: str = "") -> str:
    return f'{pid} {at} openat(AT_FDCWD</>, "{path}", O_RDONLY) = 3<{really or path}>'


def connect(port: int, *, at: str = "1.000001") -> str:
    return f"7 {at} connect(3<TCP:[1]>, {{sa_family=AF_INET, sin_port=htons({port})}}, 16) = 0"


def test_reads_of_quiet_places_are_dropped() -> None:
    kept, folder = fold(opened("/usr/lib/x"), opened("/home/u/.ssh/id"))
    assert kept == [opened("/home/u/.ssh/id")]
    assert folder.dropped == 1


@pytest.mark.parametrize(
    "line",
    [
        opened("/usr/../home/u/.ssh/id", really="/home/u/.ssh/id"),
        opened("/usr/lib/link", really="/home/u/.ssh/id"),
        '7 1.000001 openat(AT_FDCWD</>, "/usr/x", O_WRONLY|O_CREAT, 0644) = 3</usr/x>',
        '7 1.000001 openat(AT_FDCWD</>, "/usr/x", O_RDWR) = -1 ENOENT (No such file)',
        '7 1.000001 openat(AT_FDCWD</>, "/usr/../home/u/x", O_RDONLY) = -1 ENOENT (No such)',
        '7 1.000001 unlink("/usr/x") = 0',
        '7 1.000001 execve("/usr/bin/curl", ["curl"], 0x1) = 0',
    ],
)
def test_a_quiet_word_in_the_path_hides_nothing(line: str) -> None:
    assert fold(line)[0] == [line]


def test_the_same_words_of_the_same_process_are_folded_whenever_they_come() -> None:
    kept, folder = fold(*(opened("/home/u/x", at=f"{n}.000000") for n in range(1, 1001)))
    assert len(kept) == 1
    assert folder.folded == 999


def test_another_process_with_the_same_words_is_kept() -> None:
    lines = [opened("/home/u/x", pid=7), opened("/home/u/x", pid=8)]
    assert fold(*lines)[0] == lines


def test_every_address_and_every_connection_is_kept() -> None:
    """S15: the fourth connection, to another host, was once folded away."""
    lines = [connect(port) for port in (1, 2, 3, 4)] + [connect(4, at="2.000000")] * 3
    assert fold(*lines)[0] == lines


def test_a_flood_of_reads_leaves_room_for_what_is_protected() -> None:
    flood = [opened(f"/home/u/{number}") for number in range(200)]
    kept, folder = fold(*flood, connect(443), room_bytes=2_000)
    assert kept[-1] == connect(443)
    assert folder.lost[False] > 0
    assert folder.lost[True] == 0


def test_a_flood_of_reads_leaves_room_for_a_decoy_in_its_middle() -> None:
    decoy = opened("/home/u/.aws/credentials")
    flood = [opened(f"/home/u/{number}") for number in range(200)]
    folder = Folder(_QUIET, ["/home/u/.aws/credentials"], room_bytes=2_000)
    kept = list(folder.fold(f"{one}\n".encode() for one in (*flood, decoy, *flood)))
    assert kept[-1] == f"{decoy}\n".encode()
    assert folder.lost[True] == 0


def test_protected_lines_without_room_are_counted_apart() -> None:
    _, folder = fold(*(connect(one) for one in range(100)), room_bytes=500)
    assert folder.lost[True] > 0
    assert folder.lost[False] == 0


def test_halves_of_interrupted_calls_are_never_folded() -> None:
    half = '7 1.000001 openat(AT_FDCWD</>, "/home/u/x", O_RDONLY <unfinished ...>'
    rest = "7 1.000002 <... openat resumed>) = 3</home/u/x>"
    assert fold(half, rest, half, rest)[0] == [half, rest, half, rest]


@given(st.lists(st.binary(max_size=60).map(lambda one: one.replace(b"\n", b"") + b"\n")))
def test_every_line_is_kept_folded_dropped_or_lost(lines: list[bytes]) -> None:
    folder = Folder(_QUIET, room_bytes=200)
    kept = list(folder.fold(lines))
    others = folder.folded + folder.dropped + sum(folder.lost.values())
    assert len(kept) + others == len(lines)
