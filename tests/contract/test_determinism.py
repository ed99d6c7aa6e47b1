"""The same bytes give the same report in every process, whatever addresses and hash seeds it has."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import SourceFile
from analyzer.syntax.parse import ParsedFile, parse
from analyzer.syntax.query import captures

CODE = """
fn main() {
    let device = std::env::var("DEVICE").unwrap();
    let url = match os() {
        Os::Linux => format!("https://x.invalid/{}/lib-{}.zip", device, match device.as_ref() {
            "cpu" => "cpu", "gpu" => "gpu", _ => bail!("unknown {device}"),
        }),
        Os::Mac => { if is_arm() { wheel().expect("none") } else { format!("https://y.invalid/{}", VERSION) } }
        _ => vec![format!("{}", concat!("https://", "z.invalid"))].join("/"),
    };
    fetch(&url);
}
fn fetch(url: &str) { ureq::get(url).call().unwrap(); println!("{}", format!("{:?}", std::fs::read(url))); }
"""
PROGRAM = """
import sys
from pathlib import Path
from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.pipeline import analyze
from analyzer.report import json_v1
from analyzer.rules.ruleset import load_ruleset
source = folder_source(Path(sys.argv[1]), limits=DEFAULT_LIMITS)
print(json_v1.render((analyze(source, ruleset=load_ruleset()),)))
"""


def test_processes_agree_to_the_byte(tmp_path: Path) -> None:
    manifest = '[package]\nname = "x"\nversion = "0.1.0"\n[build-dependencies]\nureq = "2"\n'
    (tmp_path / "Cargo.toml").write_text(manifest)
    (tmp_path / "build.rs").write_text(CODE * 20)
    digests = set()
    for seed in range(6):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
        )
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(digests) == 1


def test_nodes_of_a_query_come_in_one_order() -> None:
    """The query engine gives them in the order of their addresses (found on a real crate)."""
    parsed = parse(SourceFile("a.rs", (CODE * 50).encode()), limits=DEFAULT_LIMITS)
    assert isinstance(parsed, ParsedFile)
    places = [one[:2] for one in captures(parsed.tree.root_node)]
    assert places == sorted(places)
