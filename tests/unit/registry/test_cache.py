from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.registry.cache import Cache, CachedIndex

DATA = b"an archive" * 1000
SUM = hashlib.sha256(DATA).hexdigest()
URL = "https://r.invalid/"
SIZE = 1 << 20


def files(root: Path) -> list[Path]:
    return sorted(one for one in root.rglob("*") if one.is_file())


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    entry = CachedIndex(b"line\nline\n", 'W/"1"', "Wed, 25 Nov 2026 00:00:00 GMT")
    cache.keep_archive(SUM, DATA)
    cache.keep_index(URL, "Demo", entry)
    other = Cache(tmp_path)
    assert other.archive(SUM, max_size_bytes=SIZE) == DATA
    assert other.index(URL, "demo", max_size_bytes=SIZE) == entry
    assert other.index("https://other.invalid/", "demo", max_size_bytes=SIZE) is None
    assert cache.trouble == ""


@pytest.mark.parametrize("damage", [b"", DATA[:-1], DATA + b"x", b"other" + DATA[5:]])
def test_a_damaged_archive_is_never_read_and_goes(tmp_path: Path, damage: bytes) -> None:
    cache = Cache(tmp_path)
    cache.keep_archive(SUM, DATA)
    (path,) = files(tmp_path)
    path.write_bytes(damage)
    assert cache.archive(SUM, max_size_bytes=SIZE) is None
    assert files(tmp_path) == []


@given(st.data())
def test_a_damaged_index_file_is_never_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("cache")
    cache = Cache(root)
    cache.keep_index(URL, "demo", CachedIndex(b"some lines", '"tag"', ""))
    (path,) = files(root)
    whole = path.read_bytes()
    torn = data.draw(st.one_of(st.binary(max_size=90), st.integers(0, 90).map(lambda n: whole[:n])))
    path.write_bytes(torn)
    assert cache.index(URL, "demo", max_size_bytes=SIZE) is None or torn == whole


def test_a_file_larger_than_the_limit_is_not_read_into_memory(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.keep_archive(SUM, DATA)
    assert cache.archive(SUM, max_size_bytes=len(DATA)) == DATA
    assert cache.archive(SUM, max_size_bytes=len(DATA) - 1) is None


@pytest.mark.parametrize("tag", ['"a"\nx', '"ä"', "\x00", "\u2028"])
def test_a_validator_that_would_not_come_back_the_same_is_left_out(
    tmp_path: Path, tag: str
) -> None:
    cache = Cache(tmp_path)
    cache.keep_index(URL, "demo", CachedIndex(b"data", tag))
    assert cache.index(URL, "demo", max_size_bytes=SIZE) == CachedIndex(b"data")


def test_a_forgotten_index_file_is_gone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.keep_index(URL, "demo", CachedIndex(b"data"))
    cache.forget_index(URL, "demo")
    cache.forget_index(URL, "demo")
    assert cache.index(URL, "demo", max_size_bytes=SIZE) is None


def test_a_full_disk_is_said_once_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache = Cache(tmp_path)
    cache.keep_archive(SUM, DATA)
    cache.keep_index(URL, "demo", CachedIndex(b"data"))
    assert cache.trouble == f"{tmp_path / 'v1'} cannot be written: No space left on device"
    assert files(tmp_path) == []


def test_a_cache_that_cannot_be_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file")
    cache.keep_archive(SUM, DATA)
    assert "cannot be written: Not a directory" in cache.trouble
    assert cache.archive(SUM, max_size_bytes=SIZE) is None


STUCK = """
import os, sys, time
from pathlib import Path
from analyzer.registry.cache import Cache
def stuck(*_):
    os.write(1, b"writing")
    time.sleep(600)
os.replace = stuck
Cache(Path(sys.argv[1])).keep_archive(sys.argv[2], b"half")
"""


def test_a_writer_killed_in_the_middle_leaves_nothing_that_is_read(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", STUCK, str(tmp_path), SUM]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.read(7) == b"writing"
        writer.send_signal(signal.SIGKILL)
    (part,) = files(tmp_path)
    cache = Cache(tmp_path)
    assert cache.archive(SUM, max_size_bytes=SIZE) is None
    cache.keep_archive(SUM, DATA)
    assert cache.archive(SUM, max_size_bytes=SIZE) == DATA
    assert part.exists()  # young: its writer may live
    os.utime(part, (1, 1))
    Cache(tmp_path).keep_archive(SUM, DATA)
    assert len(files(tmp_path)) == 1


def test_many_writers_and_readers_of_one_name_see_whole_files_only(tmp_path: Path) -> None:
    bodies = [bytes([number]) * 50_000 for number in range(4)]
    seen: set[bytes] = set()

    def work(body: bytes) -> None:
        cache = Cache(tmp_path)
        for _ in range(30):
            cache.keep_index(URL, "demo", CachedIndex(body))
            found = cache.index(URL, "demo", max_size_bytes=SIZE)
            seen.add(found.data if found else b"torn")

    threads = [threading.Thread(target=work, args=(one,)) for one in bodies]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert seen <= set(bodies)
