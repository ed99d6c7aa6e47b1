"""Bait as a whole: made of the seed alone, unique by place and run."""

from __future__ import annotations

import pytest

from sandbox.bait import Profile, make_bait


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert make_bait(b"one", Profile.BOTH) == make_bait(b"one", Profile.BOTH)


@pytest.mark.parametrize("other", [(b"two", 0), (b"one", 1)])
def test_no_secret_is_shared_between_seeds_or_variants(other: tuple[bytes, int]) -> None:
    one = make_bait(b"one", Profile.BOTH)
    two = make_bait(other[0], Profile.BOTH, variant=other[1])
    assert not {each.value for each in one.decoys} & {each.value for each in two.decoys}


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("variant", [0, 1])
def test_every_decoy_has_a_name_a_value_and_a_place_of_its_own(
    profile: Profile, variant: int
) -> None:
    bait = make_bait(b"seed", profile, variant=variant, extra_environment=["ACME_PIN"])
    assert len({one.name for one in bait.decoys}) == len(bait.decoys)
    assert len({one.value for one in bait.decoys}) == len(bait.decoys)
    files = [*bait.files, *(one for commit in bait.commits for one in commit.files)]
    paths = {one.path for one in files} | {f"env:{name}" for name, _ in bait.environment}
    for decoy in bait.decoys:
        assert any(one == decoy.place or one.startswith(decoy.place + "/") for one in paths)


def test_variants_share_the_person() -> None:
    one, two = (make_bait(b"seed", Profile.DEVELOPER, variant=variant) for variant in (0, 1))
    assert one.persona == two.persona


def test_variables_that_a_crate_asks_for_hold_decoys() -> None:
    bait = make_bait(b"seed", Profile.PLAIN, extra_environment=["ACME_PIN"])
    (decoy,) = [one for one in bait.decoys if one.place == "env:ACME_PIN"]
    assert ("ACME_PIN", decoy.value.decode()) in bait.environment
