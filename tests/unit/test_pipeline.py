from __future__ import annotations

import gc
from pathlib import Path

from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset

CODE = """
pub struct Task { name: String }
impl Task {
    pub fn start(&self) { std::process::Command::new(&self.name).arg(home()).spawn().unwrap(); }
}
fn home() -> String { std::env::var("HOME").map(|one| format!("{one}/x")).unwrap() }
pub fn all() { for one in ["a", "b"] { Task { name: one.to_string() }.start(); } }
"""


def test_an_analysis_leaves_no_circles_of_garbage_behind(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lib.rs").write_text(CODE + "// long enough to be cut\n" * 1_000)
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "x"\nversion = "0.1.0"\n')
    crate, ruleset = folder_source(tmp_path, limits=DEFAULT_LIMITS), load_ruleset()
    analyze(crate, ruleset=ruleset)
    gc.collect()
    gc.disable()
    try:
        report = analyze(crate, ruleset=ruleset)
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert report.facts
