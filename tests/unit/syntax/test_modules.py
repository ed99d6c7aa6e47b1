"""Each file gets every phase in which it can run; what is missing is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Gap, GapKind, Phase, SourceFile, Target, TargetKind
from analyzer.syntax.modules import ModuleTree, build_module_tree

_LIBRARY = Target(TargetKind.LIBRARY, "x", "src/lib.rs")
_BUILD = Target(TargetKind.BUILD_SCRIPT, "build-script-build", "build.rs")
_MACRO = Target(TargetKind.PROC_MACRO, "x", "src/lib.rs")


def _tree(files: dict[str, str], *targets: Target) -> ModuleTree:
    sources = {path: SourceFile(path, text.encode()) for path, text in files.items()}
    return build_module_tree(targets, sources, limits=DEFAULT_LIMITS)


def _gaps(tree: ModuleTree) -> list[tuple[GapKind, bool]]:
    return [(one.kind, one.is_blocking) for one in tree.gaps]


def test_a_file_of_several_targets_has_their_union_of_phases() -> None:
    files = {
        "build.rs": '#[path = "tests/payload.rs"] mod payload;',
        "src/lib.rs": "mod a;",
        "src/a.rs": "",
        "tests/payload.rs": "",
        "src/nobody.rs": "",
        "README.md": "",
    }
    test = Target(TargetKind.TEST, "payload", "tests/payload.rs")
    assert _tree(files, _BUILD, _LIBRARY, test).phases == {
        "build.rs": (Phase.BUILD_SCRIPT,),
        "src/a.rs": (Phase.LIBRARY,),
        "src/lib.rs": (Phase.LIBRARY,),
        "src/nobody.rs": (Phase.UNREACHED,),
        "tests/payload.rs": (Phase.BUILD_SCRIPT, Phase.TEST),
    }


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (TargetKind.PROC_MACRO, Phase.PROC_MACRO),
        (TargetKind.BINARY, Phase.BINARY),
        (TargetKind.EXAMPLE, Phase.EXAMPLE),
        (TargetKind.BENCH, Phase.BENCH),
    ],
)
def test_the_kind_of_a_target_is_the_phase_of_its_files(kind: TargetKind, phase: Phase) -> None:
    tree = _tree({"x/main.rs": "mod a;", "x/a/mod.rs": ""}, Target(kind, "x", "x/main.rs"))
    assert tree.phases == {"x/main.rs": (phase,), "x/a/mod.rs": (phase,)}


@pytest.mark.parametrize(
    "declaration",
    [
        'include!("payload.txt");',
        'fn f() { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/payload", ".txt")) }',
        'use std::include as inc; inc!("payload.txt");',
        'macro_rules! m { ($p:expr) => { include!($p); } } m!("payload.txt");',
        'macro_rules! m { ($i:ident) => { $i!("payload.txt"); } } m!(include);',
        r'include!("data\\..\\payload.txt");',
        r'include!("\x70ayload.txt");',
        '#[path = "payload.txt"] mod payload;',
        '#[cfg_attr(all(), path = "payload.txt")] mod payload;',
        'macro_rules! m { ($p:literal) => { #[path = $p] mod payload; } } m!("payload.txt");',
    ],
)
def test_packaged_text_of_any_ending_runs_where_it_is_included(declaration: str) -> None:
    tree = _tree({"build.rs": declaration, "payload.txt": "mod more;", "more.rs": ""}, _BUILD)
    assert tree.phases["payload.txt"] == (Phase.BUILD_SCRIPT,)
    assert tree.phases["more.rs"] == (Phase.BUILD_SCRIPT,)


@pytest.mark.parametrize(
    "declaration",
    [
        "macro_rules! m { ($n:ident) => { mod $n; } } m!(evil);",
        "macro_rules! m { ($($t:tt)*) => { $($t)*; } } m!(mod evil);",
        "cfg_if::cfg_if! { if #[cfg(unix)] { mod evil; } else { mod other; } }",
        "paste::paste! { mod [<e vil>]; }",
        'macro_rules! m { (#[$a:meta] $($t:tt)*) => { $($t)* } } m!(#[path = "x.rs"] mod evil;);',
    ],
)
def test_modules_that_macros_declare_are_followed(declaration: str) -> None:
    tree = _tree({"build.rs": declaration, "evil.rs": ""}, _BUILD)
    assert tree.phases["evil.rs"] == (Phase.BUILD_SCRIPT,)
    assert not tree.gaps


def test_a_macro_declares_modules_beside_its_caller() -> None:
    files = {
        "src/lib.rs": "#[macro_use] mod m; mod a;",
        "src/m.rs": 'macro_rules! m { () => { mod b; include!("c.txt"); } }',
        "src/a/mod.rs": "m!();",
        "src/a/b.rs": "",
        "src/a/c.txt": "",
    }
    tree = _tree(files, _LIBRARY)
    assert tree.phases["src/a/b.rs"] == tree.phases["src/a/c.txt"] == (Phase.LIBRARY,)


def test_old_editions_have_no_c_texts_that_hide_a_module() -> None:
    files = {"build.rs": 'm!(cr#" " mod evil; " "#);', "evil.rs": ""}
    sources = {path: SourceFile(path, text.encode()) for path, text in files.items()}
    tree = build_module_tree((_BUILD,), sources, limits=DEFAULT_LIMITS, edition="2018")
    assert tree.phases["evil.rs"] == (Phase.BUILD_SCRIPT,)


def test_module_paths_and_conditions_are_kept() -> None:
    files = {
        "src/lib.rs": '#[cfg(unix)] mod a { #[cfg(feature = "z")] pub mod r#fn; }',
        "src/a/fn.rs": 'include!("part.rs");',
        "src/a/part.rs": "",
    }
    modules = {one.file: one for one in _tree(files, _LIBRARY).modules}
    assert modules["src/a/fn.rs"].path == modules["src/a/part.rs"].path == ("a", "fn")
    assert modules["src/a/fn.rs"].cfg == ("unix", 'feature = "z"')


@pytest.mark.parametrize(
    "files",
    [
        {"src/lib.rs": 'include!("lib.rs");'},
        {"src/lib.rs": '#[path = "lib.rs"] mod a; #[path = "lib.rs"] mod b;'},
        {"src/lib.rs": "mod a;", "src/a.rs": '#[path = "lib.rs"] mod b; #[path = "a.rs"] mod c;'},
        {"src/lib.rs": 'macro_rules! m { ($p:expr) => { include!($p) } } m!("lib.rs");'},
    ],
)
def test_files_that_name_themselves_end(files: dict[str, str]) -> None:
    assert set(_tree(files, _LIBRARY).phases) == set(files)


def test_files_that_name_each_other_many_times_cost_their_number() -> None:
    names = [f"src/f{number}.rs" for number in range(40)]
    twice = '#[path = "{0}"] mod a; #[path = "{0}"] mod b;'
    files = {one: twice.format(names[(at + 1) % 40][4:]) for at, one in enumerate(names)}
    tree = _tree({**files, "src/lib.rs": "mod f0;"}, _LIBRARY)
    assert set(tree.phases.values()) == {(Phase.LIBRARY,)}
    assert len(tree.modules) < 500


@pytest.mark.parametrize(
    ("target", "source", "is_blocking"),
    [
        (_BUILD, "mod gone;", True),
        (_BUILD, 'include!("gone.txt");', True),
        (_BUILD, "#[cfg(windows)] mod gone;", False),
        (_MACRO, "mod gone;", True),
        (_MACRO, "#[cfg(test)] mod tests;", False),
        (_LIBRARY, "mod gone;", False),
    ],
)
def test_a_missing_file_blocks_only_where_it_hides_build_time_code(
    target: Target, source: str, *, is_blocking: bool
) -> None:
    tree = _tree({target.path: source}, target)
    assert _gaps(tree) == [(GapKind.MISSING_MODULE, is_blocking)]


@pytest.mark.parametrize(
    "source",
    [
        "quote! { mod gone; }",
        "macro_rules! m { () => { mod gone; } }",
        "cfg_if! { if #[cfg(x)] { mod gone; } }",
    ],
)
def test_a_module_that_only_a_macro_mentions_is_no_gap(source: str) -> None:
    assert not _tree({"build.rs": source}, _BUILD).gaps


def test_generated_code_is_a_gap_that_blocks_in_a_macro_crate() -> None:
    source = 'include!(concat!(env!("OUT_DIR"), "/x.rs"));'
    assert _gaps(_tree({"src/lib.rs": source}, _MACRO)) == [(GapKind.GENERATED_CODE, True)]
    assert _gaps(_tree({"src/lib.rs": source}, _LIBRARY)) == [(GapKind.GENERATED_CODE, False)]
    quoted = f"quote! {{ {source} }}"
    assert _gaps(_tree({"src/lib.rs": quoted}, _MACRO)) == [(GapKind.GENERATED_CODE, False)]


@pytest.mark.parametrize("item", ["const A: B", "static A: B", "pub const A: B"])
def test_a_generated_value_of_a_constant_is_told_and_blocks_nothing(item: str) -> None:
    source = f'{item} = include!(concat!(env!("OUT_DIR"), "/x.expr"));'
    (gap,) = _tree({"src/lib.rs": source}, _MACRO).gaps
    assert (gap.kind, gap.is_blocking) == (GapKind.GENERATED_CODE, False)
    assert "constant" in gap.reason


@pytest.mark.parametrize("item", ["let a: B", "fn a() { let b: B", "x.y"])
def test_a_generated_value_of_anything_else_blocks(item: str) -> None:
    source = f'{item} = include!(concat!(env!("OUT_DIR"), "/x.expr"));'
    assert _gaps(_tree({"src/lib.rs": source}, _MACRO)) == [(GapKind.GENERATED_CODE, True)]


@pytest.mark.parametrize(
    "source",
    [
        '\ninclude!("../other-1.0.0/src/x.rs");',
        '\n#[path = "../other-1.0.0/src/x.rs"] mod x;',
        '\ninclude!(concat!(env!("CARGO_MANIFEST_DIR"), "/../other-1.0.0/src/x.rs"));',
    ],
)
def test_what_leaves_the_package_is_named(source: str) -> None:
    tree = _tree({"build.rs": source}, _BUILD)
    assert tree.escapes == (("build.rs", 2, "../other-1.0.0/src/x.rs"),)


def test_a_target_without_a_file_is_a_gap() -> None:
    assert _gaps(_tree({}, _BUILD)) == [(GapKind.MISSING_MODULE, True)]


def test_too_many_modules_are_a_gap() -> None:
    files = {f"src/f{n}.rs": "" for n in range(30)} | {
        "src/lib.rs": "".join(f"mod f{n};" for n in range(30))
    }
    sources = {path: SourceFile(path, text.encode()) for path, text in files.items()}
    limits = replace(DEFAULT_LIMITS, module_count=10)
    tree = build_module_tree((_LIBRARY,), sources, limits=limits)
    assert GapKind.BUDGET in {one.kind for one in tree.gaps}
    assert isinstance(tree.gaps[0], Gap)
