"""The module tree against the compiler's own list of the files it read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Phase, SourceFile, Target, TargetKind
from analyzer.syntax.modules import build_module_tree

pytestmark = pytest.mark.cargo

_TORTURE = {
    "src/lib.rs": r"""#![allow(unused, dead_code, unexpected_cfgs)]
        mod plain; mod folder; pub(crate) mod r#fn;
        mod/* a /* nested */ comment */commented // line
        ;
        #[path = "odd/place.rs"] #[path = "odd/ignored.rs"] mod placed;
        #[cfg_attr(all(), path = "odd/chosen.rs")] mod conditional;
        #[r#path = "odd/raw.rs"] mod raw_attribute;
        #[path = "odd/esc\x61ped.rs"] mod escaped;
        mod inline { mod inner; #[path = "moved.rs"] mod elsewhere; mod deep { mod deeper; } }
        #[path = "renamed"] mod folder_path { mod inside; #[path = "x.rs"] mod other; }
        #[path = "."] mod dot { mod dotted; }
        #[cfg(not(all()))] mod never;
        mod in_macro { macro_rules! m { ($($t:tt)*) => { $($t)* } } m! { mod quoted; } }
        macro_rules! named { ($n:ident) => { mod $n; } } named!(made_by_macro);
        macro_rules! both { () => { mod beside_caller; } }
        mod caller { both!(); }
        fn body() {
            #[path = "in_body.rs"] mod in_body;
            let value: u32 = include!("value.in");
            let other: u32 = include!(concat!("val", "ue", 2, ".in"));
        }
        const _: () = { #[path = "in_const.rs"] mod in_const; };
        include!("parts/part.inc");
        include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/from_manifest.txt"));
        use std::include as bring; bring!("brought.txt");
        mod paths; mod texts;
        // mod in_comment;
        const TEXT: &str = "mod in_text; include!(\"in_text.rs\");";
    """,
    "src/plain.rs": '#[path = "sibling.rs"] mod s; mod under; mod inl { #[path = "y.rs"] mod y; mod z; }',
    "src/sibling.rs": "mod from_path;",
    "src/from_path.rs": "",
    "src/plain/under.rs": "",
    "src/plain/inl/y.rs": "",
    "src/plain/inl/z.rs": "",
    "src/folder/mod.rs": 'mod child; #[path = "../up.rs"] mod up;',
    "src/folder/child.rs": "mod grandchild;",
    "src/folder/child/grandchild/mod.rs": "",
    "src/up.rs": "",
    "src/fn.rs": "mod in_fn;",
    "src/fn/in_fn.rs": "",
    "src/commented.rs": "",
    "src/odd/place.rs": "mod neighbor;",
    "src/odd/neighbor.rs": "",
    "src/odd/ignored.rs": "",
    "src/odd/chosen.rs": "",
    "src/odd/raw.rs": "",
    "src/odd/escaped.rs": "",
    "src/inline/inner.rs": "",
    "src/inline/moved.rs": "",
    "src/inline/deep/deeper.rs": "",
    "src/renamed/inside.rs": "",
    "src/renamed/x.rs": "",
    "src/dotted.rs": "",
    "src/in_macro/quoted.rs": "",
    "src/made_by_macro.rs": "",
    "src/caller/beside_caller.rs": "",
    "src/in_body.rs": "",
    "src/in_const.rs": "",
    "src/value.in": "7",
    "src/value2.in": "8",
    "src/parts/part.inc": "mod of_part; fn from_part() {}",
    "src/parts/of_part.rs": "",
    "data/from_manifest.txt": 'fn from_manifest() {} include!("second.txt");',
    "data/second.txt": "fn second() {}",
    "src/brought.txt": "",
    "src/by_text.txt": "",
    "src/by_name.txt": "",
    "src/texts.rs": """
        macro_rules! by_text { ($p:expr) => { include!($p); } } by_text!("by_text.txt");
        macro_rules! by_name { ($i:ident) => { $i!("by_name.txt"); } } by_name!(include);
    """,
    "src/paths.rs": """
        macro_rules! by_path { ($p:literal) => { #[path = $p] mod by_path; } } by_path!("by/p.rs");
        mod inside { by_path!("q.rs"); }
    """,
    "src/by/p.rs": "",
    "src/paths/inside/q.rs": "",
    "src/in_comment.rs": "",
    "src/in_text.rs": "",
    "src/nobody.rs": "",
}
_DEEP_BODY = {
    "build.rs": '#[path = "tests/helper.rs"] mod helper; mod steps; fn main() { helper::run() }',
    "steps/mod.rs": "mod more;",
    "steps/more.rs": "",
    "tests/helper.rs": 'pub fn run() { include!("../examples/body.txt") }',
    "examples/body.txt": '{ #[path = "shared/s.rs"] mod s; }',
    "examples/shared/s.rs": "",
    "src/lib.rs": "",
}


def _read_by_rustc(folder: Path, root: str, edition: str) -> set[str]:
    listing = folder / "files.d"
    command = ["rustc", "--edition", edition, "--crate-type", "lib", "--crate-name", "x"]
    command += [f"--emit=dep-info={listing}", "--cap-lints", "allow", str(folder / root)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "CARGO_MANIFEST_DIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    lines = [one for one in listing.read_text().splitlines() if one.endswith(":")]
    return {str(Path(one[:-1]).resolve().relative_to(folder)) for one in lines}


@pytest.mark.parametrize("edition", ["2015", "2018", "2021", "2024"])
@pytest.mark.parametrize(("files", "root"), [(_TORTURE, "src/lib.rs"), (_DEEP_BODY, "build.rs")])
def test_the_tree_reaches_exactly_what_the_compiler_reads(
    tmp_path: Path, files: dict[str, str], root: str, edition: str
) -> None:
    folder = tmp_path.resolve()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    sources = {path: SourceFile(path, text.encode()) for path, text in files.items()}
    target = Target(TargetKind.LIBRARY, "x", root)
    tree = build_module_tree((target,), sources, limits=DEFAULT_LIMITS)
    reached = {path for path, phases in tree.phases.items() if phases != (Phase.UNREACHED,)}
    assert reached == _read_by_rustc(folder, root, edition)
