"""Recorded logs give the facts that stand beside them, and nothing else."""

from __future__ import annotations

import pytest

from analyzer.model import Moment

from .traces import FOLDER, recorded, told

NAMES = sorted(one.stem for one in FOLDER.glob("*.strace"))


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_log_gives_its_facts(name: str) -> None:
    wanted = (FOLDER / f"{name}.facts").read_text().splitlines()
    assert [told(one) for one in recorded(name).facts] == wanted


def test_an_honest_build_is_an_empty_page() -> None:
    assert recorded("honest").facts == ()


def test_the_systems_git_that_reads_its_settings_is_expected() -> None:
    assert recorded("git").expected == {"/home/ada/.gitconfig"}
    assert recorded("theft").expected == frozenset()


def test_a_fact_knows_its_moment_and_its_chain() -> None:
    spawn = next(one for one in recorded("theft").facts if one.subject == "{temp}/x.sh")
    assert isinstance(spawn.where, Moment)
    assert (spawn.where.stage, spawn.where.pid) == ("build", 73)
    assert spawn.where.sequence > 0
    assert spawn.snippet == "build script of trig 0.1.0 > sh > /tmp/x.sh"


def test_who_connected_is_known_for_the_sinkhole_to_ask() -> None:
    (contact,) = recorded("theft").contacts
    assert (contact.address, contact.port, contact.process.owner) == (
        "198.51.100.7",
        443,
        "build script of trig 0.1.0",
    )
