"""Room for a build: never more than the machine has, nor less than a build needs."""

from __future__ import annotations

import os

import pytest

from sandbox.settings import GIB, default_room


@pytest.mark.parametrize(
    ("whole", "memory"),
    [(1 * GIB, 2 * GIB), (8 * GIB, 4 * GIB), (16 * GIB, 8 * GIB), (512 * GIB, 8 * GIB)],
)
def test_memory_is_half_of_the_machine_within_bounds(
    monkeypatch: pytest.MonkeyPatch, whole: int, memory: int
) -> None:
    sizes = {"SC_PHYS_PAGES": whole // 4096, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    room = default_room()
    assert room.memory_bytes == memory


def test_files_in_memory_fit_in_what_memory_there_is() -> None:
    room = default_room()
    assert room.home_bytes + room.temporary_bytes <= room.memory_bytes


def test_processes_are_few_enough_for_the_kernel() -> None:
    assert 0 < default_room().processes <= 4096
