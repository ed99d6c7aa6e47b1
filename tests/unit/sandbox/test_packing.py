"""Files of a lived-in home, as one archive."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from sandbox.packing import Packing

_NOW_S = 1_700_000_000.0


def unpacked(packing: Packing) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(packing.done())) as archive:
        return {one.name: one for one in archive}


def test_owner_mode_and_age_are_kept() -> None:
    packing = Packing(21_007, _NOW_S)
    packing.add("/home/u/key", b"secret", mode=0o600, age_s=86_400)
    found = unpacked(packing)["home/u/key"]
    assert (found.uid, found.gid, found.mode) == (21_007, 21_007, 0o600)
    assert (found.size, found.mtime) == (6, _NOW_S - 86_400)


def test_folders_come_once_and_are_as_closed_as_their_first_file() -> None:
    packing = Packing(1, _NOW_S)
    packing.add("/home/u/.ssh/id", b"", mode=0o600)
    packing.add("/home/u/.ssh/id.pub", b"", mode=0o644)
    packing.add("/home/u/work/a", b"", mode=0o644)
    found = unpacked(packing)
    assert [one for one in found if found[one].isdir()] == ["home/u", "home/u/.ssh", "home/u/work"]
    assert found["home/u/.ssh"].mode == 0o700
    assert found["home/u/work"].mode == 0o755


def test_folders_of_the_image_are_not_taken_over() -> None:
    packing = Packing(1, _NOW_S)
    packing.add("/tmp/a", b"")
    packing.add("/home/b", b"")
    assert list(unpacked(packing)) == ["tmp/a", "home/b"]


def test_long_names_and_names_with_line_ends_survive() -> None:
    packing = Packing(1, _NOW_S)
    name = "home/u/" + "x" * 200 + "\n" + "y" * 100
    packing.add(f"/{name}", b"1")
    assert unpacked(packing)[name].size == 1


def test_a_file_of_this_machine_goes_in_by_content_alone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"data")
    packing = Packing(7, _NOW_S)
    packing.add_file("/home/u/copy", source)
    found = unpacked(packing)["home/u/copy"]
    assert (found.uid, found.mtime, found.size) == (7, _NOW_S, 4)
