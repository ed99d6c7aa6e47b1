"""What of a lock file is built, what of it runs on the building machine, and why."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from analyzer.model import (
    Dependency,
    DependencyKind,
    LockedPackage,
    Lockfile,
    PackageInfo,
    TargetKind,
)
from analyzer.project.graph.platform import holds
from analyzer.project.graph.reach import Choice, Reach, reaches

NORMAL, BUILD, DEV = DependencyKind.NORMAL, DependencyKind.BUILD, DependencyKind.DEV
LIB, MACRO, SCRIPT = TargetKind.LIBRARY, TargetKind.PROC_MACRO, TargetKind.BUILD_SCRIPT
LINUX, WINDOWS = "x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc"


def need(name: str, kind: DependencyKind = NORMAL, **more: object) -> Dependency:
    return Dependency(key=name, package=name, kind=kind, **more)  # type: ignore[arg-type]  # by test


def info(
    *needs: Dependency,
    kinds: tuple[TargetKind, ...] = (LIB,),
    features: Mapping[str, tuple[str, ...]] | None = None,
) -> PackageInfo:
    return PackageInfo((), needs, tuple((features or {}).items()), kinds)


def reach(infos: dict[str, PackageInfo], choice: Choice | None = None) -> dict[str, Reach]:
    """Reaches by name; `app` is the member, the lock holds an edge for each dependency."""
    names = sorted(infos)
    packages = tuple(
        LockedPackage(
            name,
            "1.0.0",
            "" if name == "app" else "registry",
            dependencies=tuple(
                dict.fromkeys(names.index(one.package) for one in infos[name].dependencies)
            ),
        )
        for name in names
    )
    lock = Lockfile("Cargo.lock", 4, packages)
    found, unread = reaches(lock, dict(enumerate(infos[one] for one in names)), choice or Choice())
    assert unread == ()
    return dict(zip(names, found, strict=True))


def test_build_dependency_brings_its_own_dependencies_to_the_building_machine() -> None:
    found = reach(
        {
            "app": info(need("helper", BUILD), need("plain"), kinds=(LIB, SCRIPT)),
            "helper": info(need("deep")),
            "deep": info(),
            "plain": info(),
        }
    )

    assert found["app"].runs == ("build-script",)
    assert found["helper"].chain == ("app 1.0.0", "helper 1.0.0")
    assert found["deep"].runs == ("library",)
    assert found["deep"].chain == ("app 1.0.0", "helper 1.0.0", "deep 1.0.0")
    assert found["deep"].through == "build-dependency"
    assert (found["plain"].is_built, found["plain"].runs) == (True, ())


def test_library_below_a_macro_runs_while_something_is_compiled() -> None:
    found = reach(
        {
            "app": info(need("derive")),
            "derive": info(need("syn"), kinds=(MACRO,)),
            "syn": info(need("ident", NORMAL), kinds=(LIB, SCRIPT)),
            "ident": info(),
        }
    )

    assert found["derive"].runs == ("proc-macro",)
    assert found["syn"].runs == ("build-script", "library")
    assert (found["ident"].through, found["ident"].chain[0]) == ("proc-macro", "derive 1.0.0")


def test_dev_dependencies_count_for_members_only() -> None:
    found = reach(
        {
            "app": info(need("tester", DEV)),
            "tester": info(need("theirs", DEV)),
            "theirs": info(),
        }
    )

    assert found["tester"].is_built
    assert not found["theirs"].is_built


def test_whoever_turns_a_feature_on_is_named() -> None:
    found = reach(
        {
            "app": info(need("carrier"), need("honest")),
            "carrier": info(need("honest", features=("danger",))),
            "honest": info(need("extra", is_optional=True), features={"danger": ("dep:extra",)}),
            "extra": info(),
        }
    )

    assert ("danger", "carrier 1.0.0") in found["honest"].features
    assert found["extra"].is_built


@pytest.mark.parametrize(
    ("choice", "is_built"),
    [
        (Choice(), True),
        (Choice(has_defaults=False), False),
        (Choice(("net",), has_defaults=False), True),
        (Choice(("app/net",), has_defaults=False), True),
        (Choice(has_defaults=False, is_all=True), True),
    ],
)
def test_choice_of_features_decides_on_optional_dependencies(
    choice: Choice, *, is_built: bool
) -> None:
    found = reach(
        {
            "app": info(
                need("wire", is_optional=True),
                features={"default": ("net",), "net": ("dep:wire",)},
            ),
            "wire": info(),
        },
        choice,
    )

    assert found["wire"].is_built is is_built


def test_default_features_that_nobody_asks_for_stay_off() -> None:
    features = {"default": ("dep:wire",)}
    lib = info(need("wire", is_optional=True), features=features)
    on = reach({"app": info(need("lib")), "lib": lib, "wire": info()})
    off = reach({"app": info(need("lib", has_defaults=False)), "lib": lib, "wire": info()})

    assert (on["wire"].is_built, off["wire"].is_built) == (True, False)


def test_weak_feature_switches_nothing_on_by_itself() -> None:
    lib = info(need("wire", is_optional=True), features={"tls": ("wire?/tls",)})
    wire = info(features={"tls": ()})
    found = reach({"app": info(need("lib", features=("tls",))), "lib": lib, "wire": wire})

    assert not found["wire"].is_built


def test_dependency_for_another_system_is_not_built_for_this_one() -> None:
    infos = {
        "app": info(need("win", target="cfg(windows)"), need("lin", target="cfg(not(windows))")),
        "win": info(kinds=(LIB, SCRIPT)),
        "lin": info(),
    }

    assert all(one.is_built for one in reach(infos).values())
    assert not reach(infos, Choice(targets=(LINUX,)))["win"].is_built
    assert reach(infos, Choice(targets=(LINUX, WINDOWS)))["win"].is_built


def test_what_the_building_machine_is_nobody_knows() -> None:
    infos = {
        "app": info(need("helper", BUILD)),
        "helper": info(need("win", target="cfg(windows)")),
        "win": info(),
    }

    assert reach(infos, Choice(targets=(LINUX,)))["win"].runs == ("library",)


def test_edges_of_an_unread_package_are_all_kept_with_all_features() -> None:
    packages = (
        LockedPackage("app", "1.0.0", dependencies=(1,)),
        LockedPackage("lib", "1.0.0", "registry", dependencies=(2,)),
        LockedPackage("wire", "1.0.0", "registry"),
    )
    lib = info(need("wire", is_optional=True), features={"net": ("dep:wire",)})
    found, unread = reaches(Lockfile("Cargo.lock", 4, packages), {1: lib, 2: info()}, Choice())

    assert unread == (0,)
    assert found[2].is_built


def test_features_that_lead_in_circles_end() -> None:
    many = {str(one): (str(one + 1),) for one in range(5000)} | {"5000": ("0",)}
    found = reach({"app": info(need("lib", features=("0",))), "lib": info(features=many)})

    assert len(found["lib"].features) == 5002


@pytest.mark.parametrize(
    ("condition", "target", "answer"),
    [
        ("", LINUX, True),
        (LINUX, LINUX, True),
        (WINDOWS, LINUX, False),
        ("cfg(unix)", "aarch64-apple-darwin", True),
        ('cfg(target_os = "macos")', "aarch64-apple-darwin", True),
        ('cfg(all(target_arch = "wasm32", not(target_os = "wasi")))', "wasm32-wasip1", False),
        ('cfg(any(target_os = "android", windows))', "aarch64-linux-android", True),
        ('cfg(target_env = "musl")', "x86_64-unknown-linux-musl", True),
        ('cfg(target_feature = "sse2")', LINUX, None),
        ('cfg(any(unix, target_feature = "sse2"))', LINUX, True),
        ("cfg(tokio_unstable)", LINUX, None),
        ("cfg(unix", LINUX, None),
        ("cfg(unix) or more", LINUX, None),
        ("cfg(windows)", "my-own-target", None),
        ("cfg(" + "not(" * 90 + "unix" + ")" * 91, LINUX, None),
    ],
)
def test_conditions_are_answered_as_far_as_a_name_tells(
    condition: str, target: str, *, answer: bool | None
) -> None:
    assert holds(condition, (target,)) is answer
